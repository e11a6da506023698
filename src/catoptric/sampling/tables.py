"""Reads a frozen dataclass from a TOML table, with every mistake named."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from catoptric.errors import InputError
from catoptric.sampling.names import unknown

T = TypeVar("T")
Check = Callable[[str, Any], Any]
"""`(name, value) -> value in its canonical type`; raises InputError."""


def number(
    low: float,
    high: float = float("inf"),
    *,
    above: bool = False,
) -> Check:
    """A check for a finite number in [low, high], or in (low, high] where `above`."""

    def check(name: str, value: Any) -> float:
        good = isinstance(value, int | float) and not isinstance(value, bool)
        good = good and (low < value if above else low <= value) and value <= high
        if not good or value in (float("inf"), float("-inf")):
            bound = f"above {low:g}" if above else f"of at least {low:g}"
            top = "" if high == float("inf") else f" and at most {high:g}"
            raise InputError(f"{name} must be a number {bound}{top}, not {value!r}")
        return float(value)

    return check


def whole(low: int, high: int | None = None) -> Check:
    """A check for a whole number in [low, high]."""

    def check(name: str, value: Any) -> int:
        good = isinstance(value, int) and not isinstance(value, bool)
        if not good or value < low or (high is not None and value > high):
            top = "" if high is None else f" and at most {high}"
            raise InputError(f"{name} must be a whole number of at least {low}{top}, not {value!r}")
        return int(value)

    return check


def truth(name: str, value: Any) -> bool:
    """A check for true or false."""
    if not isinstance(value, bool):
        raise InputError(f"{name} must be true or false, not {value!r}")
    return value


def one_of(*allowed: str) -> Check:
    """A check for one of a few words."""

    def check(name: str, value: Any) -> str:
        if value not in allowed:
            raise unknown(f"value for {name}", value, allowed)
        return str(value)

    return check


def check_keys(table: Mapping[str, Any], allowed: Mapping[str, Any] | set[str], where: str) -> None:
    """Refuses a table with a key that is not allowed.

    Raises:
        InputError: naming the nearest key.
    """
    for name in table:
        if name not in allowed:
            raise unknown(f"key in {where}", name, allowed)


def read(cls: type[T], table: Mapping[str, Any], where: str) -> T:
    """An instance of the dataclass `cls`; each field's check stands in its metadata.

    Args:
        cls: a dataclass whose fields were made by `option`.
        table: as read from TOML.
        where: the table's name for the error ("[sampler]").

    Returns:
        The instance, values in canonical types.

    Raises:
        InputError: for an unknown key, a wrong type or a value out of range.
    """
    fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    check_keys(table, fields, where)
    values = {
        name: fields[name].metadata["check"](f"{name} in {where}", value)
        for name, value in table.items()
    }
    return cls(**values)


def option(default: Any, check: Check) -> Any:
    """A dataclass field with a default and a check for what a table may say."""
    return dataclasses.field(default=default, metadata={"check": check})
