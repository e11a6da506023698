"""The network on disk: what it is built of, how it was made, and its weights in float16."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch

from catoptric.errors import InputError
from catoptric.models.spectral.denoiser import SpectralDenoiser
from catoptric.models.spectral.network import NetworkShape
from catoptric.models.spectral.text import TextShape
from catoptric.models.weights_file import halved, read_halved, read_header, write_tensors

FORMAT = "catoptric portraits 1"
WHAT = "the weights of a portraits network"
KEY = "catoptric"
LARGEST = 64 * 2**20
MOST = 4096
"""Of any number in a shape: layers are made one by one before their sizes can be compared."""


@dataclass(frozen=True)
class Loaded:
    """A denoiser as it was shipped.

    Attributes:
        model: in float32, on the CPU, not to be trained.
        sha256: of the file, hex.
        about: how it was made: steps, pictures, losses, the hash of its rates.
    """

    model: SpectralDenoiser
    sha256: str
    about: Mapping[str, Any]


def shipped() -> Path:
    """The file in the package."""
    return Path(str(files("catoptric.models.spectral").joinpath("portraits.safetensors")))


def store(model: SpectralDenoiser, path: Path, about: Mapping[str, Any]) -> None:
    """Write a denoiser in half precision, whole or not at all."""
    header = {
        "format": FORMAT,
        "network": asdict(model.network.shape),
        "text": asdict(model.text.shape),
        "about": dict(about),
    }
    write_tensors(path, halved(model.state_dict()), header, key=KEY)


def restore(path: Path) -> Loaded:
    """Read what `store` wrote.

    Raises:
        InputError: one sentence, for a file that is missing, too large, damaged or not ours; for
            tensors of other names, shapes or kinds than its header's network has, or not finite.
    """
    header = read_header(path, WHAT, most=LARGEST, key=KEY)
    if header.get("format") != FORMAT:
        raise InputError(f"{path} is not {WHAT}: its format is not {FORMAT!r}")
    try:
        stated = header["network"].items()
        network: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in stated}
        text: dict[str, Any] = header["text"] | {"vocabulary": tuple(header["text"]["vocabulary"])}
        _check_numbers([*network.values(), text["width"], text["layers"]])
        about = dict(header["about"])
        if not all(isinstance(word, str) for word in text["vocabulary"]):
            raise ValueError("its vocabulary is no list of words")
        with torch.device("meta"):  # no memory is taken for what a header merely claims
            model = SpectralDenoiser(NetworkShape(**network), TextShape(**text))
    except (
        KeyError, IndexError, TypeError, AttributeError, ValueError, RuntimeError
    ) as error:  # fmt: skip
        raise InputError(
            f"{path} is not {WHAT}: its header describes no network of ours ({error})"
        ) from error
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    model.load_state_dict(read_halved(path, WHAT, wanted), assign=True)
    model.requires_grad_(False)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Loaded(model.eval(), digest, about)


def _check_numbers(values: list[Any]) -> None:
    """ValueError for a number that no shape of ours could hold."""
    for value in values:
        for number in value if isinstance(value, tuple) else [value]:
            if not isinstance(number, int) or not 1 <= number <= MOST:
                raise ValueError(f"{str(number)[:40]} is no size of a layer")
