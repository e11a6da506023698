"""Knobs and cells: which settings differ, and the settings of every coalition of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from catoptric.attribution import Game
from catoptric.audit.interface import SCHEDULE_KEYS, TABLES, Interface, reference_tables
from catoptric.errors import InputError
from catoptric.sampling import Settings

KNOBS = TABLES
# Every cell that differs in `noise` shares with the others only the number of its seed, so that
# share costs many times the pictures of the rest and is asked for by name.
DEFAULT_KNOBS = ("guidance", "sampler", "start")
SPLIT = ("solver", "schedule")


def default_knobs(model: str) -> tuple[str, ...]:
    """The knobs of an audit that names none: only a model with a text encoder has that knob."""
    return (*DEFAULT_KNOBS, "encoder") if model == "portraits" else DEFAULT_KNOBS


@dataclass(frozen=True)
class Cells:
    """The game's players and the settings of each of its coalitions.

    Attributes:
        game: players are the knobs that differ.
        settings: one per coalition, in the game's order (bit k: player k at its deployed value).
        same: knobs that were asked for but have the same value on both sides.
        held: knobs that differ but were left out of the game: the reference's in every cell.
        deployed, reference: settings of the full and of the empty coalition.
    """

    game: Game
    settings: tuple[Settings, ...]
    same: tuple[str, ...]
    held: tuple[str, ...]

    @property
    def deployed(self) -> Settings:
        """Settings with every player at its deployed value."""
        return self.settings[-1]

    @property
    def reference(self) -> Settings:
        """Settings with every player at its reference value."""
        return self.settings[0]


def make_cells(
    deployed: Interface,
    reference: Interface,
    knobs: Sequence[str] = DEFAULT_KNOBS,
    *,
    split_sampler: bool = False,
) -> Cells:
    """All coalitions of the knobs in which two interfaces differ.

    Args:
        deployed, reference: the two ends of the comparison.
        knobs: which knobs may be players; the others stay at the reference.
        split_sampler: solver and schedule as two players instead of one.

    Raises:
        InputError: an unknown knob, a default that cannot be imitated, a value no sampler takes.
    """
    for knob in knobs:
        if knob not in KNOBS:
            near = get_close_matches(knob, KNOBS, n=1, cutoff=0.3)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise InputError(f"unknown knob {knob!r}: {hint}there are {', '.join(KNOBS)}")
        if knob in deployed.cannot:
            reason = deployed.cannot[knob]
            raise InputError(f"{reason['why']}; ask for a substitute with --set {reason['ask']}")
    for table in deployed.overridden:
        if table not in knobs:
            raise InputError(
                f"--set {table}... would have no effect, because {table} is not among the knobs "
                f"{','.join(knobs)}: name it in --knobs"
            )
    base = reference_tables(reference)
    top = {t: dict(deployed.tables[t]) if t in deployed.tables else base[t] for t in TABLES}
    # Every table is checked, those of knobs left out too; what cannot be imitated has no check.
    known = {t: base[t] if t in deployed.cannot else top[t] for t in TABLES}
    everything, yardstick = Settings.from_dict(known).to_dict(), Settings.from_dict(base).to_dict()
    held = tuple(
        t
        for t in TABLES
        if t not in knobs and (t in deployed.cannot or everything.get(t) != yardstick.get(t))
    )
    parts: dict[str, Mapping[str, Any]] = {}
    for knob in [k for k in KNOBS if k in knobs]:
        if knob == "sampler" and split_sampler:
            base["sampler"] = _split_reference(reference, deployed)
            parts |= {half: {half: _half(top["sampler"], half)} for half in SPLIT}
        else:
            parts[knob] = {knob: top[knob]}
    same = tuple(
        name
        for name, part in parts.items()
        if _merge(base, [part]).to_dict() == _merge(base, []).to_dict()
    )
    players = tuple(name for name in parts if name not in same)
    game = Game(players)
    settings = tuple(
        _merge(base, [parts[name] for k, name in enumerate(players) if coalition >> k & 1])
        for coalition in range(2 ** len(players))
    )
    return Cells(game=game, settings=settings, same=same, held=held)


def _split_reference(reference: Interface, deployed: Interface) -> dict[str, Any]:
    """The reference's sampler as a fixed grid: a solver that picks its steps has none to swap."""
    sampler = dict(reference.split or reference.tables["sampler"])
    for side, table in (("reference", sampler), ("deployed", deployed.tables.get("sampler"))):
        if table is not None and "schedule" not in table:
            raise InputError(
                f"--split-sampler needs a schedule on both sides, and the {side} sampler has none: "
                "name solver, schedule and steps, or leave --split-sampler out"
            )
    return sampler


def _half(sampler: Mapping[str, Any], half: str) -> dict[str, Any]:
    """The sampler table's schedule, or all the rest of it."""
    return {k: v for k, v in sampler.items() if (k in SCHEDULE_KEYS) == (half == "schedule")}


def _merge(base: Mapping[str, Any], parts: Sequence[Mapping[str, Any]]) -> Settings:
    tables = {name: dict(table) for name, table in base.items()}
    for part in parts:
        for name, table in part.items():
            if name in SPLIT:
                other = SPLIT[1 - SPLIT.index(name)]
                tables["sampler"] = _half(tables["sampler"], other) | dict(table)
            else:
                tables[name] = dict(table)
    return Settings.from_dict(tables)
