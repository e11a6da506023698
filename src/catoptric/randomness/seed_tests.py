"""Tests across seeds and steps: does one draw know of another?"""

from __future__ import annotations

import numpy as np
from scipy.special import betaincc

from catoptric.randomness.chances import most_unusual_p, squares_above_p, squares_p
from catoptric.randomness.finding import Measured
from catoptric.randomness.noise_sample import NoiseSample, unit_vectors


def neighbours(sample: NoiseSample) -> Measured:
    """Correlation between seeds s and s + 1: sum of d cos^2; shown is the mean correlation."""
    unit = sample.directions
    first = sample.neighbours
    cosines = (unit[first] * unit[first + 1]).sum(1)
    total = float(np.square(cosines).sum()) * unit.shape[1]
    return Measured(float(cosines.mean()), 0.0, squares_above_p(total, len(cosines)))


def rank(sample: NoiseSample) -> Measured:
    """Effective rank of the seeds' correlations, (tr G)^2 / tr G^2: how many they are worth.

    tr G^2 = n + 2 sum cos^2; the sum over n (n - 1) / 2 pairs of d cos^2 is nearly chi-squared.
    """
    unit = sample.directions
    count, size = unit.shape
    squares = np.square((unit @ unit.T)[np.triu_indices(count, 1)])
    found = count**2 / (count + 2.0 * float(squares.sum()))
    expected = count**2 / (count + count * (count - 1) / size)
    return Measured(found, expected, squares_p(float(squares.sum()) * size, squares.size))


def likest(sample: NoiseSample) -> Measured:
    """The largest correlation, either way, between any two seeds: cos^2 ~ Beta(1/2, (d-1)/2)."""
    unit = sample.directions
    count, size = unit.shape
    cosines = (unit @ unit.T)[np.triu_indices(count, 1)]
    largest = float(cosines[np.argmax(np.abs(cosines))])
    one = float(betaincc(0.5, (size - 1) / 2.0, min(1.0, largest**2)))
    return Measured(largest, None, most_unusual_p(one, cosines.size))


def evenness(sample: NoiseSample) -> Measured:
    """Each place's sum over all seeds, squared: d of them are chi-squared with d degrees.

    Too large where seeds share a pattern, too small where they are balanced against each other.
    """
    sums = sample.latents.sum(0, dtype=np.float64).ravel()
    total = float(np.square(sums).sum()) / len(sample.latents)
    return Measured(total / sums.size, 1.0, squares_p(total, sums.size))


def steps(sample: NoiseSample) -> Measured:
    """Correlation of a seed's start noise with its step noise, and of two steps."""
    unit = unit_vectors(sample.steps)
    draws = [sample.directions[: unit.shape[1]], *unit]
    cosines = np.concatenate([(a * b).sum(1) for i, a in enumerate(draws) for b in draws[i + 1 :]])
    total = float(np.square(cosines).sum()) * unit.shape[-1]
    largest = float(cosines[np.argmax(np.abs(cosines))])
    return Measured(largest, 0.0, squares_above_p(total, len(cosines)))
