"""Several threads draw at once, each its own pictures: no bit of any depends on how many."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from catoptric.sampling import Settings
from catoptric.sampling.result import SampleResult, Step, Watch, joined
from catoptric.studio.contract import Studio
from catoptric.studio.making import make


def make_together(
    model: Studio,
    asked: Any,
    settings: Settings,
    seeds: Sequence[int],
    *,
    threads: int,
    watch: Watch,
) -> tuple[np.ndarray, SampleResult]:
    """As `make`, by at most `threads` threads of whole microbatches.

    Args:
        model, asked, settings, seeds: as there.
        threads: 1 or more.
        watch: called from every thread; rows are indices into seeds.
    """

    stop = threading.Event()

    def part(rows: range) -> tuple[np.ndarray, SampleResult]:
        torch.set_num_threads(1)  # of this thread: a product in two differs in its last bits

        def seen(step: Step) -> None:
            if stop.is_set():
                raise KeyboardInterrupt
            watch(replace(step, rows=step.rows + rows.start))

        return make(model, asked, settings, [seeds[i] for i in rows], watch=seen)

    rows = _shares(len(seeds), model.microbatch, threads)
    if len(rows) == 1:
        return part(rows[0])
    with ThreadPoolExecutor(len(rows)) as pool:
        try:
            pictures, results = zip(*pool.map(part, rows), strict=True)
        except BaseException:  # Ctrl-C reaches this thread alone
            stop.set()
            raise
    return np.concatenate(pictures), joined(results)


def _shares(count: int, microbatch: int, threads: int) -> list[range]:
    """Rows of whole microbatches for each thread that there is work for."""
    batches = -(-count // microbatch)
    each = -(-batches // max(1, min(threads, batches))) * microbatch
    return [range(at, min(at + each, count)) for at in range(0, count, each)]
