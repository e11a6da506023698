"""Tests of latents as pictures: length, channel means, frequencies, channels against each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft

from catoptric.randomness.chances import (
    squares_above_p,
    squares_as_normal,
    squares_p,
)
from catoptric.randomness.finding import Measured
from catoptric.randomness.noise_sample import NoiseSample

Floats = NDArray[np.float64]

RADIAL_BANDS = 8
_CHUNK = 16


def norms(sample: NoiseSample) -> Measured:
    """Squared lengths of latents are chi-squared with d degrees; shown is their spread.

    sum_i z_i^2, z_i = Phi^-1(F(|x_i|^2)), is chi-squared with n degrees: too large where lengths
    scatter, too small where they are all alike.
    """
    count, size = len(sample.latents), sample.latents[0].size
    lengths = np.square(sample.latents.reshape(count, -1).astype(np.float64)).sum(1)
    total = float(np.square(squares_as_normal(lengths, np.full(count, size))).sum())
    return Measured(total / count, 1.0, squares_p(total, count))


def channel_means(sample: NoiseSample) -> Measured:
    """Means of channels, in units of their standard deviation: squares sum to chi-squared."""
    count, channels, height, width = sample.latents.shape
    sums = sample.latents.sum((2, 3), dtype=np.float64) / (height * width) ** 0.5
    total = float(np.square(sums).sum())
    return Measured(total / sums.size, 1.0, squares_p(total, count * channels))


def _even(sums: ArrayLike, places: ArrayLike, each: int) -> Measured:
    """Whether bands hold the power of white noise: sum of z^2 over bands.

    Args:
        sums: float64 [B], power in each band.
        places: [B], frequencies in each.
        each: squared normals in one frequency's power.
    """
    squares = np.asarray(places, np.float64) * each
    z = squares_as_normal(sums, squares)
    ratio = np.asarray(sums, np.float64) / squares
    worst = float(ratio[np.argmax(np.abs(z))])
    return Measured(worst, 1.0, squares_above_p(float(np.square(z).sum()), len(z)))


def radial(sample: NoiseSample) -> Measured:
    """Power in 8 rings of frequency, the mean apart; shown is the most unusual ring's."""
    found = sample.power
    height, width = found.shape
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None, :]
    radius = np.hypot(rows, columns)
    ring = np.minimum((radius / 0.5 * RADIAL_BANDS).astype(int), RADIAL_BANDS - 1).ravel()
    ring[0] = RADIAL_BANDS  # the mean, which `channel_means` looks at
    sums = np.bincount(ring, found.ravel(), RADIAL_BANDS + 1)[:RADIAL_BANDS]
    places = np.bincount(ring, minlength=RADIAL_BANDS + 1)[:RADIAL_BANDS]
    there = places > 0
    if not there.any():
        return Measured(None, None, None, "one pixel has no frequencies")
    return _even(sums[there], places[there], sample.latents[:, :, 0, 0].size)


def rows(sample: NoiseSample) -> Measured:
    """Power by vertical frequency: stripes that lie flat."""
    found = sample.power
    places = np.full(found.shape[0], found.shape[1])
    return _even(found.sum(1), places, sample.latents[:, :, 0, 0].size)


def columns(sample: NoiseSample) -> Measured:
    """Power by horizontal frequency: stripes that stand upright."""
    found = sample.power
    places = np.full(found.shape[1], found.shape[0])
    return _even(found.sum(0), places, sample.latents[:, :, 0, 0].size)


def periods(sample: NoiseSample) -> Measured:
    """The strongest frequency of latents read in the order of drawing.

    Power at a frequency, averaged over n latents, is Gamma(n) / n; the largest of m has
    P(max > x) = 1 - P(one <= x)^m.
    """
    flat = sample.latents.reshape(len(sample.latents), -1)
    count, size = flat.shape
    total = np.zeros(size // 2 + 1)
    for start in range(0, count, _CHUNK):
        spectrum = fft.rfft(flat[start : start + _CHUNK])
        total += np.square(np.abs(spectrum), dtype=np.float64).sum(0)
    inner = total[1 : (size + 1) // 2] / size
    largest = float(inner.max())
    one = squares_above_p(2.0 * largest, 2.0 * count)
    return Measured(
        largest / count, None, float(-np.expm1(len(inner) * np.log1p(-min(one, 1.0 - 1e-16))))
    )


def channels(sample: NoiseSample) -> Measured:
    """Correlations between channels at the same place, over all latents; shown is the largest."""
    count = sample.latents.shape[1]
    if count < 2:
        return Measured(None, None, None, "there is one channel")
    spread = np.moveaxis(sample.latents, 1, 0).reshape(count, -1).astype(np.float64)
    upper = np.triu_indices(count, 1)
    z = (spread @ spread.T)[upper] / spread.shape[1] ** 0.5
    largest = float(z[np.argmax(np.abs(z))]) / spread.shape[1] ** 0.5
    return Measured(largest, 0.0, squares_above_p(float(np.square(z).sum()), len(z)))
