"""What no caption of the training ever says, so that understanding can be told from memory.

One pair in twenty of things said together ("doctor" with "sad", "glasses" with "grey hair"), and
one wording. The pictures themselves follow the world's rates: only words are held out.
"""

from __future__ import annotations

from itertools import combinations

from catoptric.hashing import content_hash
from catoptric.models.spectral.text import WORDS
from catoptric.world import caption
from catoptric.world.attributes import ATTRIBUTE_NAMES, Codes, level_names
from catoptric.world.captions import is_hairless, mentions

HELD_OUT_WORDING = "details first"
SHARE_OF_PAIRS = 0.05
_PLAN = ("plain", "plain", "plain", "listed", "listed", "telling")
"""By the key's remainder: every wording but the held-out one."""
Said = tuple[str, str]
"""(attribute, level)."""


def is_held_out(one: Said, other: Said) -> bool:
    """Whether no caption of the training says both. Presentation is free: audits ask for it."""
    if "presentation" in (one[0], other[0]):
        return False
    first, second = sorted((one, other), key=lambda said: ATTRIBUTE_NAMES.index(said[0]))
    return int(content_hash(["held out", first, second])[:8], 16) < SHARE_OF_PAIRS * 2**32


def training_caption(row: Codes, key: int) -> str:
    """A caption that says no held-out pair, in no held-out wording.

    Where one would have to, it says nothing of the portrait at all. Were only the pair left out,
    "a doctor" would be said more often of those who are half of one; so the portraits that a
    caption is said of follow the world's rates given what it says, exactly.

    Args:
        row: uint8 [n_attributes].
        key: 0 to 2^128 - 1.
    """
    truth = level_names(row)
    said = [(name, truth[name]) for name in ATTRIBUTE_NAMES if name in mentions(key)]
    wording = _PLAN[key % len(_PLAN)]
    is_colour_of_nothing = is_hairless(row) and any(name == "hair_colour" for name, _ in said)
    if not is_colour_of_nothing and not any(is_held_out(*pair) for pair in combinations(said, 2)):
        words = caption(row, key, wording=wording)
        if len(words.split()) < WORDS:  # as many as the encoder reads
            return words
    return caption(row, key, wording=wording, without=ATTRIBUTE_NAMES)
