"""Restart: Heun down a schedule, and now and then back up by fresh noise to contract errors."""

import math
from itertools import pairwise

from torch import Tensor

from catoptric.sampling.result import Denoise, Watch
from catoptric.sampling.schedules import check_sigmas, karras
from catoptric.sampling.solvers.runge_kutta import heun
from catoptric.sampling.solvers.steps import StepNoise, needed


def restart(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
    low: float = 0.1,
    high: float = 2.0,
    inner_steps: int = 9,
    times: int = 1,
    s_noise: float = 1.0,
) -> Tensor:
    """`heun`; at the level nearest `low`, `times` times: noise up to near `high`, down again.

    x <- x + sqrt(high^2 - low^2) z, then `inner_steps` steps of a Karras schedule back to low.

    Args:
        denoise, x, sigmas, watch: as `euler`.
        noise: `(sigma_from, sigma_to) -> standard normal [B, ...]`, here from a low to a high
            level; each call is to give a draw of its own. Needed where a restart happens.
        low, high: the restart interval in sigma, moved to the nearest levels of the schedule;
            nothing happens where they are the same level or the schedule only begins at `low`.
        inner_steps: steps of each return.
        times: number of restarts, K.
        s_noise: factor on the noise.

    Returns, Raises: as `euler`; ValueError without noise.

    Source: Xu et al. 2023, Restart Sampling, algorithm 1. A1111 takes the returns' steps off the
        main schedule; here the schedule stays what it is and the returns are on top.
    """
    levels = check_sigmas(sigmas)
    bottom = min(range(len(levels)), key=lambda i: abs(levels[i] - low))
    top = min(range(len(levels)), key=lambda i: abs(levels[i] - high))
    for i, (sigma, after) in enumerate(pairwise(levels)):
        x = heun(denoise, x, sigmas.new_tensor([sigma, after]), watch=watch)
        if times == 0 or i + 1 != bottom or top >= bottom or after == 0.0:
            continue
        draw = needed(noise, "restart")
        spread = math.sqrt(levels[top] ** 2 - after**2)
        back = karras(inner_steps + 1, after, levels[top])[:-1].to(sigmas)
        for _ in range(times):
            x = x + draw(after, levels[top]).to(x.dtype) * (s_noise * spread)
            x = heun(denoise, x, back, watch=watch)
    return x
