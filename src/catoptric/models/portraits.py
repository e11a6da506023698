"""`portraits-exact`: the picture set of a rates file as a model, with its denoiser."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Self

import numpy as np
import torch

from catoptric.hashing import content_hash
from catoptric.models.exact import ExactDenoiser, Latent
from catoptric.models.pca import Basis, one_thread, principal_components
from catoptric.world import PictureSet, Rates, picture_set
from catoptric.world.storage import cache_folder, keep_newest, read_arrays, write_arrays

NAME = "portraits-exact"
SIGMA_MIN = 0.02
# Sampling starts from pure noise instead of from noisy pictures, which shifts rates: doctor by 1.5
# points at sigma 160, and by less than 0.5 for every occupation here (tests/models).
SIGMA_MAX = 1000.0
# Share of the set's variance that its principal coordinates may leave out.
LEFT_OUT = 1e-5
# Rows of every call of the model: pictures are bit-identical in any company because of it.
MICROBATCH = 64
# Models left in the cache folder: each takes 70 MB and some seconds to make again.
KEPT = 3


def environment() -> dict[str, str]:
    """What decides the last bit of a float32 product: part of every draw's key."""
    return {
        "torch": version("torch"),
        "machine": platform.machine(),
        "kernel": torch.backends.cpu.get_cpu_capability(),
    }


@dataclass(frozen=True)
class PortraitModel:
    """The exact model over the picture set of one rates file."""

    pictures: PictureSet

    @classmethod
    def of(cls, rates: Rates) -> Self:
        """The model whose world has these rates."""
        return cls(picture_set(rates))

    @cached_property
    def hash(self) -> str:
        """Content hash of everything that defines the model."""
        return content_hash(
            {
                "name": NAME,
                "pictures": self.pictures.sha256,
                "sigma": [SIGMA_MIN, SIGMA_MAX],
                "left_out": LEFT_OUT,
                "version": 2,
            }
        )

    @property
    def noise_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of the noise that a picture is made from."""
        height, width, channels = self.pictures.pictures.shape[1:]
        return channels, height, width

    @property
    def _arrays_path(self) -> Path:
        return cache_folder() / f"exact-{content_hash([self.hash, environment()])[:16]}.bin"

    @cached_property
    def _arrays(self) -> dict[str, np.ndarray]:
        key, path = content_hash([self.hash, environment()]), self._arrays_path
        found = read_arrays(path, key)
        if found is not None:
            return found
        basis = principal_components(self.pictures.pictures, 2 / 255, left_out=LEFT_OUT)
        latent = Latent(basis, self.pictures.pictures.shape[1:], MICROBATCH)
        with one_thread():
            points = latent.encode(self.pictures.pictures)
        made = {
            "mean": basis.mean.numpy(),
            "components": basis.components.numpy(),
            "points": points.numpy(),
            "left_out": np.array([basis.left_out]),
        }
        write_arrays(path, key, made)
        keep_newest(path.parent, "exact-*.bin", KEPT)
        return made

    def prepare(self, tell: Callable[[], None] = lambda: None) -> None:
        """Make and cache what takes seconds, so that no two workers make it at once.

        Args:
            tell: called first where there is something to make.
        """
        # Read, not only looked for: a damaged file is made again here, not by every worker.
        path, key = self._arrays_path, content_hash([self.hash, environment()])
        if "_arrays" not in self.__dict__ and read_arrays(path, key) is None:
            tell()
            _ = self._arrays

    @cached_property
    def latent(self) -> Latent:
        """Between pixels and principal coordinates."""
        arrays = self._arrays
        basis = Basis(
            mean=torch.from_numpy(arrays["mean"]),
            components=torch.from_numpy(arrays["components"]),
            left_out=float(arrays["left_out"][0]),
        )
        return Latent(basis, self.pictures.pictures.shape[1:], MICROBATCH)

    @cached_property
    def points(self) -> torch.Tensor:
        """The set in principal coordinates: float32 [N, d]."""
        return torch.from_numpy(self._arrays["points"])

    @cached_property
    def denoiser(self) -> ExactDenoiser:
        """The closed-form optimal denoiser of the set."""
        codes = self.pictures.codes  # not self: a cycle would outlive the model
        return ExactDenoiser(
            self.points,
            lambda condition: condition.matches(codes),
            sigma_min=SIGMA_MIN,
            sigma_max=SIGMA_MAX,
        )
