"""The network's weights on disk: safetensors in half precision, checked before it is believed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from catoptric.errors import InputError
from catoptric.models.spectral.denoiser import SpectralDenoiser
from catoptric.models.spectral.network import NetworkShape
from catoptric.models.spectral.text import TextShape

FORMAT = "catoptric portraits 1"
LARGEST = 64 * 2**20
# A header may ask for any network; nobody's fits in a file of LARGEST if it has more than this.
MOST_WEIGHTS = LARGEST // 2
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
    tensors = {
        name: tensor.detach().to(torch.float16).contiguous().clone()
        for name, tensor in model.state_dict().items()
    }
    header = {
        "format": FORMAT,
        "network": asdict(model.network.shape),
        "text": asdict(model.text.shape),
        "about": dict(about),
    }
    temporary = path.with_name(f".{path.name}.part")
    try:
        save_file(tensors, temporary, metadata={"catoptric": json.dumps(header)})
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def restore(path: Path) -> Loaded:
    """Read what `store` wrote.

    Raises:
        InputError: one sentence, for a file that is missing, too large, damaged or not ours; for
            tensors of other names, shapes or kinds than its header's network has, or not finite.
    """
    header = _header(path)
    try:
        network: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in header["network"].items()
        }
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
        raise _foreign(path, f"its header describes no network of ours ({error})") from error
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    found = {}
    with safe_open(path, framework="pt") as file:
        names = set(file.keys())
        if names != set(wanted):
            odd = sorted(names ^ set(wanted))[0]
            raise _foreign(path, f"{odd} is {'missing' if odd in wanted else 'not part of it'}")
        for name, shape in wanted.items():
            part = file.get_slice(name)
            if tuple(part.get_shape()) != shape:
                raise _foreign(path, f"{name} has shape {tuple(part.get_shape())}, not {shape}")
            if part.get_dtype() != "F16":
                raise _foreign(path, f"{name} is {part.get_dtype()}, not F16")
            found[name] = file.get_tensor(name).float()
            if not bool(found[name].isfinite().all()):
                raise _foreign(path, f"{name} holds values that are not finite")
    model.load_state_dict(found, assign=True)
    model.requires_grad_(False)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Loaded(model.eval(), digest, about)


def _header(path: Path) -> dict[str, Any]:
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise InputError(f"{path} is too large for weights of ours (over {LARGEST >> 20} MB)")
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            count = sum(_count(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
    except OSError as error:
        raise InputError(f"there are no weights at {path}: {error.strerror or error}") from error
    except InputError:
        raise
    except Exception as error:  # safetensors raises a class of its own, of no public base
        if type(error).__name__ != "SafetensorError":
            raise
        raise InputError(
            f"{path} is damaged, or no safetensors file (pickles are not read): {error}"
        ) from error
    try:
        header = json.loads(metadata["catoptric"])
    except (KeyError, ValueError, RecursionError) as error:
        raise _foreign(path, "it does not say what network it holds") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise _foreign(path, f"its format is not {FORMAT!r}")
    if count > MOST_WEIGHTS:
        raise _foreign(path, f"it claims {count:,} weights")
    return header


def _check_numbers(values: list[Any]) -> None:
    """ValueError for a number that no shape of ours could hold."""
    for value in values:
        for number in value if isinstance(value, tuple) else [value]:
            if not isinstance(number, int) or not 1 <= number <= MOST:
                raise ValueError(f"{str(number)[:40]} is no size of a layer")


def _count(shape: list[int]) -> int:
    total = 1
    for side in shape:
        total *= side
    return total


def _foreign(path: Path, why: str) -> InputError:
    return InputError(f"{path} does not hold the weights of the portraits network: {why}")
