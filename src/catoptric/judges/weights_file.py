"""A judge's file: both towers in float16, and a description with margins and measured errors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from catoptric.errors import InputError
from catoptric.judges.towers import Towers, TowerShape
from catoptric.models.weights_file import halved, read_halved, read_header, write_tensors

KIND = "catoptric zero-shot judge 1"
WHAT = "a judge of ours"
MOST_BYTES = 16_000_000
"""Ours take 2 MB."""
MOST = 4096
"""Of any number in a shape, and of words in a vocabulary."""


def write_towers(path: Path, towers: nn.Module, about: Mapping[str, Any]) -> None:
    """Write a judge, replacing what was there only when all is on disk.

    Args:
        towers: a `Towers`.
        about: what else is to be known: key, steps, pictures, margins, calibration.
    """
    assert isinstance(towers, Towers)
    described = {**about, "kind": KIND, "shape": towers.shape.as_dict()}
    write_tensors(path, halved(towers.state_dict()), described)


def read_towers(path: Path) -> tuple[Towers, dict[str, Any]]:
    """What `write_towers` wrote, in float32, ready to judge.

    Raises:
        InputError: one sentence, for a file that is missing, damaged, another's, or whose weights
            are not those of the towers it describes.
    """
    about = read_header(path, WHAT, most=MOST_BYTES)
    if about.get("kind") != KIND:
        raise InputError(f"{path} is not {WHAT}: it holds {about.get('kind')!r}, not {KIND!r}")
    try:
        with torch.device("meta"):  # takes no memory for what a file only says of itself
            towers = Towers(_shape(about["shape"]))
    except (KeyError, TypeError, AttributeError, ValueError, RuntimeError) as error:
        raise InputError(f"{path} is not {WHAT}: {' '.join(str(error).split())[:200]}") from error
    wanted = {name: tuple(tensor.shape) for name, tensor in towers.state_dict().items()}
    towers.load_state_dict(read_halved(path, WHAT, wanted), assign=True)
    return towers.eval().requires_grad_(False), about


def _shape(described: Any) -> TowerShape:
    shape = TowerShape.of(described)
    numbers = (*shape.widths, *shape.blocks, shape.groups, shape.text_width, shape.text_layers)
    lengths = (len(shape.widths), len(shape.blocks)) == (4, 3)
    sound = all(isinstance(n, int) and 0 < n <= MOST for n in (*numbers, shape.shared))
    few = max(*shape.blocks, shape.text_layers) <= 64 and len(shape.vocabulary) <= MOST
    if not (lengths and sound and few and all(isinstance(w, str) for w in shape.vocabulary)):
        raise ValueError("its shape is none that towers could have")
    return shape
