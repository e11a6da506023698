"""CFG++: the state is denoised by the guided estimate and noised again by the unconditional one.

Guidance is a property of the step here, so these solvers take `denoise(x, sigma [B]) -> (x0, u)`,
the guided and the unconditional estimate. The weight is CFG++'s lambda, usually 0 to 1 (and at 1
it still differs from no guidance: the noise is u's).
"""

import math
from itertools import pairwise

from torch import Tensor

from catoptric.sampling.result import DenoisePair, Watch
from catoptric.sampling.schedules import check_sigmas
from catoptric.sampling.solvers.steps import (
    StepNoise,
    ancestral_levels,
    estimates,
    needed,
    show,
)


def euler_cfg_pp(
    denoise: DenoisePair,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
) -> Tensor:
    """x' = x0 + s' (x - u) / s.

    Args:
        denoise: `(x, sigma [B]) -> (x0, u)`, the guided and the unconditional estimate.
        x, sigmas, noise, watch: as `euler`.

    Returns, Raises: as `euler`.

    Source: Chung et al. 2024, CFG++, algorithm 2 (DDIM), in variance-exploding form.
    """
    for sigma, after in pairwise(check_sigmas(sigmas)):
        denoised, free = estimates(denoise, x, sigma)
        x = denoised + after * ((x - free) / sigma)
        show(watch, sigma, after, x, denoised)
    return x


def euler_ancestral_cfg_pp(
    denoise: DenoisePair,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Tensor:
    """x' = x0 + down (x - u) / s + up z, down and up as in `euler_ancestral`.

    Args:
        denoise: as `euler_cfg_pp`.
        x, sigmas, noise, watch, eta, s_noise: as `euler_ancestral`.

    Returns, Raises: as `euler_ancestral`.

    Source: Chung et al. 2024, CFG++; ancestral as in ComfyUI's euler_ancestral_cfg_pp.
    """
    draw = needed(noise, "euler_ancestral_cfg_pp") if eta > 0.0 else None
    for sigma, after in pairwise(check_sigmas(sigmas)):
        denoised, free = estimates(denoise, x, sigma)
        down, up = ancestral_levels(sigma, after, eta)
        x = denoised + down * ((x - free) / sigma)
        if up > 0.0 and draw is not None:
            x = x + draw(sigma, after).to(x.dtype) * (s_noise * up)
        show(watch, sigma, after, x, denoised)
    return x


def dpmpp_2m_cfg_pp(
    denoise: DenoisePair,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
) -> Tensor:
    """x' = x0 + e^-h (x - u) + (1 - e^-h) (u_i - u_(i-1)) h_i / 2 h_(i-1).

    The first step and the step into 0 have no difference.

    Args:
        denoise: as `euler_cfg_pp`.
        x, sigmas, noise, watch: as `euler`.

    Returns, Raises: as `euler`.

    Source: Chung et al. 2024, CFG++, its DPM++ 2M. ComfyUI subtracts u_(i-1) from the guided
        estimate instead, so its difference does not vanish with the step.
    """
    last: Tensor | None = None
    h_last = 0.0
    for sigma, after in pairwise(check_sigmas(sigmas)):
        denoised, free = estimates(denoise, x, sigma)
        if after == 0.0:
            x = denoised
            show(watch, sigma, after, x, denoised)
            break
        h = math.log(sigma) - math.log(after)
        x = denoised + (after / sigma) * (x - free)
        if last is not None:
            x = x - (math.expm1(-h) * h / (2 * h_last)) * (free - last)
        last, h_last = free, h
        show(watch, sigma, after, x, denoised)
    return x


def dpmpp_2s_ancestral_cfg_pp(
    denoise: DenoisePair,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Tensor:
    """`dpmpp_2s_ancestral` from the state x + x0 - u; the midpoint's guided estimate ends the step.

    m = sqrt(s down), x_m = (m/s) (x + x0 - u) + (1 - m/s) x0,
    x' = (down/s) (x + x0 - u) + (1 - down/s) D(x_m, m) + up z.

    Args:
        denoise: as `euler_cfg_pp`.
        x, sigmas, noise, watch, eta, s_noise: as `euler_ancestral`.

    Returns, Raises: as `euler_ancestral`. Two pairs of estimates a step, one for a step into 0.

    Source: ComfyUI, sample_dpmpp_2s_ancestral_cfg_pp.
    """
    draw = needed(noise, "dpmpp_2s_ancestral_cfg_pp") if eta > 0.0 else None
    for sigma, after in pairwise(check_sigmas(sigmas)):
        denoised, free = estimates(denoise, x, sigma)
        down, up = ancestral_levels(sigma, after, eta)
        shifted = x + (denoised - free)
        if down > 0.0:
            middle = math.sqrt(sigma * down)
            inner = (middle / sigma) * shifted + (1 - middle / sigma) * denoised
            denoised, _ = estimates(denoise, inner, middle)
        x = (down / sigma) * shifted + (1 - down / sigma) * denoised
        if up > 0.0 and draw is not None:
            x = x + draw(sigma, after).to(x.dtype) * (s_noise * up)
        show(watch, sigma, after, x, denoised)
    return x


def res_multistep_cfg_pp(
    denoise: DenoisePair,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
    eta: float = 0.0,
    s_noise: float = 1.0,
) -> Tensor:
    """`res_multistep` on the unconditional estimates, from the state x + x0 - u.

    x' = e^-h (x + x0 - u) + I0 u_i + I1 (u_i - u_(i-1)) / h_(i-1); the first step and one to 0 are
    `euler_cfg_pp`'s. ComfyUI's res_multistep_ancestral_cfg_pp is this with eta = 1.

    Args:
        denoise: as `euler_cfg_pp`.
        x, sigmas, noise, watch, eta, s_noise: as `res_multistep`.

    Returns, Raises: as `res_multistep`.

    Source: ComfyUI, res_multistep with cfg_pp.
    """
    draw = needed(noise, "res_multistep_cfg_pp") if eta > 0.0 else None
    last: Tensor | None = None
    before = 0.0
    for sigma, after in pairwise(check_sigmas(sigmas)):
        denoised, free = estimates(denoise, x, sigma)
        down, up = ancestral_levels(sigma, after, eta)
        if last is None or down == 0.0:
            x = denoised + down * ((x - free) / sigma)
        else:
            h = math.log(sigma) - math.log(down)
            keep = -math.expm1(-h)
            slope = (free - last) / (math.log(before) - math.log(sigma))
            x = (down / sigma) * (x + (denoised - free)) + keep * free + (h - keep) * slope
        if up > 0.0 and draw is not None:
            x = x + draw(sigma, after).to(x.dtype) * (s_noise * up)
        last, before = free, sigma
        show(watch, sigma, after, x, denoised)
    return x
