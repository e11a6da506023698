"""P-values of sums of squares, and other small laws that the tests of noise share."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammainc, gammaincc, ndtr, ndtri

Floats = NDArray[np.float64]

# Beyond this a normal quantile carries no more information than "impossible".
_LEAST = 1e-300


def normal_p(z: float) -> float:
    """Chance that a standard normal is at least this far from 0, either way."""
    return float(2.0 * ndtr(-abs(z)))


def squares_above_p(total: float, count: float) -> float:
    """Chance that the sum of `count` squared standard normals is at least `total`."""
    return float(gammaincc(count / 2.0, total / 2.0))


def squares_p(total: float, count: float) -> float:
    """Chance that such a sum is at least as unusual as `total`: too large or too small."""
    below = float(gammainc(count / 2.0, total / 2.0))
    return min(1.0, 2.0 * min(below, squares_above_p(total, count)))


def squares_as_normal(totals: ArrayLike, counts: ArrayLike) -> Floats:
    """Sums of squares as the standard normals that are as unusual: z = Phi^-1(F(total)).

    Args:
        totals: float64 [k], each the sum of `counts` squared standard normals.
        counts: float64 [k].

    Returns:
        float64 [k], standard normal.
    """
    half, sums = np.asarray(counts, np.float64) / 2.0, np.asarray(totals, np.float64) / 2.0
    low, high = gammainc(half, sums), gammaincc(half, sums)
    # From whichever side keeps its digits.
    from_low, from_high = ndtri(np.maximum(low, _LEAST)), -ndtri(np.maximum(high, _LEAST))
    return np.asarray(np.where(low < high, from_low, from_high))


def most_unusual_p(p: float, count: int) -> float:
    """Chance that the most unusual of `count` independent values has a p this small."""
    return float(-np.expm1(count * np.log1p(-min(p, 1.0 - 1e-16))))
