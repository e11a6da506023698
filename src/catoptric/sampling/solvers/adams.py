"""Linear multistep solvers on d = (x - x0) / sigma: weights over the last slopes."""

import math
from itertools import pairwise

import numpy as np
from torch import Tensor

from catoptric.sampling.result import Denoise, Watch
from catoptric.sampling.schedules import check_sigmas
from catoptric.sampling.solvers.steps import StepNoise, estimate, lagrange, quadrature, show


def lms(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
    order: int = 4,
) -> Tensor:
    """Adams-Bashforth in sigma on the schedule's own spacing.

    x' = x + sum_j w_j d_(i-j), w_j the integral of the j-th Lagrange polynomial over the step.

    Args:
        denoise, x, sigmas, noise, watch: as `euler`.
        order: slopes used at most, 1 .. 4.

    Returns, Raises: as `euler`.

    Source: Crowson, k-diffusion, sample_lms.
    """
    levels = check_sigmas(sigmas)
    slopes: list[Tensor] = []
    for i, (sigma, after) in enumerate(pairwise(levels)):
        denoised = estimate(denoise, x, sigma)
        slopes = [(x - denoised) / sigma, *slopes[: order - 1]]
        nodes = levels[i::-1][: len(slopes)]
        points, steps = quadrature(sigma, after, 4)
        weights = lagrange(nodes, points) @ steps
        for w, d in zip(weights, slopes, strict=True):
            x = x + float(w) * d
        show(watch, sigma, after, x, denoised)
    return x


def deis(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
    order: int = 3,
) -> Tensor:
    """Adams-Bashforth with the slopes interpolated in ln sigma; the step into 0 is Euler's.

    x' = x + sum_j w_j d_(i-j), w_j = integral of l_j(ln s) ds over the step.

    Args:
        denoise, x, sigmas, noise, watch: as `euler`.
        order: slopes used at most, 1 .. 4.

    Returns, Raises: as `euler`.

    Source: Zhang & Chen 2023, DEIS, the log-rho variant, as in diffusers.
    """
    levels = check_sigmas(sigmas)
    slopes: list[Tensor] = []
    for i, (sigma, after) in enumerate(pairwise(levels)):
        denoised = estimate(denoise, x, sigma)
        slopes = [(x - denoised) / sigma, *slopes[: order - 1]]
        if after == 0.0:
            x = denoised
        else:
            nodes = [math.log(s) for s in levels[i::-1][: len(slopes)]]
            points, steps = quadrature(math.log(sigma), math.log(after), 16)
            weights = lagrange(nodes, points) @ (steps * np.exp(points))
            for w, d in zip(weights, slopes, strict=True):
                x = x + float(w) * d
        show(watch, sigma, after, x, denoised)
    return x


EVEN_STEPS = (
    (1.0,),
    (3 / 2, -1 / 2),
    (23 / 12, -16 / 12, 5 / 12),
    (55 / 24, -59 / 24, 37 / 24, -9 / 24),
)
"""Adams-Bashforth weights for even steps, newest slope first."""


def ipndm(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
    order: int = 4,
) -> Tensor:
    """Adams-Bashforth with the weights of even steps, whatever the schedule; x' = x0 into 0.

    Args:
        denoise, x, sigmas, noise, watch: as `euler`.
        order: slopes used at most, 1 .. 4.

    Returns, Raises: as `euler`.

    Source: Zhang & Chen 2023, DEIS, section 4 (iPNDM: PNDM of Liu et al. 2022 without its start).
    """
    slopes: list[Tensor] = []
    for sigma, after in pairwise(check_sigmas(sigmas)):
        denoised = estimate(denoise, x, sigma)
        slopes = [(x - denoised) / sigma, *slopes[: order - 1]]
        if after == 0.0:
            x = denoised
        else:
            weights = EVEN_STEPS[len(slopes) - 1]
            mean = sum(w * d for w, d in zip(weights, slopes, strict=True))
            x = x + mean * (after - sigma)
        show(watch, sigma, after, x, denoised)
    return x


def pndm(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
) -> Tensor:
    """Linear multistep of up to order 4 on d, started by one Heun step (PLMS).

    x' = x + (s' - s) d~, with d~ = (d0 + d(x', s'))/2, (3 d1 - d0)/2, (23 d2 - 16 d1 + 5 d0)/12,
    (55 d3 - 59 d2 + 37 d1 - 9 d0)/24. Weights for even steps, whatever the schedule.

    Args, Returns, Raises: as `euler`. One evaluation a step, two for the first.

    Source: Liu et al. 2022; diffusers' PNDMScheduler with skip_prk_steps. Its formula (9) between
        x / sqrt(1 + sigma^2) is this Euler step in sigma between x.
    """
    levels = check_sigmas(sigmas)
    slopes: list[Tensor] = []
    for i, (sigma, after) in enumerate(pairwise(levels)):
        denoised = estimate(denoise, x, sigma)
        slopes = [*slopes[-3:], (x - denoised) / sigma]
        if i == 0 and after > 0.0 and len(levels) > 2:
            ahead = x + slopes[0] * (after - sigma)
            denoised = estimate(denoise, ahead, after)
            d = (slopes[0] + (ahead - denoised) / after) / 2
        elif len(slopes) == 1:
            d = slopes[0]
        elif len(slopes) == 2:
            d = (3 * slopes[1] - slopes[0]) / 2
        elif len(slopes) == 3:
            d = (23 * slopes[2] - 16 * slopes[1] + 5 * slopes[0]) / 12
        else:
            d = (55 * slopes[3] - 59 * slopes[2] + 37 * slopes[1] - 9 * slopes[0]) / 24
        x = x + d * (after - sigma)
        show(watch, sigma, after, x, denoised)
    return x
