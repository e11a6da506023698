"""What the benchmarks of `portraits` share: pictures of a prompt, drawn once and kept."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from catoptric.audit import Request
from catoptric.audit.gallery import PLAIN
from catoptric.audit.hands import default_workers
from catoptric.audit.seeds import seeds_of
from catoptric.audit.subject import opened_gallery
from catoptric.files import slug
from catoptric.sampling import Settings
from catoptric.studio.painting import unpack

REFERENCE = {"sampler": {"solver": "pid", "rtol": 1e-4, "atol": 1e-4}}
GUIDED = {
    "guidance": {"scale": 2.0},
    "sampler": {"solver": "dpmpp_2m", "schedule": "exponential", "steps": 24},
}
BLOCK = 40
"""Of seeds: the benchmarks' own."""


@dataclass(frozen=True)
class Drawn:
    """Pictures of one prompt under one setting.

    Attributes:
        labels: attribute to level of each; None where it did not finish.
        obeyed: 1, 0, nan for each.
        nfe: mean evaluations of a picture.
        pictures: uint8 [n, 64, 64, 3].
    """

    labels: list[Mapping[str, str] | None]
    obeyed: np.ndarray
    nfe: float
    pictures: np.ndarray


def draw(
    folder: Path, prompt: str, tables: Mapping[str, Any], count: int, model: str = "portraits"
) -> Drawn:
    """Draw what is missing, by all cores.

    Args:
        folder: of all runs; one is kept for every prompt.
        prompt: what is asked for.
        tables: settings.
        count: pictures, of keyed seeds.
        model: what draws.
    """
    settings = Settings.from_dict(tables)
    request = Request(prompt=prompt, model=model)
    seeds = seeds_of(count, 0, BLOCK)
    told = [time.monotonic()]

    def progress(stage: str, done: int, total: int, left: float | None) -> None:
        if time.monotonic() - told[0] > 20.0:
            told[0] = time.monotonic()
            print(f"{prompt}: {done} of {total}", file=sys.stderr, flush=True)

    opened = opened_gallery(
        request,
        folder / f"{model}-{slug(prompt)}",
        workers=default_workers(),
        progress=progress,
        arranges=PLAIN,
    )
    with opened as (_, gallery):
        gallery.ensure([settings], seeds, "pictures")
        reading = gallery.read(settings, seeds)
        judged = gallery.store.judged(gallery.spec_of(settings), gallery.judge, seeds)
        packed = gallery.pictures(settings, seeds)
    return Drawn(
        labels=[judged[seed][2]["levels"] for seed in seeds],
        obeyed=reading.obeyed,
        nfe=float(reading.nfe.mean()),
        pictures=np.stack([unpack(packed[seed]) for seed in seeds]),
    )


def counted(drawn: Sequence[Drawn]) -> tuple[int, int]:
    """How many pictures obeyed, of how many; an unclear one did not."""
    return sum(int(np.nansum(d.obeyed)) for d in drawn), sum(len(d.obeyed) for d in drawn)
