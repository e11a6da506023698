"""Tests of the values as they come: moments, tails, law, order, repetitions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, gammaincc, log_ndtr, ndtr
from scipy.stats import poisson

from catoptric.randomness.chances import normal_p, squares_above_p, squares_p
from catoptric.randomness.finding import Measured
from catoptric.randomness.noise_sample import NoiseSample

Floats = NDArray[np.float64]

TAIL = 4.0
CELLS = 256
FINE, COARSE = 16, 8
"""Cells to a side of the cube of triples; the fine cube where it has 5 triples a cell."""
_LEAST_EXPECTED = 5
WINDOW = 4
# Two single-precision normals agree by chance less often than this.
_AGREE = 2.0**-20


def mean(sample: NoiseSample) -> Measured:
    """z = sum / sqrt(N), standard normal."""
    z = float(sample.flat.sum()) / sample.values**0.5
    return Measured(z / sample.values**0.5, 0.0, normal_p(z))


def variance(sample: NoiseSample) -> Measured:
    """The sum of squares of N values is chi-squared with N degrees."""
    total = float(np.square(sample.flat).sum())
    return Measured(total / sample.values, 1.0, squares_p(total, sample.values))


def skewness(sample: NoiseSample) -> Measured:
    """Mean of the third Hermite polynomial x^3 - 3 x, whose variance is 6."""
    x = sample.flat
    value = float((x * (x * x - 3.0)).mean())
    return Measured(value, 0.0, normal_p(value * (sample.values / 6.0) ** 0.5))


def kurtosis(sample: NoiseSample) -> Measured:
    """Mean of the fourth Hermite polynomial x^4 - 6 x^2 + 3, whose variance is 24."""
    square = np.square(sample.flat)
    value = float((square * (square - 6.0) + 3.0).mean())
    return Measured(value, 0.0, normal_p(value * (sample.values / 24.0) ** 0.5))


def tails(sample: NoiseSample) -> Measured:
    """How many values lie beyond |z| = 4, and how far.

    T = sum over them of -ln(P(|Z| > |z|) / P(|Z| > 4)): a Poisson number of unit exponentials, so
    P(T <= t) = sum_k Poisson(k) GammaCDF(t; k). Shown is the count.
    """
    magnitude = np.abs(sample.flat)
    beyond = magnitude[magnitude > TAIL]
    total = float((log_ndtr(-TAIL) - log_ndtr(-beyond)).sum())
    expected = sample.values * 2.0 * float(ndtr(-TAIL))
    counts = np.arange(1, int(expected + 12.0 * expected**0.5) + 60)
    weights = poisson.pmf(counts, expected)
    below = float(np.exp(-expected) + (weights * gammainc(counts, total)).sum())
    above = float((weights * gammaincc(counts, total)).sum()) if total > 0 else 1.0
    return Measured(len(beyond), expected, min(1.0, 2.0 * min(below, above)))


def _cells(sample: NoiseSample, count: int) -> NDArray[np.int64]:
    """Which of `count` equally likely slices of the normal each value lies in."""
    found: NDArray[np.int64] = (sample.uniform * count).astype(np.int64)
    return np.minimum(found, count - 1)


def _pearson(counts: NDArray[np.int64]) -> tuple[float, float]:
    expected = counts.sum() / counts.size
    return float(np.square(counts - expected).sum() / expected), counts.size - 1.0


def law(sample: NoiseSample) -> Measured:
    """Pearson's chi-squared over 256 equally likely slices of the normal."""
    total, degrees = _pearson(np.bincount(_cells(sample, CELLS), minlength=CELLS))
    return Measured(total, degrees, squares_above_p(total, degrees))


def triples(sample: NoiseSample) -> Measured:
    """Pearson's chi-squared over a cube of cells, for values in threes as they were drawn.

    Successive values of a congruential generator lie on few planes (Marsaglia 1968).
    """
    whole = sample.values // 3
    side = FINE if whole >= _LEAST_EXPECTED * FINE**3 else COARSE
    threes = _cells(sample, side)[: 3 * whole].reshape(-1, 3)
    place = (threes[:, 0] * side + threes[:, 1]) * side + threes[:, 2]
    total, degrees = _pearson(np.bincount(place, minlength=side**3))
    return Measured(total, degrees, squares_above_p(total, degrees))


def duplicates(sample: NoiseSample) -> Measured:
    """Windows of four values that occur more than once, anywhere in the sample.

    Values of at least 20 bits make a pair of equal windows a matter of 2^-80, so one is too many.
    """
    bits = sample.latents.ravel().view(np.uint32).astype(np.uint64)
    spread = np.zeros(sample.values - WINDOW + 1, dtype=np.uint64)
    for k, odd in enumerate((0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 1)):
        # Products wrap: a multiplicative hash of 64 bits.
        spread = (spread ^ bits[k : k + spread.size]) * np.uint64(odd | 1)
        spread ^= spread >> np.uint64(29)
    spread.sort()
    repeated = int((spread[1:] == spread[:-1]).sum())
    expected = sample.values**2 / 2.0 * max(_AGREE**WINDOW, 2.0**-64)
    return Measured(repeated, expected, float(poisson.sf(repeated - 1, expected)))
