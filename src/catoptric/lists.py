"""Lists as people type them: "guidance,sampler,start"."""

from __future__ import annotations

from catoptric.errors import InputError


def listed(text: str, option: str) -> tuple[str, ...]:
    """The items of a list with commas between them; nothing at all for an empty text.

    Args:
        text: as typed.
        option: what it was given to, for the error.

    Raises:
        InputError: two commas with nothing between them, or one at an end: an item got lost.
    """
    if not text.strip():
        return ()
    items = tuple(part.strip() for part in text.split(","))
    if not all(items):
        raise InputError(f"{option} has an item missing in {text!r}: put one comma between values")
    return items
