"""Progress on stderr: pictures done, of how many, and the time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Show = Callable[[str, int, int, float | None], None]
# Where nobody watches a terminal, one line this often keeps a log readable.
QUIET_SECONDS = 10.0
# Stages that count no pictures.
UNITLESS = ("trials", "draws", "tests")


class Interrupted(Exception):
    """Ctrl-C, with one sentence on what became of the work; exit code 130.

    Not a KeyboardInterrupt, which Typer turns into a bare exit code.
    """


@contextmanager
def shown_progress(folder: Path | None) -> Iterator[Show]:
    """Shows progress while the block runs; on Ctrl-C says that the work is kept.

    Args:
        folder: the run, named when the block is interrupted; None where nothing is kept.

    Raises:
        Interrupted: on Ctrl-C, where there is a run.
    """
    try:
        if sys.stderr.isatty():
            with _bar() as show:
                yield show
        else:
            yield _lines()
    except KeyboardInterrupt as error:
        if folder is None:
            raise
        raise Interrupted(
            f"finished pictures are kept in {folder}; run the same command again to go on from "
            "there"
        ) from error


@contextmanager
def _bar() -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, int] = {}

        def show(stage: str, done: int, total: int, seconds_left: float | None) -> None:
            for name, task in tasks.items():
                if name != stage:
                    progress.update(task, visible=False)  # type: ignore[arg-type]
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total or None, left="")
            left = "" if seconds_left is None else f"{_clock(seconds_left)} left"
            progress.update(tasks[stage], completed=done, total=total or None, left=left)  # type: ignore[arg-type]

        yield show


def _lines() -> Show:
    last_stage, last_time = "", 0.0

    def show(stage: str, done: int, total: int, seconds_left: float | None) -> None:
        nonlocal last_stage, last_time
        now = time.monotonic()
        if stage == last_stage and done < total and now - last_time < QUIET_SECONDS:
            return
        last_stage, last_time = stage, now
        left = "" if seconds_left is None else f", {_clock(seconds_left)} left"
        unit = "" if stage in UNITLESS else " pictures"
        count = f": {done:,} of {total:,}{unit}{left}" if total else ""
        print(f"{stage}{count}", file=sys.stderr, flush=True)

    return show


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}" if whole >= 60 else f"{whole} s"
