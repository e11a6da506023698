"""Outcomes as numbers for what looks beyond the shares: planning and remedies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from catoptric.attribution import (
    Interval,
    JudgeError,
    fill_unclear,
    mean_interval,
    mean_statistic,
    rate_interval,
)
from catoptric.attribution.mean_statistic import MeanStatistic


@dataclass(frozen=True)
class Coding:
    """Outcomes with the judge's errors taken back, as the shares count them.

    Attributes:
        judge: its errors, one matrix for all cells; None for one that makes none.
    """

    judge: JudgeError | None = None

    def of(self, outcomes: np.ndarray, unclear: float = 0.5) -> np.ndarray:
        """What each draw counts: float64 [n] or [n, cells]; `unclear` where there is no verdict."""
        if self.judge is None:
            return fill_unclear(outcomes, unclear)
        return self.judge.corrected(outcomes.reshape(len(outcomes), -1), unclear).reshape(
            outcomes.shape
        )

    @property
    def bounds(self) -> tuple[float, float]:
        """The range of one coded outcome."""
        if self.judge is None:
            return 0.0, 1.0
        low, high = self.judge.value_range(1)[0]
        return float(low), float(high)

    def difference(
        self,
        one: np.ndarray,
        other: np.ndarray,
        unclear: float,
        units: np.ndarray | None = None,
    ) -> MeanStatistic | str:
        """The statistic of the mean of one cell's draws less another's, seed by seed."""
        low, high = self.bounds
        both = np.stack([one, other], axis=1)
        return mean_statistic(
            self.of(one, unclear) - self.of(other, unclear),
            bounds=(low - high, high - low),
            units=units,
            extra_variance=self._variance(both, (1.0, -1.0)),
        )

    def rate(self, outcomes: np.ndarray, level: float, units: np.ndarray | None = None) -> Interval:
        """Interval of one rate: Clopper-Pearson, or of a bounded mean where draws are no 0 and 1.

        Args:
            outcomes: float64 [n], as judged.
            level: coverage, a fraction.
            units: [n] ids of opposite pairs, or None.
        """
        coded = self.of(outcomes)
        if units is None and np.isin(coded, (0.0, 1.0)).all():
            return rate_interval(int(coded.sum()), len(coded), level=level)
        return mean_interval(
            coded,
            bounds=self.bounds,
            level=level,
            units=units,
            extra_variance=self._variance(outcomes[:, None], (1.0,)),
        )

    def _variance(self, outcomes: np.ndarray, contrast: Sequence[float]) -> float:
        return 0.0 if self.judge is None else self.judge.variance(outcomes, np.array(contrast))
