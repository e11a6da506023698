"""Opposite noise against fresh noise: does negating a part flip an outcome more than redrawing it?

Per seed the two flips are compared, so what seeds have in common falls out:

    D(s) = |y(s) - y_opposite(s)| - |y(s) - y_fresh(s)|,   excess = mean D, in points

How large it can get is bounded. With p the rate, m = min(p, 1 - p) and f the flips of fresh noise,

    excess <= min(2 m - f, f),   for the whole noise (f = 2 m (1 - m)) at most 2 m^2

2 m because both pictures show the rarer outcome at most m of the time; f because, the rest held,
a part that makes it with chance q flips it with chance 2 q (1 - q) when drawn anew and at most
2 min(q, 1 - q) <= 4 q (1 - q) when negated. Where this lies within the margin, perfect opposition
would pass the equivalence test too, so that nothing is said to be absent or small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from catoptric.attribution import (
    Equivalence,
    MeanStatistic,
    fill_unclear,
    holm,
    interval_of,
    mean_statistic,
    tost,
)

Floats = NDArray[np.float64]

ALPHA = 0.05


class Verdict(StrEnum):
    """What may be said of opposite polarity."""

    SHOWN = "shown"
    SMALL = "shown, small"
    REVERSED = "reversed"
    ABSENT = "shown absent"
    CANNOT = "cannot show"
    UNDECIDED = "undecided"


MEANINGS = {
    Verdict.SHOWN: "opposite noise flips the outcome more often than fresh noise does",
    Verdict.SMALL: "it flips it more often, by less than the margin",
    Verdict.REVERSED: "it flips it less often than fresh noise does",
    Verdict.ABSENT: "shown by two one-sided tests to flip it as often as fresh noise does, within "
    "the margin",
    Verdict.CANNOT: "not told apart from fresh noise, and at this rate, or in a part that decides "
    "so little, even perfect opposition would stay within the margin: more seeds may show it, but "
    "its absence only with a smaller margin",
    Verdict.UNDECIDED: "neither shown nor shown absent; more seeds may settle it",
}


@dataclass(frozen=True, eq=False)
class Excess:
    """Flips under opposite noise beyond those under fresh noise, in points.

    Attributes:
        points, low, high: estimate and 95 % interval; None where undefined.
        method: of the interval.
        p: two-sided, of "no difference".
        p_holm: adjusted over the family it was tested in; None before `judged`.
        equivalence: the test of "within the margin".
        reason: why something is undefined.
        margin: of the equivalence test, in points.
        attainable, attainable_low: the most that the excess could be, and its lower 95 % bound.
        per_seed: float64 [n], D(s).
    """

    points: float | None
    low: float | None
    high: float | None
    method: str | None
    p: float | None
    p_holm: float | None
    equivalence: Equivalence
    reason: str | None
    margin: float
    attainable: float
    attainable_low: float
    per_seed: Floats

    @property
    def verdict(self) -> Verdict:
        """The one word that the adjusted test and the equivalence test allow."""
        is_small = self.equivalence.equivalent is True and self.attainable_low > self.margin
        if self.points is not None and self.p_holm is not None and self.p_holm < ALPHA:
            if self.points > 0:
                return Verdict.SMALL if is_small else Verdict.SHOWN
            return Verdict.ABSENT if is_small else Verdict.REVERSED
        if is_small:
            return Verdict.ABSENT
        return Verdict.UNDECIDED if self.attainable > self.margin else Verdict.CANNOT


def excess(
    before: Floats, opposite: Floats, fresh: Floats, *, margin_points: float, level: float = 0.95
) -> Excess:
    """The excess of one part of the noise.

    Args:
        before, opposite, fresh: float64 [n], outcomes of the same seeds: 1, 0, nan unclear; an
            unclear outcome counts half, so a flip to it counts half a flip.
        margin_points: of the equivalence test.
        level: coverage, a fraction.

    Returns:
        Estimate, interval and tests, not yet adjusted for their family.
    """
    y, y_opposite, y_fresh = (fill_unclear(v) for v in (before, opposite, fresh))
    flips = np.abs(y - y_fresh)
    values = np.abs(y - y_opposite) - flips
    statistic = mean_statistic(values, bounds=(-1.0, 1.0))
    interval = interval_of(statistic, level)
    low, high = (None if v is None else 100 * v for v in (interval.low, interval.high))
    attainable, attainable_low = _attainable((y + y_opposite + y_fresh) / 3, flips)
    return Excess(
        points=None if interval.value is None else 100 * interval.value,
        low=low,
        high=high,
        method=interval.method,
        p=statistic.p_value(0.0) if isinstance(statistic, MeanStatistic) else None,
        p_holm=None,
        equivalence=tost(statistic, margin_points / 100),
        reason=interval.reason,
        margin=margin_points,
        attainable=attainable,
        attainable_low=attainable_low,
        per_seed=values,
    )


def _attainable(yes: Floats, flips: Floats) -> tuple[float, float]:
    """The largest excess that the rate and the flips of fresh noise allow, and its lower bound.

    Args:
        yes: float64 [n], each seed's outcomes averaged over the arms, which share one rate.
        flips: float64 [n], of fresh noise.

    Returns:
        Points, at least 0; the bound is the smaller of two one-sided normal ones.
    """
    if yes.size < 2:
        return 0.0, 0.0
    rarer = yes if yes.mean() < 0.5 else 1 - yes
    ceilings = np.stack([2 * rarer - flips, flips])
    reach = stats.norm.isf(ALPHA) * ceilings.std(axis=1, ddof=1) / yes.size**0.5
    means = ceilings.mean(axis=1)
    return 100 * max(0.0, float(means.min())), 100 * max(0.0, float((means - reach).min()))


def judged(family: Sequence[Excess]) -> list[Excess]:
    """A family of tests with their p-values adjusted together, in the order given (Holm 1979)."""
    adjusted = holm([one.p for one in family])
    return [replace(one, p_holm=p) for one, p in zip(family, adjusted, strict=True)]
