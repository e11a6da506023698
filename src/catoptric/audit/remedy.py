"""What to set instead: candidates for the largest share's knob, tested, then measured again."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

import numpy as np

from catoptric.attribution import Interval, fill_unclear, holm, mean_statistic, tost
from catoptric.audit.coding import Coding
from catoptric.audit.gallery import Gallery, Reading
from catoptric.audit.knobs import Cells
from catoptric.sampling import Settings

ALPHA = 0.05


@dataclass(frozen=True)
class Candidate:
    """Other values to try for one knob, or for two at once.

    Attributes:
        knobs: whose values are changed.
        label: how it reads in a sentence.
        settings: the whole interface with these values changed.
    """

    knobs: tuple[str, ...]
    label: str
    settings: Settings

    @property
    def changed(self) -> dict[str, Any]:
        """The changed tables alone."""
        tables = (_table(knob) for knob in self.knobs)
        return {table: getattr(self.settings, table).to_dict() for table in tables}


@dataclass(frozen=True)
class Cost:
    """Pictures looked at, and the model evaluations that they took."""

    pictures: int = 0
    nfe: int = 0

    @classmethod
    def of(cls, *readings: Reading) -> Cost:
        """What these cells took."""
        return cls(sum(len(r.nfe) for r in readings), sum(int(r.nfe.sum()) for r in readings))

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.pictures + other.pictures, self.nfe + other.nfe)


@dataclass(frozen=True)
class Trial:
    """What a candidate gave on the audit's own seeds.

    Attributes:
        candidate: what was tried.
        points: its rate minus the reference's.
        p: of the equivalence test against the reference.
        p_holm: the same, adjusted over all candidates tried.
        cost: of its pictures.
    """

    candidate: Candidate
    points: float
    p: float
    p_holm: float
    cost: Cost

    @property
    def nfe(self) -> float:
        """Evaluations a picture."""
        return self.cost.nfe / self.cost.pictures


@dataclass(frozen=True)
class Remedy:
    """The cheapest candidate that passed, measured again on seeds that nobody had looked at.

    Attributes:
        candidate: what was changed.
        rate: on the fresh seeds.
        points_from_reference, points_from_target: the same, as distances.
        warning: what the reader must mind.
        nfe: evaluations a picture.
        obeyed: share of clear pictures that show what was asked.
        unclear: fresh pictures that no judge could read.
        trials: all that were tried.
        fresh: cost of the fresh pictures, the reference's among them.
    """

    candidate: Candidate
    rate: Interval
    points_from_reference: float
    points_from_target: float
    warning: str | None
    nfe: float
    obeyed: float | None
    unclear: int
    trials: tuple[Trial, ...]
    fresh: Cost


def candidates(knob: str, deployed: Settings) -> list[Candidate]:
    """The values to try for a knob, read from `interfaces/remedies.toml`.

    Args:
        knob: whose values; "solver" and "schedule" are served by the sampler's.
        deployed: the interface as it is.
    """
    text = files("catoptric.interfaces").joinpath("remedies.toml").read_text("utf-8")
    table = _table(knob)
    found = []
    for entry in tomllib.loads(text).get(table, []):
        now = deployed.to_dict()
        value = {k: _filled(v, k, now.get(table, {})) for k, v in entry.items() if k != "label"}
        settings = Settings.from_dict(now | {table: value})
        if settings != deployed:
            found.append(Candidate((knob,), entry["label"], settings))
    return found


def pairs(first: str, second: str, deployed: Settings) -> list[Candidate]:
    """Every candidate of one knob together with every candidate of another."""
    if _table(first) == _table(second):
        return []
    return [
        Candidate((first, second), f"{one.label}, and {two.label}", two.settings)
        for one in candidates(first, deployed)
        for two in candidates(second, one.settings)
    ]


def _table(knob: str) -> str:
    return {"solver": "sampler", "schedule": "sampler"}.get(knob, knob)


def _filled(value: Any, key: str, now: Mapping[str, Any]) -> Any:
    return now[key] if value == "deployed" else value


def try_candidates(
    gallery: Gallery,
    found: Sequence[Candidate],
    cells: Cells,
    seeds: Sequence[int],
    margin: float,
    planned: int,
    earlier: Sequence[Trial] = (),
    *,
    coding: Coding,
) -> list[Trial]:
    """Equivalence of every candidate to the reference, on shared seeds.

    A candidate must be shown within the margin however unclear pictures count, and to show what
    the prompt asked not less often than the interface does, within the margin; its p is the
    largest of these tests'.

    Args:
        gallery: draws and reads.
        found: what to try.
        cells: the audit's reference and deployed settings.
        seeds: the audit's own.
        margin: points.
        planned: candidates that may be tried in all. Holm's family from the first look on, those
            not yet tried counted as p = 1, so that a second look costs no error.
        earlier: trials of a first look.
        coding: what outcomes count.

    Returns:
        The earlier trials and the new ones, adjusted together.
    """
    gallery.ensure([c.settings for c in found], seeds, "remedy: trying settings")
    reference = gallery.read(cells.reference, seeds)
    deployed = gallery.read(cells.deployed, seeds)
    trials = list(earlier)
    for candidate in found:
        reading = gallery.read(candidate.settings, seeds)
        difference = coding.of(reading.outcomes) - coding.of(reference.outcomes)
        trials.append(
            Trial(
                candidate=candidate,
                points=100 * float(difference.mean()),
                p=_p_equivalent(
                    reading, reference, deployed, margin / 100, coding, gallery.units(seeds)
                ),
                p_holm=1.0,
                cost=Cost.of(reading),
            )
        )
    untried = [1.0] * (planned - len(trials))
    adjusted = holm([*(trial.p for trial in trials), *untried])
    return [replace(t, p_holm=p) for t, p in zip(trials, adjusted, strict=False) if p is not None]


def _p_equivalent(
    reading: Reading,
    reference: Reading,
    deployed: Reading,
    margin: float,
    coding: Coding,
    units: np.ndarray | None = None,
) -> float:
    """The largest p of the tests that a candidate must pass."""
    p_values = []
    for unclear in (0.0, 0.5, 1.0):
        statistic = coding.difference(reading.outcomes, reference.outcomes, unclear, units)
        p_values.append(tost(statistic, margin).p)
    obedience = fill_unclear(reading.obeyed, 0.0) - fill_unclear(deployed.obeyed, 0.0)
    statistic = mean_statistic(obedience, bounds=(-1.0, 1.0), units=units)
    p_values.append(None if isinstance(statistic, str) else statistic.p_one_sided(-margin)[0])
    return max(1.0 if p is None else p for p in p_values)


def passing(trials: Sequence[Trial]) -> list[Trial]:
    """Those shown to be equivalent to the reference."""
    return [trial for trial in trials if trial.p_holm < ALPHA]


def measure(
    gallery: Gallery,
    trials: Sequence[Trial],
    reference: Settings,
    fresh: Sequence[int],
    *,
    target: float,
    deployed_rate: float,
    level: float,
    coding: Coding,
) -> Remedy | None:
    """The cheapest passing candidate on fresh seeds; None when none passed.

    Args:
        gallery: draws and reads.
        trials: all that were tried.
        reference: the yardstick, drawn on the fresh seeds too.
        fresh: seeds disjoint from the audit's.
        target, deployed_rate: fractions.
        level: of the interval.
        coding: what outcomes count.
    """
    if not passing(trials):
        return None
    best = min(passing(trials), key=lambda trial: trial.nfe)
    gallery.ensure([best.candidate.settings, reference], fresh, "remedy: fresh seeds")
    reading = gallery.read(best.candidate.settings, fresh)
    outcomes = coding.of(reading.outcomes)
    yardstick = gallery.read(reference, fresh)
    base = coding.of(yardstick.outcomes)
    rate = float(outcomes.mean())
    warning = None
    if abs(rate - target) > abs(deployed_rate - target):
        warning = (
            "going to the reference goes away from the target: what the interface adds here "
            "happens to point towards it"
        )
    return Remedy(
        candidate=best.candidate,
        rate=coding.rate(reading.outcomes, level, gallery.units(fresh)),
        points_from_reference=100 * float((outcomes - base).mean()),
        points_from_target=100 * (rate - target),
        warning=warning,
        nfe=float(reading.nfe.mean()),
        obeyed=None if np.isnan(reading.obeyed).all() else float(np.nanmean(reading.obeyed)),
        unclear=int(np.isnan(reading.outcomes).sum()),
        trials=tuple(trials),
        fresh=Cost.of(reading, yardstick),
    )


def search_cost(trials: Sequence[Trial], remedy: Remedy | None, cells: Cells) -> Cost:
    """What looking for a remedy took beyond the audit's own cells, which a candidate may be."""
    own = [trial.cost for trial in trials if trial.candidate.settings not in cells.settings]
    return sum(own, Cost() if remedy is None else remedy.fresh)
