"""What a training run keeps: safetensors, written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from catoptric.errors import InputError


def save(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, object]) -> None:
    """Write tensors with a JSON description, replacing what was there only when all is on disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        whole = {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}
        save_file(whole, temporary, metadata={"about": json.dumps(about)})
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def load(path: Path) -> tuple[dict[str, Tensor], dict[str, object]]:
    """What `save` wrote.

    Raises:
        InputError: for a file that is none.
    """
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads(file.metadata()["about"])
            return {name: file.get_tensor(name) for name in file.keys()}, about  # noqa: SIM118
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not a checkpoint of ours: {error}") from error
    except Exception as error:  # safetensors raises a class of its own, of no public base
        if type(error).__name__ == "SafetensorError":
            raise InputError(f"{path} is damaged: {error}") from error
        raise


def halved(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights in float16, as they are shipped and committed."""
    return {name: tensor.to(torch.float16) for name, tensor in tensors.items()}
