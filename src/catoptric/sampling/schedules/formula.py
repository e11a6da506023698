"""Schedules with a formula in sigma: nothing but the range and the number of steps."""

import math

import torch
from scipy.special import betaincinv
from torch import Tensor

from catoptric.errors import InputError


def check(steps: int, sigma_min: float, sigma_max: float) -> None:
    """Refuses what no schedule can be made of.

    Raises:
        InputError: for no steps or an empty range.
    """
    if steps < 1:
        raise InputError(f"a schedule needs at least 1 step, not {steps}")
    if not (0.0 < sigma_min < sigma_max < math.inf):
        raise InputError(
            f"a schedule needs 0 < sigma_min < sigma_max, not {sigma_min:g} and {sigma_max:g}"
        )


def ending_in_zero(sigmas: Tensor) -> Tensor:
    """The levels with 0 behind them."""
    return torch.cat([sigmas, sigmas.new_zeros(1)])


def ramp(steps: int) -> Tensor:
    """0 to 1 in `steps` values, float64."""
    return torch.linspace(0.0, 1.0, steps, dtype=torch.float64)


def karras(steps: int, sigma_min: float, sigma_max: float, *, rho: float = 7.0) -> Tensor:
    """Evenly spaced in sigma^(1/rho): small steps at low noise.

    sigma_i = (smax^(1/rho) + i/(n-1) (smin^(1/rho) - smax^(1/rho)))^rho, then 0.

    Args:
        steps: n >= 1.
        sigma_min, sigma_max: range, 0 < sigma_min < sigma_max.
        rho: curvature, > 0.

    Returns:
        float64 [steps + 1].

    Raises:
        InputError: for no steps or an empty range.

    Source: Karras et al. 2022, equation 5.
    """
    check(steps, sigma_min, sigma_max)
    high, low = sigma_max ** (1.0 / rho), sigma_min ** (1.0 / rho)
    return ending_in_zero((high + ramp(steps) * (low - high)) ** rho)


def polyexponential(steps: int, sigma_min: float, sigma_max: float, *, rho: float = 1.0) -> Tensor:
    """ln sigma follows (1 - i/(n-1))^rho; rho = 1 is `exponential`.

    Args, Returns, Raises: as `karras`.

    Source: k-diffusion, get_sigmas_polyexponential.
    """
    check(steps, sigma_min, sigma_max)
    span = math.log(sigma_max) - math.log(sigma_min)
    return ending_in_zero(torch.exp((1.0 - ramp(steps)) ** rho * span + math.log(sigma_min)))


def exponential(steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    """Evenly spaced in ln sigma, then 0.

    Args, Returns, Raises: as `karras`.

    Source: k-diffusion, get_sigmas_exponential.
    """
    return polyexponential(steps, sigma_min, sigma_max, rho=1.0)


def vp(steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    """The variance-preserving SDE's levels, evenly spaced in its time, then 0.

    sigma(t)^2 = e^(b t^2 / 2 + a t) - 1, t from 1 to 0.001, a and b such that the ends are met;
    for sigma 0.01034 to 152.2 they are the usual a = 0.1, b = 19.9.

    Args, Returns, Raises: as `karras`; also for a range in which sigma(t) would not rise with t.

    Source: Song et al. 2021; Karras et al. 2022, table 1 and its code for the ends.
    """
    check(steps, sigma_min, sigma_max)
    first = 1e-3
    high, low = math.log1p(sigma_max**2), math.log1p(sigma_min**2)
    b = 2 * (low / first - high) / (first - 1)
    a = high - b / 2
    if a + b * first <= 0.0 or a + b <= 0.0:
        raise InputError(
            f"the vp schedule cannot run from {sigma_max:g} to {sigma_min:g}: choose a lower last "
            "sigma, or the schedule 'karras'"
        )
    t = 1.0 + ramp(steps) * (first - 1.0)
    return ending_in_zero(torch.sqrt(torch.expm1(b * t**2 / 2 + a * t)))


def kl_optimal(steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    """Evenly spaced in arctan sigma, then 0.

    Args, Returns, Raises: as `karras`.

    Source: Sabour et al. 2024, Align Your Steps, theorem 3.1; the last level as in ComfyUI (A1111
        ends at sigma_min, with one level more and no 0).
    """
    check(steps, sigma_min, sigma_max)
    high, low = math.atan(sigma_max), math.atan(sigma_min)
    return ending_in_zero(torch.tan(high + ramp(steps) * (low - high)))


def linear_quadratic(steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    """Half the steps over the first 2.5 % of sigma, evenly; the others ever longer, down to 0.

    With n steps, m = n // 2, e = 0.025: progress is e i / m for i < m, then the parabola that goes
    on with the same slope and reaches 1 at n. sigma = sigma_max (1 - progress).

    Args, Returns, Raises: as `karras`. sigma_min is not read.

    Source: Genmo, Mochi 1; ComfyUI's linear_quadratic.
    """
    check(steps, sigma_min, sigma_max)
    if steps == 1:
        return torch.tensor([sigma_max, 0.0], dtype=torch.float64)
    start, linear = 0.025, steps // 2
    rest, slope = steps - linear, 0.025 / linear
    i = torch.arange(steps + 1, dtype=torch.float64)
    bend = (1 - start - slope * rest) / rest**2
    after = start + slope * (i - linear) + bend * (i - linear) ** 2
    progress = torch.where(i < linear, slope * i, after)
    progress[-1] = 1.0
    return sigma_max * (1 - progress)


def beta_sigmas(steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    """Quantiles of Beta(0.6, 0.6) over the range of sigma itself, then 0.

    Args, Returns, Raises: as `karras`.

    Source: Lee et al. 2024, Beta Sampling Is All You Need, as diffusers (use_beta_sigmas) and A1111
        have it; ComfyUI's, over training time, is `beta`.
    """
    check(steps, sigma_min, sigma_max)
    share = torch.as_tensor(betaincinv(0.6, 0.6, 1.0 - ramp(steps).numpy()))
    return ending_in_zero(sigma_min + share * (sigma_max - sigma_min))
