"""Settings found for one prompt: searched on training seeds, judged on seeds nobody chose by.

1. trials      Optuna's TPE proposes tolerances, controller and guidance; error, evaluations,
               overshoot and skew are measured on the training seeds
2. shortlist   the best few again on other seeds, so that luck in 1 does not decide
3. held out    the one taken, `balanced`, and `balanced` with only its tolerance chosen, on
               seeds that neither 1 nor 2 has seen: these figures are the ones reported
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from catoptric.audit.flow import default_folder
from catoptric.audit.gallery import Gallery, Progress
from catoptric.audit.interface import Interface, load_interface
from catoptric.audit.request import MOST_SEEDS, Request
from catoptric.audit.seeds import seeds_of
from catoptric.audit.subject import Subject, open_subject
from catoptric.errors import InputError
from catoptric.hashing import content_hash
from catoptric.lab.figures import pixel_rms
from catoptric.lab.fitting import base_tables, converged, fit
from catoptric.lab.painter import LAB_JUDGE, LabRecipe
from catoptric.lab.push import PushProfile, measure_push
from catoptric.lab.scores import NAMES, Goal, Scores, choose, verdict
from catoptric.lab.space import (
    DIAL_TRIALS,
    LEAST_PUSH,
    balanced,
    dial,
    forms,
    next_dial,
    settings_of,
    suggest,
)
from catoptric.models.portraits import MICROBATCH, SIGMA_MAX, SIGMA_MIN
from catoptric.runs import Runner, Spec, Store
from catoptric.sampling import SAMPLING_VERSION, Denoiser, Guidance, Settings, start_sigma
from catoptric.studio.portraits import PortraitRecipe
from catoptric.studio.rehearsal import check_drawable

if TYPE_CHECKING:
    import optuna

# Disjoint from the seeds of an audit (blocks 0 and 1), so a preset may be audited afterwards.
TRAIN_BLOCK, SHORTLIST_BLOCK, HELD_OUT_BLOCK = 2, 3, 4
STUDY_FILE = "tune.sqlite"
SPACE_VERSION = 5
SHORTLIST = 4
DEFAULT_TRIALS = 32
RANDOM_TRIALS = 15  # of all, the first ones among them, before the search learns from what it saw


@dataclass(frozen=True)
class TuneRequest:
    """A tuning as asked for.

    Attributes:
        base: prompt, model, rates, interface, reference, overrides, attribute, seed key.
        goal: the budget or the error asked for.
        trials: how many settings are tried, the fixed first ones among them.
        train, held_out: seeds of the search and of the report.
        keep_guidance: whether the interface's guidance stays as it is.
    """

    base: Request
    goal: Goal
    trials: int = DEFAULT_TRIALS
    train: int = 64
    held_out: int = 256
    keep_guidance: bool = False

    def __post_init__(self) -> None:
        if not DIAL_TRIALS + 1 <= self.trials <= 10_000:
            raise InputError(
                f"--trials must lie between {DIAL_TRIALS + 1} and 10,000, not {self.trials}: "
                f"the first {DIAL_TRIALS} are `balanced` at several tolerances"
            )
        for option, value in (("--seeds", self.train), ("--held-out", self.held_out)):
            if not 16 <= value <= MOST_SEEDS:
                raise InputError(f"{option} must lie between 16 and {MOST_SEEDS:,}, not {value}")

    def block(self, count: int, block: int) -> list[int]:
        """Seeds of one purpose."""
        return seeds_of(count, self.base.seed_key, block)


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
            "tune dials in `pid`, which takes no momentum in [guidance]: set it to 0, as in --set "
            "guidance.momentum=0"
        )
    base, _ = fit(tables | {"sampler": dict(reference.tables["sampler"])})
    for each in (balanced(base), fit(base_tables(reference, reference)[0])[0]):
        check_drawable(each)
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
        recipe = LabRecipe(PortraitRecipe(subject.rates, request.base.prompt))
        with Runner(recipe, min(workers, 2) if request.train <= 128 else workers) as runner:
            bench = _Bench(request, subject, store, runner, reference, base)
            keeps = request.keep_guidance or base.guidance.scale == 1.0
            if keeps and not request.keep_guidance:
                notes.append("the interface uses no guidance, so only the sampler was tuned")

            profile = _profile(request, subject, store, base, first)

            def settings(parameters: Mapping[str, Any]) -> Settings:
                return settings_of(parameters, base, profile)

            study = _study(request, base, reference, folder)
            trials = _search(
                request, study, bench, settings, profile, base.guidance, keeps, progress
            )
            # The interface's own guidance is no cheat, however little it pushes.
            floor = min(LEAST_PUSH, profile.kept(base.guidance))
            shortlist = _ranked(request.goal, trials, settings, floor)[:SHORTLIST]
            only_dial = [trial for trial in trials if trial["is_dial"]]
            dials = _ranked(request.goal, only_dial, settings, floor)[:SHORTLIST]
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
            judge=LAB_JUDGE,
            attribute=self.request.base.attribute_name,
            level=self.request.base.level,
            progress=self.progress,
        )
        plain, _ = fit(base_tables(self.reference, self.reference)[0])
        plain = replace(plain, noise=self.base.noise)
        every = [*wanted, *(converged(s, self.reference) for s in wanted), plain]
        gallery.ensure(list(dict.fromkeys(every)), seeds, stage)
        yardstick = _filled(gallery.read(plain, seeds).outcomes)
        found = []
        for settings in wanted:
            reading = gallery.read(settings, seeds)
            rows = self.store.judged(self._spec(settings), LAB_JUDGE, seeds)
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


def _study(
    request: TuneRequest, base: Settings, reference: Interface, folder: Path
) -> optuna.Study:
    """The study of this request, with the trials it already has."""
    import optuna
    from sqlalchemy.engine import URL
    from sqlalchemy.exc import SQLAlchemyError

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    name = content_hash(
        {
            "base": base.to_dict(),
            "reference": dict(reference.tables["sampler"]),
            "goal": [request.goal.budget, request.goal.error],
            "seeds": [request.train, request.base.seed_key],
            "attribute": request.base.attribute,
            "keep_guidance": request.keep_guidance,
            "judge": LAB_JUDGE,
            "versions": [SAMPLING_VERSION, SPACE_VERSION],
        }
    )
    path = folder / STUDY_FILE
    try:
        url = URL.create("sqlite", database=str(path)).render_as_string()
        study = optuna.create_study(
            storage=optuna.storages.RDBStorage(url),
            study_name=name,
            directions=["minimize"] * len(NAMES),
            load_if_exists=True,
        )
    except SQLAlchemyError as error:
        raise InputError(
            f"{path} is not a readable study; move it away, or name another folder with --run"
        ) from error
    for trial in study.get_trials(deepcopy=False):
        if trial.state == optuna.trial.TrialState.RUNNING:  # what a Ctrl-C left behind
            study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    return study


def _search(
    request: TuneRequest,
    study: optuna.Study,
    bench: _Bench,
    settings: Callable[[Mapping[str, Any]], Settings],
    profile: PushProfile,
    own: Guidance,
    keeps: bool,
    progress: Progress,
) -> list[dict[str, Any]]:
    """Trials up to the number asked for; those already in the study are not made again."""

    floor = min(LEAST_PUSH, profile.kept(own))
    seeds = request.block(request.train, TRAIN_BLOCK)
    done = _trials(study)
    began, already = time.monotonic(), len(done)
    progress("trials", min(already, request.trials), request.trials, None)
    for number in range(already, request.trials):
        # A sampler made anew for each trial: what it proposes depends on the trials that are done
        # and on their number, not on whether a Ctrl-C lies in between.
        rtol = next_dial(_dials(study)) if number < DIAL_TRIALS else None
        study.sampler = _sampler(request, number, keeps, rtol)
        trial = study.ask()
        parameters = suggest(trial, keep_guidance=keeps, choices=forms(own))
        chosen = settings(parameters)
        objectives = bench.scores([chosen], seeds)[0].objectives()
        push = profile.kept(chosen.guidance)
        limits = [request.goal.excess(objectives), floor - push]
        trial.set_user_attr(  # one attribute, for each is a commit of its own
            "found",
            {
                "parameters": parameters,
                "push": push,
                "is_dial": rtol is not None,
                "limits": limits if not keeps else limits[:1],
            },
        )
        study.tell(trial, objectives)
        each = (time.monotonic() - began) / (number + 1 - already)
        progress("trials", number + 1, request.trials, each * (request.trials - number - 1))
    found = _trials(study)
    return [
        {
            **{name: t.user_attrs["found"][name] for name in ("parameters", "push", "is_dial")},
            **dict(zip(NAMES, t.values, strict=True)),
        }
        for t in found[: request.trials]
    ]


def _trials(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    import optuna

    return study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))


def _dials(study: optuna.Study) -> list[tuple[float, float]]:
    """(rtol, by what factor the goal was missed) of the trials with only the tolerance changed."""
    return [
        (found["parameters"]["rtol"], found["limits"][0])
        for found in (trial.user_attrs["found"] for trial in _trials(study))
        if found["is_dial"]
    ]


def _sampler(
    request: TuneRequest, number: int, keeps: bool, rtol: float | None
) -> optuna.samplers.BaseSampler:
    import optuna

    seed = int(content_hash([request.base.seed_key, number])[:8], 16)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Optuna says of stable parts that they may yet change
        sampler: optuna.samplers.BaseSampler = optuna.samplers.TPESampler(
            seed=seed,
            n_startup_trials=RANDOM_TRIALS,
            multivariate=True,
            group=True,
            constraints_func=lambda trial: trial.user_attrs["found"]["limits"],
        )
        if rtol is not None:
            fixed = {k: v for k, v in dial(rtol).items() if not (keeps and k == "form")}
            sampler = optuna.samplers.PartialFixedSampler(fixed, sampler)
    return sampler


def _ranked(
    goal: Goal,
    trials: Sequence[Mapping[str, Any]],
    settings: Callable[[Mapping[str, Any]], Settings],
    floor: float = LEAST_PUSH,
) -> list[Settings]:
    """Distinct settings: those that meet the goal first, then by the figure chased, then by skew.

    The figure chased is rounded to what matters of it, a hundredth of error or one evaluation, so
    that the last digit of a lucky trial does not outweigh its skew.
    """
    coarse = 0.01 if goal.chases == "error" else 1.0

    def rank(trial: Mapping[str, Any]) -> tuple[float, float, float]:
        missed = max(0.0, goal.excess([trial[name] for name in NAMES]))
        return (missed, round(trial[goal.chases] / coarse), trial["skew"])

    # Exactly at the floor is allowed: constants of rounding must not throw an interval out.
    pushing = [trial for trial in trials if trial["push"] >= floor - 0.005]
    ordered = [settings(trial["parameters"]) for trial in sorted(pushing or trials, key=rank)]
    return list(dict.fromkeys(ordered))


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
