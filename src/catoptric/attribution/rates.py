"""Intervals of one rate and of the difference of two paired rates."""

from __future__ import annotations

from math import sqrt

from scipy import optimize, stats

from catoptric.attribution.intervals import Interval, require_level
from catoptric.errors import InputError


def rate_interval(
    k: int, n: int, *, method: str = "clopper-pearson", level: float = 0.95
) -> Interval:
    """Confidence interval of one proportion k / n.

    Clopper-Pearson inverts the exact binomial test and never covers less than `level`; Wilson
    inverts the score test and covers about `level` on average.

    Args:
        k: successes.
        n: trials; 0 gives an undefined interval.
        method: "clopper-pearson" or "wilson".
        level: coverage, a fraction.

    Returns:
        The interval, rates as fractions.

    Raises:
        InputError: k outside 0..n, an unknown method, a level outside (0, 1).

    Source: Clopper and Pearson 1934; Wilson 1927.
    """
    require_level(level)
    names = {"clopper-pearson": "exact", "wilson": "wilson"}
    if method not in names:
        raise InputError(f"unknown method {method!r}; known: {', '.join(names)}")
    if n == 0 and k == 0:
        return Interval(None, None, None, None, "no outcomes")
    if not 0 <= k <= n:
        raise InputError(f"a count must lie in 0..n, got {k} of {n}")
    found = stats.binomtest(k, n).proportion_ci(confidence_level=level, method=names[method])
    return Interval(k / n, float(found.low), float(found.high), method)


def tango_interval(b: int, c: int, n: int, *, level: float = 0.95) -> Interval:
    """Score interval of the difference of two paired rates, (b - c) / n.

        T(d) = (b - c - n d) / sqrt(n (2 q(d) + d (1 - d))),   limits: T(d) = +-z
        q(d) = (sqrt(w^2 - 8 n x) - w) / (4 n),  w = -(b + c) + (2n - b + c) d,  x = -c d (1 - d)

    q is the constrained estimate of the chance of "second only".

    Args:
        b: pairs with the first outcome only.
        c: pairs with the second outcome only.
        n: all pairs; 0 gives an undefined interval.
        level: coverage, a fraction.

    Returns:
        The interval of first - second, as a fraction; its test at 0 is McNemar's.

    Raises:
        InputError: counts that are negative or exceed n, a level outside (0, 1).

    Source: Tango, Equivalence test and confidence interval for the difference in proportions for
    the paired-sample design, Statistics in Medicine 17, 1998, equations 6 to 9.
    """
    require_level(level)
    if min(b, c) < 0 or b + c > n:
        raise InputError(f"discordant counts must be 0 or more and sum to at most n: {b}, {c}, {n}")
    if n == 0:
        return Interval(None, None, None, None, "no pairs")
    z = float(stats.norm.isf((1 - level) / 2))
    value = (b - c) / n

    def score(difference: float) -> float:
        linear = -(b + c) + (2 * n - b + c) * difference
        constant = -c * difference * (1 - difference)
        q = (sqrt(max(linear**2 - 8 * n * constant, 0.0)) - linear) / (4 * n)
        variance = n * (2 * q + difference * (1 - difference))
        if variance <= 0:
            return 0.0 if difference == value else (1e9 if difference < value else -1e9)
        return (b - c - n * difference) / sqrt(variance)

    low = -1.0 if value == -1 else optimize.brentq(lambda d: score(d) - z, -1, value, xtol=1e-12)
    high = 1.0 if value == 1 else optimize.brentq(lambda d: score(d) + z, value, 1, xtol=1e-12)
    return Interval(value, float(low), float(high), "tango")
