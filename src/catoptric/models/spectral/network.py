"""The hourglass: a few blocks on the finest grid, most on the coarser ones, and back.

Grids halve and channels grow on the way down; on the way up each grid gets back what it had. The
picture enters and leaves through patches that overlap, so that no seams can show.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from catoptric.models.spectral.block import Block
from catoptric.models.spectral.mixer import SpectralMixer

# Periods of the features of ln sigma / 4, whose range is about -1 to 1.7.
OCTAVES = 16


@dataclass(frozen=True)
class NetworkShape:
    """What a network is built of; kept beside its weights.

    Attributes:
        widths: channels on each grid, finest (half the picture's side) first; multiples of 16.
        depths: blocks on each grid, on the way down; on the way up the same, the coarsest once.
        text_width: width of a text's embedding; a multiple of 16.
        condition_width: width of the embedding of sigma and text together.
        level_width: width of the embedding of sigma alone.
        ratio: hidden channels of a block's MLP over its channels.
    """

    widths: tuple[int, ...] = (80, 192, 288)
    depths: tuple[int, ...] = (1, 2, 3)
    text_width: int = 128
    condition_width: int = 192
    level_width: int = 64
    ratio: int = 3


class SpectralNetwork(nn.Module):
    """F(x, level, text) -> picture: the raw network; `denoiser` gives it its preconditioning."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.shape = shape
        first, last = shape.widths[0], shape.widths[-1]
        self.level = nn.Sequential(
            nn.Linear(2 * OCTAVES, shape.level_width),
            nn.SiLU(),
            nn.Linear(shape.level_width, shape.level_width),
        )
        self.condition = nn.Sequential(
            nn.Linear(shape.level_width + shape.text_width, shape.condition_width),
            nn.SiLU(),
            nn.Linear(shape.condition_width, shape.condition_width),
            nn.SiLU(),
        )
        # Three pictures' channels and two coordinates: a circular mixer cannot tell where it is.
        self.inward = nn.Conv2d(5, first, 4, stride=2, padding=1)
        self.down = nn.ModuleList(
            self._blocks(width, depth)
            for width, depth in zip(shape.widths[:-1], shape.depths[:-1], strict=True)
        )
        self.coarsest = self._blocks(last, shape.depths[-1])
        self.up = nn.ModuleList(
            self._blocks(width, depth)
            for width, depth in zip(shape.widths[:-1], shape.depths[:-1], strict=True)
        )
        pairs = list(zip(shape.widths[:-1], shape.widths[1:], strict=True))
        self.shrink = nn.ModuleList(nn.Linear(4 * fine, coarse) for fine, coarse in pairs)
        self.grow = nn.ModuleList(nn.Linear(coarse, 4 * fine) for fine, coarse in pairs)
        # How much of the way-down's state stays on the way up, per channel.
        self.kept = nn.ParameterList(nn.Parameter(torch.full((w,), 0.5)) for w, _ in pairs)
        # At low noise what is asked for is 1 / sigma times fainter in the state than at high noise:
        # without a scale of its own here the fine grain was never learnt (loss 0.45 at sigma 0.05).
        self.head = nn.Linear(shape.condition_width, 2 * first)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.outward = nn.Linear(first, 4 * OUT)
        self.smooth = nn.Conv2d(OUT, 3, 3, padding=1)
        nn.init.zeros_(self.smooth.weight)
        nn.init.zeros_(self.smooth.bias)  # type: ignore[arg-type]

    def _blocks(self, width: int, depth: int) -> nn.ModuleList:
        shape = self.shape
        return nn.ModuleList(
            Block(
                SpectralMixer(width, shape.level_width, shape.condition_width),
                width,
                shape.condition_width,
                ratio=shape.ratio,
            )
            for _ in range(depth)
        )

    def forward(self, x: Tensor, noise: Tensor, text: Tensor, *, paired: bool = False) -> Tensor:
        """One evaluation.

        Args:
            x: float32 [B, side, side, 3], scaled to unit variance; side 2^(grids - 1) x 8 or more.
            noise: float32 [B], ln sigma / 4.
            text: float32 [B, text_width].
            paired: rows i and i + B/2 are two passes of one sample, at one sigma.

        Returns:
            float32 [B, side, side, 3].
        """
        rows = len(x) // 2 if paired else len(x)
        level = functional.rms_norm(self.level(_waves(noise)), (self.shape.level_width,))
        condition = self.condition(torch.cat([level, text], dim=-1))
        level = level[:rows]

        def through(blocks: nn.Module, state: Tensor) -> Tensor:
            for block in blocks.children():
                state = block(state, level, condition, paired=paired)
            return state

        seen = torch.cat([x, _coordinates(x)], dim=-1)
        state = self.inward(seen.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        left = []
        for blocks, shrink in zip(self.down, self.shrink, strict=True):
            state = through(blocks, state)
            left.append(state)
            state = shrink(_folded(state))
        state = through(self.coarsest, state)
        for i in reversed(range(len(left))):
            grown = _unfolded(self.grow[i](state))
            state = through(self.up[i], grown + self.kept[i] * left[i])
        scale, shift = self.head(condition)[:, None, None, :].chunk(2, dim=-1)
        state = functional.rms_norm(state, state.shape[-1:]) * (1.0 + scale) + shift
        fine = _unfolded(self.outward(state))
        made: Tensor = self.smooth(functional.silu(fine).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return made.float()


OUT = 24
"""Channels at the picture's own side, before the last convolution."""


def _waves(noise: Tensor) -> Tensor:
    """cos and sin of `noise` at OCTAVES frequencies: [B, 2 OCTAVES]."""
    frequencies = math.pi * 2.0 ** torch.linspace(-1.0, 4.0, OCTAVES, device=noise.device)
    turns = noise[:, None] * frequencies
    return torch.cat([torch.cos(turns), torch.sin(turns)], dim=-1)


def _coordinates(x: Tensor) -> Tensor:
    """Where each pixel lies, -1 to 1 along both axes: [B, side, side, 2]."""
    along = torch.linspace(-1.0, 1.0, x.shape[1], device=x.device, dtype=x.dtype)
    rows, columns = torch.meshgrid(along, along, indexing="ij")
    return torch.stack([rows, columns], dim=-1).expand(len(x), -1, -1, -1)


def _folded(x: Tensor) -> Tensor:
    """Four neighbours as one token: [B, N, N, C] -> [B, N/2, N/2, 4 C]."""
    b, n, _, c = x.shape
    return (
        x.view(b, n // 2, 2, n // 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(b, n // 2, n // 2, -1)
    )


def _unfolded(x: Tensor) -> Tensor:
    """One token as four neighbours: [B, N, N, 4 C] -> [B, 2 N, 2 N, C]."""
    b, n, _, c = x.shape
    return x.view(b, n, n, 2, 2, c // 4).permute(0, 1, 3, 2, 4, 5).reshape(b, 2 * n, 2 * n, -1)
