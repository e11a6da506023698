"""Settings found for one prompt: searched on training seeds, judged on seeds nobody chose by.

1. trials      Optuna's TPE proposes tolerances, controller and guidance; error, evaluations,
               overshoot and skew are measured on the training seeds
2. shortlist   the best few again on other seeds, so that luck in 1 does not decide
3. held out    the one taken, `balanced`, and `balanced` with only its tolerance chosen, on
               seeds that neither 1 nor 2 has seen: these figures are the ones reported
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from catoptric.audit.flow import default_folder
from catoptric.audit.gallery import Gallery, Progress
from catoptric.audit.interface import Interface, load_interface
from catoptric.audit.subject import Subject, open_subject
from catoptric.errors import InputError
from catoptric.hashing import content_hash
from catoptric.lab.figures import pixel_rms
from catoptric.lab.fitting import base_tables, converged, fit
from catoptric.lab.painter import LabRecipe, lab_judge
from catoptric.lab.push import PushProfile, measure_push
from catoptric.lab.scores import Scores, choose, verdict
from catoptric.lab.search import open_study, ranked, search
from catoptric.lab.space import LEAST_PUSH, balanced, settings_of
from catoptric.lab.tune_request import (
    HELD_OUT_BLOCK,
    SHORTLIST_BLOCK,
    TRAIN_BLOCK,
    TuneRequest,
)
from catoptric.models.portraits import MICROBATCH, SIGMA_MAX, SIGMA_MIN
from catoptric.runs import Runner, Spec, Store
from catoptric.sampling import SAMPLING_VERSION, Denoiser, Settings, start_sigma
from catoptric.studio.painting import PaintRecipe
from catoptric.studio.rehearsal import check_drawable

if TYPE_CHECKING:
    pass

SHORTLIST = 4


@dataclass(frozen=True)
class Contender:
    """A setting that was held out for judgement.

    Attributes:
        name: "tuned", "balanced" or "one dial".
        settings: every knob.
        scores: on the held-out seeds.
        push: share of constant guidance's push that its form keeps.
        meets_goal: whether its mean over those seeds keeps within the goal.
    """

    name: str
    settings: Settings
    scores: Scores
    push: float
    meets_goal: bool


@dataclass(frozen=True)
class Tuned:
    """What was found.

    Attributes:
        request: what was asked.
        tuned, balanced, one_dial: on the held-out seeds. One dial is `balanced` with the tolerance
            that the same procedure chose.
        trials: per trial its parameters and mean objectives on the training seeds.
        notes: what else the reader must know.
        seconds: how long it took.
        folder: the run.
    """

    request: TuneRequest
    tuned: Contender
    balanced: Contender
    one_dial: Contender
    trials: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...]
    seconds: float
    folder: Path

    def verdicts(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Against each rival: the word, and the differences per figure."""
        found: dict[str, tuple[str, dict[str, Any]]] = {}
        for rival in (self.balanced, self.one_dial):
            if rival.settings == self.tuned.settings:
                found[rival.name] = ("same settings", {})
            else:
                found[rival.name] = verdict(self.tuned.scores, rival.scores)
        return found


def tune_folder(request: TuneRequest) -> Path:
    """The run's folder: that of an audit of the prompt."""
    return default_folder(request.base)


def tune(request: TuneRequest, folder: Path, *, workers: int, progress: Progress) -> Tuned:
    """Find settings for a prompt.

    Args:
        request: what to find.
        folder: where the run lies or is to lie.
        workers: processes that draw.
        progress: told of every finished trial, and of the pictures of the report.

    Raises:
        InputError: anything the user can mend.
    """
    began = time.monotonic()
    if workers < 1:
        raise InputError(f"--workers must be at least 1, not {workers}")
    reference = load_interface(request.base.reference)
    tables, notes = base_tables(
        load_interface(request.base.interface, request.base.overrides), reference
    )
    # The solver is what is looked for: the interface's own never enters.
    if tables["guidance"].get("momentum"):
        raise InputError(
            "tune measures against converged pictures, and with momentum in [guidance] there are "
            "none: set it to 0, as in --set guidance.momentum=0"
        )
    base, _ = fit(tables | {"sampler": dict(reference.tables["sampler"])})
    for each in (balanced(base), fit(base_tables(reference, reference)[0])[0]):
        check_drawable(each, request.base.model)
    first = start_sigma(
        base, cast(Denoiser, SimpleNamespace(sigma_min=SIGMA_MIN, sigma_max=SIGMA_MAX))
    )
    subject = open_subject(request.base)
    store = Store.open(
        folder,
        {
            "model": subject.model.hash,
            "prompt": request.base.prompt,
            "rates": subject.rates.hash,
        },
    )
    try:
        progress("model", 0, 1, None)
        subject.model.prepare()
        recipe = LabRecipe(PaintRecipe(request.base.model, subject.rates, request.base.prompt))
        with Runner(recipe, min(workers, 2) if request.train <= 128 else workers) as runner:
            bench = _Bench(request, subject, store, runner, reference, base)
            keeps = request.keep_guidance or base.guidance.scale == 1.0
            if keeps and not request.keep_guidance:
                notes.append("the interface uses no guidance, so only the sampler was tuned")

            profile = _profile(request, subject, store, base, first)

            def settings(parameters: Mapping[str, Any]) -> Settings:
                return settings_of(parameters, base, profile)

            study = open_study(request, base, reference, folder, lab_judge(subject.model))
            trials = search(
                request, study, bench, settings, profile, base.guidance, keeps, progress
            )
            # The interface's own guidance is no cheat, however little it pushes.
            floor = min(LEAST_PUSH, profile.kept(base.guidance))
            shortlist = ranked(request.goal, trials, settings, floor)[:SHORTLIST]
            only_dial = [trial for trial in trials if trial["is_dial"]]
            dials = ranked(request.goal, only_dial, settings, floor)[:SHORTLIST]
            loud = replace(bench, progress=progress)
            chosen = loud.pick(shortlist, "shortlist")
            turned = loud.pick(dials, "shortlist")
            seeds = request.block(request.held_out, HELD_OUT_BLOCK)
            three = {"tuned": chosen, "balanced": balanced(base), "one dial": turned}
            measured = loud.scores(list(three.values()), seeds, "held out")
            found = dict(zip(three, measured, strict=True))
            contenders = [
                Contender(
                    name,
                    three[name],
                    found[name],
                    push=profile.kept(three[name].guidance),
                    meets_goal=request.goal.excess(found[name].objectives()) <= 0,
                )
                for name in three
            ]
    finally:
        store.close()
    return Tuned(
        request=request,
        tuned=contenders[0],
        balanced=contenders[1],
        one_dial=contenders[2],
        trials=tuple(trials),
        notes=tuple(notes),
        seconds=time.monotonic() - began,
        folder=folder,
    )


def _silent(stage: str, done: int, total: int, left: float | None) -> None:
    """Progress of a trial's pictures: the trials themselves are what is shown."""


@dataclass(frozen=True)
class _Bench:
    """Where settings are measured."""

    request: TuneRequest
    subject: Subject
    store: Store
    runner: Runner
    reference: Interface
    base: Settings
    progress: Progress = _silent

    def _spec(self, settings: Settings) -> Spec:
        return self.subject.model.spec(self.subject.condition, settings)

    def scores(
        self, wanted: Sequence[Settings], seeds: Sequence[int], stage: str = "trial"
    ) -> list[Scores]:
        """Draw what is missing of some settings and their yardsticks, and score each."""
        gallery = Gallery(
            self.store,
            self.runner,
            self._spec,
            judge=lab_judge(self.subject.model),
            attribute=self.request.base.attribute_name,
            level=self.request.base.level,
            progress=self.progress,
            pace=self.subject.model.pace,
        )
        plain, _ = fit(base_tables(self.reference, self.reference)[0])
        plain = replace(plain, noise=self.base.noise)
        every = [*wanted, *(converged(s, self.reference) for s in wanted), plain]
        gallery.ensure(list(dict.fromkeys(every)), seeds, stage)
        yardstick = _filled(gallery.read(plain, seeds).outcomes)
        found = []
        for settings in wanted:
            reading = gallery.read(settings, seeds)
            rows = self.store.judged(self._spec(settings), lab_judge(self.subject.model), seeds)
            ends = gallery.pictures(converged(settings, self.reference), seeds)
            found.append(
                Scores(
                    error=pixel_rms(gallery.pictures(settings, seeds), ends, seeds),
                    nfe=reading.nfe.astype(np.float64),
                    overshoot=np.array([rows[seed][2]["overshoot"] for seed in seeds]),
                    outcome=_filled(reading.outcomes),
                    reference=yardstick,
                    obeyed=reading.obeyed,
                )
            )
        return found

    def pick(self, candidates: Sequence[Settings], stage: str) -> Settings:
        """The one to take, by seeds on which none was found."""
        if len(candidates) == 1:
            return candidates[0]
        seeds = self.request.block(2 * self.request.train, SHORTLIST_BLOCK)
        scores = self.scores(candidates, seeds, stage)
        return candidates[choose(self.request.goal, scores)]


def _filled(outcomes: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(outcomes), 0.5, outcomes)


def _profile(
    request: TuneRequest, subject: Subject, store: Store, base: Settings, first: float
) -> PushProfile:
    """Measured once and kept with the run, so that a later command proposes the same settings."""
    name = "push-" + content_hash(
        [base.start.to_dict(), base.noise.to_dict(), request.base.seed_key, SAMPLING_VERSION]
    )
    kept = store.meta(name)
    if kept is None:
        seeds = request.block(MICROBATCH, TRAIN_BLOCK)
        found = measure_push(subject.model, subject.condition, base, seeds, first)
        kept = [round(float(value), 9) for value in found.density]
        store.set_meta(name, kept)
    return PushProfile(first, np.array(kept))
