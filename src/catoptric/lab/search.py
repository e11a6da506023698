"""The trials of a tuning: kept in a study as they end, proposed by Optuna's TPE."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from catoptric.audit.gallery import Progress
from catoptric.audit.interface import Interface
from catoptric.errors import InputError
from catoptric.hashing import content_hash
from catoptric.lab.push import PushProfile
from catoptric.lab.scores import NAMES, Goal, Scores
from catoptric.lab.space import DIAL_TRIALS, LEAST_PUSH, dial, forms, next_dial, suggest
from catoptric.lab.tune_request import TRAIN_BLOCK, TuneRequest
from catoptric.sampling import SAMPLING_VERSION, Guidance, Settings

if TYPE_CHECKING:
    import optuna

STUDY_FILE = "tune.sqlite"
SPACE_VERSION = 5
RANDOM_TRIALS = 15  # of all, the first ones among them, before the search learns from what it saw


class Bench(Protocol):
    """Where settings are measured."""

    def scores(self, wanted: Sequence[Settings], seeds: Sequence[int]) -> list[Scores]:
        """The scores of each on some seeds."""


def open_study(
    request: TuneRequest, base: Settings, reference: Interface, folder: Path, judge: str
) -> optuna.Study:
    """The study of this request, with the trials it already has.

    Raises:
        InputError: a file that is no study.
    """
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
            "judge": judge,
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


def search(
    request: TuneRequest,
    study: optuna.Study,
    bench: Bench,
    settings: Callable[[Mapping[str, Any]], Settings],
    profile: PushProfile,
    own: Guidance,
    keeps: bool,
    progress: Progress,
) -> list[dict[str, Any]]:
    """Trials up to the number asked for; those already in the study are not made again.

    Args:
        request: goal, seeds and number.
        study: from `open_study`.
        bench: where settings are measured.
        settings: those that parameters stand for.
        profile: where this prompt's guidance has something to push at.
        own: the interface's guidance.
        keeps: whether it stays as it is.
        progress: told of every finished trial.

    Returns:
        Per trial `parameters`, `push`, `is_dial` and its mean objectives.
    """
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


def ranked(
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
