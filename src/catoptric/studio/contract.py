"""What a model must offer to be drawn with, audited and watched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from torch import Tensor

from catoptric.runs import Spec
from catoptric.sampling import Denoiser, NoiseSource, Settings
from catoptric.sampling.brownian import KeyedNoise


@dataclass(frozen=True)
class Pace:
    """How a model works through its pictures: for jobs and clocks, not for their bits.

    Attributes:
        job: seeds of one job: fixed solvers run in calls of whole microbatches; adaptive ones
            refill finished rows from a job twice as long, and waste less at its end.
        guided: what an evaluation with guidance takes, in evaluations without.
        seconds: of one evaluation on one core, roughly; None where nobody measured.
    """

    job: int = 64
    guided: float = 8.0
    seconds: float | None = None


USUAL = Pace()


class Asked(Protocol):
    """What a prompt asks of a picture, in a model's own terms; its `str` enters a draw's key."""

    @property
    def levels(self) -> Mapping[str, str]:
        """Attribute to level, of what the prompt fixes."""

    def matches(self, codes: np.ndarray) -> np.ndarray:
        """Which portraits show it: uint8 [n, n_attributes] -> bool [n]."""


class Studio(Protocol):
    """A model with its sampler and its judge."""

    @property
    def name(self) -> str:
        """As the command line calls it."""

    @property
    def hash(self) -> str:
        """Content hash of everything that defines the model."""

    @property
    def judge_name(self) -> str:
        """The judge and its version: judgements are stored under it."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of a picture."""

    @property
    def noise_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of the noise that a picture is made from."""

    @property
    def microbatch(self) -> int:
        """Rows of every call of the model."""

    @property
    def apart(self) -> float | None:
        """RMS distance, pixels in [-1, 1], beyond which two results are two pictures.

        None where a model's pictures are no separate ones.
        """

    @property
    def pace(self) -> Pace:
        """How it works through its pictures."""

    def prepare(self, tell: Callable[[], None] = ...) -> None:
        """Make and cache what takes seconds, so that no two workers make it at once."""

    def ask(self, prompt: str) -> Any:
        """An `Asked`: what a prompt demands. Raises InputError for a prompt that cannot be read."""

    def rate(self, attribute: str, level: str, asked: Any) -> float:
        """How often the training pictures that a prompt speaks of show a level; fraction.

        Raises InputError where there is no such picture.
        """

    def judge_counts(self, attribute: str, level: str) -> np.ndarray | None:
        """What the judge was measured to say of pictures whose truth is known.

        int64 [2, 2], truly not / truly the level by row, said by column; None for a judge that
        cannot err.
        """

    def denoiser_of(self, settings: Settings) -> Denoiser:
        """The denoiser as these settings want it. Raises InputError for what it cannot do."""

    def noise(self, source: NoiseSource) -> KeyedNoise:
        """Keyed noise in the model's space: `(seeds, purpose) -> float32 [n, ...]`."""

    def decode(self, x: Tensor) -> np.ndarray:
        """States as pictures: uint8 [n, H, W, 3]; NaN becomes grey."""

    def picture(self, x: Tensor) -> Tensor:
        """States as pictures, linearly, the model's zero being 0: float [n, H, W, 3]."""

    def spec(self, asked: Any, settings: Settings) -> Spec:
        """What determines a picture, but for its seed."""

    def judge(
        self, asked: Any, pictures: np.ndarray, status: Sequence[int]
    ) -> list[dict[str, Any]]:
        """A label for each picture: `levels` or None with a `reason`, and `obeyed`."""
