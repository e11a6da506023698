"""From a prompt to a condition: known phrases, longest first, and nothing guessed."""

from __future__ import annotations

from catoptric.errors import InputError
from catoptric.world.attributes import check_drawable, nearest
from catoptric.world.condition import Condition
from catoptric.world.lexicon import ARTICLES, FILLERS, OCCUPATIONS, phrases, summary, vocabulary

MAX_CHARACTERS = 500
"""A prompt of this world needs a dozen words; a longer text is a mistake."""

_TOLERATED = ".,;:!?\"'()[]…“”‘’"
_PLURALS = {f"{word}s": word for words in OCCUPATIONS.values() for word in words if " " not in word}
_LONGEST = 5
_SHOWN = 4
_LONG_WORD = 30
_DENIALS = {"without", "no"}
_LEADS = {"with", "without", "no", "in", "wearing", "dressed"}
"""Words that begin a phrase anew: what follows them is not under a "without" before."""
_THINGS = {"glasses", "facial_hair", "hair_style", "hair_colour", "skin", "clothing", "background"}
_DESCRIBING = ("ed", "en", "ly", "bald")
"""Ends of phrases that describe a person, as bearded does, and name no thing to be without."""


def parse_prompt(text: str) -> Condition:
    """Read what a prompt demands of a portrait.

    Case, articles and punctuation do not matter; a word that is not known is an error, because
    a prompt whose words are passed over would be answered with pictures of something else.

    Raises: InputError, one sentence: empty, too long, unknown words, a contradiction, or a
    "without" of which nobody can tell how far it reaches.
    """
    if len(text) > MAX_CHARACTERS:
        raise InputError(
            f"The prompt has {len(text):,} characters; at most {MAX_CHARACTERS} work, such as "
            "'a portrait of a smiling doctor with glasses'."
        )
    words = words_of(text)
    if not words:
        raise InputError("The prompt is empty; try 'a portrait of a doctor'.")
    words = [word for word in words if word not in ARTICLES]
    found: dict[str, tuple[str, str]] = {}  # attribute -> (level, the words that said it)
    unknown: list[str] = []
    denied = ""  # what was just said to be absent, while nothing but "and" has followed
    position = 0
    while position < len(words):
        length = _match(words, position)
        if length:
            phrase = words[position : position + length]
            name, level = phrases()[tuple(phrase)]
            said = " ".join(phrase)
            if denied and _is_bare_thing(phrase, name):
                raise InputError(
                    f"The prompt's '{denied} and {said}' can be read in two ways: say 'without' "
                    "for each thing, or 'with' for what is to be seen."
                )
            denied = said if _DENIALS & set(phrase) else ""
            _take(found, name, level, said)
            position += length
            continue
        if words[position] != "and":
            denied = ""
        if words[position] not in FILLERS:
            unknown.append(words[position])
        position += 1
    if unknown:
        raise InputError(_unknown(unknown))
    levels = {name: level for name, (level, _) in found.items()}
    check_drawable(levels)
    return Condition.of(levels)


def words_of(text: str) -> list[str]:
    """A prompt's words: lower case, plurals of occupations as one, hyphens read as spaces."""
    spaced = "".join(" " if c in "-‐‑,;" or c.isspace() else c for c in text.lower())
    stripped = (word.strip(_TOLERATED) for word in spaced.split())
    return [_PLURALS.get(word, word) for word in stripped if word]


def _match(words: list[str], position: int) -> int:
    """How many words the longest known phrase at `position` has; 0 for none."""
    for length in range(min(_LONGEST, len(words) - position), 0, -1):
        if tuple(words[position : position + length]) in phrases():
            return length
    return 0


def _is_bare_thing(phrase: list[str], name: str) -> bool:
    """Whether a phrase only names a thing, so that a "without" before it may mean it too."""
    return name in _THINGS and phrase[0] not in _LEADS and not phrase[-1].endswith(_DESCRIBING)


def _take(found: dict[str, tuple[str, str]], name: str, level: str, said: str) -> None:
    before = found.setdefault(name, (level, said))
    if before[0] != level:
        raise InputError(
            f"The prompt asks for both '{before[1]}' and '{said}', but a portrait has one "
            f"{name.replace('_', ' ')}: leave out one of the two."
        )


def _unknown(words: list[str]) -> str:
    distinct = list(dict.fromkeys(words))
    named = ", ".join(_named(word) for word in distinct[:_SHOWN])
    more = f" and {len(distinct) - _SHOWN} more" if len(distinct) > _SHOWN else ""
    noun = "word" if len(distinct) == 1 else "words"
    return f"The prompt has the unknown {noun} {named}{more}; {summary()}."


def _named(word: str) -> str:
    """The word, safe to print, with the help there is: 'black' alone says nothing here."""
    if len(word) > _LONG_WORD:
        return ascii(f"{word[:_LONG_WORD]}...")
    uses = [" ".join(phrase) for phrase in phrases() if word in phrase]
    return ascii(word) + (
        f" (known only as in '{uses[0]}')" if uses else nearest(word, vocabulary())
    )
