"""What a trial is judged by, per seed and in the mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catoptric.attribution import Interval, mean_interval
from catoptric.errors import InputError
from catoptric.lab.figures import FARTHEST, LEVEL

Floats = NDArray[np.float64]
NAMES = ("error", "nfe", "overshoot", "skew")
# Two settings differ by at most this much in a figure of one seed; evaluations and overshoot know
# no bound, so the largest seen among the seeds serves.
BOUNDS = {"error": FARTHEST, "skew": 1.0}


@dataclass(frozen=True)
class Scores:
    """Figures of one setting, row i for seed i.

    Attributes:
        error: float64 [n], RMS distance to the converged picture under the same guidance.
        nfe: float64 [n], model evaluations.
        overshoot: float64 [n], see `painter`.
        outcome: float64 [n], 1 the level counted, 0 another, 0.5 unclear.
        reference: float64 [n], the same under reference sampling.
        obeyed: float64 [n], 1 shows what was asked for, 0 not, nan unclear.
    """

    error: Floats
    nfe: Floats
    overshoot: Floats
    outcome: Floats
    reference: Floats
    obeyed: Floats

    @property
    def skew(self) -> Floats:
        """Outcome less that of reference sampling; its mean is the skew made by the settings."""
        return self.outcome - self.reference

    def objectives(self) -> tuple[float, float, float, float]:
        """Mean error, evaluations and overshoot, and the size of the mean skew: all to be small."""
        return (
            float(self.error.mean()),
            float(self.nfe.mean()),
            float(self.overshoot.mean()),
            abs(float(self.skew.mean())),
        )

    def interval(self, name: str) -> Interval:
        """The mean of a figure with its interval."""
        values = np.asarray(getattr(self, name))
        if name == "skew":
            return mean_interval(values, bounds=(-1.0, 1.0), level=LEVEL)
        top = BOUNDS.get(name, max(1.0, 2.0 * float(values.max())))
        return mean_interval(values, bounds=(0.0, top), level=LEVEL)

    def less(self, other: Scores, name: str) -> Interval:
        """The mean over seeds of this figure less another's: negative is better.

        For skew: of its size, each seed's skew turned to the side that the mean of both lies on.
        """
        if name == "skew":
            # |mean| is no mean over seeds; where both lie on one side of 0, its difference is.
            mine, theirs = float(self.skew.mean()), float(other.skew.mean())
            if mine * theirs < 0:
                return Interval(
                    abs(mine) - abs(theirs), None, None, None, "the two skew to opposite sides"
                )
            side = -1.0 if mine + theirs < 0 else 1.0
            return mean_interval(side * (self.skew - other.skew), bounds=(-2.0, 2.0), level=LEVEL)
        values = np.asarray(getattr(self, name)) - np.asarray(getattr(other, name))
        top = BOUNDS.get(name, max(1.0, 2.0 * float(np.abs(values).max())))
        return mean_interval(values, bounds=(-top, top), level=LEVEL)


@dataclass(frozen=True)
class Goal:
    """What is asked of the tuning: at most so many evaluations, or at most so large an error.

    Attributes:
        budget: mean evaluations of a picture, or None.
        error: mean RMS error, or None.
    """

    budget: float | None
    error: float | None

    def __post_init__(self) -> None:
        if (self.budget is None) == (self.error is None):
            raise InputError(
                "give one goal: --budget EVALUATIONS (the least error within it), or --error E "
                "(the fewest evaluations that reach it)"
            )
        if self.budget is not None and not 4 <= self.budget <= 10_000:
            raise InputError(
                f"--budget is in model evaluations of a picture, 4 to 10,000, not {self.budget:g}"
            )
        if self.error is not None and not 0 < self.error <= FARTHEST:
            raise InputError(
                f"--error is an RMS distance over pixels in [-1, 1], above 0 and at most "
                f"{FARTHEST:g}, not {self.error:g}"
            )

    @property
    def chases(self) -> str:
        """The figure to make small once the goal is met."""
        return "error" if self.error is None else "nfe"

    def excess(self, objectives: Sequence[float]) -> float:
        """By what factor a trial misses the goal, less 1; 0 or less when it meets it."""
        if self.budget is not None:
            return objectives[1] / self.budget - 1.0
        assert self.error is not None
        return objectives[0] / self.error - 1.0


def choose(goal: Goal, candidates: Sequence[Scores]) -> int:
    """Which of some settings to take, from seeds that all of them share.

    Among those that meet the goal (or, where none does, the one that misses it least) the best in
    the figure chased; of those that cannot be told apart from it, the least skewed.

    Args:
        goal: what is asked.
        candidates: at least one.

    Returns:
        Its index.
    """
    means = [scores.objectives() for scores in candidates]
    good = [k for k, found in enumerate(means) if goal.excess(found) <= 0]
    if not good:
        return min(range(len(means)), key=lambda k: goal.excess(means[k]))
    column = NAMES.index(goal.chases)
    best = min(good, key=lambda k: (means[k][column], means[k][3]))
    close = [best]
    for k in good:
        if k != best and _at_most(candidates[k].less(candidates[best], goal.chases), 0.0):
            close.append(k)
    return min(close, key=lambda k: (means[k][3], means[k][column]))


def _at_most(difference: Interval, bound: float) -> bool:
    return difference.low is not None and difference.low <= bound


def verdict(tuned: Scores, rival: Scores) -> tuple[str, dict[str, Any]]:
    """Whether the tuned settings won, on seeds that neither was chosen on.

    Won: shown better (its interval lies below 0) in error or evaluations, and shown worse in none
    of error, evaluations and skew. Lost: shown worse in one of them, better in neither. Traded:
    some of each. Undecided: nothing shown.

    Returns:
        The word, and each figure's difference (tuned less rival).
    """
    differences = {name: tuned.less(rival, name) for name in NAMES}
    better = [n for n in ("error", "nfe") if _below(differences[n])]
    worse = [n for n in ("error", "nfe", "skew") if _above(differences[n])]
    word = {
        (True, False): "won",
        (False, True): "lost",
        (True, True): "traded",
        (False, False): "undecided",
    }[bool(better), bool(worse)]
    return word, differences


def _below(interval: Interval) -> bool:
    return interval.high is not None and interval.high < 0


def _above(interval: Interval) -> bool:
    return interval.low is not None and interval.low > 0
