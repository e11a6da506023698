"""Traces over seeds: means with intervals, curves on a common axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from catoptric.tracing.trace import SampleTrace, Trace

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Mean:
    """A mean over seeds and its interval.

    Attributes:
        value: the mean; None when no seed has the figure.
        low, high: limits; None with fewer than 2 seeds, or where all are equal.
        n: seeds that have the figure.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int


def mean_over_seeds(values: Sequence[float | None] | ArrayLike, *, level: float = 0.95) -> Mean:
    """Mean and t interval of a figure that some seeds may lack.

    Args:
        values: one per seed; None or NaN where undefined.
        level: coverage.

    Source: Student; a response has no bounds, so the bounded-mean intervals do not apply.
    """
    from scipy import stats

    known = np.array(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    if known.size == 0:
        return Mean(None, None, None, 0)
    mean, spread = float(known.mean()), float(known.std(ddof=1)) if known.size > 1 else 0.0
    if known.size < 2 or spread == 0.0:
        return Mean(mean, None, None, int(known.size))
    reach = float(stats.t.ppf((1 + level) / 2, known.size - 1)) * spread / known.size**0.5
    return Mean(mean, mean - reach, mean + reach, int(known.size))


def curve_on(lambda_: Floats, sample: SampleTrace, values: Floats) -> Floats:
    """One sample's values along its path, read at other places.

    Args:
        lambda_: float64 [m], rising.
        sample: whose path.
        values: float64 [p], along `sample.points`.

    Returns:
        float64 [m], linear in between; NaN before the path begins, its last value after it ends.
    """
    if values.size == 0:
        return np.full_like(lambda_, np.nan)
    found: Floats = np.interp(lambda_, sample.points.lambda_, values, left=np.nan)
    return found


def sigma_where_settled(trace: Trace, share: float) -> list[float | None]:
    """The sigma from which at least this share of each sample's pixels is settled.

    Args:
        trace: the samples.
        share: fraction of pixels.

    Returns:
        One per sample, at a point of its path; None where it never is.
    """
    found: list[float | None] = []
    for sample in trace.samples:
        enough = np.flatnonzero(sample.points.settled >= share)
        found.append(float(sample.points.sigma[enough[0]]) if enough.size else None)
    return found
