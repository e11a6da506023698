"""One-step solvers of dx/dsigma = d: Euler, Heun and the midpoint in ln sigma."""

import math
from itertools import pairwise

from torch import Tensor

from catoptric.sampling.result import Denoise, Watch
from catoptric.sampling.schedules import check_sigmas
from catoptric.sampling.solvers.steps import StepNoise, churn, estimate, show


def euler(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
    s_churn: float = 0.0,
    s_tmin: float = 0.0,
    s_tmax: float = math.inf,
    s_noise: float = 1.0,
) -> Tensor:
    """Euler steps in sigma: x' = x + (sigma' - sigma) d, where churned from the raised level.

    Args:
        denoise: `(x, sigma [B]) -> x0`.
        x: [B, ...], state at sigmas[0].
        sigmas: [steps + 1], falling.
        noise: `(sigma, sigma raised) -> standard normal [B, ...]`, each call a draw of its own;
            needed where s_churn > 0.
        watch: called after each step.
        s_churn, s_tmin, s_tmax, s_noise: noise added before each step (`steps.churn`): how much
            over all steps, between which levels, and a factor on it.

    Returns:
        [B, ...], state at the last sigma.

    Raises:
        InputError: for a schedule that does not fall.
        ValueError: without noise where s_churn > 0; for a denoiser that returns another shape or
            dtype than it was given.

    Source: Karras et al. 2022, algorithm 2 with Euler steps.
    """
    levels = check_sigmas(sigmas)
    lift = churn(noise, "euler", len(levels) - 1, s_churn, s_tmin, s_tmax, s_noise)
    for sigma, after in pairwise(levels):
        x, high = lift(x, sigma)
        denoised = estimate(denoise, x, high)
        d = (x - denoised) / high
        x = x + d * (after - high)
        show(watch, sigma, after, x, denoised)
    return x


def heun(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
    s_churn: float = 0.0,
    s_tmin: float = 0.0,
    s_tmax: float = math.inf,
    s_noise: float = 1.0,
) -> Tensor:
    """Heun steps in sigma (the mean of the slopes at both ends); Euler into 0.

    Args, Returns, Raises: as `euler`. Two evaluations a step, one for a step into 0.

    Source: Karras et al. 2022, algorithm 2.
    """
    levels = check_sigmas(sigmas)
    lift = churn(noise, "heun", len(levels) - 1, s_churn, s_tmin, s_tmax, s_noise)
    for sigma, after in pairwise(levels):
        x, high = lift(x, sigma)
        denoised = estimate(denoise, x, high)
        d = (x - denoised) / high
        ahead = x + d * (after - high)
        if after > 0.0:
            denoised = estimate(denoise, ahead, after)
            d = (d + (ahead - denoised) / after) / 2
            ahead = x + d * (after - high)
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
    s_churn: float = 0.0,
    s_tmin: float = 0.0,
    s_tmax: float = math.inf,
    s_noise: float = 1.0,
) -> Tensor:
    """Midpoint steps: the slope is taken halfway in ln sigma; Euler into 0.

    m = sqrt(s s'), x_m = x + (m - s) d, x' = x + (s' - s) d(x_m, m).

    Args, Returns, Raises: as `euler`. Two evaluations a step, one for a step into 0.

    Source: k-diffusion, sample_dpm_2, after Lu et al. 2022, DPM-Solver-2.
    """
    levels = check_sigmas(sigmas)
    lift = churn(noise, "dpm_2", len(levels) - 1, s_churn, s_tmin, s_tmax, s_noise)
    for sigma, after in pairwise(levels):
        x, high = lift(x, sigma)
        denoised = estimate(denoise, x, high)
        d = (x - denoised) / high
        if after > 0.0:
            middle = math.sqrt(high * after)
            inner = x + d * (middle - high)
            denoised = estimate(denoise, inner, middle)
            d = (inner - denoised) / middle
        x = x + d * (after - high)
        show(watch, sigma, after, x, denoised)
    return x
