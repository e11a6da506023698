"""The zero-shot judge: what a picture shows, found by asking in words.

The class whose texts are nearest to the picture wins; where the second is nearly as near, the
judge says "unclear". Nothing is filtered: every picture gets a verdict or an "unclear" on every
auditable attribute.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import torch

from catoptric.errors import InputError
from catoptric.judges.templates import TEMPLATES
from catoptric.judges.towers import SIDE, Towers
from catoptric.judges.weights_file import read_towers
from catoptric.models.pca import one_thread
from catoptric.models.spectral.text import tokens
from catoptric.world.attributes import AUDITABLE, attribute

UNCLEAR = "unclear"
ROWS = 64
"""Pictures in every call of the tower: the last is filled up with black ones."""


@dataclass(frozen=True)
class Verdict:
    """What the judge says of one picture.

    Attributes:
        levels: each auditable attribute's level, or "unclear".
        margins: how much nearer the best class was than the second, in cosine.
        agreement: share of the templates that, each alone, name the class that all together name.
    """

    levels: Mapping[str, str]
    margins: Mapping[str, float]
    agreement: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Scores:
    """What the judge found of many pictures.

    Attributes:
        best: int64 [n, attributes], level index of the nearest class; attributes as in AUDITABLE.
        margins: float32 [n, attributes], cosine of the best class less that of the second.
        agreement: float32 [n, attributes], share of single-template verdicts that equal `best`.
    """

    best: np.ndarray
    margins: np.ndarray
    agreement: np.ndarray

    def clear(self, least: Mapping[str, float]) -> np.ndarray:
        """`best` where the margin is at least the attribute's, -1 (unclear) elsewhere."""
        bound = np.array([least[name] for name in AUDITABLE], dtype=np.float32)
        return np.asarray(np.where(self.margins >= bound, self.best, -1))


class ZeroShotJudge:
    """A judge of pictures that was trained apart from any generator.

    score(class) = mean over its templates of cosine(picture, text);  margin = best - second

    A verdict does not depend on the other pictures of a call: every call of the tower has ROWS
    rows and one thread.

    Args:
        towers: trained, in float32.
        about: description of the file: margins by attribute (least cosine for a clear verdict).
        digest: sha256 of the file, hex.

    Source: Radford et al. 2021, section 3.1.4 (templates, ensembled).
    """

    def __init__(self, towers: Towers, about: Mapping[str, Any], digest: str) -> None:
        self.name = f"zero-shot/1/{digest[:16]}"
        self.about = about
        given = about.get("margins") or {}
        self.least = {name: float(given.get(name, 0.0)) for name in AUDITABLE}
        self._towers = towers

    @classmethod
    def load(cls, path: Path | None = None) -> ZeroShotJudge:
        """The judge of a file.

        Args:
            path: its weights; None for the shipped ones.

        Raises:
            InputError: one sentence, for a file that is missing, damaged or no judge of this world.
        """
        if path is None:
            path = Path(str(files("catoptric.judges").joinpath("weights/judge.safetensors")))
        towers, about = read_towers(path)
        try:
            return cls(towers, about, hashlib.sha256(path.read_bytes()).hexdigest())
        except (TypeError, ValueError, AttributeError) as error:
            raise InputError(f"{path} has margins that are no numbers: {error}") from error

    @cached_property
    def _texts(self) -> torch.Tensor:
        """All templates as unit vectors: float32 [texts, shared]; the same attributes in order."""
        asked = [t for name in AUDITABLE for texts in TEMPLATES[name] for t in texts]
        words = [tokens(text, self._towers.shape.vocabulary) for text in asked]
        with one_thread(), torch.inference_mode():
            return self._towers.read(torch.tensor(words))

    def likeness(self, pictures: np.ndarray) -> dict[str, np.ndarray]:
        """Cosine of every picture with every template.

        Args:
            pictures: uint8 [n, 64, 64, 3].

        Returns:
            Attribute to float32 [n, levels, templates].

        Raises:
            InputError: for an array of another shape or dtype.
        """
        if (
            pictures.ndim != 4
            or pictures.shape[1:] != (SIDE, SIDE, 3)
            or pictures.dtype != np.uint8
        ):
            raise InputError(
                f"the judge looks at uint8 pictures [n, {SIDE}, {SIDE}, 3], not at "
                f"{pictures.dtype} {list(pictures.shape)}"
            )
        texts = self._texts
        parts = [np.zeros((0, len(texts)), np.float32)]
        with one_thread(), torch.inference_mode():
            for start in range(0, len(pictures), ROWS):
                chunk = pictures[start : start + ROWS]
                full = np.zeros((ROWS, SIDE, SIDE, 3), dtype=np.float32)
                full[: len(chunk)] = chunk
                seen = self._towers.see(torch.from_numpy(full).div_(127.5).sub_(1.0))
                parts.append((seen @ texts.T)[: len(chunk)].numpy())
        whole = np.concatenate(parts)
        found, first = {}, 0
        for name in AUDITABLE:
            levels, each = len(TEMPLATES[name]), len(TEMPLATES[name][0])
            columns = whole[:, first : first + levels * each]
            found[name] = columns.reshape(len(whole), levels, each)
            first += levels * each
        return found

    def scores(self, pictures: np.ndarray) -> Scores:
        """Nearest class, margin and agreement of the templates for many pictures.

        Args:
            pictures: uint8 [n, 64, 64, 3].
        """
        best, margins, agreement = [], [], []
        for found in self.likeness(pictures).values():
            mean = found.mean(axis=2)
            ordered = np.sort(mean, axis=1)
            winner = mean.argmax(axis=1)
            best.append(winner)
            margins.append(ordered[:, -1] - ordered[:, -2])
            agreement.append((found.argmax(axis=1) == winner[:, None]).mean(axis=1))
        return Scores(
            np.stack(best, axis=1),
            np.stack(margins, axis=1),
            np.stack(agreement, axis=1).astype(np.float32),
        )

    def codes(self, pictures: np.ndarray) -> np.ndarray:
        """Verdicts as numbers: int64 [n, attributes], level index or -1 for unclear.

        Args:
            pictures: uint8 [n, 64, 64, 3].

        Returns:
            Columns in the order of AUDITABLE.
        """
        return self.scores(pictures).clear(self.least)

    def judge(self, pictures: np.ndarray) -> list[Verdict]:
        """Verdicts in words, one for each picture.

        Args:
            pictures: uint8 [n, 64, 64, 3].
        """
        scores = self.scores(pictures)
        said = scores.clear(self.least)
        return [
            Verdict(
                levels={
                    name: UNCLEAR if code < 0 else attribute(name).levels[code]
                    for name, code in zip(AUDITABLE, said[i].tolist(), strict=True)
                },
                margins=dict(zip(AUDITABLE, scores.margins[i].tolist(), strict=True)),
                agreement=dict(zip(AUDITABLE, scores.agreement[i].tolist(), strict=True)),
            )
            for i in range(len(pictures))
        ]
