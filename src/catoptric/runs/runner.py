"""What to draw, apart from who draws it: this process or a pool of processes.

A job is a spec with some seeds. A painter turns a job into draws; it is made once per worker by a
picklable recipe. Jobs may finish in any order: every picture depends on its spec and seed only.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from types import TracebackType
from typing import Protocol

from catoptric.runs.spec import Draw, Spec


@dataclass(frozen=True)
class Job:
    """One unit of work: some seeds of one spec."""

    spec: Spec
    seeds: tuple[int, ...]


class Painter(Protocol):
    """Makes and judges pictures."""

    def __call__(self, spec: Spec, seeds: Sequence[int]) -> list[Draw]:
        """One draw per seed, in the order of the seeds."""


Recipe = Callable[[], Painter]

_painter: Painter | None = None


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes begun in the block inherit a blocked SIGINT; this one's comes after it.

    A worker imports for seconds before it can choose to ignore Ctrl-C, and would meet it with a
    traceback; and one half begun must not be left alone.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _die_with(parent: int) -> None:
    """End this worker when its parent is gone: a killed parent cannot tell its pool to stop."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _start_worker(recipe: Recipe, parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()
    global _painter  # one per process: a pool has no other place for a loaded model
    _painter = recipe()


def _paint(job: Job) -> list[Draw]:
    assert _painter is not None
    return _painter(job.spec, job.seeds)


class Runner:
    """Draws jobs with a number of workers; one worker means this very process.

    Results come as they finish. Leaving the block stops the workers at once; what was handed out
    is kept by whoever took it.
    """

    def __init__(self, recipe: Recipe, workers: int) -> None:
        self._recipe = recipe
        self.workers = workers
        self._pool: ProcessPoolExecutor | None = None
        self._local: Painter | None = None

    def __enter__(self) -> Runner:
        if self.workers > 1:
            self._pool = ProcessPoolExecutor(
                self.workers,
                mp_context=get_context("spawn"),
                initializer=_start_worker,
                initargs=(self._recipe, os.getpid()),
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is None:
            return
        processes = list((self._pool._processes or {}).values())
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()

    def draw(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, list[Draw]]]:
        """Each job with its draws, in the order in which they finish.

        Raises:
            RuntimeError: a worker died (out of memory, most often).
        """
        if self._pool is None:
            for job in jobs:
                if self._local is None:
                    self._local = self._recipe()
                yield job, self._local(job.spec, job.seeds)
            return
        waiting = deque(jobs)
        running: dict[Future[list[Draw]], Job] = {}
        while waiting or running:
            # Two jobs a worker: the next one is there when a worker is done, and little is lost
            # on Ctrl-C.
            while waiting and len(running) < 2 * self.workers:
                job = waiting.popleft()
                with _deaf_children():  # a pool begins its workers when it is given work
                    running[self._pool.submit(_paint, job)] = job
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                job = running.pop(future)
                try:
                    draws = future.result()
                except BrokenProcessPool as error:
                    raise RuntimeError(
                        "a worker process died, most often for want of memory; nothing finished "
                        "is lost: try again with --workers 1"
                    ) from error
                yield job, draws
