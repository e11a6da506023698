"""The words this world knows: phrases to (attribute, level), in plain sight."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from catoptric.world.attributes import attribute

OCCUPATIONS: Mapping[str, tuple[str, ...]] = {
    "doctor": ("doctor", "physician", "medical doctor"),
    "nurse": ("nurse", "registered nurse"),
    "chef": ("chef", "cook"),
    "engineer": ("engineer", "civil engineer", "site engineer"),
    "programmer": ("programmer", "software developer", "software engineer", "coder", "developer"),
    "teacher": ("teacher", "schoolteacher", "school teacher"),
    "scientist": ("scientist", "researcher", "chemist"),
    "lawyer": ("lawyer", "attorney", "solicitor"),
    "firefighter": ("firefighter", "fire fighter"),
    "librarian": ("librarian",),
}
PRESENTATIONS: Mapping[str, tuple[str, ...]] = {
    "woman": ("woman", "female", "lady"),
    "man": ("man", "male", "gentleman"),
}
EXPRESSIONS: Mapping[str, tuple[str, ...]] = {
    "smiling": ("smiling", "happy", "cheerful", "joyful", "smile"),
    "neutral": ("neutral", "calm", "serious"),
    "sad": ("sad", "unhappy", "tearful", "frowning"),
}
GLASSES: Mapping[str, tuple[str, ...]] = {
    "yes": ("with glasses", "wearing glasses", "glasses", "with spectacles", "bespectacled"),
    "no": ("without glasses", "no glasses", "with no glasses"),
}
FACIAL_HAIR: Mapping[str, tuple[str, ...]] = {
    "none": ("clean shaven", "without facial hair", "no facial hair", "without beard", "no beard"),
    "stubble": ("with stubble", "stubble", "stubbly", "unshaven"),
    "moustache": ("with moustache", "moustache", "mustache", "moustached"),
    "beard": ("with beard", "beard", "bearded"),
}
HAIR_STYLES: Mapping[str, tuple[str, ...]] = {
    "bob": ("with bob", "bob"),
    "bun": ("with bun", "hair bun", "bun"),
    "curls": ("with curls", "curls"),
    "afro": ("with afro", "afro"),
    "long-straight": ("with long straight hair", "long straight hair"),
    "long-swept": ("with long swept hair", "long swept hair"),
    "shoulder-length": ("with shoulder length hair", "shoulder length hair"),
    "braids": ("with braids", "braids", "braided hair"),
    "waves": ("with waves", "waves", "wavy hair"),
    "bald": ("bald", "with bald head", "bald head"),
    "crop": ("with crop", "cropped hair"),
    "flat-top": ("with flat top", "flat top"),
    "side-part": ("with side part", "side part"),
    "short-curls": ("with short curls", "short curls", "short curly hair"),
    "quiff": ("with quiff", "quiff"),
    "short-waves": ("with short waves", "short waves", "short wavy hair"),
    "twists": ("with twists", "twists"),
    "pompadour": ("with pompadour", "pompadour"),
}
MEDIA = (
    "photo", "photograph", "portrait", "picture", "drawing", "illustration", "image", "headshot",
)  # fmt: skip
ARTICLES = frozenset({"a", "an", "the"})
FILLERS = frozenset({
    *MEDIA, "of", "with", "and", "in", "on", "against", "who", "is", "has", "wearing", "person",
    "someone", "face", "expression", "looking", "at", "work", "front", "camera", "professional",
    "avatar", "cartoon", "illustrated", "that", "shows", "showing", "from", "by", "to",
})  # fmt: skip
"""Words that ask for nothing: they are read and passed over."""

_COLOUR_SPELLING = {"grey": ("grey", "gray"), "blond": ("blond", "blonde")}
_SKIN_SPELLING = {"tan": ("tan", "tanned"), "deep": ("deep", "very dark"), "pale": ("pale",)}
_CLOTHES = ("clothes", "clothing", "outfit", "shirt", "top")

Meaning = tuple[str, str]


@cache
def phrases() -> Mapping[tuple[str, ...], Meaning]:
    """Every phrase, as words without articles, and what it means: (attribute, level)."""
    known: dict[tuple[str, ...], Meaning] = {}

    def add(attribute: str, level: str, *texts: str) -> None:
        for text in texts:
            known[tuple(text.split())] = (attribute, level)

    for name, table in (
        ("occupation", OCCUPATIONS),
        ("presentation", PRESENTATIONS),
        ("expression", EXPRESSIONS),
        ("glasses", GLASSES),
        ("facial_hair", FACIAL_HAIR),
        ("hair_style", HAIR_STYLES),
    ):
        for level, texts in table.items():
            add(name, level, *texts)
    for level in attribute("skin").levels:
        for word in _SKIN_SPELLING.get(level, (level,)):
            add("skin", level, f"{word} skin", f"{word} skinned", f"{word} skin tone")
    for level in attribute("hair_colour").levels:
        for word in _COLOUR_SPELLING.get(level, (level,)):
            add("hair_colour", level, f"{word} hair", f"{word} haired")
    for level in attribute("clothing").levels:
        for word in _COLOUR_SPELLING.get(level, (level,)):
            add("clothing", level, f"in {word}", f"wearing {word}", f"dressed in {word}")
            for garment in _CLOTHES:
                add("clothing", level, *(f"{how}{word} {garment}" for how in ("", "in ")))
    for level in attribute("background").levels:
        add("background", level, f"{level} background", f"{level} backdrop", f"{level} wall")
    return known


@cache
def vocabulary() -> tuple[str, ...]:
    """Every single word that occurs in a phrase or is passed over, sorted."""
    words = {word for phrase in phrases() for word in phrase}
    return tuple(sorted(words | FILLERS | ARTICLES))


def summary() -> str:
    """What the world knows, in one short clause, for the end of an error."""

    def some(name: str) -> str:
        return ", ".join(attribute(name).levels)

    return (
        f"this world knows {some('occupation')}; woman, man; {some('expression')}; "
        f"glasses; beard, moustache, stubble; skin ({some('skin')}); "
        f"hair ({some('hair_colour')}); clothes ({some('clothing')}); "
        f"background ({some('background')})"
    )
