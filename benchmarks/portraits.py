"""What the benchmarks of `portraits` share: pictures of a prompt, drawn once and kept."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from catoptric.audit.hands import default_workers
from catoptric.audit.seeds import seeds_of
from catoptric.sampling import Settings
from catoptric.studio.contract import Studio
from catoptric.studio.hands import make_together
from catoptric.studio.opening import open_studio
from catoptric.world import load_rates

REFERENCE = {"sampler": {"solver": "pid", "rtol": 1e-4, "atol": 1e-4}}
GUIDED = {
    "guidance": {"scale": 2.0},
    "sampler": {"solver": "dpmpp_2m", "schedule": "exponential", "steps": 16},
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


@cache
def _model() -> Studio:
    return open_studio("portraits", load_rates(None))


def draw(folder: Path, prompt: str, tables: Mapping[str, Any], count: int) -> Drawn:
    """Draw by threads, or read what was drawn before.

    Args:
        folder: where pictures are kept, one file for a prompt and its settings.
        prompt: what is asked for.
        tables: settings.
        count: pictures, of keyed seeds.
    """
    model, settings = _model(), Settings.from_dict(tables)
    asked = model.ask(prompt)
    path = folder / f"{model.spec(asked, settings).key[:24]}-{count}.npz"
    if not path.is_file():
        print(f"{prompt}: {count} pictures", file=sys.stderr, flush=True)
        pictures, result = make_together(
            model,
            asked,
            settings,
            seeds_of(count, 0, BLOCK),
            threads=default_workers(),
            watch=lambda step: None,
        )
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(path, pictures=pictures, nfe=result.nfe.numpy(), status=result.status.numpy())
    kept = np.load(path)
    labels = model.judge(asked, kept["pictures"], kept["status"].tolist())
    obeyed = [np.nan if label["obeyed"] is None else float(label["obeyed"]) for label in labels]
    return Drawn(
        labels=[label["levels"] for label in labels],
        obeyed=np.array(obeyed),
        nfe=float(kept["nfe"].mean()),
        pictures=kept["pictures"],
    )


def counted(drawn: Sequence[Drawn]) -> tuple[int, int]:
    """How many pictures obeyed, of how many; an unclear one did not."""
    return sum(int(np.nansum(d.obeyed)) for d in drawn), sum(len(d.obeyed) for d in drawn)
