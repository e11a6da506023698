"""A trace's curves read at common noise levels."""

import math

import numpy as np

from catoptric.report.result import Result, rows, table

GRID = 160


def sigma_grid(result: Result, count: int = GRID) -> np.ndarray:
    """Return noise levels over the range of all sides, falling."""
    low, high = sigma_range(result)
    found: np.ndarray = np.exp(np.linspace(math.log(high), math.log(low), count))
    return found


def mean_on(side: Result, band: int | None, grid: np.ndarray) -> np.ndarray:
    """Return the mean over seeds of a band's response, of settled shares for None.

    Args:
        side: One trace.
        band: Which band.
        grid: Noise levels, falling.

    Returns:
        float64 [m]; NaN where a seed has not begun.
    """
    curves = []
    for sample in rows(side, "samples"):
        points = table(sample, "points")
        sigma = np.array(points.get("sigma") or [], dtype=np.float64)
        if not sigma.size:
            continue
        values = points["settled"] if band is None else points["response"][band]
        values = np.array([math.nan if v is None else v for v in values], dtype=np.float64)
        curves.append(np.interp(-np.log(grid), -np.log(sigma), values, left=math.nan))
    found: np.ndarray = np.mean(curves, axis=0) if curves else np.full(len(grid), math.nan)
    return found


def sigma_range(result: Result) -> tuple[float, float]:
    """Return the lowest and the highest noise level that any side stood on."""
    for column in ("points", "steps"):  # samples that did not finish have steps only
        levels = [
            level
            for side in rows(result, "traces")
            for sample in rows(side, "samples")
            for level in table(sample, column).get("sigma") or []
        ]
        if len(set(levels)) > 1:
            return min(levels), max(levels)
    return 0.1, 10.0
