"""A judge's file: both towers in float16, and a description with margins and measured errors."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from catoptric.errors import InputError
from catoptric.judges.towers import Towers, TowerShape

KIND = "catoptric zero-shot judge 1"
MOST_BYTES = 16_000_000
"""Ours take 2 MB; a file is not opened before it is known to be no larger."""
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
    tensors = {
        name: tensor.detach().to("cpu", torch.float16).contiguous()
        for name, tensor in towers.state_dict().items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        save_file(tensors, temporary, metadata={"about": json.dumps(described)})
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_towers(path: Path) -> tuple[Towers, dict[str, Any]]:
    """What `write_towers` wrote, in float32, ready to judge.

    Raises:
        InputError: one sentence, for a file that is missing, damaged, another's, or whose weights
            are not those of the towers it describes.
    """
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise InputError(f"{path} has {size:,} bytes, which no judge of ours has")
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})["about"])
            if about["kind"] != KIND:
                raise InputError(f"{path} holds {about['kind']!r}, not a judge ({KIND})")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        shape = _shape(about["shape"])
    except FileNotFoundError:
        raise InputError(
            f"there is no judge {path}; leave the path out for the shipped one"
        ) from None
    except (
        OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError
    ) as error:  # fmt: skip
        raise InputError(f"{path} is not a judge of ours: {_said(error)}") from error
    except Exception as error:  # safetensors raises a class of its own, of no public base
        if type(error).__name__ == "SafetensorError":
            raise InputError(f"{path} is damaged: {_said(error)}") from error
        raise
    if any(t.dtype != torch.float16 or not bool(t.isfinite().all()) for t in tensors.values()):
        raise InputError(f"{path} is damaged: its weights are not all finite float16 numbers")
    try:
        with torch.device("meta"):  # takes no memory for what a file only says of itself
            towers = Towers(shape)
        towers.load_state_dict({name: t.float() for name, t in tensors.items()}, assign=True)
    except (RuntimeError, ValueError) as error:
        raise InputError(f"{path} is no judge of the shape it names: {_said(error)}") from error
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


def _said(error: Exception) -> str:
    """The first lines of an error as one clause."""
    return " ".join(str(error).split())[:200]
