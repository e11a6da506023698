"""Ancestral solvers: a deterministic step to a lower level than the next, then noise back up."""

import math
from itertools import pairwise

from torch import Tensor

from catoptric.sampling.result import Denoise, Watch
from catoptric.sampling.schedules import check_sigmas
from catoptric.sampling.solvers.steps import StepNoise, ancestral_levels, estimate, needed, show


def euler_ancestral(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Tensor:
    """Euler to a lower level than the next, then noise back up to it.

    s_up = min(s', eta s' sqrt(1 - s'^2 / s^2)), s_down = sqrt(s'^2 - s_up^2).

    Args:
        denoise, x, sigmas, watch: as `euler`.
        noise: `(sigma_from, sigma_to) -> standard normal [B, ...]`; needed where eta > 0.
        eta: share of ancestral noise, 0 .. 1.
        s_noise: factor on the noise.

    Returns, Raises: as `euler`; ValueError without noise where eta > 0.

    Source: k-diffusion, sample_euler_ancestral; the split is that of DDPM's posterior.
    """
    draw = needed(noise, "euler_ancestral") if eta > 0.0 else None
    for sigma, after in pairwise(check_sigmas(sigmas)):
        denoised = estimate(denoise, x, sigma)
        down, up = ancestral_levels(sigma, after, eta)
        d = (x - denoised) / sigma
        x = x + d * (down - sigma)
        if up > 0.0 and draw is not None:
            x = x + draw(sigma, after).to(x.dtype) * (s_noise * up)
        show(watch, sigma, after, x, denoised)
    return x


def ddim(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
    eta: float = 0.0,
    s_noise: float = 1.0,
) -> Tensor:
    """x' = x0 + sqrt(s'^2 - up^2) eps + up z, with eps = (x - x0) / s.

    up = eta s' sqrt(1 - s'^2 / s^2): DDIM's sigma_t(eta) in this form. eta = 0 is `euler`, eta = 1
    DDPM's posterior and `euler_ancestral`.

    Args, Returns, Raises: as `euler_ancestral`; eta is 0 unless told.

    Source: Song et al. 2021, DDIM, equations 12 and 16.
    """
    draw = needed(noise, "ddim") if eta > 0.0 else None
    for sigma, after in pairwise(check_sigmas(sigmas)):
        denoised = estimate(denoise, x, sigma)
        down, up = ancestral_levels(sigma, after, eta)
        eps = (x - denoised) / sigma
        x = denoised + down * eps
        if up > 0.0 and draw is not None:
            x = x + draw(sigma, after).to(x.dtype) * (s_noise * up)
        show(watch, sigma, after, x, denoised)
    return x


def dpm_2_ancestral(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Tensor:
    """`dpm_2` to the lower level of the ancestral split, then noise back up.

    Args, Returns, Raises: as `euler_ancestral`. Two evaluations a step, one for a step into 0.

    Source: k-diffusion, sample_dpm_2_ancestral.
    """
    draw = needed(noise, "dpm_2_ancestral") if eta > 0.0 else None
    for sigma, after in pairwise(check_sigmas(sigmas)):
        denoised = estimate(denoise, x, sigma)
        down, up = ancestral_levels(sigma, after, eta)
        d = (x - denoised) / sigma
        if down > 0.0:
            middle = math.sqrt(sigma * down)
            inner = x + d * (middle - sigma)
            denoised = estimate(denoise, inner, middle)
            d = (inner - denoised) / middle
        x = x + d * (down - sigma)
        if up > 0.0 and draw is not None:
            x = x + draw(sigma, after).to(x.dtype) * (s_noise * up)
        show(watch, sigma, after, x, denoised)
    return x


def dpmpp_2s_ancestral(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Tensor:
    """The midpoint in lambda on the denoised estimate to the lower level, then noise back up.

    m = sqrt(s down), x_m = (m/s) x + (1 - m/s) D, x' = (down/s) x + (1 - down/s) D(x_m, m) + up z.

    Args, Returns, Raises: as `euler_ancestral`. Two evaluations a step, one for a step into 0.

    Source: Lu et al. 2022, DPM-Solver++, algorithm 1 (2S), r = 1/2; ancestral as in k-diffusion.
    """
    draw = needed(noise, "dpmpp_2s_ancestral") if eta > 0.0 else None
    for sigma, after in pairwise(check_sigmas(sigmas)):
        denoised = estimate(denoise, x, sigma)
        down, up = ancestral_levels(sigma, after, eta)
        if down > 0.0:
            middle = math.sqrt(sigma * down)
            inner = (middle / sigma) * x + (1 - middle / sigma) * denoised
            denoised = estimate(denoise, inner, middle)
        x = (down / sigma) * x + (1 - down / sigma) * denoised
        if up > 0.0 and draw is not None:
            x = x + draw(sigma, after).to(x.dtype) * (s_noise * up)
        show(watch, sigma, after, x, denoised)
    return x
