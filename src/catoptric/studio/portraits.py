"""`portraits-exact` at work: its pictures under any settings, judged by what they landed on."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from catoptric.errors import InputError
from catoptric.judges import land
from catoptric.models.portraits import MICROBATCH, PortraitModel, environment
from catoptric.runs import Draw, Spec
from catoptric.sampling import SAMPLING_VERSION, Settings, noise_version, sample
from catoptric.sampling.result import SampleResult, Status, Watch
from catoptric.world import Condition, Rates, level_names, parse_prompt

# Pictures of the set that differ in an auditable attribute are at least twice this far apart
# (tests/world), so a result this near to one has that one's attributes.
LANDING_BOUND = 0.75
JUDGE = f"truth/1/{LANDING_BOUND}"


class ExactPortraits(PortraitModel):
    """The model with its sampler and its judge."""

    def spec(self, condition: Condition, settings: Settings) -> Spec:
        """What determines a picture, but for its seed."""
        return Spec(
            {
                "model": self.hash,
                "condition": str(condition),
                "settings": settings.to_dict(),
                "sampling": SAMPLING_VERSION,
                "noise": noise_version(settings.noise.source),
                "shape": list(self.pictures.pictures.shape[1:]),
                "dtype": "float32",
                "microbatch": MICROBATCH,
                "sign": settings.noise.arrange.sign,
                **environment(),
            }
        )

    def make(
        self,
        condition: Condition,
        settings: Settings,
        seeds: Sequence[int],
        *,
        watch: Watch | None = None,
    ) -> tuple[np.ndarray, SampleResult]:
        """Sample one picture per seed.

        Args:
            condition: what the pictures are to show.
            settings: every knob.
            seeds: 0 .. 2^32-1 each.
            watch: called with each step, as by `sample`.

        Returns:
            uint8 [n, 64, 64, 3], and the SampleResult they were decoded from.
        """
        result = sample(
            self.denoiser,
            settings,
            self.latent.noise(settings.noise.drawn()),
            list(seeds),
            condition=condition,
            microbatch=MICROBATCH,
            watch=watch,
        )
        return self.latent.decode(result.x), result

    def judge(
        self, condition: Condition, pictures: np.ndarray, status: Sequence[int]
    ) -> list[dict[str, Any]]:
        """Label pictures by what they landed on.

        Args:
            condition: what the prompt asked for; decides `obeyed`.
            pictures: uint8 [n, 64, 64, 3].
            status: how the sampling of each ended; only "done" can be clear.

        Returns:
            For each: `levels` (attribute -> level) or None with a `reason`, `distance` to the
            nearest picture of the set, and whether the picture `obeyed` the prompt.
        """
        landings = land(self.latent, self.points, pictures)
        obeyed = condition.matches(self.pictures.codes[landings.nearest])
        landed = landings.landed(LANDING_BOUND)
        labels = []
        for i, ended in enumerate(status):
            label: dict[str, Any] = {"distance": round(float(landings.distance[i]), 4)}
            if ended != Status.DONE:
                reason = Status(ended).name.lower()
                label |= {"levels": None, "reason": reason, "obeyed": None}
            elif not landed[i]:
                label |= {"levels": None, "reason": "far_from_any_picture", "obeyed": None}
            else:
                row = self.pictures.codes[landings.nearest[i]]
                label |= {"levels": level_names(row), "obeyed": bool(obeyed[i])}
            labels.append(label)
        return labels


@dataclass(frozen=True)
class PortraitPainter:
    """Draws and judges jobs of `portraits-exact`; made once per worker by `PortraitRecipe`."""

    model: ExactPortraits
    condition: Condition

    def __call__(self, spec: Spec, seeds: Sequence[int]) -> list[Draw]:
        """One judged draw per seed.

        Raises:
            RuntimeError: the spec is not this model's, on this machine.
        """
        settings = Settings.from_dict(spec.values["settings"])
        if self.model.spec(self.condition, settings).key != spec.key:
            raise RuntimeError("this worker cannot make that picture: model or machine differ")
        pictures, result = self.model.make(self.condition, settings, seeds)
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


def painter_of(model: ExactPortraits, condition: Condition) -> PortraitPainter:
    """A painter for this process, which computes with one thread from now on."""
    # Parallelism is over microbatches: a product in two threads differs in its last bits.
    torch.set_num_threads(1)
    return PortraitPainter(model, condition)


@dataclass(frozen=True)
class PortraitRecipe:
    """How a worker makes its painter; picklable, for a process that shares nothing."""

    rates: Rates
    prompt: str

    def __call__(self) -> PortraitPainter:
        """Load the model, in a process that computes with one thread."""
        return painter_of(ExactPortraits.of(self.rates), parse_prompt(self.prompt))


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
