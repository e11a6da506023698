"""`portraits` at work: the FFT-built network's pictures under any settings, judged from pixels."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from catoptric.errors import InputError
from catoptric.hashing import content_hash
from catoptric.judges.calibration import stored
from catoptric.judges.own import enough, own_counts, own_file
from catoptric.judges.zero_shot import ZeroShotJudge
from catoptric.models.pca import one_thread
from catoptric.models.portraits import environment
from catoptric.models.spectral.denoiser import (
    COARSE,
    SIDE,
    SIGMA_MAX,
    SIGMA_MIN,
    Reading,
    SpectralDenoiser,
)
from catoptric.models.spectral.filters import crop, grow
from catoptric.models.spectral.mixing import implementation
from catoptric.models.spectral.text import check_reading, tokens
from catoptric.models.spectral.weights import Loaded, restore, shipped
from catoptric.runs import Spec
from catoptric.sampling import SAMPLING_VERSION, NoiseSource, Settings, noise_version
from catoptric.sampling.brownian import KeyedNoise
from catoptric.sampling.result import Status
from catoptric.studio.contract import Pace
from catoptric.world import Condition, Rates, load_rates, parse_prompt
from catoptric.world.prompts import words_of

NAME = "portraits"
# Rows of every call of the model: pictures are bit-identical in any company because of it.
MICROBATCH = 8


@dataclass(frozen=True)
class AskedInWords:
    """What a prompt asks of the network, which reads its words, and of the judge's verdicts.

    Attributes:
        text: the prompt's words in lower case, one space between them.
        condition: what they demand.
    """

    text: str
    condition: Condition

    @property
    def levels(self) -> Mapping[str, str]:
        """Attribute to level, of what the prompt fixes."""
        return self.condition.levels

    def matches(self, codes: np.ndarray) -> np.ndarray:
        """Which portraits show it: bool [n]."""
        return self.condition.matches(codes)

    def __str__(self) -> str:
        """What enters a draw's key: other words are another prompt, even if they mean the same."""
        return self.text


class _Denoiser:
    """The network in the terms of samplers: states channels first, an `AskedInWords` or nothing.

    Args:
        model: the network.
        reading: how its text encoder reads.
        is_half: whether its dense layers compute in bfloat16.
    """

    sigma_min, sigma_max = SIGMA_MIN, SIGMA_MAX
    coarse_scale = COARSE / SIDE

    def __init__(self, model: SpectralDenoiser, reading: Reading, *, is_half: bool) -> None:
        self._model, self._reading, self._is_half = model, reading, is_half
        self._known: tuple[AskedInWords | None, Tensor] | None = None

    def _text(self, asked: AskedInWords | None) -> Tensor:
        """The prompt's embedding, [1, width]; the last one is kept, as a run asks for two."""
        if asked is None:
            return self._model.nothing[None]
        if self._known is None or self._known[0] != asked:
            numbers = tokens(asked.text, self._model.text.shape.vocabulary)
            words = torch.tensor([numbers] * MICROBATCH)
            self._known = asked, self._model.encode(words, MICROBATCH, self._reading)[:1]
        return self._known[1]

    def _estimate(self, x: Tensor, sigma: Tensor, text: Tensor, **how: bool) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=self._is_half):
            x0: Tensor = self._model(x, sigma, text, **how)
        return x0

    def __call__(self, x: Tensor, sigma: Tensor, condition: AskedInWords | None) -> Tensor:
        """Denoise: x float32 [B, 3, 64, 64], or of side 32 from `down`, sigma float32 [B]."""
        text = self._text(condition).expand(len(x), -1)
        x0 = self._estimate(x.permute(0, 2, 3, 1).contiguous(), sigma, text)
        return x0.permute(0, 3, 1, 2).contiguous()

    def pair(self, x: Tensor, sigma: Tensor, condition: AskedInWords) -> tuple[Tensor, Tensor]:
        """Conditional and unconditional estimate in one call: each sample's two share a transform.

        Returns:
            (c, u), float32 [B, 3, 64, 64] each.
        """
        count = len(x)
        text = torch.cat(
            [self._text(condition).expand(count, -1), self._text(None).expand(count, -1)]
        )
        twice = x.permute(0, 2, 3, 1).repeat(2, 1, 1, 1)
        x0 = self._estimate(twice, sigma.repeat(2), text, paired=True).permute(0, 3, 1, 2)
        return x0[:count].contiguous(), x0[count:].contiguous()

    def down(self, x: Tensor) -> Tensor:
        """A state on the coarser grid, its noise `coarse_scale` times as large."""
        return crop(x.permute(0, 2, 3, 1), COARSE).permute(0, 3, 1, 2).contiguous()

    def grow(self, x: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
        """A state from the coarser grid, its missing band that of sigma [B] times the noise."""
        whole = grow(x.permute(0, 2, 3, 1), noise.permute(0, 2, 3, 1), sigma)
        return whole.permute(0, 3, 1, 2).contiguous()


@dataclass(frozen=True)
class NetworkPortraits:
    """The shipped network with its sampler and its judge.

    Attributes:
        rates: of the world it was trained on.
        loaded: its weights.
    """

    rates: Rates
    loaded: Loaded

    name = NAME
    microbatch = MICROBATCH
    apart = None
    shape = (SIDE, SIDE, 3)
    noise_shape = (3, SIDE, SIDE)

    @classmethod
    def of(cls, rates: Rates) -> Self:
        """The shipped model.

        Raises:
            InputError: rates that it was not trained on; weights that cannot be read.
        """
        if rates.hash != load_rates(None).hash:
            raise InputError(
                f"{NAME} was trained on the shipped rates and knows no others: leave --rates out, "
                "or take --model portraits-exact"
            )
        loaded = restore(shipped())
        if loaded.about.get("rates") != rates.hash:
            raise InputError(f"the weights at {shipped()} were trained on other rates")
        return cls(rates, loaded)

    @cached_property
    def hash(self) -> str:
        """Content hash of everything that defines the model."""
        return content_hash({"name": NAME, "weights": self.loaded.sha256, "version": 1})

    @cached_property
    def _judge(self) -> ZeroShotJudge:
        return ZeroShotJudge.load()

    @property
    def judge_name(self) -> str:
        """The judge and its version."""
        return self._judge.name

    @cached_property
    def pace(self) -> Pace:
        """Timed on a call or two: so an audit can say beforehand how long it takes."""
        x, sigma = torch.zeros(MICROBATCH, SIDE, SIDE, 3), torch.ones(MICROBATCH)
        text = self.loaded.model.nothing.expand(MICROBATCH, -1)
        seconds = []
        with one_thread(), torch.inference_mode():
            for _ in range(3):
                began = time.monotonic()
                self.loaded.model(x, sigma, text)
                seconds.append(time.monotonic() - began)
        return Pace(job=2 * MICROBATCH, guided=2.0, seconds=min(seconds) / MICROBATCH)

    def prepare(self, tell: Callable[[], None] = lambda: None) -> None:
        """Nothing takes long."""

    def ask(self, prompt: str) -> AskedInWords:
        """What a prompt demands.

        Raises:
            InputError: for one that cannot be read, is too long, or asks for what the rates never
                show.
        """
        condition = parse_prompt(prompt)
        text = " ".join(words_of(prompt))
        tokens(text, self.loaded.model.text.shape.vocabulary)  # refuses a text that is too long
        self.rate("presentation", "woman", condition)
        return AskedInWords(text, condition)

    def rate(self, attribute: str, level: str, asked: AskedInWords | Condition) -> float:
        """P(level | what the prompt demands) in the training pictures: the rates file's, exact."""
        condition = asked.condition if isinstance(asked, AskedInWords) else asked
        return self.rates.probability(attribute, level, condition)

    def judge_counts(self, attribute: str, level: str) -> np.ndarray:
        """The judge's verdicts: int64 [2, 2], truth by row.

        On this model's own pictures, where they were measured and show the level often enough;
        otherwise on held-out portraits.
        """
        own = own_counts(own_file(), self.judge_name, self.hash)
        if attribute in own:
            counts = own[attribute].one_against_rest(level)
            if enough(counts):
                return counts
        return stored(self._judge)["clean"][attribute].one_against_rest(level)

    def denoiser_of(self, settings: Settings) -> _Denoiser:
        """The network, reading as the settings say.

        Raises:
            InputError: for a layer that its text encoder has not.
        """
        encoder = settings.encoder
        check_reading(encoder.layer, encoder.pooling, self.loaded.model.text.shape.layers)
        return _Denoiser(
            self.loaded.model,
            Reading(encoder.layer, encoder.pooling),
            is_half=settings.precision.dtype == "bfloat16",
        )

    def noise(self, source: NoiseSource) -> KeyedNoise:
        """Keyed noise in pixels, channels first."""

        def draw(seeds: Sequence[int], purpose: str | Sequence[str]) -> Tensor:
            purposes = [purpose] * len(seeds) if isinstance(purpose, str) else purpose
            rows = [
                np.asarray(source(seed, name, self.noise_shape), dtype=np.float32)
                for seed, name in zip(seeds, purposes, strict=True)
            ]
            return torch.from_numpy(np.stack(rows))

        return draw

    def decode(self, x: Tensor) -> np.ndarray:
        """States as pictures: uint8 [n, 64, 64, 3]; NaN becomes grey."""
        pixels = self.picture(x) + self.loaded.model.mean
        pixels = torch.nan_to_num(pixels, nan=0.0, posinf=0.0, neginf=0.0)
        levels = pixels.add_(1.0).mul_(127.5).round_().clamp_(0, 255)
        return levels.to(torch.uint8).numpy()

    def picture(self, x: Tensor) -> Tensor:
        """States as pictures, without the training pictures' mean: float32 [n, 64, 64, 3]."""
        return x.permute(0, 2, 3, 1)

    def spec(self, asked: AskedInWords, settings: Settings) -> Spec:
        """What determines a picture, but for its seed."""
        return Spec(
            {
                "model": self.hash,
                "condition": str(asked),
                "settings": settings.to_dict(),
                "sampling": SAMPLING_VERSION,
                "noise": noise_version(settings.noise.source),
                "shape": list(self.shape),
                "dtype": settings.precision.dtype,
                "microbatch": MICROBATCH,
                "sign": settings.noise.arrange.sign,
                "mixing": implementation(),
                **environment(),
            }
        )

    def judge(
        self, asked: AskedInWords, pictures: np.ndarray, status: Sequence[int]
    ) -> list[dict[str, Any]]:
        """Label pictures by the zero-shot judge.

        Args:
            asked: what the prompt asked for; decides `obeyed`.
            pictures: uint8 [n, 64, 64, 3].
            status: how the sampling of each ended; only "done" can be clear.

        Returns:
            For each: `levels` (attribute -> level or "unclear") or None with a `reason`, and
            whether the picture `obeyed` the prompt: None where that is unclear.
        """
        verdicts = self._judge.judge(pictures)
        labels = []
        for verdict, ended in zip(verdicts, status, strict=True):
            label: dict[str, Any]
            if ended != Status.DONE:
                reason = Status(ended).name.lower()
                label = {"levels": None, "reason": reason, "obeyed": None}
            else:
                levels = dict(verdict.levels)
                label = {"levels": levels, "obeyed": _obeyed(asked.condition, levels)}
            labels.append(label)
        return labels


def _obeyed(condition: Condition, levels: Mapping[str, str]) -> bool | None:
    """Whether what was judged agrees with what was asked; None where a verdict is unclear."""
    said = [(levels[name], level) for name, level in condition.items if name in levels]
    if any(found not in (level, "unclear") for found, level in said):
        return False
    return None if any(found == "unclear" for found, _ in said) else True
