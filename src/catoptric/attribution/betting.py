"""The betting interval: proved for any bounded values, at any n, and the yardstick of ours."""

from __future__ import annotations

from math import log

import numpy as np
from numpy.typing import ArrayLike, NDArray

from catoptric.attribution.intervals import Interval, require_level
from catoptric.errors import InputError

Floats = NDArray[np.float64]


def betting_evidence(
    values: Floats, means: Floats, *, bounds: tuple[float, float], level: float = 0.95
) -> Floats:
    """The largest wealth that hedged bets against each tested mean ever reach.

        W(m) = max over t of 1/2 max(prod_i (1 + l_i (x_i - m)), prod_i (1 - l_i (x_i - m)))
        l_i = min(sqrt(2 ln(2/alpha) / (n s^2_(i-1))), 1 / (2m) or 1 / (2(1-m)))

    A fair game when the mean is m, so P(W(m) >= 1/alpha) <= alpha whatever the distribution.

    Args:
        values: float64 [R, n], in random order along the second axis.
        means: float64 [M], tested means in the units of the values.
        bounds: (lo, hi), the range of one value.
        level: where the bets are tuned; the evidence is valid at every level.

    Returns:
        float64 [R, M]; 1 / evidence, capped at 1, is a p-value.

    Source: Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting, JRSS B
    86, 2024, equations 24 to 26 and section 4.4 (bets for a known n).
    """
    low, high = bounds
    x = (np.atleast_2d(values) - low) / (high - low)
    m = ((np.asarray(means, dtype=np.float64) - low) / (high - low))[None, :]
    n = x.shape[1]
    steps = np.arange(1, n + 1)
    running = (0.5 + np.cumsum(x, axis=1)) / (steps + 1)
    variance = (0.25 + np.cumsum((x - running) ** 2, axis=1)) / (steps + 1)
    before = np.concatenate([np.full((len(x), 1), 0.25), variance[:, :-1]], axis=1)
    bets = np.sqrt(2 * log(2 / (1 - level)) / (n * before))
    with np.errstate(divide="ignore"):
        cap_up, cap_down = 0.5 / m, 0.5 / (1 - m)
    up = np.zeros((len(x), m.size))
    down = np.zeros_like(up)
    best = np.zeros_like(up)
    for i in range(n):
        edge = x[:, i, None] - m
        up += np.log1p(np.minimum(bets[:, i, None], cap_up) * edge)
        down += np.log1p(-np.minimum(bets[:, i, None], cap_down) * edge)
        np.maximum(best, np.maximum(up, down), out=best)
    return np.asarray(0.5 * np.exp(np.minimum(best, 700.0)), dtype=np.float64)


def betting_interval(
    values: ArrayLike, *, bounds: tuple[float, float], level: float = 0.95, grid: int = 2001
) -> Interval:
    """Betting interval of a mean of bounded values: all means that no bet refutes.

    Proved for every distribution on the range, which ours is only on two values; but wider (see
    the table of benchmarks/truth_simulated.py), hence not the tool's own.

    Args:
        values: float64 [n], in random order.
        bounds: (lo, hi), the range of one value.
        level: coverage, a fraction.
        grid: tested means; limits are rounded outwards to the grid.

    Returns:
        The interval; undefined without values.

    Raises:
        InputError: values outside the bounds or not finite; a level outside (0, 1).

    Source: see `betting_evidence`.
    """
    require_level(level)
    x = np.asarray(values, dtype=np.float64)
    low, high = bounds
    if x.size == 0:
        return Interval(None, None, None, None, "no values")
    if not np.isfinite(x).all() or x.min() < low - 1e-9 or x.max() > high + 1e-9:
        raise InputError(f"values must be finite and lie in {bounds}")
    means = np.linspace(low, high, grid)
    kept = np.flatnonzero(
        betting_evidence(x, means, bounds=bounds, level=level)[0] < 1 / (1 - level)
    )
    first, last = max(int(kept[0]) - 1, 0), min(int(kept[-1]) + 1, grid - 1)
    return Interval(float(x.mean()), float(means[first]), float(means[last]), "betting")
