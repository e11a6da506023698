"""DPM-Solver++ for the reverse SDE: exponential steps on D with noise of rate eta.

dx/dlambda = (1 + eta) (D - x) and noise; over a step h of lambda the state keeps e^-(1+eta)h of
itself and gains noise of variance sigma'^2 (1 - e^-2 eta h).
"""

import math
from itertools import pairwise

from torch import Tensor

from catoptric.sampling.result import Denoise, Watch
from catoptric.sampling.schedules import check_sigmas
from catoptric.sampling.solvers.steps import StepNoise, ancestral_levels, estimate, needed, show


def dpmpp_sde(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Tensor:
    """A stochastic midpoint: D is taken halfway in lambda on the same noise path as the step.

    m = sqrt(s s'); x_m = (down_m/s) x + (1 - down_m/s) D + up_m z(s, m);
    x' = (down/s) x + (1 - down/s) D(x_m, m) + up z(s, s').

    Args:
        denoise, x, sigmas, watch: as `euler`.
        noise: `(sigma_from, sigma_to) -> standard normal [B, ...]`; needed where eta > 0. Asked for
            (s, m) and (s, s'), which overlap: draws from one path make the midpoint's noise a part
            of the step's.
        eta: share of ancestral noise.
        s_noise: factor on the noise.

    Returns, Raises: as `euler`; ValueError without noise where eta > 0. Two evaluations a step, one
        for a step into 0.

    Source: Lu et al. 2022, DPM-Solver++ (SDE), as in k-diffusion's sample_dpmpp_sde with r = 1/2.
    """
    draw = needed(noise, "dpmpp_sde") if eta > 0.0 else None
    for sigma, after in pairwise(check_sigmas(sigmas)):
        denoised = estimate(denoise, x, sigma)
        if after == 0.0:
            x = denoised
            show(watch, sigma, after, x, denoised)
            break
        middle = math.sqrt(sigma * after)
        down, up = ancestral_levels(sigma, middle, eta)
        inner = (down / sigma) * x + (1 - down / sigma) * denoised
        if up > 0.0 and draw is not None:
            inner = inner + draw(sigma, middle).to(x.dtype) * (s_noise * up)
        denoised = estimate(denoise, inner, middle)
        down, up = ancestral_levels(sigma, after, eta)
        x = (down / sigma) * x + (1 - down / sigma) * denoised
        if up > 0.0 and draw is not None:
            x = x + draw(sigma, after).to(x.dtype) * (s_noise * up)
        show(watch, sigma, after, x, denoised)
    return x


def dpmpp_2m_sde(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
    eta: float = 1.0,
    s_noise: float = 1.0,
    variant: str = "midpoint",
) -> Tensor:
    """Two-step multistep for the SDE.

    With k = (1 + eta) h and r = h_(i-1) / h: x' = e^-k x + (1 - e^-k) D_i + c (D_i - D_(i-1)) / r
    + s' sqrt(1 - e^-2 eta h) z; c = (1 - e^-k) / 2 (midpoint) or 1 - (1 - e^-k) / k (heun). The
    first step has no difference; the step into 0 is D.

    Args:
        denoise, x, sigmas, watch: as `euler`.
        noise: `(sigma_from, sigma_to) -> standard normal [B, ...]`; needed where eta > 0.
        eta: rate of the noise; 0 = the deterministic solver.
        s_noise: factor on the noise.
        variant: "midpoint" or "heun".

    Returns, Raises: as `euler`; ValueError without noise where eta > 0.

    Source: Lu et al. 2022, SDE-DPM-Solver++(2M), as in k-diffusion's sample_dpmpp_2m_sde.
    """
    draw = needed(noise, "dpmpp_2m_sde") if eta > 0.0 else None
    last: Tensor | None = None
    h_last = 0.0
    for sigma, after in pairwise(check_sigmas(sigmas)):
        denoised = estimate(denoise, x, sigma)
        if after == 0.0:
            x = denoised
            show(watch, sigma, after, x, denoised)
            break
        h = math.log(sigma) - math.log(after)
        k = (1 + eta) * h
        gain = -math.expm1(-k)
        x = math.exp(-k) * x + gain * denoised
        if last is not None:
            c = gain / 2 if variant == "midpoint" else 1 - gain / k
            x = x + (c * h / h_last) * (denoised - last)
        if draw is not None:
            spread = after * math.sqrt(-math.expm1(-2 * eta * h))
            x = x + draw(sigma, after).to(x.dtype) * (s_noise * spread)
        last, h_last = denoised, h
        show(watch, sigma, after, x, denoised)
    return x


def dpmpp_3m_sde(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Tensor:
    """Three-step multistep for the SDE.

    With k = (1 + eta) h and divided differences over steps in units of h: x' = e^-k x +
    (1 - e^-k) D_i + p2 D' - p3 D'' + s' sqrt(1 - e^-2 eta h) z, p2 = 1 - (1 - e^-k)/k,
    p3 = p2/k - 1/2.

    Args, Returns, Raises: as `dpmpp_2m_sde`.

    Source: k-diffusion's sample_dpmpp_3m_sde, after Lu et al. 2022, DPM-Solver++ (3M).
    """
    draw = needed(noise, "dpmpp_3m_sde") if eta > 0.0 else None
    past: list[Tensor] = []
    steps: list[float] = []
    for sigma, after in pairwise(check_sigmas(sigmas)):
        denoised = estimate(denoise, x, sigma)
        if after == 0.0:
            x = denoised
            show(watch, sigma, after, x, denoised)
            break
        h = math.log(sigma) - math.log(after)
        k = (1 + eta) * h
        gain = -math.expm1(-k)
        x = math.exp(-k) * x + gain * denoised
        p2 = 1 - gain / k
        if len(past) == 2:
            r0, r1 = steps[0] / h, steps[1] / h
            near = (denoised - past[0]) / r0
            far = (past[0] - past[1]) / r1
            x = x + p2 * (near + (near - far) * (r0 / (r0 + r1)))
            x = x - (p2 / k - 0.5) * ((near - far) / (r0 + r1))
        elif past:
            x = x + (p2 * h / steps[0]) * (denoised - past[0])
        if draw is not None:
            spread = after * math.sqrt(-math.expm1(-2 * eta * h))
            x = x + draw(sigma, after).to(x.dtype) * (s_noise * spread)
        past, steps = [denoised, *past[:1]], [h, *steps[:1]]
        show(watch, sigma, after, x, denoised)
    return x
