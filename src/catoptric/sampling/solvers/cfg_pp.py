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
from catoptric.sampling.solvers.steps import StepNoise, ancestral_levels, level, needed, show


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
        denoised, free = denoise(x, level(x, sigma))
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
        denoised, free = denoise(x, level(x, sigma))
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
        denoised, free = denoise(x, level(x, sigma))
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
