"""How often the judge errs on a generator's own pictures, kept beside its weights.

Truth is what the nearest render shows (`synthesis`), which knows nothing of the judge. The counts
belong to one judge and one model; for any other pair there are none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import numpy as np

from catoptric.judges.calibration import Confusion
from catoptric.world.attributes import AUDITABLE, attribute

FEWEST = 20
"""Pictures that truly are, and truly are not, of a level, for its counts to be used."""


def own_file() -> Path:
    """The file in the package."""
    return Path(str(files("catoptric.judges").joinpath("weights/on_portraits.json")))


def keep_own(path: Path, judge: str, model: str, counts: Mapping[str, Confusion]) -> None:
    """Write the counts of one judge on one model's pictures."""
    kept = {
        "judge": judge,
        "model": model,
        "counts": {name: table.counts.tolist() for name, table in counts.items()},
    }
    path.write_text(json.dumps(kept, indent=1) + "\n")


def own_counts(path: Path, judge: str, model: str) -> dict[str, Confusion]:
    """The counts of one judge on one model's pictures; empty where there are none.

    Args:
        path: of `keep_own`.
        judge: its name, which says its weights.
        model: its hash.
    """
    if not path.is_file():
        return {}
    kept = json.loads(path.read_text())
    if (kept["judge"], kept["model"]) != (judge, model):
        return {}
    found = {}
    for name in AUDITABLE:
        counts = np.asarray(kept["counts"][name], dtype=np.int64)
        levels = len(attribute(name).levels)
        if counts.shape == (levels, levels + 1):
            found[name] = Confusion(name, counts)
    return found


def enough(counts: np.ndarray) -> bool:
    """Whether both true classes of a 2 x 2 table were seen often enough."""
    return bool(counts.sum(axis=1).min() >= FEWEST)
