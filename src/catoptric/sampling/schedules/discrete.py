"""Schedules that read a discrete table: Stable Diffusion's, stretched in ln sigma to the range.

It is the table itself where the range is its own, 0.0291675 to 14.614642.
"""

import math

import numpy as np
import torch
from scipy.special import betaincinv
from torch import Tensor

from catoptric.errors import InputError
from catoptric.sampling.schedules.formula import check, ending_in_zero, ramp

TABLE_LENGTH = 1000


def table(sigma_min: float, sigma_max: float) -> Tensor:
    """Stable Diffusion's 1000 training noise levels, stretched in ln sigma to a range.

    beta_t = (sqrt(.00085) + t/999 (sqrt(.012) - sqrt(.00085)))^2, abar_t = prod (1 - beta),
    sigma_t = sqrt((1 - abar_t) / abar_t); rising with t.

    Args:
        sigma_min, sigma_max: what levels 0 and 999 become.

    Returns:
        float64 [1000], ln sigma.

    Source: Rombach et al. 2022, "scaled linear" schedule as published with the weights.
    """
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, TABLE_LENGTH, dtype=torch.float64) ** 2
    kept = torch.cumprod(1.0 - betas, dim=0)
    own = 0.5 * torch.log((1.0 - kept) / kept)
    share = (own - own[0]) / (own[-1] - own[0])
    return math.log(sigma_min) + share * (math.log(sigma_max) - math.log(sigma_min))


def _levels_at(times: Tensor, sigma_min: float, sigma_max: float) -> Tensor:
    """Sigmas at fractional training times, linear in ln sigma between table entries."""
    levels = table(sigma_min, sigma_max)
    below = times.floor().long().clamp(0, TABLE_LENGTH - 2)
    share = times - below
    return torch.exp((1.0 - share) * levels[below] + share * levels[below + 1])


def normal(steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    """Evenly spaced in training time from the last level to the first, then 0.

    Args, Returns, Raises: as `karras`.

    Source: ComfyUI's default, normal_scheduler; k-diffusion's get_sigmas for a discrete model.
    """
    check(steps, sigma_min, sigma_max)
    times = (1.0 - ramp(steps)) * (TABLE_LENGTH - 1)
    return ending_in_zero(_levels_at(times, sigma_min, sigma_max))


def sgm_uniform(steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    """As `normal` over one step more, whose last level gives way to 0.

    Args, Returns, Raises: as `karras`.

    Source: ComfyUI, normal_scheduler with sgm.
    """
    check(steps, sigma_min, sigma_max)
    times = (1.0 - ramp(steps + 1)[:-1]) * (TABLE_LENGTH - 1)
    return ending_in_zero(_levels_at(times, sigma_min, sigma_max))


def simple(steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    """Every (1000 / n)-th level of the table from the top, then 0.

    Args, Returns, Raises: as `karras`; at most 1000 steps.

    Source: ComfyUI, simple_scheduler.
    """
    check(steps, sigma_min, sigma_max)
    if steps > TABLE_LENGTH:
        raise InputError(f"the simple schedule has at most {TABLE_LENGTH} steps, not {steps}")
    index = [TABLE_LENGTH - 1 - int(i * (TABLE_LENGTH / steps)) for i in range(steps)]
    return ending_in_zero(torch.exp(table(sigma_min, sigma_max)[index]))


def pndm_leading(steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    """Diffusers' "leading" times with offset 1, ending at the lowest level: no final denoise.

    t_i = 1 + (n - 1 - i) floor(1000 / n), then level 0. The first level lies below sigma_max.

    Args, Returns, Raises: as `karras`; at most 999 steps.

    Source: diffusers, PNDMScheduler with Stable Diffusion 1.x's configuration.
    """
    check(steps, sigma_min, sigma_max)
    if steps >= TABLE_LENGTH:
        raise InputError(f"the pndm_leading schedule has at most 999 steps, not {steps}")
    index = [1 + i * (TABLE_LENGTH // steps) for i in reversed(range(steps))]
    return torch.exp(table(sigma_min, sigma_max)[[*index, 0]])


def ddim_uniform(steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    """Every (1000 // n)-th level of the table from level 1 up, backwards, then 0.

    Where n does not divide 1000 there can be more than n levels, as in the interfaces.

    Args, Raises: as `karras`; at most 1000 steps.

    Returns:
        float64 [steps + 1], or a little longer.

    Source: ComfyUI, ddim_scheduler; A1111's "DDIM".
    """
    check(steps, sigma_min, sigma_max)
    if steps > TABLE_LENGTH:
        raise InputError(f"the ddim_uniform schedule has at most 1000 steps, not {steps}")
    index = list(range(1, TABLE_LENGTH, TABLE_LENGTH // steps))[::-1]
    return ending_in_zero(torch.exp(table(sigma_min, sigma_max)[index]))


def trailing(steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    """Diffusers' "trailing" times, round(1000 - i 1000 / n) - 1, then 0.

    Args, Returns, Raises: as `karras`; at most 1000 steps.

    Source: Lin et al. 2024, table 2; diffusers' timestep_spacing "trailing".
    """
    check(steps, sigma_min, sigma_max)
    if steps > TABLE_LENGTH:
        raise InputError(f"the trailing schedule has at most 1000 steps, not {steps}")
    index = [round(TABLE_LENGTH - i * TABLE_LENGTH / steps) - 1 for i in range(steps)]
    return ending_in_zero(torch.exp(table(sigma_min, sigma_max)[index]))


def leading(steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    """Diffusers' "leading" times with offset 1, then 0: `pndm_leading` with a final denoise.

    Args, Returns, Raises: as `karras`; at most 999 steps.

    Source: Lin et al. 2024, table 2; diffusers' timestep_spacing "leading", steps_offset 1.
    """
    return ending_in_zero(pndm_leading(steps, sigma_min, sigma_max)[:-1])


def beta(steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    """Training times at quantiles of Beta(0.6, 0.6), rounded, each once, then 0.

    Many steps round to the same times, which are walked once: the schedule is then shorter.

    Args, Raises: as `karras`.

    Returns:
        float64 [steps + 1], or shorter.

    Source: Lee et al. 2024, Beta Sampling Is All You Need; ComfyUI, beta_scheduler.
    """
    check(steps, sigma_min, sigma_max)
    places = 1.0 - np.arange(steps) / steps
    times = np.rint(betaincinv(0.6, 0.6, places) * (TABLE_LENGTH - 1)).astype(int)
    index = list(dict.fromkeys(int(t) for t in times))
    return ending_in_zero(torch.exp(table(sigma_min, sigma_max)[index]))


_ALIGNED = {
    "sd": "14.6146412293 6.4745760956 3.8636745985 2.6946151520 1.8841921177 1.3943805092 "
    "0.9642583904 0.6523686016 0.3977456272 0.1515232662 0.0291671582",
    "sdxl": "14.6146412293 6.3184485287 3.7681790315 2.1811480769 1.3405244945 0.8620721141 "
    "0.5550693289 0.3798540708 0.2332364134 0.1114188177 0.0291671582",
}
"""Align Your Steps' optimised levels for 10 steps. Source: Sabour et al. 2024, project page."""


def _aligned(model: str, steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    check(steps, sigma_min, sigma_max)
    levels = np.log([float(s) for s in _ALIGNED[model].split()])
    share = (levels - levels[-1]) / (levels[0] - levels[-1])
    places = np.interp(np.linspace(0, 1, steps + 1), np.linspace(0, 1, len(share)), share)
    span = math.log(sigma_max) - math.log(sigma_min)
    return ending_in_zero(torch.exp(math.log(sigma_min) + torch.from_numpy(places[:-1]) * span))


def align_your_steps(steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    """The ten optimised steps for Stable Diffusion 1.5, interpolated in ln sigma, the last one 0.

    Args, Returns, Raises: as `karras`.

    Source: Sabour et al. 2024, Align Your Steps; interpolated to steps + 1 levels as published and
        in ComfyUI (A1111 interpolates to `steps` levels and adds 0).
    """
    return _aligned("sd", steps, sigma_min, sigma_max)


def align_your_steps_xl(steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    """`align_your_steps` with the levels optimised for Stable Diffusion XL.

    Args, Returns, Raises: as `karras`.

    Source: as `align_your_steps`.
    """
    return _aligned("sdxl", steps, sigma_min, sigma_max)
