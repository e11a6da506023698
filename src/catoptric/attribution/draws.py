"""Outcomes as numbers: what the judge said, in every reading of what is unclear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from catoptric.attribution.games import Game
from catoptric.attribution.judge_error import JudgeError
from catoptric.attribution.mean_statistic import MeanStatistic, mean_statistic
from catoptric.attribution.unclear import UNCLEAR_HEADLINE, fill_unclear
from catoptric.errors import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Draws:
    """Outcomes coded for the headline and both extremes, with what an interval needs of them.

    Args:
        outcomes: float64 [n, cells], as the judge gave them.
        half, at_zero, at_one: the same with unclear outcomes counted 1/2, 0 and 1.
        ranges: float64 [cells, 2], (lo, hi) of a coded outcome.
        units: [n] ids of pairs or clusters, or None.
        judge: measured errors, already taken back in the coded outcomes.
        silent: column -> words, for cells without a single clear outcome.
    """

    outcomes: Floats
    half: Floats
    at_zero: Floats
    at_one: Floats
    ranges: Floats
    units: ArrayLike | None
    judge: JudgeError | None
    silent: dict[int, str]

    def statistic(self, contrast: Floats, offset: float = 0.0) -> MeanStatistic | str:
        """The statistic of mean(contrast . y) + offset, or why there is none."""
        undefined = self.undefined(contrast)
        if undefined is not None:
            return undefined
        if not contrast.any():  # zero by definition: an interval would claim a measurement
            return "no player: deployed is the reference"
        low, high = contrast_bounds(contrast, self.ranges)
        extra = 0.0 if self.judge is None else self.judge.variance(self.outcomes, contrast)
        return mean_statistic(
            self.half @ contrast + offset,
            bounds=(low + offset, high + offset),
            units=self.units,
            extra_variance=extra,
        )

    def undefined(self, contrast: Floats) -> str | None:
        """Why a contrast has no value: no seeds, or a cell it needs has no clear outcome."""
        if len(self.half) == 0:
            return "no seeds"
        for column, words in self.silent.items():
            if contrast[column] != 0:
                return f"no clear outcome {words}"
        return None


def contrast_bounds(contrast: ArrayLike, ranges: ArrayLike | None = None) -> tuple[float, float]:
    """The range of sum_cells c y when each y has its own range.

    Args:
        contrast: float64 [cells].
        ranges: float64 [cells, 2], (lo, hi) of each y; None: [0, 1].

    Returns:
        (lo, hi).
    """
    c = np.asarray(contrast, dtype=np.float64)
    limits = np.tile([0.0, 1.0], (c.size, 1)) if ranges is None else np.asarray(ranges)
    ends = c[:, None] * limits
    return float(ends.min(axis=1).sum()), float(ends.max(axis=1).sum())


def code(
    outcomes: ArrayLike,
    game: Game,
    coalitions: tuple[int, ...],
    units: ArrayLike | None,
    judge: JudgeError | None,
) -> Draws:
    """Code outcomes for every reading of the unclear ones.

    Args:
        outcomes: float [n, cells]: 1 yes, 0 no, nan unclear; with a judge, class ids.
        game: names the cells.
        coalitions: which coalition each column is.
        units: [n] ids, or None.
        judge: measured errors to take back, or None.

    Raises:
        InputError: a shape or value that does not fit.
    """
    values = np.asarray(outcomes, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != len(coalitions):
        raise InputError(
            f"outcomes must be seeds by {len(coalitions)} cells, got shape {values.shape}"
        )
    if np.isinf(values).any():
        raise InputError("an outcome is infinite; unclear outcomes are nan")
    n_cells = values.shape[1]
    if judge is None:
        coded = [fill_unclear(values, u) for u in (UNCLEAR_HEADLINE, 0.0, 1.0)]
        ranges = np.tile([0.0, 1.0], (n_cells, 1))
    else:
        coded = [judge.corrected(values, u) for u in (UNCLEAR_HEADLINE, 0.0, 1.0)]
        ranges = judge.value_range(n_cells)
    silent = {}
    for column in np.flatnonzero(np.isnan(values).all(axis=0)) if len(values) else ():
        members = game.members(coalitions[column])
        where = f"with {' and '.join(members)} as deployed" if members else "in the reference"
        silent[int(column)] = where
    return Draws(values, coded[0], coded[1], coded[2], ranges, units, judge, silent)
