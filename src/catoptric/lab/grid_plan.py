"""What a grid will draw: every cell's settings, refused before a model loads or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np

from catoptric.audit.advice import oddities
from catoptric.audit.flow import default_folder
from catoptric.audit.interface import Interface, load_interface, with_solver
from catoptric.audit.request import MOST_SEEDS, Request
from catoptric.audit.seeds import AUDIT_BLOCK, seeds_of
from catoptric.errors import InputError
from catoptric.hashing import content_hash
from catoptric.lab.axes import Axis
from catoptric.lab.fitting import base_tables, converged, fit, why_not_converged, with_preset
from catoptric.sampling import Settings
from catoptric.studio.rehearsal import check_drawable
from catoptric.world import load_rates, parse_prompt

MOST_CELLS = 1000
MOST_PICTURES = 200_000
# A call of the model has this many rows whether they are asked for or not, so numbers from 64
# seeds cost what numbers from 4 would.
MEASURED = 64
ADAPTIVE_GUESS = 40  # evaluations of an adaptive solver, for the plan line only


@dataclass(frozen=True)
class GridRequest:
    """A grid as asked for.

    Attributes:
        prompt: what to draw; None where an axis names the prompts.
        axes: x, y, z; at least one.
        base: model, rates, interface, reference, overrides, attribute and seed key, as an audit
            has them.
        shown: seeds whose pictures are shown.
        measured: seeds that the numbers rest on, those shown among them.
    """

    prompt: str | None
    axes: tuple[Axis, ...]
    base: Request
    shown: int = 4
    measured: int = MEASURED

    def __post_init__(self) -> None:
        if not self.axes:
            raise InputError("a grid needs at least one axis, as in --x guidance=1,2,4,8")
        names = [axis.name for axis in self.axes]
        twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
        if twice is not None:
            raise InputError(f"two axes vary {twice}; give each axis a setting of its own")
        if self.prompt is None and "prompt" not in names:
            raise InputError('give a PROMPT, as in "a portrait of a doctor", or a prompt axis')
        if not 1 <= self.shown <= MOST_SEEDS:
            raise InputError(f"--seeds must lie between 1 and {MOST_SEEDS:,}, not {self.shown}")
        if not 2 <= self.measured <= MOST_SEEDS:
            raise InputError(
                f"--measure must lie between 2 and {MOST_SEEDS:,}, not {self.measured}"
            )

    @property
    def seeds(self) -> list[int]:
        """Every seed of the grid; the first `shown` are shown."""
        count = max(self.shown, self.measured)
        return seeds_of(count, self.base.seed_key, AUDIT_BLOCK)

    @property
    def prompts(self) -> tuple[str, ...]:
        """The prompts drawn, in the order of their axis."""
        for axis in self.axes:
            if axis.name == "prompt":
                return axis.labels
        assert self.prompt is not None
        return (self.prompt,)


@dataclass(frozen=True)
class Cell:
    """One combination of values.

    Attributes:
        at: index into each axis.
        prompt: what it shows.
        settings: every knob.
        dropped: settings left out because they mean nothing here, with the reason.
        converged: settings of its yardstick; None where there is none.
        reference: settings of reference sampling, from the same noise.
    """

    at: tuple[int, ...]
    prompt: str
    settings: Settings
    dropped: tuple[str, ...]
    converged: Settings | None
    reference: Settings


@dataclass(frozen=True)
class Plan:
    """What a grid will draw.

    Attributes:
        request: what was asked for.
        cells: in the order of the product of the axes, the last axis fastest.
        notes: what the reader must know before it is drawn.
    """

    request: GridRequest
    cells: tuple[Cell, ...]
    notes: tuple[str, ...]

    def settings_of(self, prompt: str) -> list[Settings]:
        """The distinct settings drawn for a prompt: cells first, then their yardsticks."""
        mine = [cell for cell in self.cells if cell.prompt == prompt]
        every = [cell.settings for cell in mine]
        every += [cell.reference for cell in mine]
        every += [cell.converged for cell in mine if cell.converged is not None]
        return list(dict.fromkeys(every))

    @property
    def drawn_settings(self) -> int:
        """Distinct (prompt, settings), yardsticks among them."""
        return sum(len(self.settings_of(prompt)) for prompt in self.request.prompts)

    @property
    def pictures(self) -> int:
        """Pictures in the run when the grid is done."""
        return self.drawn_settings * len(self.request.seeds)

    @property
    def evaluations(self) -> int:
        """Model evaluations of all of them, roughly: adaptive solvers choose their own."""
        each = sum(
            expected_evaluations(settings)
            for prompt in self.request.prompts
            for settings in self.settings_of(prompt)
        )
        return round(each * len(self.request.seeds))

    def line(self) -> str:
        """The plan in one line."""
        shape = " x ".join(str(len(axis.values)) for axis in self.request.axes)
        yardsticks = self.drawn_settings - len({(c.prompt, c.settings) for c in self.cells})
        return (
            f"plan: {shape} = {len(self.cells)} cells, {yardsticks} yardsticks, "
            f"{len(self.request.seeds)} seeds each: {self.pictures:,} pictures, about "
            f"{self.evaluations:,} evaluations"
        )


def expected_evaluations(settings: Settings) -> float:
    """About how many model evaluations a picture takes."""
    sampler = settings.sampler
    steps = ADAPTIVE_GUESS if sampler.is_adaptive else int(sampler.steps or 1)
    twice = sampler.solver.startswith(("heun", "dpm_2", "dpmpp_2s", "dpmpp_sde"))
    return steps * (2 if twice else 1) * (1 if settings.guidance.scale == 1.0 else 2)


def grid_folder(request: GridRequest) -> Path:
    """The run's folder: the audit's own where there is one prompt, so that they share pictures."""
    first, *others = request.prompts
    own = default_folder(replace(request.base, prompt=first))
    if not others:
        return own
    bound = content_hash([request.base.model, bound_prompt(request), own.name])
    return own.with_name(f"{own.name[:-11]}-and-{len(others)}-more-{bound[:10]}")


def bound_prompt(request: GridRequest) -> str:
    """The prompts that a grid's run is bound to."""
    return "; ".join(request.prompts)


def plan_grid(request: GridRequest) -> Plan:
    """Everything a grid will draw, refused here or not at all.

    Raises:
        InputError: anything the user can mend; nothing was drawn or written.
    """
    count = int(np.prod([len(axis.values) for axis in request.axes]))
    if count > MOST_CELLS:
        raise InputError(f"the axes make {count:,} cells; at most {MOST_CELLS:,} are drawn at once")
    reference = load_interface(request.base.reference)
    check_drawable(fit(base_tables(reference, reference)[0])[0], request.base.model)
    load_rates(request.base.rates)
    for prompt in request.prompts:
        parse_prompt(replace(request.base, prompt=prompt).prompt)
    cells, notes = [], []
    for at in product(*(range(len(axis.values)) for axis in request.axes)):
        cell, said = _cell(request, at, reference)
        cells.append(cell)
        notes += said
    plan = Plan(request, tuple(cells), tuple(dict.fromkeys([*notes, *_dropped_notes(cells)])))
    if plan.pictures > MOST_PICTURES:
        raise InputError(
            f"the grid would draw {plan.pictures:,} pictures; at most {MOST_PICTURES:,} at once: "
            "name fewer values, or lower --measure and --seeds"
        )
    return plan


def _cell(
    request: GridRequest, at: tuple[int, ...], reference: Interface
) -> tuple[Cell, list[str]]:
    chosen = {axis.name: axis.values[i] for axis, i in zip(request.axes, at, strict=True)}
    name = str(chosen.get("interface", request.base.interface))
    interface = load_interface(name, request.base.overrides)
    tables, notes = base_tables(interface, reference)
    asked = {o.partition("=")[0].strip().removeprefix("sampler.") for o in request.base.overrides}
    gone: list[str] = []
    if "noise.source" in chosen:
        notes = [note for note in notes if "noise" not in note]
    try:
        if "sampler.solver" in chosen:
            solver = chosen["sampler.solver"]
            tables["sampler"], gone = with_solver(tables["sampler"], solver, asked)
        if "sampler.preset" in chosen:
            tables["sampler"] = with_preset(tables["sampler"], chosen["sampler.preset"], asked)
        for path, value in chosen.items():
            table, dot, key = path.partition(".")
            if dot and path not in ("sampler.solver", "sampler.preset"):
                tables[table][key] = value
        settings, dropped = fit(tables)
        check_drawable(settings, request.base.model)
    except InputError as error:
        where = ", ".join(
            f"{axis.name}={axis.labels[i]}" for axis, i in zip(request.axes, at, strict=True)
        )
        raise InputError(f"the cell {where} cannot be drawn: {error}") from error
    plain, _ = fit(base_tables(reference, reference)[0])
    cell = Cell(
        at=at,
        prompt=str(chosen.get("prompt", request.prompt)),
        settings=settings,
        dropped=(*gone, *dropped),
        converged=None if why_not_converged(settings) else converged(settings, reference),
        reference=replace(plain, noise=settings.noise),
    )
    return cell, [*notes, *oddities(settings)]


def _dropped_notes(cells: Sequence[Cell]) -> list[str]:
    """One sentence for each reason: what was left out because of it, and in how many cells."""
    count: dict[tuple[str, str], int] = {}
    for cell in cells:
        for dropped in cell.dropped:
            key, _, reason = dropped.partition(": ")
            count[reason, key] = count.get((reason, key), 0) + 1
    together: dict[tuple[str, int], list[str]] = {}
    for (reason, key), n in count.items():
        together.setdefault((reason, n), []).append(key)
    return [
        f"{reason}: {' and '.join(sorted(keys))} left out in {n} of {len(cells)} cells"
        for (reason, n), keys in together.items()
    ]
