"""ER-SDE: the reverse SDE with a noise scale of one's choice, solved by extrapolating D."""

import math
from itertools import pairwise

import numpy as np
from torch import Tensor

from catoptric.sampling.result import Denoise, Watch
from catoptric.sampling.schedules import check_sigmas
from catoptric.sampling.solvers.steps import StepNoise, estimate, needed, quadrature, show


def noise_scale(sigma: float | np.ndarray) -> np.ndarray:
    """phi(s) = s (e^(s^0.3) + 10). Source: Cui et al. 2023, ER-SDE 5."""
    s = np.asarray(sigma, dtype=np.float64)
    return s * (np.exp(s**0.3) + 10.0)


def er_sde(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
    order: int = 3,
    s_noise: float = 1.0,
) -> Tensor:
    """Taylor steps of D in sigma under the noise scale phi.

    With r = phi(s')/phi(s), g = s' - s, J_n the integral of (u - s)^n / phi(u) from s' to s:
    x' = r x + (1 - r) D + (g + phi(s') J_0) D' + (g^2/2 + phi(s') J_1) D''
         + sqrt(s'^2 - r^2 s^2) z.
    D' and D'' are differences over the last levels; the step into 0 is D.

    Args:
        denoise, x, sigmas, watch: as `euler`.
        noise: `(sigma_from, sigma_to) -> standard normal [B, ...]`; needed.
        order: 1, 2 or 3.
        s_noise: factor on the noise; 0 = none.

    Returns, Raises: as `euler`; ValueError without noise.

    Source: Cui et al. 2023, ER-SDE-Solver-1 to -3, VE form. The integrals are exact here; the
        paper's code sums 100 to 200 rectangles.
    """
    levels = check_sigmas(sigmas)
    draw = needed(noise, "er_sde") if s_noise > 0.0 else None
    last: Tensor | None = None
    last_slope: Tensor | None = None
    for i, (sigma, after) in enumerate(pairwise(levels)):
        denoised = estimate(denoise, x, sigma)
        if after == 0.0:
            x = denoised
            show(watch, sigma, after, x, denoised)
            break
        scale = float(noise_scale(after))
        r = scale / float(noise_scale(sigma))
        gap = after - sigma
        x = r * x + (1 - r) * denoised
        if last is not None and order >= 2:
            # In ln sigma the integrand is smooth however long the step.
            points, widths = quadrature(math.log(after), math.log(sigma), 16)
            u = np.exp(points)
            density = widths * u / noise_scale(u)
            slope = (denoised - last) / (sigma - levels[i - 1])
            x = x + (gap + scale * float(density.sum())) * slope
            if last_slope is not None and order >= 3:
                bend = (slope - last_slope) / ((sigma - levels[i - 2]) / 2)
                weight = gap**2 / 2 + scale * float((density * (u - sigma)).sum())
                x = x + weight * bend
            last_slope = slope
        if draw is not None:
            spread = math.sqrt(max(after**2 - (r * sigma) ** 2, 0.0))
            x = x + draw(sigma, after).to(x.dtype) * (s_noise * spread)
        last = denoised
        show(watch, sigma, after, x, denoised)
    return x
