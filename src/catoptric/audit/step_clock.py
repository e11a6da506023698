"""How far pictures have come while one call draws them, told from the steps that it takes."""

from __future__ import annotations

import math
import time

import numpy as np

from catoptric.audit.gallery import Progress
from catoptric.sampling import Step

# What is over sooner needs no telling.
PATIENCE_SECONDS = 3.0


def silent(stage: str, done: int, total: int, left: float | None) -> None:
    """Progress that nobody is told of."""


class StepClock:
    """A watcher of steps that tells how many pictures are at the end of the noise range.

    Seconds left are by the way in lambda that is done, of all pictures together.
    """

    def __init__(self, count: int, sigma_min: float, progress: Progress) -> None:
        """Start the clock.

        Args:
            count: pictures.
            sigma_min: the last noise level.
            progress: told at most once a second.
        """
        self._end, self._progress = sigma_min, progress
        self._done, self._way = np.zeros(count, dtype=bool), np.zeros(count)
        self._top = 0.0
        self._began = self._told = time.monotonic()

    def __call__(self, step: Step) -> None:
        """Take note of one step of some pictures."""
        self._top = max(self._top, float(step.sigma.max()))
        span = math.log(self._top / self._end)
        now = time.monotonic()
        kept = step.accepted.cpu().numpy()
        rows, level = step.rows.cpu().numpy()[kept], step.sigma_next.cpu().numpy()[kept]
        level = np.maximum(level, self._end)
        self._way[rows] = np.log(self._top / level) / span if span > 0 else 1.0
        self._done[rows] = level <= self._end * (1 + 1e-6)
        if now - self._began < PATIENCE_SECONDS or now - self._told < 1.0:
            return
        self._told = now
        share = float(self._way.mean())
        left = (now - self._began) * (1.0 - share) / share if share > 0 else None
        self._progress("pictures", int(self._done.sum()), len(self._done), left)
