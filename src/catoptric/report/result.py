"""Reading the audit's JSON object: what may be missing, null or not finite is handled here once."""

import math
from collections.abc import Mapping
from typing import Any

Result = Mapping[str, Any]


def number(value: Any) -> float | None:
    """Return a finite float, or None for whatever is not one.

    Args:
        value: Anything found in the result; a boolean is not a number.

    Returns:
        The float, or None.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def table(result: Result, key: str) -> Result:
    """Return the object under a key, an empty one when it is missing or null.

    Args:
        result: The audit's object or a part of it.
        key: Which entry.

    Returns:
        The mapping.
    """
    value = result.get(key)
    return value if isinstance(value, Mapping) else {}


def rows(result: Result, key: str) -> list[Result]:
    """Return the list of objects under a key, an empty one when it is missing or null.

    Args:
        result: The audit's object.
        key: Which entry.

    Returns:
        The list.
    """
    value = result.get(key)
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def level(result: Result) -> float:
    """Return the confidence level, 0.95 unless the result says otherwise."""
    return number(result.get("level")) or 0.95


def margin(result: Result) -> float:
    """Return the equivalence margin in points, 5 unless the result says otherwise."""
    return number(result.get("margin")) or 5.0


def coalition(cell: Result) -> list[str]:
    """Return the names of the knobs that a cell has at their deployed value."""
    return [str(knob) for knob in cell.get("coalition") or []]


def knobs_in_play(result: Result) -> list[str]:
    """Return the knobs of the game: those of the largest coalition that was drawn."""
    return max((coalition(cell) for cell in rows(result, "cells")), key=len, default=[])


def obeyed_fraction(cell: Result) -> float | None:
    """Return which fraction of a cell's clear pictures shows what the prompt asked for.

    Args:
        cell: A cell; its `obeyed` is a count (of `obeyed_of`), or a fraction when it is a float of
            at most 1.

    Returns:
        The fraction, None when unknown.
    """
    obeyed, drawn = number(cell.get("obeyed")), number(cell.get("n"))
    if obeyed is None:
        return None
    of = number(cell.get("obeyed_of"))
    if of is not None:  # what was asked may be clear where what is counted is not
        drawn = of
    elif drawn is not None:  # nobody can say what an unclear picture shows
        drawn -= number(cell.get("unclear")) or 0.0
    if isinstance(cell["obeyed"], float) and obeyed <= 1:
        return obeyed
    return obeyed / drawn if drawn else None


def counts_only_obedient(cell: Result) -> bool:
    """Say whether a cell's yes, no and unclear leave out the pictures that disobey the prompt.

    Args:
        cell: A cell with `n`, `yes`, `no` and `unclear` as counts.

    Returns:
        True when they add up to fewer than the pictures drawn.
    """
    drawn = number(cell.get("n"))
    judged = [number(cell.get(key)) for key in ("yes", "no", "unclear")]
    if drawn is None or None in judged:
        return False
    return sum(part for part in judged if part is not None) < drawn


def plain(value: Any) -> Any:
    """Copy a value into what strict JSON can hold: numbers that are not finite become null.

    Args:
        value: A tree of mappings, lists and scalars.

    Returns:
        The same tree of dicts, lists, strings, finite numbers, booleans and None.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float | bool):
        return value
    # numpy scalars have .item(); anything else is shown as the text it is.
    return plain(value.item()) if hasattr(value, "item") else str(value)
