"""`portraits-exact` at work: its pictures under any settings, judged by what they landed on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from catoptric.errors import InputError
from catoptric.judges import land
from catoptric.models.exact import ExactDenoiser
from catoptric.models.portraits import MICROBATCH, NAME, PortraitModel, environment
from catoptric.runs import Spec
from catoptric.sampling import SAMPLING_VERSION, NoiseSource, Settings, noise_version
from catoptric.sampling.brownian import KeyedNoise
from catoptric.sampling.network_settings import Encoder, Precision
from catoptric.sampling.result import Status
from catoptric.studio.contract import Pace
from catoptric.world import Condition, level_names, parse_prompt

# Pictures of the set that differ in an auditable attribute are at least twice this far apart
# (tests/world), so a result this near to one has that one's attributes.
LANDING_BOUND = 0.75
JUDGE = f"truth/1/{LANDING_BOUND}"


def no_network() -> InputError:
    """What is said to settings of what only a network has."""
    return InputError(
        f"{NAME} is no network: it has no text encoder and one precision, so [encoder] and "
        "[precision] have nothing to change: leave them out, or take --model portraits"
    )


class ExactPortraits(PortraitModel):
    """The model with its sampler and its judge."""

    name = NAME
    judge_name = JUDGE
    microbatch = MICROBATCH
    # The conditional pass looks at the prompt's pictures only, the other one at all of them.
    pace = Pace(job=MICROBATCH, guided=8.0)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of a picture."""
        height, width, channels = self.pictures.pictures.shape[1:]
        return height, width, channels

    @property
    def apart(self) -> float:
        """Twice the landing bound, as RMS distance: results this far apart landed on two."""
        return 2.0 * LANDING_BOUND / float(np.sqrt(np.prod(self.shape)))

    def ask(self, prompt: str) -> Condition:
        """What a prompt demands.

        Raises:
            InputError: for one that cannot be read, or that no picture of the set shows.
        """
        condition = parse_prompt(prompt)
        self.rate("presentation", "woman", condition)
        return condition

    def rate(self, attribute: str, level: str, asked: Condition) -> float:
        """How often the pictures of the set that match show the level."""
        return self.pictures.rate(attribute, level, asked)

    def judge_counts(self, attribute: str, level: str) -> None:
        """None: what a picture landed on is what it shows."""

    def denoiser_of(self, settings: Settings) -> ExactDenoiser:
        """The one denoiser.

        Raises:
            InputError: for settings that only a network has.
        """
        if (settings.encoder, settings.precision) != (Encoder(), Precision()):
            raise no_network()
        return self.denoiser

    def noise(self, source: NoiseSource) -> KeyedNoise:
        """Keyed noise in principal coordinates."""
        return self.latent.noise(source)

    def decode(self, x: torch.Tensor) -> np.ndarray:
        """Coordinates as pictures: uint8 [n, 64, 64, 3]."""
        return self.latent.decode(x)

    def picture(self, x: torch.Tensor) -> torch.Tensor:
        """Coordinates as pictures, without the set's mean: float32 [n, 64, 64, 3]."""
        return (x @ self.latent.basis.components).reshape(len(x), *self.latent.shape)

    def spec(self, condition: Condition, settings: Settings) -> Spec:
        """What determines a picture, but for its seed."""
        return Spec(
            {
                "model": self.hash,
                "condition": str(condition),
                "settings": settings.to_dict(),
                "sampling": SAMPLING_VERSION,
                "noise": noise_version(settings.noise.source),
                "shape": list(self.shape),
                "dtype": "float32",
                "microbatch": MICROBATCH,
                "sign": settings.noise.arrange.sign,
                **environment(),
            }
        )

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
