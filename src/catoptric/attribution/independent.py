"""The difference of two means whose samples share nothing."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from catoptric.attribution.mean_statistic import MeanStatistic
from catoptric.errors import InputError


def rate_difference(first: float, n_first: int, second: float, n_second: int) -> MeanStatistic:
    """first / n_first - second / n_second, with the score test of any difference.

        z(d) = (p1 - p2 - d) / sqrt((q1 (1 - q1) / n1 + q2 (1 - q2) / n2) N / (N - 1)),  N = n1 + n2

    q1 = q2 + d are the likeliest rates of which that difference is true.

    Args:
        first, second: successes; an unclear outcome may count a half.
        n_first, n_second: trials.

    Returns:
        The statistic; rates as fractions.

    Raises:
        InputError: counts outside 0 .. n, or no trials.

    Source: Miettinen and Nurminen, Comparative analysis of two rates, 1985; closed form of q after
        Farrington and Manning 1990.
    """
    if not (n_first > 0 and n_second > 0 and 0 <= first <= n_first and 0 <= second <= n_second):
        raise InputError(
            f"counts must lie in 0..n with n above 0: {first} of {n_first}, {second} of {n_second}"
        )
    p1, p2 = first / n_first, second / n_second
    total = n_first + n_second

    def p_sampling(difference: float) -> tuple[float, float]:
        q1 = _likeliest(p1, p2, n_second / n_first, difference)
        q2 = min(max(q1 - difference, 0.0), 1.0)
        variance = (q1 * (1 - q1) / n_first + q2 * (1 - q2) / n_second) * total / (total - 1)
        distance = p1 - p2 - difference
        if variance <= 0.0:  # both rates are 0 or 1, and so is the difference tested
            z = 0.0 if abs(distance) < 1e-12 else math.copysign(math.inf, distance)
        else:
            z = distance / math.sqrt(variance)
        return float(stats.norm.sf(z)), float(stats.norm.cdf(z))

    return MeanStatistic(
        estimate=p1 - p2,
        n_units=total,
        n_informative=total,
        method="miettinen-nurminen",
        bounds=(-1.0, 1.0),
        p_sampling=p_sampling,
    )


def _likeliest(p1: float, p2: float, ratio: float, difference: float) -> float:
    """The likeliest first rate when first - second = difference: a root of a cubic."""
    a = 1.0 + ratio
    b = -(1.0 + ratio + p1 + ratio * p2 + difference * (ratio + 2.0))
    c = difference**2 + difference * (2.0 * p1 + ratio + 1.0) + p1 + ratio * p2
    d = -p1 * difference * (1.0 + difference)
    v = (b / (3.0 * a)) ** 3 - b * c / (6.0 * a**2) + d / (2.0 * a)
    u = math.copysign(math.sqrt(max(b**2 / (3.0 * a) ** 2 - c / (3.0 * a), 0.0)), v)
    turn = 1.0 if u == 0.0 else min(1.0, max(-1.0, v / u**3))
    found = 2.0 * u * math.cos((math.pi + math.acos(turn)) / 3.0) - b / (3.0 * a)
    return min(max(found, max(0.0, difference)), min(1.0, 1.0 + difference))


def mean_difference(first: ArrayLike, second: ArrayLike) -> MeanStatistic | str:
    """mean(first) - mean(second), with Welch's t test of any difference.

    Args:
        first, second: float64 [n], one number for each independent unit.

    Returns:
        The statistic, in the units of the data; or why there is none.

    Source: Welch 1947.
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if min(len(a), len(b)) < 2:
        return "fewer than two independent units"
    share_a, share_b = float(a.var(ddof=1)) / len(a), float(b.var(ddof=1)) / len(b)
    error = math.sqrt(share_a + share_b)
    if error == 0.0:
        return "all values are equal"
    freedom = error**4 / (share_a**2 / (len(a) - 1) + share_b**2 / (len(b) - 1))
    estimate = float(a.mean() - b.mean())

    def p_sampling(difference: float) -> tuple[float, float]:
        t = (estimate - difference) / error
        return float(stats.t.sf(t, freedom)), float(stats.t.cdf(t, freedom))

    reach = float(max(a.max(), b.max()) - min(a.min(), b.min()))
    return MeanStatistic(
        estimate=estimate,
        n_units=len(a) + len(b),
        n_informative=len(a) + len(b),
        method="t",
        bounds=(-reach, reach),
        p_sampling=p_sampling,
    )
