"""What the judge asks: at least three texts for every level of every auditable attribute.

These very texts are kept out of the towers' training (`ASKED`), so that a verdict is understanding
of the words and not memory of the sentence.
"""

from __future__ import annotations

from collections.abc import Mapping

from catoptric.world.attributes import AUDITABLE, attribute
from catoptric.world.lexicon import PRESENTATIONS

_FRAMES: Mapping[str, tuple[str, ...]] = {
    "occupation": ("a portrait of a {}", "a picture that shows a {}", "an avatar of a {} at work"),
    "presentation": ("a portrait of a {}", "a picture that shows a {}", "the face of a {}"),
    "skin": (
        "a portrait of a person with {} skin",
        "a picture of someone with {} skin tone",
        "the face of a {} skinned person",
    ),
    "expression": (
        "a portrait of a {} person",
        "a picture of someone who is {}",
        "the face of a person with a {} expression",
    ),
    "background": (
        "a portrait of a person on a {} background",
        "a picture of someone against a {} wall",
        "an avatar in front of a {} backdrop",
    ),
}
_WORDED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "glasses": {
        "yes": (
            "a portrait of a person with glasses",
            "a picture of someone wearing glasses",
            "the face of a bespectacled person",
        ),
        "no": (
            "a portrait of a person without glasses",
            "a picture of someone with no glasses",
            "the face of a person, no glasses",
        ),
    },
    "facial_hair": {
        "none": (
            "a portrait of a clean shaven person",
            "a picture of someone with no beard",
            "the face of a person without facial hair",
        ),
        "stubble": (
            "a portrait of a person with stubble",
            "a picture of someone who is unshaven",
            "the face of a stubbly person",
        ),
        "moustache": (
            "a portrait of a person with a moustache",
            "a picture of someone who has a mustache",
            "the face of a moustached person",
        ),
        "beard": (
            "a portrait of a person with a beard",
            "a picture of someone who has a beard",
            "the face of a bearded person",
        ),
    },
}


def texts_of(name: str, level: str) -> tuple[str, ...]:
    """The texts that ask for one level.

    Args:
        name: an auditable attribute.
        level: one of its levels.
    """
    if name in _WORDED:
        return _WORDED[name][level]
    word = PRESENTATIONS[level][0] if name == "presentation" else level
    return tuple(_with_article(frame.format(word)) for frame in _FRAMES[name])


def _with_article(text: str) -> str:
    """ "a engineer" as "an engineer"."""
    words = text.split()
    for i in range(len(words) - 1):
        if words[i] == "a" and words[i + 1][0] in "aeiou":
            words[i] = "an"
    return " ".join(words)


TEMPLATES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    name: tuple(texts_of(name, level) for level in attribute(name).levels) for name in AUDITABLE
}
"""Attribute to, for each level in order, its texts: the same number for all levels of one."""


def words_of(text: str) -> tuple[str, ...]:
    """A text as the text tower sees it: lower case, no punctuation."""
    return tuple("".join(c if c.isalnum() else " " for c in text.lower()).split())


ASKED = frozenset(words_of(t) for levels in TEMPLATES.values() for texts in levels for t in texts)
"""Every text that is asked, as words."""
