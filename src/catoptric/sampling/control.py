"""Step controllers: from the error of an attempt to a verdict and a factor for the step.

A controller keeps no state. `past` [B, 2] holds what it remembers of the last two accepted errors,
NaN where there is none; the caller hands it back. Errors are scaled: 1 = tolerance.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Proposal:
    """Verdict on an attempt.

    Attributes:
        accept: bool [B]; False where the error is not finite.
        factor: float64 [B], for the step just tried.
        past: float64 [B, 2], to be handed back with the next error.
    """

    accept: Tensor
    factor: Tensor
    past: Tensor


def no_past(count: int, device: torch.device | str = "cpu") -> Tensor:
    """The memory of a controller that has seen nothing: NaN, float64 [count, 2]."""
    return torch.full((count, 2), torch.nan, dtype=torch.float64, device=device)


@dataclass(frozen=True)
class AtanController:
    """k-diffusion's controller: one smooth limiter for growth, shrinking and acceptance.

    z = E_n^b1 E_(n-1)^b2 E_(n-2)^b3 with E = 1 / (error + eps), b1 = (p + i + d) / order,
    b2 = -(p + 2 d) / order, b3 = d / order; factor = 1 + atan(z - 1), accepted where at least
    `safety`. The first error stands in for the missing ones.

    Source: k-diffusion, PIDStepSizeController; Soderlind 2003.
    """

    p: float
    i: float
    d: float
    order: float
    safety: float
    eps: float = 1e-8

    def propose(self, error: Tensor, past: Tensor) -> Proposal:
        """Judge an attempt.

        Args:
            error: float64 [B], scaled error.
            past: float64 [B, 2], from `no_past` or the last accepted proposal.

        Returns:
            The proposal; `past` shifts only where accepted.
        """
        inverse = 1.0 / (error + self.eps)
        known = torch.where(past.isnan(), inverse[:, None], past)
        z = inverse ** ((self.p + self.i + self.d) / self.order)
        z = z * known[:, 0] ** (-(self.p + 2.0 * self.d) / self.order)
        z = z * known[:, 1] ** (self.d / self.order)
        factor = 1.0 + torch.atan(z - 1.0)
        accept = factor >= self.safety
        shifted = torch.stack([inverse, known[:, 0]], dim=1)
        return Proposal(accept, factor, torch.where(accept[:, None], shifted, known))


@dataclass(frozen=True)
class ClippedController:
    """Ours: accept where the error is at most 1; what grows and shrinks the step is apart from it.

    Accepted: factor = clip(s^i e_n^(-(p+i+d)/k) e_(n-1)^((p+2d)/k) e_(n-2)^(-d/k), least, most),
    which rests at e = s^k. (With s in place of s^i it rests at s^(k/i), a quarter of the tolerance
    for i = 0.3: steps a third shorter than asked for.)
    Rejected: factor = clip(s e_n^(-1/k), 0.1, s). k is the local error's order in h, per row.

    Source: Soderlind 2003; Hairer & Wanner, Solving ODEs II, IV.2.
    """

    p: float
    i: float
    d: float
    safety: float
    least: float = 0.2
    most: float = 3.0

    def propose(self, error: Tensor, past: Tensor, order: Tensor) -> Proposal:
        """Judge an attempt.

        Args:
            error: float64 [B], scaled error.
            past: float64 [B, 2], from `no_past` or the last accepted proposal.
            order: float64 [B], k.

        Returns:
            The proposal; `past` shifts only where accepted.
        """
        accept = error <= 1.0
        # An error of exactly 0 (a constant estimate) would propose an infinite step.
        e = error.clamp(min=1e-10)
        known = torch.where(past.isnan(), e[:, None], past)
        z = self.safety**self.i * e ** (-(self.p + self.i + self.d) / order)
        z = z * known[:, 0] ** ((self.p + 2.0 * self.d) / order)
        z = z * known[:, 1] ** (-self.d / order)
        retry = (self.safety * e ** (-1.0 / order)).clamp(0.1, self.safety)
        factor = torch.where(accept, z.clamp(self.least, self.most), retry)
        shifted = torch.stack([e, known[:, 0]], dim=1)
        return Proposal(accept, factor, torch.where(accept[:, None], shifted, past))
