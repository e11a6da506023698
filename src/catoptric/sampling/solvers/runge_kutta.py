"""One-step solvers of dx/dsigma = d: Euler, Heun and the midpoint in ln sigma."""

import math
from itertools import pairwise

from torch import Tensor

from catoptric.sampling.result import Denoise, Watch
from catoptric.sampling.schedules import check_sigmas
from catoptric.sampling.solvers.steps import StepNoise, level, show


def euler(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
) -> Tensor:
    """Euler steps in sigma: x' = x + (sigma' - sigma) d.

    Args:
        denoise: `(x, sigma [B]) -> x0`.
        x: [B, ...], state at sigmas[0].
        sigmas: [steps + 1], falling.
        noise: not used.
        watch: called after each step.

    Returns:
        [B, ...], state at the last sigma.

    Raises:
        InputError: for a schedule that does not fall.

    Source: Karras et al. 2022, algorithm 2 without churn.
    """
    for sigma, after in pairwise(check_sigmas(sigmas)):
        denoised = denoise(x, level(x, sigma))
        d = (x - denoised) / sigma
        x = x + d * (after - sigma)
        show(watch, sigma, after, x, denoised)
    return x


def heun(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
) -> Tensor:
    """Heun steps in sigma (the mean of the slopes at both ends); Euler into 0.

    Args, Returns, Raises: as `euler`. Two evaluations a step, one for a step into 0.

    Source: Karras et al. 2022, algorithm 2 without churn.
    """
    for sigma, after in pairwise(check_sigmas(sigmas)):
        denoised = denoise(x, level(x, sigma))
        d = (x - denoised) / sigma
        ahead = x + d * (after - sigma)
        if after > 0.0:
            denoised = denoise(ahead, level(x, after))
            d = (d + (ahead - denoised) / after) / 2
            ahead = x + d * (after - sigma)
        x = ahead
        show(watch, sigma, after, x, denoised)
    return x


def dpm_2(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
) -> Tensor:
    """Midpoint steps: the slope is taken halfway in ln sigma; Euler into 0.

    m = sqrt(s s'), x_m = x + (m - s) d, x' = x + (s' - s) d(x_m, m).

    Args, Returns, Raises: as `euler`. Two evaluations a step, one for a step into 0.

    Source: k-diffusion, sample_dpm_2, after Lu et al. 2022, DPM-Solver-2.
    """
    for sigma, after in pairwise(check_sigmas(sigmas)):
        denoised = denoise(x, level(x, sigma))
        d = (x - denoised) / sigma
        if after > 0.0:
            middle = math.sqrt(sigma * after)
            inner = x + d * (middle - sigma)
            denoised = denoise(inner, level(x, middle))
            d = (inner - denoised) / middle
        x = x + d * (after - sigma)
        show(watch, sigma, after, x, denoised)
    return x
