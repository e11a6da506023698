"""Exact weights of polynomials under the exponential kernel of one step."""

import math

import torch
from torch import Tensor

_TERMS = 17
_SERIES_BELOW = 1.0


def step_weights(h: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The integrals that carry a polynomial denoised estimate over a step in lambda.

    I_n(h) = integral_0^h e^(tau - h) tau^n dtau;  I0 = 1 - e^-h,  I_n = h^n - n I_(n-1).

    Args:
        h: float64 [B], step in lambda, >= 0.

    Returns:
        I0, I1, I2, I3, each float64 [B], relative error about 1e-15.

    Source: Hochbruck & Ostermann 2010 (exponential integrators), section 2.
    """
    h = h.double()
    # The recursion upwards loses all digits for small h (I2 is 32 % wrong at h = 1e-3 in float32).
    # Downwards from I3 it gains them, and I3 has the series 6 h^4 sum_k (-h)^k / (k + 4)!.
    small = h.clamp(max=_SERIES_BELOW)
    series = torch.full_like(h, 6.0 / math.factorial(_TERMS + 4))
    for k in range(_TERMS - 1, -1, -1):
        series = 6.0 / math.factorial(k + 4) - small * series
    s3 = small**4 * series
    s2 = (small**3 - s3) / 3.0
    s1 = (small**2 - s2) / 2.0
    i0 = -torch.expm1(-h)
    u1 = h - i0
    u2 = h**2 - 2.0 * u1
    u3 = h**3 - 3.0 * u2
    use = h < _SERIES_BELOW
    return i0, torch.where(use, s1, u1), torch.where(use, s2, u2), torch.where(use, s3, u3)
