"""From truth to words: captions of portraits in several wordings, keyed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache

import numpy as np

from catoptric.world.attributes import ATTRIBUTE_NAMES, Codes, level_names
from catoptric.world.lexicon import EXPRESSIONS, MEDIA, OCCUPATIONS, phrases

MENTIONED: Mapping[str, float] = {
    "occupation": 0.95,
    "presentation": 0.35,
    "skin": 0.2,
    "glasses": 0.4,
    "expression": 0.4,
    "facial_hair": 0.3,
    "hair_style": 0.1,
    "hair_colour": 0.15,
    "clothing": 0.1,
    "background": 0.1,
}
"""Chance that a caption mentions an attribute: most say little, as captions do."""

_Random = np.random.Generator


def caption(
    row: Codes, key: int, *, wording: str | None = None, without: Collection[str] = ()
) -> str:
    """Describe one portrait; every word of it is true and `parse_prompt` reads it back.

    Args:
        row: uint8 [n_attributes].
        key: 0 to 2^128 - 1, which words.
        wording: one of WORDINGS; None leaves it to the key.
        without: attributes that are not to be mentioned.
    """
    said = mentions(key) - set(without)
    if is_hairless(row):
        said -= {"hair_colour"}
    random = np.random.Generator(np.random.Philox(key=key).jumped())
    name = WORDING_NAMES[int(random.choice(len(WORDING_NAMES), p=_CHANCES))]
    return WORDINGS[wording or name](level_names(row), said, random)


def mentions(key: int) -> frozenset[str]:
    """The attributes that `caption(row, key)` speaks of, if it may speak of all.

    Whether one is mentioned never hangs on what it is: were beards mentioned and their absence not,
    a caption that says only "doctor" would more often be a woman's.
    """
    random = np.random.Generator(np.random.Philox(key=key))
    return frozenset(name for name in ATTRIBUTE_NAMES if random.random() < MENTIONED[name])


def is_hairless(row: Codes) -> bool:
    """Whether there is no hair that could have a colour."""
    return level_names(row)["hair_style"] == "bald"


def _plain(truth: Mapping[str, str], said: frozenset[str], random: _Random) -> str:
    subject, details = _parts(truth, said, random)
    return " ".join([f"{_medium(random)}{_article(subject)} {subject}", *details])


def _listed(truth: Mapping[str, str], said: frozenset[str], random: _Random) -> str:
    """As tags, in any order and in any words that mean the same."""
    found = [_pick(random, *_spellings()[name, truth[name]]) for name in sorted(said)]
    random.shuffle(found)
    found.sort(key=_denies)
    if random.random() < 0.3:
        found.insert(0, _pick(random, *MEDIA))
    return ", ".join(found) or _pick(random, *MEDIA)


def _telling(truth: Mapping[str, str], said: frozenset[str], random: _Random) -> str:
    """A sentence: "the picture shows a chef who is sad and has a beard, at work"."""
    opening = _pick(
        random,
        f"the {_pick(random, *MEDIA)} shows ",
        f"{_pick(random, *MEDIA)} showing ",
        "a professional avatar that shows ",
        "illustrated face of ",
        "cartoon by someone of ",
    )
    ending = _pick(random, "", " at work", " looking at the camera", " to the front", " from work")
    _, details = _parts(truth, said, random)
    noun = _noun(truth, said, random)
    is_so = [_state(word, random) for word in _adjectives(truth, said, random)]
    clauses = " and ".join(is_so + [_clause(detail) for detail in details])
    who = f" who {clauses}" if clauses else ""
    return f"{opening}{_article(noun)} {noun}{who}{ending}"


def _details_first(truth: Mapping[str, str], said: frozenset[str], random: _Random) -> str:
    subject, details = _parts(truth, said, random)
    return ", ".join([*details, f"{_medium(random)}{_article(subject)} {subject}"])


WORDINGS: Mapping[str, Callable[[Mapping[str, str], frozenset[str], _Random], str]] = {
    "plain": _plain,
    "listed": _listed,
    "telling": _telling,
    "details first": _details_first,
}
_CHANCES = (0.45, 0.25, 0.15, 0.15)
WORDING_NAMES = tuple(WORDINGS)


def _parts(
    truth: Mapping[str, str], said: frozenset[str], random: _Random
) -> tuple[str, list[str]]:
    """The subject with its adjectives, and what follows it."""
    details = []
    if "skin" in said:
        details.append(f"with {truth['skin']} skin")
    if "glasses" in said:
        yes = truth["glasses"] == "yes"
        details.append(
            _pick(random, "with glasses", "wearing glasses", "with spectacles")
            if yes
            else "without glasses"
        )
    if "facial_hair" in said:
        kind = truth["facial_hair"]
        article = "a " if kind in ("beard", "moustache") else ""
        details.append("without beard" if kind == "none" else f"with {article}{kind}")
    if "hair_style" in said:
        words = _pick(random, *(s for s in _spellings()["hair_style", truth["hair_style"]]))
        details.append(words if words.startswith("with ") else f"with {words}")
    if "hair_colour" in said:
        details.append(f"with {truth['hair_colour']} hair")
    if "clothing" in said:
        details.append(f"in {truth['clothing']} {_pick(random, 'clothes', 'clothing')}")
    if "background" in said:
        where = _pick(random, "background", "backdrop", "wall")
        details.append(f"{_pick(random, 'on', 'against')} a {truth['background']} {where}")
    random.shuffle(details)
    details.sort(key=_denies)
    noun = _noun(truth, said, random)
    return " ".join([*_adjectives(truth, said, random), noun]), details


def _adjectives(truth: Mapping[str, str], said: frozenset[str], random: _Random) -> list[str]:
    words = []
    if "expression" in said:
        words.append(_pick(random, *(w for w in EXPRESSIONS[truth["expression"]] if w != "smile")))
    if {"presentation", "occupation"} <= said:
        woman = truth["presentation"] == "woman"
        words.append(_pick(random, "female", "woman") if woman else _pick(random, "male", "man"))
    return words


def _noun(truth: Mapping[str, str], said: frozenset[str], random: _Random) -> str:
    if "occupation" in said:
        return _pick(random, *OCCUPATIONS[truth["occupation"]])
    return truth["presentation"] if "presentation" in said else "person"


def _state(adjective: str, random: _Random) -> str:
    if adjective in ("woman", "man"):
        return f"is a {adjective}"
    if adjective in ("female", "male"):
        return f"is {adjective}"
    return _pick(random, f"is {adjective}", f"has {_article(adjective)} {adjective} expression")


def _clause(detail: str) -> str:
    bare = detail.removeprefix("with ").removeprefix("a ")
    if detail.startswith("with ") and tuple(bare.split()) in phrases():
        return f"has {detail.removeprefix('with ')}"
    return f"is {detail}"


def _denies(words: str) -> bool:
    """What is denied comes last: "no glasses, sky background" might deny both."""
    return words.startswith(("no ", "without ", "with no "))


def _medium(random: _Random) -> str:
    word = _pick(random, *MEDIA)
    return _pick(random, f"{_article(word)} {word} of ", f"{word} of ", "")


@cache
def _spellings() -> Mapping[tuple[str, str], list[str]]:
    """Every phrase that means (attribute, level)."""
    found: dict[tuple[str, str], list[str]] = {}
    for words, meaning in phrases().items():
        found.setdefault(meaning, []).append(" ".join(words))
    return found


def _pick(random: _Random, *options: str) -> str:
    return options[int(random.integers(len(options)))]


def _article(words: str) -> str:
    return "an" if words[0] in "aeiou" else "a"
