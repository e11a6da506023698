"""What the judge's towers learn from: portraits, texts, and which text is true of which portrait.

Truth is known for every pair, so a caption is held against every portrait of the batch and not
only its own: "a nurse" is true of all nurses in it. Beside captions stand short texts, one for
every level of every attribute: those of one attribute contradict each other, which is what makes
small things (a mouth, a pair of glasses) be looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from catoptric.judges.degrade import augmented
from catoptric.judges.even import even_rates
from catoptric.judges.templates import ASKED, words_of
from catoptric.models.spectral.text import WORDS, tokens
from catoptric.training.data import to_signed
from catoptric.world import ATTRIBUTES, AUDITABLE, Codes, caption, draw_portraits, render
from catoptric.world.captions import is_hairless, mentions
from catoptric.world.lexicon import MEDIA, phrases

SHELF = 2048
"""Portraits rendered at once."""
CAPTIONS = 48
"""Captions a step, of the batch's first portraits."""
FRAMES = (
    "{}", "a {}", "{}, {m}", "{m} of {}", "a {m} of a {}", "a {m} of a person, {}", "{} person",
    "someone {}", "someone who is {}", "a person who has {}", "face of someone, {}",
    "a {m} that shows {}", "{m} with {}", "{}, looking at the camera", "an avatar, {}",
    "{} at work", "in front, {}", "a professional {m}, {}",
)  # fmt: skip
"""Of short texts; {m} is a medium. The judge's own templates are not among what they make."""


@dataclass(frozen=True)
class JudgeBatch:
    """What one step learns from.

    Attributes:
        pictures: float32 [B, 64, 64, 3], in [-1, 1], degraded as a generator's might be.
        words: int64 [T, WORDS].
        true: float32 [B, T], 1 where a text is true of a picture.
        rivals: attribute to the columns of its short texts, one a level, in order; auditable ones.
        captions_from: the column from which on texts are captions.
    """

    pictures: Tensor
    words: Tensor
    true: Tensor
    rivals: dict[str, slice]
    captions_from: int


class JudgePortraits:
    """An endless, numbered supply: batch i is a function of (key, i) alone."""

    def __init__(self, vocabulary: tuple[str, ...], *, batch: int, key: int) -> None:
        if SHELF % batch:
            raise ValueError(f"a batch of {batch} does not divide {SHELF}")
        self._vocabulary, self._batch, self._key = vocabulary, batch, key
        self._rates = even_rates()
        self._number = -1
        self._codes: Codes = np.empty((0, len(ATTRIBUTES)), np.uint8)
        self._pictures: np.ndarray = np.empty(0)

    def batch(self, number: int) -> JudgeBatch:
        """Batch `number`, 0 and up; in order is fastest."""
        per_shelf = SHELF // self._batch
        self._fill(number // per_shelf)
        first = number % per_shelf * self._batch
        rows = slice(first, first + self._batch)
        codes = self._codes[rows]
        random = np.random.Generator(np.random.Philox(key=[self._key, number]))
        texts: list[str] = []
        true: list[np.ndarray] = []
        rivals = {}
        for column, about in enumerate(ATTRIBUTES):
            if about.name in AUDITABLE:
                rivals[about.name] = slice(len(texts), len(texts) + len(about.levels))
            for i, level in enumerate(about.levels):
                texts.append(short_text(about.name, level, random))
                true.append(codes[:, column] == i)
        captions_from = len(texts)
        for i, row in enumerate(codes[:CAPTIONS]):
            text, said = told(row, (self._key << 64) + number * self._batch + i)
            texts.append(text)
            true.append((codes[:, said] == row[said]).all(axis=1))
        return JudgeBatch(
            pictures=augmented(to_signed(self._pictures[rows]), random),
            words=torch.tensor([tokens(text, self._vocabulary) for text in texts]),
            true=torch.from_numpy(np.stack(true, axis=1).astype(np.float32)),
            rivals=rivals,
            captions_from=captions_from,
        )

    def _fill(self, shelf: int) -> None:
        if shelf != self._number:
            self._codes = draw_portraits(self._rates, (self._key << 32) + shelf, SHELF)
            self._pictures = render(self._codes)
            self._number = shelf


def short_text(name: str, level: str, random: np.random.Generator) -> str:
    """A text that says one thing, in words and a frame that are not the judge's own."""
    spelled = _SPELLED[name, level]
    while True:
        words = spelled[int(random.integers(len(spelled)))]
        frame = FRAMES[int(random.integers(len(FRAMES)))]
        text = frame.format(words, m=MEDIA[int(random.integers(len(MEDIA)))])
        if words_of(text) not in ASKED:
            return text


def told(row: Codes, key: int) -> tuple[str, list[int]]:
    """A caption of a portrait, and the columns of the attributes it speaks of.

    As the world words them, but none that is longer than the tower reads, and none of the texts
    that the judge asks.
    """
    spoken = mentions(key) - ({"hair_colour"} if is_hairless(row) else set())
    said = [i for i, about in enumerate(ATTRIBUTES) if about.name in spoken]
    while True:
        left_out = {about.name for i, about in enumerate(ATTRIBUTES) if i not in said}
        text = caption(row, key, without=left_out)
        words = words_of(text)
        if len(words) < WORDS and words not in ASKED:
            return text, said
        said = said[:-1]


def _spelled() -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for words, meaning in phrases().items():
        found.setdefault(meaning, []).append(" ".join(words))
    return found


_SPELLED = _spelled()
