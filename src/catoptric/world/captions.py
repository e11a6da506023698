"""From truth to words: captions of portraits, with synonyms, keyed."""

from __future__ import annotations

import numpy as np

from catoptric.world.attributes import Codes, level_names
from catoptric.world.lexicon import EXPRESSIONS, MEDIA, OCCUPATIONS

# Chance that a caption mentions an attribute: most say little, as captions do.
_MENTIONED = {
    "occupation": 0.95,
    "presentation": 0.35,
    "skin": 0.2,
    "glasses": 0.4,
    "expression": 0.4,
    "facial_hair": 0.3,
    "hair_colour": 0.15,
    "clothing": 0.1,
    "background": 0.1,
}


def caption(row: Codes, key: int) -> str:
    """Describe one portrait; every word of it is true and `parse_prompt` reads it back.

    Args: row: uint8 [n_attributes]; key: 0 to 2^128 - 1, which wording.
    """
    random = np.random.Generator(np.random.Philox(key=key))
    says = {name: bool(random.random() < p) for name, p in _MENTIONED.items()}
    truth = level_names(row)

    def pick(*options: str) -> str:
        return options[int(random.integers(len(options)))]

    adjectives, details = [], []
    if says["expression"]:
        adjectives.append(pick(*(w for w in EXPRESSIONS[truth["expression"]] if w != "smile")))
    if says["skin"]:
        if random.random() < 0.5:
            adjectives.append(f"{truth['skin']}-skinned")
        else:
            details.append(f"with {truth['skin']} skin")
    gender = truth["presentation"]
    noun = pick(*OCCUPATIONS[truth["occupation"]])
    if not says["occupation"]:
        noun = gender if says["presentation"] else "person"
    elif says["presentation"]:
        adjectives.append(pick("female", "woman") if gender == "woman" else pick("male", "man"))
    if says["glasses"]:
        yes = truth["glasses"] == "yes"
        details.append(pick("with glasses", "wearing glasses") if yes else "without glasses")
    if says["facial_hair"] and truth["facial_hair"] != "none":
        article = "" if truth["facial_hair"] == "stubble" else "a "
        details.append(f"with {article}{truth['facial_hair']}")
    if says["hair_colour"] and truth["hair_style"] != "bald":
        details.append(f"with {truth['hair_colour']} hair")
    if says["clothing"]:
        details.append(f"in {truth['clothing']} clothes")
    if says["background"]:
        details.append(f"on a {truth['background']} background")
    subject = " ".join([*adjectives, noun])
    medium = pick(*MEDIA)
    start = pick(f"{_article(medium)} {medium} of ", f"{medium} of ", "")
    return " ".join([f"{start}{_article(subject)} {subject}", *details])


def _article(words: str) -> str:
    return "an" if words[0] in "aeiou" else "a"
