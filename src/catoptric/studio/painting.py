"""Jobs of a run turned into judged draws, in this process or in a worker."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from catoptric.errors import InputError
from catoptric.runs import Draw, Spec
from catoptric.sampling import Settings
from catoptric.sampling.result import Status
from catoptric.studio.contract import Studio
from catoptric.studio.making import make
from catoptric.studio.opening import open_studio
from catoptric.world import Rates


@dataclass(frozen=True)
class Painter:
    """Draws and judges jobs of one model and prompt; made once per worker by `PaintRecipe`."""

    model: Studio
    condition: Any

    def __call__(self, spec: Spec, seeds: Sequence[int]) -> list[Draw]:
        """One judged draw per seed.

        Raises:
            RuntimeError: the spec is not this model's, on this machine.
        """
        settings = Settings.from_dict(spec.values["settings"])
        if self.model.spec(self.condition, settings).key != spec.key:
            raise RuntimeError("this worker cannot make that picture: model or machine differ")
        pictures, result = make(self.model, self.condition, settings, seeds)
        labels = self.model.judge(self.condition, pictures, result.status.tolist())
        return [
            Draw(
                seed=int(seed),
                picture=pack(picture),
                nfe=int(result.nfe[i]),
                status=Status(int(result.status[i])).name.lower(),
                label=labels[i],
            )
            for i, (seed, picture) in enumerate(zip(seeds, pictures, strict=True))
        ]


def painter_of(model: Studio, condition: Any) -> Painter:
    """A painter for this process, which computes with one thread from now on."""
    # Parallelism is over microbatches: a product in two threads differs in its last bits.
    torch.set_num_threads(1)
    return Painter(model, condition)


@dataclass(frozen=True)
class PaintRecipe:
    """How a worker makes its painter; picklable, for a process that shares nothing."""

    model: str
    rates: Rates
    prompt: str

    def __call__(self) -> Painter:
        """Load the model, in a process that computes with one thread."""
        model = open_studio(self.model, self.rates)
        return painter_of(model, model.ask(self.prompt))


def pack(picture: np.ndarray) -> bytes:
    """A picture as bytes for the store: uint8 [64, 64, 3], deflated."""
    return zlib.compress(np.ascontiguousarray(picture).tobytes(), 1)


def unpack(data: bytes) -> np.ndarray:
    """The inverse of `pack`.

    Raises:
        InputError: bytes that `pack` did not make.
    """
    try:
        return np.frombuffer(zlib.decompress(data), np.uint8).reshape(64, 64, 3)
    except (zlib.error, ValueError) as error:
        raise InputError(
            "a picture of this run cannot be read, so its run file is damaged; move the run away, "
            "or name another folder with --run"
        ) from error
