"""What a training run keeps, in the form that all our weights have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from catoptric.models.weights_file import read_header, read_tensors, write_tensors

WHAT = "a checkpoint of ours"


def save(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    """Write tensors with a JSON description, replacing what was there only when all is on disk."""
    write_tensors(path, tensors, about)


def load(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `save` wrote.

    Raises:
        InputError: for a file that is none.
    """
    return read_tensors(path, WHAT), read_header(path, WHAT)
