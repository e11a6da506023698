"""Predictor and corrector of a multistep solver with uneven steps, as weights on its history."""

from dataclasses import dataclass

import torch
from torch import Tensor

from catoptric.sampling.weights import step_weights


@dataclass(frozen=True)
class Combination:
    """Weights, each float64 [B], of carry x + newest dn + d0 d0 + d1 d1 + d2 d2."""

    carry: Tensor
    newest: Tensor
    d0: Tensor
    d1: Tensor
    d2: Tensor

    def of(self, x: Tensor, newest: Tensor, d0: Tensor, d1: Tensor, d2: Tensor) -> Tensor:
        """The combination of states [B, ...], in the dtype of x."""
        column = (-1, *(1,) * (x.ndim - 1))
        terms = ((self.newest, newest), (self.d0, d0), (self.d1, d1), (self.d2, d2))
        total = self.carry.to(x.dtype).view(column) * x
        for weight, state in terms:
            total = total + weight.to(x.dtype).view(column) * state
        return total


def predictor(h: Tensor, h1: Tensor, h2: Tensor, known: Tensor) -> Combination:
    """Weights of the step that extrapolates the polynomial through the known estimates.

    With a = (d0 - d1)/h1, b = (d1 - d2)/h2, q = (a - b)/(h1 + h2):
    x' = e^-h x + I0 d0 + I1 (a + q h1) + I2 q.

    Args:
        h: float64 [B], step in lambda.
        h1, h2: float64 [B], distances of d0 to d1 and of d1 to d2.
        known: int [B], how many of d0, d1, d2 there are; the polynomial's degree is one less.

    Returns:
        The weights; `newest` is 0.

    Source: Lu et al. 2022, DPM-Solver++, in Newton's form with uneven steps.
    """
    i0, i1, i2, _ = step_weights(h)
    q = torch.where(known >= 3, (i1 * h1 + i2) / (h1 + h2), 0.0)
    a = torch.where(known >= 2, i1 + q, 0.0)
    zero = torch.zeros_like(h)
    return Combination(torch.exp(-h), zero, i0 + a / h1, -a / h1 - q / h2, q / h2)


def corrector(h: Tensor, h1: Tensor, h2: Tensor, known: Tensor) -> tuple[Combination, Combination]:
    """Weights of the step that interpolates with the new estimate dn, and of its error.

    Through dn and the `known` older ones; the error is the last Newton term,
    E = D_k integral e^(tau-h) tau (tau - h) ... dtau, with D_k the divided difference over all.

    Args:
        h, h1, h2, known: as `predictor`.

    Returns:
        The corrected state without its last term, and that term: what it is in error by.

    Source: Milne's device: adaptive.md; the term equals |Cc / (Cc - Cp)| |x_c - x_p|.
    """
    i0, i1, i2, i3 = step_weights(h)
    two, three = known >= 2, known >= 3
    c1 = i1 - h * i0  # integral (tau - h)
    c2 = i2 - h * i1  # integral tau (tau - h)
    c3 = i3 + (h1 - h) * i2 - h * h1 * i1  # integral tau (tau - h) (tau + h1)
    # Divided differences as weights on (dn, d0, d1, d2).
    zero = torch.zeros_like(h)
    s = (1.0 / h, -1.0 / h, zero, zero)
    a = (zero, 1.0 / h1, -1.0 / h1, zero)
    b = (zero, zero, 1.0 / h2, -1.0 / h2)
    q_new = tuple((u - v) / (h + h1) for u, v in zip(s, a, strict=True))
    q_old = tuple((u - v) / (h1 + h2) for u, v in zip(a, b, strict=True))
    third = tuple((u - v) / (h + h1 + h2) for u, v in zip(q_new, q_old, strict=True))
    c2_used = torch.where(two, c2, 0.0)
    state = [i1 * u + c2_used * v for u, v in zip(s, q_new, strict=True)]
    last = [
        torch.where(three, c3 * w, torch.where(two, c2 * v, c1 * u))
        for u, v, w in zip(s, q_new, third, strict=True)
    ]
    corrected = Combination(torch.exp(-h), state[0], i0 + state[1], state[2], state[3])
    return corrected, Combination(zero, last[0], last[1], last[2], last[3])


def inside(tau: Tensor, h: Tensor, h1: Tensor, known: Tensor) -> Combination:
    """Weights of the state part-way through a corrected step: dense output.

    x(tau) = e^-tau x + I0(tau) d0 + I1(tau) (s - h q) + I2(tau) q, with s = (dn - d0)/h and
    q = (s - a)/(h + h1): the corrector's own polynomial, so tau = h gives its state.

    Args:
        tau: float64 [B], 0 <= tau <= h.
        h, h1, known: as `predictor`.

    Returns:
        The weights; that of d2 is 0.

    Source: Hairer, Norsett & Wanner, Solving ODEs I, II.6 (continuous extension).
    """
    i0, i1, i2, _ = step_weights(tau)
    q = torch.where(known >= 2, (i2 - h * i1) / (h + h1), 0.0)
    slope = (i1 + q) / h
    back = q / h1
    return Combination(torch.exp(-tau), slope, i0 - slope - back, back, torch.zeros_like(tau))
