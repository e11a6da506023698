"""Intervals with the name of their method; undefined is None with a reason, never 0."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from catoptric.attribution.mean_statistic import MeanStatistic, mean_statistic
from catoptric.errors import InputError


@dataclass(frozen=True)
class Interval:
    """An estimate and its confidence limits, in the units of the data.

    Args:
        value: the estimate; None when undefined.
        low: lower limit; None when undefined.
        high: upper limit; None when undefined.
        method: the method's name; None when undefined.
        reason: why something is undefined; None otherwise.
    """

    value: float | None
    low: float | None
    high: float | None
    method: str | None
    reason: str | None = None


def require_level(level: float) -> None:
    """Raises InputError unless the confidence level is a fraction between 0 and 1."""
    if not 0 < level < 1:
        raise InputError(f"a confidence level lies between 0 and 1 (such as 0.95), got {level}")


def interval_of(statistic: MeanStatistic | str, level: float = 0.95) -> Interval:
    """The two-sided interval of a statistic, or the undefined interval with its reason."""
    require_level(level)
    if isinstance(statistic, str):
        return Interval(None, None, None, None, statistic)
    low, high = statistic.limits(level)
    return Interval(statistic.estimate, low, high, statistic.method)


def mean_interval(
    values: ArrayLike,
    *,
    bounds: tuple[float, float],
    level: float = 0.95,
    units: ArrayLike | None = None,
    extra_variance: float = 0.0,
) -> Interval:
    """Confidence interval of a mean whose values have a known range.

    All means that `mean_statistic`'s two one-sided tests at (1 - level) / 2 do not refute; see
    there for which test serves when.

    Args:
        values: float64 [n], one number per row.
        bounds: (lo, hi), the range of one value.
        level: coverage, a fraction.
        units: [n] cluster or pair ids; None: each row is a unit.
        extra_variance: variance of a correction to add, in squared data units.

    Returns:
        The interval; undefined (None and a reason) with fewer than two units.

    Raises:
        InputError: see `mean_statistic`; or a level outside (0, 1).

    Source: `safe_mean_p` (Gaffke 2005); t over clusters: Student.
    """
    return interval_of(
        mean_statistic(values, bounds=bounds, units=units, extra_variance=extra_variance), level
    )
