"""Weights on disk, whoever's: safetensors with a JSON header, written whole, checked when read.

Nothing is believed before it is checked: a file's size before it is opened, its tensors' names,
shapes and kinds before memory is taken for them, their values before they are used.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from catoptric.errors import InputError

KEY = "about"
"""Of the header, in the file's metadata."""


def write_tensors(
    path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, Any], *, key: str = KEY
) -> None:
    """Write tensors with a header, replacing what was there only when all is on disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        whole = {
            name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()
        }
        save_file(whole, temporary, metadata={key: json.dumps(header)})
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def halved(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights in float16, as they are shipped."""
    return {name: tensor.to(torch.float16) for name, tensor in tensors.items()}


def read_header(
    path: Path, what: str, *, most: int | None = None, key: str = KEY
) -> dict[str, Any]:
    """The header that `write_tensors` wrote.

    Args:
        path: the file.
        what: what it should hold, for the sentence: "a judge of ours".
        most: bytes; a larger file is not opened.
        key: of the header.

    Raises:
        InputError: a file that is missing, too large, damaged, or has no such header.
    """
    with opened(path, what, most=most) as file:
        text = (file.metadata() or {}).get(key, "")
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not {what}: it does not say what it holds") from error
    if not isinstance(header, dict):
        raise InputError(f"{path} is not {what}: it does not say what it holds")
    return header


def read_tensors(path: Path, what: str) -> dict[str, Tensor]:
    """All tensors, as they are.

    Raises:
        InputError: as `read_header`.
    """
    with opened(path, what) as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def read_halved(path: Path, what: str, wanted: Mapping[str, Sequence[int]]) -> dict[str, Tensor]:
    """Weights that `halved` made, in float32 again.

    Args:
        path: the file.
        what: what it should hold, for the sentence.
        wanted: shape of every tensor, by name.

    Raises:
        InputError: as `read_header`; names or shapes that differ, another kind than float16, or
            values that are not finite.
    """
    found: dict[str, Tensor] = {}
    with opened(path, what) as file:
        names = set(file.keys())
        if names != set(wanted):
            odd = min(names ^ set(wanted))
            said = "missing" if odd in wanted else "not part of it"
            raise InputError(f"{path} is not {what}: {odd} is {said}")
        for name, shape in wanted.items():
            part = file.get_slice(name)
            has, kind = tuple(part.get_shape()), part.get_dtype()
            if has != tuple(shape):
                raise InputError(
                    f"{path} is not {what}: {name} has shape {has}, not {tuple(shape)}"
                )
            if kind != "F16":
                raise InputError(f"{path} is not {what}: {name} is {kind}, not F16")
            found[name] = file.get_tensor(name).float()
            if not bool(found[name].isfinite().all()):
                raise InputError(f"{path} is damaged: {name} holds values that are not finite")
    return found


@contextmanager
def opened(path: Path, what: str, *, most: int | None = None) -> Iterator[Any]:
    """A safetensors file, open for reading while the block runs.

    Raises:
        InputError: a file that is missing, too large or damaged, in one sentence.
    """
    try:
        size = path.stat().st_size
        if most is not None and size > most:
            raise InputError(f"{path} is not {what}: it has {size:,} bytes, more than {most:,}")
        with safe_open(path, framework="pt") as file:
            yield file
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path}, which should be {what}") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    except Exception as error:  # safetensors raises a class of its own, of no public base
        if type(error).__name__ != "SafetensorError":
            raise
        said = " ".join(str(error).split())[:200]
        raise InputError(
            f"{path} is damaged, or no safetensors file (pickles are not read): {said}"
        ) from error
