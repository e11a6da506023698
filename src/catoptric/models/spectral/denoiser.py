"""The network as a denoiser: preconditioned, on any of its grids, with text or without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from catoptric.models.spectral.filters import crop, grow
from catoptric.models.spectral.network import NetworkShape, SpectralNetwork
from catoptric.models.spectral.text import TextEncoder, TextShape

SIDE = 64
COARSE = 32
"""Sides of picture that the network takes: the whole one, and half of it where sigma is high."""
SIGMA_DATA = 0.5
SIGMA_MIN, SIGMA_MAX = 0.02, 1000.0
"""As the exact model's: pictures' mean colours vary widely, so a lower start is itself a bias."""


@dataclass(frozen=True)
class Reading:
    """How a text is read: the interface's `encoder` settings."""

    layer: int = -1
    pooling: str = "trained"


class SpectralDenoiser(nn.Module):
    """D(x, sigma, text) = c_skip x + c_out F(c_in x, ln sigma / 4, encoder(text)).

    States are pictures in [-1, 1] less the training pictures' mean, channels last. On the coarser
    grid a state is `crop(x, M)`, whose noise is (M/N) sigma; the network is told the *same* level
    as on the finer one, since each frequency it sees stands as far above the noise as there.

    Source: Karras et al. 2022, table 1 and appendix B.6.
    """

    mean: Tensor

    def __init__(self, network: NetworkShape, text: TextShape) -> None:
        super().__init__()
        self.network, self.text = SpectralNetwork(network), TextEncoder(text)
        # What stands for "no text" when training drops it, and in the unconditional pass.
        self.nothing = nn.Parameter(torch.zeros(network.text_width))
        self.register_buffer("mean", torch.zeros(SIDE, SIDE, 3))

    def encode(self, words: Tensor | None, count: int, reading: Reading | None = None) -> Tensor:
        """Embedding of texts; of none, `count` times.

        Args:
            words: int64 [B, WORDS], or None for the unconditional pass.
            count: rows wanted where there are no words.
            reading: layer and pooling.
        """
        if words is None:
            return self.nothing.expand(count, -1)
        how = reading or Reading()
        found: Tensor = self.text(words, layer=how.layer, pooling=how.pooling)
        return found

    def forward(self, x: Tensor, sigma: Tensor, text: Tensor, **how: Any) -> Tensor:
        """Denoise.

        Args:
            x: float32 [B, M, M, 3], M 64 or 32.
            sigma: float32 [B], noise of x as it stands.
            text: float32 [B, text_width], from `encode`.
            how: `paired`, handed to the network.

        Returns:
            x0: float32 [B, M, M, 3].
        """
        column = sigma.view(-1, 1, 1, 1)
        total = column.square() + SIGMA_DATA**2
        skip, out = SIGMA_DATA**2 / total, column * SIGMA_DATA / total.sqrt()
        level = torch.log(sigma * (SIDE / x.shape[1])) / 4.0
        x0: Tensor = skip * x + out * self.network(x / total.sqrt(), level, text, **how)
        return x0

    def pictures(self, x0: Tensor) -> Tensor:
        """States as pictures: uint8 [B, 64, 64, 3]."""
        shown = (x0 + self.mean).clamp(-1.0, 1.0)
        return ((shown + 1.0) * 127.5).round().to(torch.uint8)


def coarse(x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
    """A state and its sigma on the coarser grid."""
    return crop(x, COARSE), sigma * (COARSE / SIDE)


class PromptedDenoiser:
    """The contract of samplers over a `SpectralDenoiser`: one text for all rows of a call.

    Args:
        model: the network.
        reading: layer and pooling of the text encoder.
    """

    sigma_min = SIGMA_MIN
    sigma_max = SIGMA_MAX
    coarse_scale = COARSE / SIDE

    def __init__(self, model: SpectralDenoiser, reading: Reading | None = None) -> None:
        self._model, self._reading = model, reading

    def __call__(self, x: Tensor, sigma: Tensor, condition: Tensor | None) -> Tensor:
        """Denoise.

        Args:
            x: float32 [B, 64, 64, 3], or on the coarser grid, from `down`.
            sigma: float32 [B], noise of x as it stands.
            condition: int64 [WORDS], from `text.tokens`; None = unconditional.
        """
        words = None if condition is None else condition[None]
        text = self._model.encode(words, 1, self._reading).expand(len(x), -1)
        x0: Tensor = self._model(x, sigma, text)
        return x0

    def down(self, x: Tensor) -> Tensor:
        """A state on the coarser grid, its noise `coarse_scale` times as large."""
        return crop(x, COARSE)

    def grow(self, x: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
        """A state from the coarser grid, its missing band that of sigma [B] times the noise."""
        return grow(x, noise, sigma)
