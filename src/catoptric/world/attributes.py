"""What can be said of a portrait: the attributes, their levels, in plain sight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from catoptric.errors import InputError

Codes = NDArray[np.uint8]
"""Truth of portraits: uint8 [n, n_attributes], one level index per attribute."""


@dataclass(frozen=True)
class Attribute:
    """One thing a portrait has exactly one level of."""

    name: str
    levels: tuple[str, ...]
    auditable: bool
    """True where every level can be told from the drawing alone, whatever else is drawn."""

    def index(self, level: str) -> int:
        """The integer that stands for `level` in codes.

        Raises: InputError that names the nearest level.
        """
        if level not in self.levels:
            raise InputError(
                f"{self.name} has no level {level!a}{nearest(level, self.levels)}; "
                f"it has {', '.join(self.levels)}."
            )
        return self.levels.index(level)


WOMAN_HAIR = (
    "bob", "bun", "curls", "afro", "long-straight", "long-swept", "shoulder-length", "braids",
    "waves",
)  # fmt: skip
MAN_HAIR = (
    "bald", "crop", "flat-top", "side-part", "short-curls", "quiff", "short-waves", "twists",
    "pompadour",
)  # fmt: skip

# The order is the order in which a portrait is drawn from its rates: a later attribute may be
# made to depend on earlier ones. Hair style and colour can hide under a helmet, clothing colour
# under an uniform's small patch of it: those three are drawn and known, but not auditable.
ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute(
        "occupation",
        (
            "doctor", "nurse", "chef", "engineer", "programmer", "teacher", "scientist", "lawyer",
            "firefighter", "librarian",
        ),
        auditable=True,
    ),
    Attribute("presentation", ("woman", "man"), auditable=True),
    Attribute("skin", ("pale", "light", "tan", "brown", "dark", "deep"), auditable=True),
    Attribute("glasses", ("yes", "no"), auditable=True),
    Attribute("expression", ("smiling", "neutral", "sad"), auditable=True),
    Attribute("facial_hair", ("none", "stubble", "moustache", "beard"), auditable=True),
    Attribute("hair_style", WOMAN_HAIR + MAN_HAIR, auditable=False),
    Attribute("hair_colour", ("black", "brown", "red", "blond", "grey", "white"), auditable=False),
    Attribute("clothing", ("red", "blue", "green", "yellow", "purple", "grey"), auditable=False),
    Attribute("background", ("sky", "sand", "mint", "rose", "lilac", "stone"), auditable=True),
)  # fmt: skip

ATTRIBUTE_NAMES: tuple[str, ...] = tuple(a.name for a in ATTRIBUTES)
AUDITABLE: tuple[str, ...] = tuple(a.name for a in ATTRIBUTES if a.auditable)


def attribute(name: str) -> Attribute:
    """The attribute called `name`.

    Raises: InputError that names the nearest attribute.
    """
    if name not in ATTRIBUTE_NAMES:
        raise InputError(
            f"This world has no attribute {name!a}{nearest(name, ATTRIBUTE_NAMES)}; "
            f"it has {', '.join(ATTRIBUTE_NAMES)}."
        )
    return ATTRIBUTES[ATTRIBUTE_NAMES.index(name)]


def column(name: str) -> int:
    """The column of codes that holds the attribute called `name`."""
    return ATTRIBUTE_NAMES.index(attribute(name).name)


def level_names(row: Sequence[int] | Codes) -> dict[str, str]:
    """Codes of one portrait as words, in the order of ATTRIBUTES."""
    return {a.name: a.levels[int(i)] for a, i in zip(ATTRIBUTES, row, strict=True)}


def codes_of(levels: Mapping[str, str]) -> Codes:
    """Words of one portrait as codes, uint8 [n_attributes]; every attribute must be named."""
    return np.array([a.index(levels[a.name]) for a in ATTRIBUTES], dtype=np.uint8)


def check_drawable(levels: Mapping[str, str]) -> None:
    """Refuse what no portrait of this world shows.

    Presentation is decidable because some parts belong to one level of it only.

    Raises: InputError that says which two levels exclude each other.
    """
    presentation = levels.get("presentation")
    style = levels.get("hair_style")
    if presentation == "woman" and levels.get("facial_hair", "none") != "none":
        raise InputError(
            "In this world facial hair is drawn on men only: leave out one of the two."
        )
    if presentation and style and style not in _HAIR[presentation]:
        raise InputError(
            f"In this world {style} hair is not drawn on a {presentation}; "
            f"try {', '.join(_HAIR[presentation])}."
        )
    if style in WOMAN_HAIR and levels.get("facial_hair", "none") != "none":
        raise InputError(f"In this world {style} hair is not drawn with facial hair.")


def fixed_by(levels: Mapping[str, str], name: str) -> bool:
    """Whether levels leave only one level of an attribute to be drawn.

    Args: levels: attribute to level name, drawable together; name: an attribute.
    """
    whiskers = levels.get("facial_hair", "none") != "none"
    if name == "presentation" and (whiskers or "hair_style" in levels):
        return True
    if name == "facial_hair" and (
        levels.get("presentation") == "woman" or levels.get("hair_style") in WOMAN_HAIR
    ):
        return True
    return name in levels


_HAIR: Mapping[str, tuple[str, ...]] = {"woman": WOMAN_HAIR, "man": MAN_HAIR}


def nearest(word: str, known: Sequence[str]) -> str:
    """' (did you mean ...?)' when a known word is near, else ''."""
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return f" (did you mean {close[0]}?)" if close else ""
