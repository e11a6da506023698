"""What is audited, and a run of it opened for drawing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from catoptric.audit.gallery import PLAIN, Gallery, Progress
from catoptric.audit.request import Request
from catoptric.errors import InputError
from catoptric.runs import Recipe, Runner, Store
from catoptric.sampling import Settings
from catoptric.studio.contract import Asked, Studio
from catoptric.studio.opening import open_studio
from catoptric.studio.painting import PaintRecipe, painter_of
from catoptric.world import Rates, load_rates

MOST_WORKERS = 256


@dataclass(frozen=True)
class Subject:
    """What is audited: a model, and what the prompt asks of it."""

    model: Studio
    condition: Asked
    rates: Rates


def open_subject(request: Request) -> Subject:
    """The model and the condition that a request speaks of.

    Raises:
        InputError: a rates file or a prompt that cannot be used.
    """
    rates = load_rates(request.rates)
    model = open_studio(request.model, rates)
    return Subject(model, model.ask(request.prompt), rates)


def check_settings(subject: Subject, every: Iterable[Settings]) -> None:
    """Refuse what only the loaded model knows it cannot do, before anything is drawn or written.

    Raises:
        InputError: as `denoiser_of`: a layer that its text encoder has not.
    """
    for settings in every:
        subject.model.denoiser_of(settings)


def check_workers(workers: int) -> None:
    """Refuse a number of workers that nobody has.

    Raises:
        InputError: outside 1 .. 256.
    """
    if not 1 <= workers <= MOST_WORKERS:
        raise InputError(f"--workers must lie between 1 and {MOST_WORKERS}, not {workers}")


def _recipe(subject: Subject, request: Request, workers: int) -> Recipe:
    """How workers come by the model: this very process has it already, others load it."""
    if workers > 1:
        return PaintRecipe(request.model, subject.rates, request.prompt)
    return partial(painter_of, subject.model, subject.condition)


@contextmanager
def opened_gallery(
    request: Request,
    folder: Path,
    cells: Iterable[Settings],
    *,
    workers: int,
    progress: Progress,
    bound_prompt: str | None = None,
    subject: Subject | None = None,
    arranges: Sequence[str] = PLAIN,
) -> Iterator[tuple[Subject, Gallery]]:
    """A run's gallery, open for drawing while the block runs.

    Args:
        request: model, rates, prompt and attribute.
        folder: where the run lies or is to lie.
        cells: all settings that are to be drawn, refused here where the model cannot.
        workers: processes that draw.
        progress: told of every finished job.
        bound_prompt: what the run is bound to, where it holds more prompts than the request's.
        subject: the request's, where it is open already.
        arranges: arrangements of the noise that make one independent unit of a seed.

    Raises:
        InputError: a run of another model, prompt or rates; a folder that cannot be written.
    """
    check_workers(workers)
    subject = open_subject(request) if subject is None else subject
    check_settings(subject, cells)
    identity = {
        # The first that differs is named, and the model's hash depends on the rates.
        "rates": subject.rates.hash,
        "model": subject.model.hash,
        "prompt": request.prompt if bound_prompt is None else bound_prompt,
    }
    store = Store.open(folder, identity)
    try:
        subject.model.prepare(lambda: progress("preparing the model, once", 0, 0, None))
        with Runner(_recipe(subject, request, workers), workers) as runner:
            yield (
                subject,
                Gallery(
                    store,
                    runner,
                    lambda settings: subject.model.spec(subject.condition, settings),
                    judge=subject.model.judge_name,
                    attribute=request.attribute_name,
                    level=request.level,
                    progress=progress,
                    arranges=arranges,
                    pace=subject.model.pace,
                ),
            )
    finally:
        store.close()
