"""The pictures of an audit: drawn where they are missing, read back as outcomes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from catoptric.runs import Job, Runner, Spec, Store, damaged
from catoptric.sampling import Arrangement, Settings
from catoptric.studio.contract import USUAL, Pace

# What an adaptive solver is taken to need before any of it was seen; only the clock shown to the
# user depends on it.
ADAPTIVE_GUESS = 50
# Of the work that is left when the first steps run on a coarser grid.
COARSE_GUESS = 0.7


Progress = Callable[[str, int, int, float | None], None]
"""`(stage, done, total, seconds_left)`: told how many pictures of a stage are there."""


PLAIN = ("plain",)
UNCLEAR = "unclear"
"""What a judge says of an attribute that it cannot tell."""


@dataclass(frozen=True)
class Reading:
    """What was drawn in one cell, row i for seed i (see `Gallery` for several arrangements).

    Attributes:
        outcomes: float64 [n]: 1 the level asked for, 0 another, nan unclear.
        obeyed: float64 [n]: 1 shows what the prompt asked, 0 something else, nan unclear.
        nfe: int64 [n], model evaluations.
        reasons: why unclear draws are, with counts.
        words: what the judge says of each picture, in a word.
    """

    outcomes: np.ndarray
    obeyed: np.ndarray
    nfe: np.ndarray
    reasons: dict[str, int]
    words: tuple[str, ...]


def arranged_settings(settings: Settings, arrange: str) -> Settings:
    """The same knobs with noise arranged otherwise."""
    noise = replace(settings.noise, arrange=Arrangement.parse(arrange))
    return replace(settings, noise=noise)


def _joined(parts: Sequence[Reading]) -> Reading:
    """Readings of several arrangements as one, one below the other."""
    reasons: Counter[str] = Counter()
    for part in parts:
        reasons.update(part.reasons)
    return Reading(
        outcomes=np.concatenate([part.outcomes for part in parts]),
        obeyed=np.concatenate([part.obeyed for part in parts]),
        nfe=np.concatenate([part.nfe for part in parts]),
        reasons=dict(reasons),
        words=tuple(word for part in parts for word in part.words),
    )


def _is_whole(label: Mapping[str, Any], attribute: str) -> bool:
    """Whether a stored judgement says what a reading asks it for."""
    levels = label.get("levels", ())
    if levels is None:
        return isinstance(label.get("reason"), str)
    return isinstance(levels, dict) and attribute in levels and "obeyed" in label


def weight(settings: Settings, guided_cost: float) -> float:
    """Expected work of one picture: for the clock only.

    Args:
        settings: of the picture.
        guided_cost: what a guided evaluation takes, in plain ones.
    """
    sampler = settings.sampler
    steps = ADAPTIVE_GUESS if sampler.is_adaptive else int(sampler.steps or 1)
    if sampler.solver == "heun":
        steps *= 2
    coarse = 1.0 if sampler.coarse_above is None else COARSE_GUESS
    return steps * coarse * (1.0 if settings.guidance.scale == 1.0 else guided_cost)


class Gallery:
    """Draws and outcomes of one prompt, over a store and a runner.

    With several arrangements of the noise every seed is drawn once under each, and together they
    are one independent unit; outcomes then have a row per seed and arrangement, all seeds of the
    first arrangement first.
    """

    def __init__(
        self,
        store: Store,
        runner: Runner,
        spec_of: Callable[[Settings], Spec],
        *,
        judge: str,
        attribute: str,
        level: str,
        progress: Progress,
        arranges: Sequence[str] = PLAIN,
        pace: Pace = USUAL,
    ) -> None:
        self.store = store
        self.judge = judge
        self.drawn = 0
        self._runner = runner
        self.spec_of = spec_of
        self._attribute = attribute
        self._level = level
        self._progress = progress
        self._arranges = tuple(arranges)
        self._pace = pace

    def units(self, seeds: Sequence[int]) -> np.ndarray | None:
        """The independent unit of each row of outcomes; None where every row is one."""
        if len(self._arranges) == 1:
            return None
        return np.tile(np.arange(len(seeds)), len(self._arranges))

    def _members(self, settings: Settings) -> list[Settings]:
        """The settings with each arrangement of the noise."""
        if self._arranges == PLAIN:  # whatever the settings say themselves
            return [settings]
        return [arranged_settings(settings, arrange) for arrange in self._arranges]

    def ensure(self, cells: Sequence[Settings], seeds: Sequence[int], stage: str) -> None:
        """Draw and judge what is missing of cells x seeds; each finished job is kept at once.

        Raises:
            InputError: the disk is full or cannot be written.
        """
        jobs: list[tuple[float, Job]] = []
        every = [member for settings in cells for member in self._members(settings)]
        total = len(every) * len(seeds)
        for settings in every:
            spec = self.spec_of(settings)
            size = self._pace.job * (2 if settings.sampler.is_adaptive else 1)
            missing = self.store.missing(spec, self.judge, seeds)
            for start in range(0, len(missing), size):
                part = tuple(missing[start : start + size])
                jobs.append((weight(settings, self._pace.guided) * len(part), Job(spec, part)))
        work = {id(job): cost for cost, job in jobs}
        left = sum(work.values())
        done = total - sum(len(job.seeds) for _, job in jobs)
        seconds = self._pace.seconds
        known = None if seconds is None else left * seconds / self._runner.workers
        self._progress(stage, done, total, known)
        if not jobs:
            return
        began, finished = time.monotonic(), 0.0
        # A dear job begun last would leave the other workers idle at the end.
        dearest_first = [job for _, job in sorted(jobs, key=lambda pair: -pair[0])]
        for job, draws in self._runner.draw(dearest_first):
            self.store.add(job.spec, self.judge, draws)
            self.drawn += len(draws)
            done += len(draws)
            finished += work[id(job)]
            left -= work[id(job)]
            elapsed = time.monotonic() - began
            self._progress(stage, done, total, left * elapsed / finished)

    def read(self, settings: Settings, seeds: Sequence[int]) -> Reading:
        """Outcomes of one cell; every seed must have been drawn.

        Args:
            settings: the cell.
            seeds: in the order wanted.
        """
        return _joined([self._read(member, seeds) for member in self._members(settings)])

    def _judged(self, settings: Settings, seeds: Sequence[int]) -> dict[int, tuple[Any, ...]]:
        rows = self.store.judged(self.spec_of(settings), self.judge, seeds)
        if not all(_is_whole(label, self._attribute) for _, _, label in rows.values()):
            raise damaged(self.store.path)
        return rows

    def _read(self, settings: Settings, seeds: Sequence[int]) -> Reading:
        rows = self._judged(settings, seeds)
        outcomes = np.full(len(seeds), np.nan)
        obeyed = np.full(len(seeds), np.nan)
        nfe = np.zeros(len(seeds), dtype=np.int64)
        reasons: dict[str, int] = {}
        words = []
        for i, seed in enumerate(seeds):
            _status, evaluations, label = rows[int(seed)]
            nfe[i] = evaluations
            levels: dict[str, Any] | None = label["levels"]
            if label["obeyed"] is not None:
                obeyed[i] = float(label["obeyed"])
            if levels is None or levels[self._attribute] == UNCLEAR:
                reason = label["reason"] if levels is None else f"{self._attribute}_not_told"
                reasons[reason] = reasons.get(reason, 0) + 1
                words.append(UNCLEAR)
                continue
            outcomes[i] = float(levels[self._attribute] == self._level)
            words.append(str(levels[self._attribute]))
        return Reading(outcomes, obeyed, nfe, reasons, tuple(words))

    def labels(self, settings: Settings, seeds: Sequence[int]) -> list[Mapping[str, str] | None]:
        """Every attribute's level in one cell's pictures, in the order of the seeds.

        Returns:
            Attribute -> level for each; None where the picture, or its attribute in question, is
            unclear. Another attribute may read "unclear".
        """
        rows = self._judged(settings, seeds)
        found = [rows[int(seed)][2]["levels"] for seed in seeds]
        return [None if f is None or f[self._attribute] == UNCLEAR else f for f in found]

    def pictures(self, settings: Settings, seeds: Sequence[int]) -> dict[int, bytes]:
        """Stored pictures of one cell by seed, packed."""
        return self.store.pictures(self.spec_of(settings), seeds)
