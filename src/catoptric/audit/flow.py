"""The audit from end to end: pictures where they are missing, then figures from the rows."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from catoptric.attribution import Decomposition, JudgeError, decompose
from catoptric.audit.advice import advice
from catoptric.audit.coding import Coding
from catoptric.audit.gallery import Gallery, Progress, Reading
from catoptric.audit.given import keep_request
from catoptric.audit.interface import Interface, load_interface
from catoptric.audit.knobs import Cells, make_cells
from catoptric.audit.remedy import (
    ALPHA,
    Cost,
    Remedy,
    candidates,
    measure,
    pairs,
    passing,
    search_cost,
    try_candidates,
)
from catoptric.audit.request import SEED_DESIGNS, Request
from catoptric.audit.seeds import FRESH_BLOCK, fix_seeds, seeds_of
from catoptric.audit.subject import (
    Subject,
    check_workers,
    open_subject,
    opened_gallery,
)
from catoptric.errors import InputError
from catoptric.files import slug
from catoptric.hashing import content_hash
from catoptric.sampling import Arrangement, never_pairs
from catoptric.studio.rehearsal import check_drawable
from catoptric.world import fixed_by, load_rates

LEVEL = 0.95


@dataclass(frozen=True)
class Audit:
    """Everything an audit found, with the raw outcomes it rests on.

    Attributes:
        request: what was asked.
        subject: model and condition.
        interface: what the model was deployed under.
        reference: the yardstick.
        cells: players and settings.
        readings: one per coalition.
        seeds: the seeds of every cell; in opposite pairs each is drawn under both signs.
        target: fraction.
        data: fraction, or None where it is not known.
        decomposition: shares, intervals, tests.
        remedy: or None, with a reason.
        remedy_reason: why there is none.
        remedy_cost: what looking for one took, beyond the cells.
        notes: what else the reader must know.
        judge: the judge's errors that were taken back, or None.
        pictures: how many this command drew.
        seconds: how long it took.
        folder: the run.
    """

    request: Request
    subject: Subject
    interface: Interface
    reference: Interface
    cells: Cells
    readings: tuple[Reading, ...]
    seeds: tuple[int, ...]
    target: float
    data: float | None
    decomposition: Decomposition
    remedy: Remedy | None
    remedy_reason: str
    remedy_cost: Cost
    notes: tuple[str, ...]
    judge: JudgeError | None
    pictures: int
    seconds: float
    folder: Path

    @property
    def nfe(self) -> int:
        """Evaluations behind the shares."""
        return int(sum(reading.nfe.sum() for reading in self.readings))


def default_folder(request: Request) -> Path:
    """`runs/<slug of the prompt>-<hash of what the run is bound to>`."""
    rates = load_rates(request.rates)
    bound = content_hash([request.model, request.prompt, rates.hash])
    return Path("runs") / f"{slug(request.prompt)}-{bound[:10]}"


def audit(request: Request, folder: Path, *, workers: int, progress: Progress) -> Audit:
    """Measure whose doing a skew is.

    Args:
        request: what to measure, and how well.
        folder: where the run lies or is to lie.
        workers: processes that draw.
        progress: told of every finished job.

    Raises:
        InputError: anything the user can mend.
    """
    began = time.monotonic()
    check_workers(workers)
    interface = load_interface(request.interface, request.overrides)
    reference = load_interface(request.reference)
    cells = make_cells(
        interface,
        reference,
        request.knobs,
        split_sampler=request.split_sampler,
    )
    _check_arranged(request, cells)
    for settings in cells.settings:
        check_drawable(settings, request.model)  # before a folder is made and the model loaded
    subject = open_subject(request)
    _check_free(request, subject)
    data = _data_rate(request, subject)
    target = request.target_rate(data)
    judge = _judge_error(request, subject)
    opened = opened_gallery(
        request,
        folder,
        cells.settings,
        workers=workers,
        progress=progress,
        subject=subject,
        arranges=SEED_DESIGNS[request.seed_design],
    )
    with opened as (_, gallery):
        keep_request(gallery.store, request)
        seeds, capped = fix_seeds(request, cells, gallery, Coding(judge))
        gallery.ensure(cells.settings, seeds, "pictures")
        readings = tuple(gallery.read(settings, seeds) for settings in cells.settings)
        found = decompose(
            cells.game.players,
            np.stack([reading.outcomes for reading in readings], axis=1),
            level=LEVEL,
            margin_points=request.margin,
            # Without a data rate its share and the model's are one: reference - target.
            reference_minus=target if data is None else data,
            units=gallery.units(seeds),
            judge=judge,
        )
        remedy, reason, cost = _remedy(request, cells, gallery, found, seeds, target, Coding(judge))
    return Audit(
        request=request,
        subject=subject,
        interface=interface,
        reference=reference,
        cells=cells,
        readings=readings,
        seeds=tuple(seeds),
        target=target,
        data=data,
        decomposition=found,
        remedy=remedy,
        remedy_reason=reason,
        remedy_cost=cost,
        notes=tuple(_notes(request, interface, reference, cells, readings, judge, capped)),
        judge=judge,
        pictures=gallery.drawn,
        seconds=time.monotonic() - began,
        folder=folder,
    )


def _check_free(request: Request, subject: Subject) -> None:
    """Refuse to count what the prompt itself asks for.

    Raises:
        InputError: with what would work.
    """
    if fixed_by(subject.condition.levels, request.attribute_name):
        raise InputError(
            f"the prompt leaves no choice of {request.attribute_name.replace('_', ' ')}, so there "
            "is no skew to share out: leave that word out of the prompt, or count something else "
            "with --attribute"
        )


def _data_rate(request: Request, subject: Subject) -> float | None:
    """How often the training pictures that match the prompt show the level; None if hidden."""
    if request.hide_data:
        return None
    return subject.model.rate(request.attribute_name, request.level, subject.condition)


def _judge_error(request: Request, subject: Subject) -> JudgeError | None:
    """The judge's errors, to be taken back; None where it makes none, or the user wants them.

    Raises:
        InputError: a judge that errs so much that nothing can be taken back.
    """
    counts = subject.model.judge_counts(request.attribute_name, request.level)
    return None if counts is None or not request.correct else JudgeError(counts, positive=1)


def _check_arranged(request: Request, cells: Cells) -> None:
    """Refuse pairs of noise that is arranged already, or recorded.

    Raises:
        InputError: with what would work.
    """
    if request.unit_size > 1 and any(s.noise.arrange != Arrangement() for s in cells.settings):
        raise InputError(
            f"noise.arrange cannot stand together with --seed-design {request.seed_design}, which "
            "arranges the noise itself: add --seed-design plain"
        )
    recorded = next((s.noise.source for s in cells.settings if never_pairs(s.noise.source)), None)
    if request.unit_size > 1 and recorded is not None:
        raise InputError(
            f"noise recorded by {recorded} has no opposite, which --seed-design "
            f"{request.seed_design} would draw: add --seed-design plain"
        )


def _remedy(
    request: Request,
    cells: Cells,
    gallery: Gallery,
    found: Decomposition,
    seeds: Sequence[int],
    target: float,
    coding: Coding,
) -> tuple[Remedy | None, str, Cost]:
    """The remedy of DESIGN 1, or why none is offered; and what looking for it took."""
    if not request.remedy:
        return None, "none was looked for (--no-remedy)", Cost()
    largest = found.largest()
    if not found.shares:
        return None, "no knob differs from the reference", Cost()
    if largest is None:
        return None, f"no share could be measured ({found.shares[0].reason})", Cost()
    if largest.p_holm is None or largest.p_holm >= ALPHA:
        return None, "no knob's share could be told apart from zero", Cost()
    by_size = sorted(found.shares, key=lambda share: -abs(share.points or 0.0))
    knobs = [s.player for s in by_size if s.player and s.p_holm is not None and s.p_holm < ALPHA]
    single = candidates(knobs[0], cells.deployed)
    # Two settings that pull opposite ways: mending the larger one alone uncovers the other.
    both = pairs(knobs[0], knobs[1], cells.deployed) if len(knobs) > 1 else []
    planned = len(single) + len(both)
    if not planned:
        return None, f"there is no other setting to try for {knobs[0]}", Cost()
    tried = try_candidates(gallery, single, cells, seeds, request.margin, planned, coding=coding)
    if not passing(tried) and both:
        tried = try_candidates(
            gallery, both, cells, seeds, request.margin, planned, tried, coding=coding
        )
    deployed = found.deployed.value
    assert deployed is not None  # a share with a p-value has rates
    remedy = measure(
        gallery,
        tried,
        cells.reference,
        seeds_of(len(seeds), request.seed_key, FRESH_BLOCK),
        target=target,
        deployed_rate=deployed,
        level=LEVEL,
        coding=coding,
    )
    cost = search_cost(tried, remedy, cells)
    if remedy is None:
        near = min(tried, key=lambda trial: abs(trial.points), default=None)
        best = f"; {near.candidate.label} came nearest, {near.points:+.1f} points" if near else ""
        reason = (
            f"of {len(tried)} settings tried for {' and '.join(knobs[:2])} none was shown to be "
            f"within {request.margin:g} points of the reference{best}"
        )
        return None, reason, cost
    return remedy, "", cost


def _notes(
    request: Request,
    interface: Interface,
    reference: Interface,
    cells: Cells,
    readings: Sequence[Reading],
    judge: JudgeError | None,
    capped: bool,
) -> list[str]:
    notes = []
    if request.split_sampler and "sampler" in request.knobs and reference.split:
        own, stand_in = reference.tables["sampler"], cells.reference.sampler
        notes.append(
            f"--split-sampler put {stand_in.solver}, {stand_in.schedule}, {stand_in.steps} steps "
            f"in the place of the reference's {own['solver']}, which chooses its own steps and so "
            "has no schedule to swap"
        )
    held = [knob for knob in cells.held if knob not in request.knobs]
    if held:
        notes.append(
            f"{' and '.join(held)} stayed at the reference's value in every picture, whatever "
            f"{interface.name} does: name it in --knobs to give it a share"
        )
    if capped:
        notes.append(
            f"--max-seeds {request.max_seeds} was reached: some intervals are wider than asked for"
        )
    if "noise" in cells.game.players:
        notes.append(
            "cells that differ in noise share only the number of a seed, not its noise, so that "
            "share is wide whatever the number of seeds"
        )
    if judge is not None:
        right = judge.probabilities[0].diagonal()
        seen = int(judge.matrices[0].sum())
        notes.append(
            f"the judge's errors, as measured on {seen:,} pictures whose truth is known, were "
            f"taken back from every rate and share: it finds {request.level} in "
            f"{100 * right[1]:.1f} % of those that show it, and does not in "
            f"{100 * right[0]:.1f} % of the others"
        )
    reasons: Counter[str] = Counter()
    for reading in readings:
        reasons.update(reading.reasons)
    total = sum(len(reading.outcomes) for reading in readings)
    for reason, count in sorted(reasons.items()):
        told = advice(reason)
        notes.append(
            f"{count} of {total} draws are unclear: {reason.replace('_', ' ')}"
            + ("" if told is None else f" ({told})")
        )
    return notes
