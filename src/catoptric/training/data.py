"""Portraits with captions, made on the fly: batch i is a function of (rates, key, i) alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from catoptric.models.spectral.text import tokens
from catoptric.training.held_out import training_caption
from catoptric.world import Rates, draw_portraits, render

# Drawn at once and dealt out as batches: drawing 48 portraits costs as much as drawing 500.
SHELF = 1536
MEAN_OF = 12_288


@dataclass(frozen=True)
class Batch:
    """What one step learns from.

    Attributes:
        pictures: float32 [B, 64, 64, 3], in [-1, 1].
        words: int64 [B, WORDS].
    """

    pictures: Tensor
    words: Tensor


class Portraits:
    """An endless, numbered supply of batches."""

    def __init__(self, rates: Rates, vocabulary: tuple[str, ...], *, batch: int, key: int) -> None:
        if SHELF % batch:
            raise ValueError(f"a batch of {batch} does not divide {SHELF}")
        self._rates, self._vocabulary, self._batch, self._key = rates, vocabulary, batch, key
        self._number = -1
        self._pictures: np.ndarray = np.empty(0)
        self._words = torch.empty(0)

    def batch(self, number: int) -> Batch:
        """Batch `number`, 0 and up; in order is fastest."""
        per_shelf = SHELF // self._batch
        self._fill(number // per_shelf)
        rows = slice(number % per_shelf * self._batch, (number % per_shelf + 1) * self._batch)
        return Batch(to_signed(self._pictures[rows]), self._words[rows])

    def _fill(self, shelf: int) -> None:
        if shelf == self._number:
            return
        codes = draw_portraits(self._rates, (self._key << 32) + shelf, SHELF)
        first = (self._key << 64) + shelf * SHELF
        self._pictures = render(codes)
        self._words = torch.tensor(
            [
                tokens(training_caption(row, first + i), self._vocabulary)
                for i, row in enumerate(codes)
            ]
        )
        self._number = shelf


def to_signed(pictures: np.ndarray) -> Tensor:
    """uint8 0 .. 255 as float32 -1 .. 1."""
    return torch.from_numpy(pictures.astype(np.float32)) / 127.5 - 1.0


def mean_picture(rates: Rates, key: int) -> Tensor:
    """The mean of MEAN_OF portraits: float32 [64, 64, 3], in [-1, 1]."""
    total = np.zeros((64, 64, 3))
    for part in range(MEAN_OF // SHELF):
        codes = draw_portraits(rates, (key << 32) + (1 << 31) + part, SHELF)
        total += render(codes).sum(axis=0, dtype=np.float64)
    return torch.from_numpy(total / MEAN_OF / 127.5 - 1.0).float()
