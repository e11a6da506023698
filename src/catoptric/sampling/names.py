"""The sentence for a name that does not exist: what was meant, and what there is."""

import difflib
from collections.abc import Iterable

from catoptric.errors import InputError


def nearest(name: str, allowed: Iterable[str]) -> str | None:
    """The allowed name most like `name`, or None where nothing is alike."""
    spelt = {other.lower(): other for other in allowed}
    found = difflib.get_close_matches(name.lower(), list(spelt), n=1, cutoff=0.3)
    return spelt[found[0]] if found else None


def unknown(
    what: str, name: object, allowed: Iterable[str], also: Iterable[str] = ()
) -> InputError:
    """The error for an unknown `name`: names the nearest one and all that are allowed.

    Args:
        what: what kind of name it is, as it reads in the sentence ("solver", "key in [guidance]").
        name: what was given.
        allowed: the names that would work.
        also: names that would work too but are only told where nearest.

    Returns:
        The error, to be raised by the caller.
    """
    names = sorted(allowed)
    guess = nearest(str(name), [*also, *names])
    hint = f"did you mean {guess!r}? " if guess else ""
    return InputError(f"unknown {what} {str(name)!r}: {hint}allowed: {', '.join(names)}")
