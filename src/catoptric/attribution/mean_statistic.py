"""A mean with its test: one object gives the interval, the p-value and the equivalence test.

Interval, p-value and equivalence all read the same two one-sided p-values, so they cannot
contradict each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from catoptric.attribution.bounded_mean import CENTRED_FROM, counted_mean_p
from catoptric.attribution.units import unit_means
from catoptric.errors import InputError

Floats = NDArray[np.float64]

#: A unit of this many rows is a cluster (a prompt), not a seed or an antithetic pair.
CLUSTER_ROWS = 8
#: Rows off the commonest value from which on cluster means are taken as near normal.
CLUSTER_INFORMATIVE_ROWS = 20


@dataclass(frozen=True)
class MeanStatistic:
    """A sample mean and the one-sided p-values of any tested mean.

    Args:
        estimate: the mean, in the units of the data.
        n_units: independent units behind it.
        n_informative: units that differ from the commonest value.
        method: "gaffke", "bayesian-bootstrap" or "t".
        bounds: possible range of the mean.
        p_sampling: mean -> (p_greater, p_less), from sampling alone.
        extra_variance: variance of a correction (a measured judge error), in squared data units.
    """

    estimate: float
    n_units: int
    n_informative: int
    method: str
    bounds: tuple[float, float]
    p_sampling: Callable[[float], tuple[float, float]]
    extra_variance: float = 0.0

    def p_one_sided(self, mean: float) -> tuple[float, float]:
        """(p_greater, p_less) of the tested mean; small p_greater says "greater than it".

            z = d z_s / sqrt(d^2 + v z_s^2),  d = |estimate - mean|, z_s the sampling z, v extra

        which is z_s where nothing is added and d / sqrt(se^2 + v) where sampling is normal.
        """
        greater, less = self.p_sampling(mean)
        distance = self.estimate - mean
        return (
            float(widened_p(np.asarray(greater), distance, self.extra_variance)),
            float(widened_p(np.asarray(less), -distance, self.extra_variance)),
        )

    def p_value(self, mean: float = 0.0) -> float:
        """Two-sided p of the tested mean: twice the smaller one-sided p, at most 1."""
        return min(1.0, 2 * min(self.p_one_sided(mean)))

    def limits(self, level: float = 0.95) -> tuple[float, float]:
        """(low, high): the means that the two-sided test at 1 - level does not refute."""
        tail = (1 - level) / 2
        # Sampling cannot leave the range, an uncertain correction can.
        slack = 8 * self.extra_variance**0.5
        low, high = self.bounds[0] - slack, self.bounds[1] + slack
        if self.method == "t":
            # t knows no range; 1 / tail standard errors hold any level and one degree of freedom.
            reach = (self.bounds[1] - self.bounds[0]) / tail
            low, high = low - reach, high + reach
        return (
            self._solve(lambda mean: self.p_one_sided(mean)[0] - tail, low),
            self._solve(lambda mean: self.p_one_sided(mean)[1] - tail, high),
        )

    def _solve(self, excess: Callable[[float], float], end: float) -> float:
        if end == self.estimate or excess(end) >= 0:
            return end
        if excess(self.estimate) <= 0:  # never tighter than the estimate itself
            return self.estimate
        return float(optimize.brentq(excess, end, self.estimate, xtol=1e-10, rtol=1e-10))


def widened_p(p: Floats, distance: Floats | float, extra_variance: Floats | float) -> Floats:
    """One-sided p after a variance is added: see `MeanStatistic.p_one_sided`."""
    if np.all(np.asarray(extra_variance) == 0):
        return p
    z = stats.norm.isf(np.clip(p, 1e-300, 1.0))
    distance = np.maximum(distance, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        wide = distance * z / np.sqrt(distance**2 + extra_variance * z**2)
    return np.where((z > 0) & (distance > 0), stats.norm.sf(wide), p)


def mean_statistic(
    values: ArrayLike,
    *,
    bounds: tuple[float, float],
    units: ArrayLike | None = None,
    extra_variance: float = 0.0,
) -> MeanStatistic | str:
    """The statistic of a mean whose values have a known range, or the reason there is none.

    Units of fewer than 8 rows (a seed, an antithetic pair) are tested as values on the range: by
    Gaffke's safe test when fewer than 12 differ from the commonest value, else by the centred
    Bayesian bootstrap.  Why not t: on one-signed flips it covers 93 % at 20 to 35 of them.  Larger
    units are clusters (prompts): t over their means, for a range says little about so few.
    All cluster means equal, or fewer than 20 rows that differ from the commonest: as values on the
    range again, so that no interval has width 0.

    Args:
        values: float64 [n], one number per row.
        bounds: (lo, hi), the range of one value; every value lies inside.
        units: [n] cluster or pair ids, all equally frequent; None: each row is a unit.
        extra_variance: variance to add for a correction.

    Returns:
        The statistic; or, with fewer than two units, a sentence that says so.

    Raises:
        InputError: a value is not finite or outside the bounds, or units differ in size.
    """
    rows = np.asarray(values, dtype=np.float64)
    low, high = bounds
    if rows.ndim != 1 or not np.isfinite(rows).all():
        raise InputError("values must be one row of finite numbers")
    if rows.size and (rows.min() < low - 1e-9 or rows.max() > high + 1e-9):
        raise InputError(f"values must lie in {bounds}, got {rows.min():g} to {rows.max():g}")
    per_unit = unit_means(rows, units)
    n_units = per_unit.size
    if n_units < 2:
        return f"an interval needs at least 2 independent units, got {n_units}"
    # Rounding keeps one value one value after float sums; 1e-12 is far below any contrast weight.
    support, counts = np.unique(np.round(per_unit, 12), return_counts=True)
    informative = int(n_units - counts.max())
    estimate = float(per_unit.mean())
    if rows.size // n_units >= CLUSTER_ROWS and support.size > 1:
        row_counts = np.unique(np.round(rows, 12), return_counts=True)[1]
        if rows.size - row_counts.max() >= CLUSTER_INFORMATIVE_ROWS:
            error = float(per_unit.std(ddof=1)) / n_units**0.5
            tail = stats.t(n_units - 1).sf

            def p_t(mean: float) -> tuple[float, float]:
                z = (estimate - mean) / error
                return float(tail(z)), float(tail(-z))

            return MeanStatistic(
                estimate, n_units, informative, "t", bounds, p_t, float(extra_variance)
            )
    weights = counts[None, :].astype(np.float64)

    def p_bounded(mean: float) -> tuple[float, float]:
        greater, less = counted_mean_p(weights, support, mean, bounds=bounds)
        return float(greater[0]), float(less[0])

    return MeanStatistic(
        estimate,
        n_units,
        informative,
        "bayesian-bootstrap" if informative >= CENTRED_FROM else "gaffke",
        bounds,
        p_bounded,
        float(extra_variance),
    )
