"""Deterministic two-step solvers in lambda = -ln sigma on the denoised estimate."""

import math
from itertools import pairwise

from torch import Tensor

from catoptric.sampling.result import Denoise, Watch
from catoptric.sampling.schedules import check_sigmas
from catoptric.sampling.solvers.steps import StepNoise, ancestral_levels, estimate, needed, show


def dpmpp_2m(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
) -> Tensor:
    """Two-step multistep in lambda = -ln sigma on the denoised estimate.

    x' = e^-h x + (1 - e^-h) ((1 + 1/2r) D_i - 1/2r D_(i-1)), r = h_(i-1) / h_i; the first step and
    the step into 0 use D_i alone.

    Args, Returns, Raises: as `euler`.

    Source: Lu et al. 2022, DPM-Solver++, algorithm 2, as in k-diffusion.
    """
    last: Tensor | None = None
    h_last = 0.0
    for sigma, after in pairwise(check_sigmas(sigmas)):
        denoised = estimate(denoise, x, sigma)
        if after == 0.0:
            x = denoised
            show(watch, sigma, after, x, denoised)
            break
        h = math.log(sigma) - math.log(after)
        slope = denoised
        if last is not None:
            back = h / (2 * h_last)
            slope = (1 + back) * denoised - back * last
        x = (after / sigma) * x - math.expm1(-h) * slope
        last, h_last = denoised, h
        show(watch, sigma, after, x, denoised)
    return x


def res_multistep(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
    eta: float = 0.0,
    s_noise: float = 1.0,
) -> Tensor:
    """The exponential Adams step: D runs through the last two estimates and is integrated exactly.

    x' = e^-h x + I0 D_i + I1 (D_i - D_(i-1)) / h_(i-1), I0 = 1 - e^-h, I1 = h - I0, h the way in
    lambda to the lower level of the ancestral split; the first step and one to 0 use D_i alone.

    Args:
        denoise, x, sigmas, watch: as `euler`.
        noise: `(sigma_from, sigma_to) -> standard normal [B, ...]`; needed where eta > 0.
        eta: share of ancestral noise; 0 = the deterministic solver.
        s_noise: factor on the noise.

    Returns, Raises: as `euler`; ValueError without noise where eta > 0.

    Source: Zhang, Zhang et al. 2023, Refined Exponential Solver, its multistep of order 2; eta as
        in ComfyUI's res_multistep_ancestral.
    """
    draw = needed(noise, "res_multistep") if eta > 0.0 else None
    last: Tensor | None = None
    before = 0.0
    for sigma, after in pairwise(check_sigmas(sigmas)):
        denoised = estimate(denoise, x, sigma)
        down, up = ancestral_levels(sigma, after, eta)
        if down == 0.0:
            x = denoised
        else:
            h = math.log(sigma) - math.log(down)
            keep = -math.expm1(-h)
            moved = (down / sigma) * x + keep * denoised
            if last is not None:
                slope = (denoised - last) / (math.log(before) - math.log(sigma))
                moved = moved + (h - keep) * slope
            x = moved
        if up > 0.0 and draw is not None:
            x = x + draw(sigma, after).to(x.dtype) * (s_noise * up)
        last, before = denoised, sigma
        show(watch, sigma, after, x, denoised)
    return x
