"""A grid: one prompt under every combination of the values of up to three settings.

Every cell is drawn on the same seeds, so cells differ by their settings alone. Beside the cells
stand two yardsticks on those seeds: the converged picture of each cell (its error), and reference
sampling (its flips).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from catoptric.audit.gallery import Gallery, Progress
from catoptric.audit.subject import check_settings, open_subject
from catoptric.errors import InputError
from catoptric.lab.figures import Figures, measure, pixel_rms
from catoptric.lab.fitting import why_not_converged
from catoptric.lab.grid_plan import Cell, GridRequest, Plan, bound_prompt
from catoptric.lab.shown import CellPictures, Shown
from catoptric.runs import Runner, Store
from catoptric.sampling import Settings
from catoptric.studio.painting import PaintRecipe, unpack


@dataclass(frozen=True)
class Drawn:
    """A cell with its figures and its pictures, and why pictures of its yardstick are unclear."""

    cell: Cell
    figures: Figures
    pictures: CellPictures
    yardstick_reasons: Mapping[str, int]


@dataclass(frozen=True)
class Grid:
    """A grid that was drawn.

    Attributes:
        plan: what was to be drawn.
        judge: who labelled the pictures.
        cells: one per cell of the plan, in its order.
        references: figures of reference sampling by (prompt, noise source).
        pictures: how many this command drew.
        seconds: how long it took.
        folder: the run.
    """

    plan: Plan
    judge: str
    cells: tuple[Drawn, ...]
    references: Mapping[tuple[str, str], Figures]
    pictures: int
    seconds: float
    folder: Path = field(default_factory=Path)


def draw_grid(plan: Plan, folder: Path, *, workers: int, progress: Progress) -> Grid:
    """Draw what is missing of a grid and read its figures.

    Args:
        plan: from `plan_grid`.
        folder: where the run lies or is to lie.
        workers: processes that draw.
        progress: told of every finished job.

    Raises:
        InputError: a folder of another prompt or model, a disk that cannot be written.
    """
    began = time.monotonic()
    request = plan.request
    if workers < 1:
        raise InputError(f"--workers must be at least 1, not {workers}")
    subjects = {p: open_subject(replace(request.base, prompt=p)) for p in request.prompts}
    first = subjects[request.prompts[0]]
    check_settings(first, (settings for p in request.prompts for settings in plan.settings_of(p)))
    store = Store.open(
        folder,
        {"model": first.model.hash, "prompt": bound_prompt(request), "rates": first.rates.hash},
    )
    drawn: dict[int, Drawn] = {}
    references: dict[tuple[str, str], Figures] = {}
    made = 0
    try:
        progress("model", 0, 1, None)
        first.model.prepare()
        for prompt in request.prompts:  # the dear axis: a worker loads one prompt's model
            subject = subjects[prompt]

            def spec_of(settings: Settings, subject: Any = subject) -> Any:
                return subject.model.spec(subject.condition, settings)

            wanted = plan.settings_of(prompt)
            missing = [
                s
                for s in wanted
                if store.missing(spec_of(s), subject.model.judge_name, request.seeds)
            ]
            # A pool takes seconds to start, which two small jobs do not need.
            hands = min(workers, 1 if len(missing) <= 2 else len(missing))
            with Runner(PaintRecipe(request.base.model, subject.rates, prompt), hands) as runner:
                gallery = Gallery(
                    store,
                    runner,
                    spec_of,
                    judge=subject.model.judge_name,
                    attribute=request.base.attribute_name,
                    level=request.base.level,
                    progress=progress,
                    pace=subject.model.pace,
                )
                several = len(request.prompts) > 1
                gallery.ensure(
                    wanted, request.seeds, f"pictures of {prompt!r}" if several else "pictures"
                )
                made += gallery.drawn
                for i, cell in enumerate(plan.cells):
                    if cell.prompt == prompt:
                        drawn[i] = _read(gallery, cell, request, subject.model.apart)
                        key = (prompt, cell.settings.noise.source)
                        if key not in references:
                            references[key] = _reference(
                                gallery, cell, request, subject.model.apart
                            )
    finally:
        store.close()
    return Grid(
        plan=plan,
        judge=first.model.judge_name,
        cells=tuple(drawn[i] for i in range(len(plan.cells))),
        references=references,
        pictures=made,
        seconds=time.monotonic() - began,
        folder=folder,
    )


def _read(gallery: Gallery, cell: Cell, request: GridRequest, apart: float | None) -> Drawn:
    # Seeds that are only shown, because --seeds exceeds --measure, still count: they are drawn.
    seeds = request.seeds
    pictures = gallery.pictures(cell.settings, seeds)
    errors, reasons = None, {}
    if cell.converged is not None:
        reasons = gallery.read(cell.converged, seeds).reasons
        errors = pixel_rms(pictures, gallery.pictures(cell.converged, seeds), seeds)
    figures = measure(
        gallery.read(cell.settings, seeds),
        gallery.read(cell.reference, seeds),
        errors,
        why_not_converged(cell.settings) or "",
        apart,
    )
    return Drawn(
        cell=cell,
        figures=figures,
        pictures=CellPictures(
            cell=_shown(gallery, cell.settings, request),
            converged=None if cell.converged is None else _shown(gallery, cell.converged, request),
            reference=_shown(gallery, cell.reference, request),
        ),
        yardstick_reasons=reasons,
    )


def _reference(gallery: Gallery, cell: Cell, request: GridRequest, apart: float | None) -> Figures:
    reading = gallery.read(cell.reference, request.seeds)
    return measure(reading, reading, np.zeros(len(request.seeds)), "", apart)


def _shown(gallery: Gallery, settings: Settings, request: GridRequest) -> Shown:
    seeds = request.seeds[: request.shown]
    stored = gallery.pictures(settings, seeds)
    reading = gallery.read(settings, seeds)
    return Shown(
        pictures=np.stack([unpack(stored[seed]) for seed in seeds]),
        words=reading.words,
    )
