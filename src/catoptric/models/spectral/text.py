"""The text encoder: words of the world, mixed along the sentence by FFT, pooled into one vector.

Which layer a text is read from, and how its words are pooled, are settings of an interface ("clip
skip"), so both can be chosen; the final norm is applied to whichever layer is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from catoptric.errors import InputError

WORDS = 32
"""Words of a text that are read, the begin mark among them."""
BEGIN, PAD, UNKNOWN = 0, 1, 2
SPECIAL = 3
POOLINGS = ("trained", "mean", "first")


@dataclass(frozen=True)
class TextShape:
    """What an encoder is built of; kept beside its weights."""

    vocabulary: tuple[str, ...]
    width: int = 128
    layers: int = 6


def tokens(text: str, vocabulary: Sequence[str]) -> list[int]:
    """A text as WORDS numbers: begin, its words, padding. Unknown words have a number too.

    Args:
        text: any; case and punctuation do not matter.
        vocabulary: words with numbers from SPECIAL on.

    Raises:
        InputError: for more words than are read.
    """
    numbers = {word: SPECIAL + i for i, word in enumerate(vocabulary)}
    spaced = "".join(c if c.isalnum() else " " for c in text.lower())
    found = [BEGIN, *(numbers.get(word, UNKNOWN) for word in spaced.split())]
    if len(found) > WORDS:
        raise InputError(
            f"the prompt has {len(found) - 1} words; this model reads {WORDS - 1}: shorten it"
        )
    return found + [PAD] * (WORDS - len(found))


class _Layer(nn.Module):
    """x + filter(norm(x)) gated by itself, then x + mlp(norm(x)).

    A filter along the sentence is fixed; the gate, a product with the words themselves, is what
    lets "without" reach the word that follows.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.before, self.between = nn.RMSNorm(width), nn.RMSNorm(width)
        self.inward = nn.Linear(width, 2 * width)
        # Padded to twice the length, so that the end of a sentence does not wrap to its beginning.
        self.filter = nn.Parameter(0.1 * torch.randn(2 * WORDS, width))
        self.outward = nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, 3 * width), nn.Linear(3 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.inward(self.before(x)).float().chunk(2, dim=-1)
        response = torch.fft.rfft(self.filter, dim=0)
        far = torch.fft.irfft(torch.fft.rfft(value, n=2 * WORDS, dim=1) * response, dim=1)
        x = x + self.outward(far[:, :WORDS] * functional.silu(gate))
        moved: Tensor = x + self.narrow(functional.silu(self.widen(self.between(x))))
        return moved


class TextEncoder(nn.Module):
    """Texts to vectors [B, width]."""

    def __init__(self, shape: TextShape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(SPECIAL + len(shape.vocabulary), shape.width)
        self.place = nn.Parameter(0.02 * torch.randn(WORDS, shape.width))
        self.layers = nn.ModuleList(_Layer(shape.width) for _ in range(shape.layers))
        self.final = nn.RMSNorm(shape.width)
        self.weigh = nn.Linear(shape.width, 1)
        nn.init.normal_(self.embedding.weight, std=0.5)

    def forward(self, words: Tensor, *, layer: int = -1, pooling: str = "trained") -> Tensor:
        """Encode.

        Args:
            words: int64 [B, WORDS], from `tokens`.
            layer: whose output is read: -1 the last, -2 the one before ("clip skip 2"), and so on.
            pooling: "trained" (a softmax over words), "mean", or "first" (the begin mark's).

        Raises:
            InputError: for a layer or pooling there is none of.
        """
        check_reading(layer, pooling, self.shape.layers)
        real = (words != PAD)[..., None]
        x = (self.embedding(words) + self.place) * real
        for each in self.layers[: self.shape.layers + 1 + layer]:
            x = each(x) * real
        x = self.final(x)
        if pooling == "first":
            begun: Tensor = x[:, 0]
            return begun
        scores = self.weigh(x) if pooling == "trained" else torch.zeros_like(x[..., :1])
        weights = torch.softmax(scores.masked_fill(~real, -torch.inf), dim=1)
        pooled: Tensor = (weights * x).sum(dim=1)
        return pooled


def check_reading(layer: int, pooling: str, layers: int) -> None:
    """Refuse a layer or a pooling that an encoder has not.

    Raises:
        InputError: saying what there is.
    """
    if not -layers <= layer <= -1:
        raise InputError(f"encoder.layer must lie between -{layers} and -1 (the last), not {layer}")
    if pooling not in POOLINGS:
        raise InputError(f"encoder.pooling is one of {', '.join(POOLINGS)}, not {pooling!r}")
