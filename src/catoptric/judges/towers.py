"""Two towers that meet: pictures and texts as unit vectors, near each other where they agree.

Apart from the generator in everything it could be fooled by together with it: its picture tower is
convolutional, its weights and its portraits are its own.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from catoptric.models.spectral.text import TextEncoder, TextShape

SIDE = 64


@dataclass(frozen=True)
class TowerShape:
    """What the towers are built of; kept beside their weights.

    Attributes:
        vocabulary: words that the text tower has numbers for.
        widths: channels at 32, 16, 8 and 4 pixels a side.
        blocks: residual convolutions at 16, 8 and 4.
        groups: of channels that are brought to one scale together.
        text_width, text_layers: the text tower's.
        shared: numbers in the embedding both towers end in.
    """

    vocabulary: tuple[str, ...]
    widths: tuple[int, int, int, int] = (24, 48, 96, 144)
    blocks: tuple[int, int, int] = (1, 2, 1)
    groups: int = 8
    text_width: int = 64
    text_layers: int = 3
    shared: int = 96

    @classmethod
    def of(cls, described: dict[str, Any]) -> TowerShape:
        """The shape that `as_dict` described.

        Raises:
            TypeError: for names that no shape has.
        """
        # JSON knows no tuples. Numbers are checked where a file is read.
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in described.items()
        }
        return cls(**given)

    def as_dict(self) -> dict[str, Any]:
        """For a JSON description."""
        return asdict(self)


class _Convolution(nn.Module):
    """A convolution whose kernel is kept as a matrix [out, in * size^2], so that Muon may take it.

    No bias: a norm follows, or a residual that carries its own.
    """

    def __init__(self, inward: int, outward: int, size: int, stride: int) -> None:
        super().__init__()
        self.inward, self.size, self.stride = inward, size, stride
        fan = inward * size * size
        self.kernel = nn.Parameter(torch.randn(outward, fan) * fan**-0.5)

    def forward(self, x: Tensor) -> Tensor:
        kernel = self.kernel.view(-1, self.inward, self.size, self.size)
        padding = (self.size - 1) // 2
        moved: Tensor = functional.conv2d(x, kernel, stride=self.stride, padding=padding)
        return moved


class _Block(nn.Module):
    """x + convolution(silu(norm(x)))."""

    def __init__(self, width: int, groups: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups, width)
        self.inner = _Convolution(width, width, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        moved: Tensor = x + self.inner(functional.silu(self.norm(x)))
        return moved


class PictureTower(nn.Module):
    """Pictures to vectors; norms over groups of channels, so that no picture sees another."""

    def __init__(self, shape: TowerShape) -> None:
        super().__init__()
        first, *rest = shape.widths
        parts: list[nn.Module] = [_Convolution(3, first, 4, 2)]
        width = first
        for wider, blocks in zip(rest, shape.blocks, strict=True):
            parts += [nn.GroupNorm(shape.groups, width), nn.SiLU()]
            parts += [_Convolution(width, wider, 3, 2)]
            parts += [_Block(wider, shape.groups) for _ in range(blocks)]
            width = wider
        parts += [nn.GroupNorm(shape.groups, width), nn.SiLU()]
        self.body = nn.Sequential(*parts)
        # Places are kept apart to the end: a portrait's glasses are where its eyes are.
        self.head = nn.Linear(width * (SIDE // 16) ** 2, shape.shared)

    def forward(self, pictures: Tensor) -> Tensor:
        """Encode.

        Args:
            pictures: float32 [B, 64, 64, 3], in [-1, 1].

        Returns:
            float32 [B, shared], before scaling to length 1.
        """
        # Channels last in memory already: the permutation moves nothing.
        seen = self.body(pictures.permute(0, 3, 1, 2))
        vectors: Tensor = self.head(seen.flatten(1)).float()
        return vectors


class Towers(nn.Module):
    """Both towers and the scale of their agreement.

    logit(picture, text) = exp(log_scale) <p, t> + bias,   |p| = |t| = 1

    Source: Radford et al. 2021 (CLIP); Zhai et al. 2023, "Sigmoid loss for language image
    pre-training" (the bias, and their starting values).
    """

    def __init__(self, shape: TowerShape) -> None:
        super().__init__()
        self.shape = shape
        self.pictures = PictureTower(shape)
        self.text = TextEncoder(TextShape(shape.vocabulary, shape.text_width, shape.text_layers))
        self.project = nn.Linear(shape.text_width, shape.shared)
        self.log_scale = nn.Parameter(torch.tensor(2.3))
        self.bias = nn.Parameter(torch.tensor(-2.0))

    def see(self, pictures: Tensor) -> Tensor:
        """Pictures as unit vectors.

        Args:
            pictures: float32 [B, 64, 64, 3], in [-1, 1].

        Returns:
            float32 [B, shared].
        """
        return functional.normalize(self.pictures(pictures), dim=1)

    def read(self, words: Tensor) -> Tensor:
        """Texts as unit vectors.

        Args:
            words: int64 [T, WORDS], from `tokens`.

        Returns:
            float32 [T, shared].
        """
        return functional.normalize(self.project(self.text(words)).float(), dim=1)


MATRICES: tuple[str, ...] = ("kernel", "inward", "outward", "widen", "narrow")
"""Parts of the names of weights that are matrices inside the towers: Muon's, in training."""
