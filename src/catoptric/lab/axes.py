"""Axes of a grid: which setting varies, and over which values."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Any

from catoptric.audit.interface import TABLES
from catoptric.errors import InputError
from catoptric.sampling import ADAPTIVE, FIXED, FORMS, MIXES, schedule_alias, solver_alias
from catoptric.sampling.names import unknown
from catoptric.sampling.network_settings import LAYER_OPTIONS

SHORT: Mapping[str, str] = {
    "guidance": "guidance.scale",
    "form": "guidance.form",
    "solver": "sampler.solver",
    "schedule": "sampler.schedule",
    "steps": "sampler.steps",
    "rtol": "sampler.rtol",
    "start": "start.sigma",
    "noise": "noise.source",
}
"""Names for the settings that are varied most."""

WHOLE: Mapping[str, str] = {"interface": ",", "prompt": ";"}
"""Axes that are no single setting, and what stands between their values."""

MOST_VALUES = 200


@dataclass(frozen=True)
class Axis:
    """One direction of a grid.

    Attributes:
        name: "interface", "prompt", or "table.key".
        values: what the setting is in turn.
        labels: the values as the user wrote them.
    """

    name: str
    values: tuple[Any, ...]
    labels: tuple[str, ...]

    @property
    def label(self) -> str:
        """The axis as a heading names it: its short name, else table and key."""
        short = {path: name for name, path in SHORT.items()}
        return short.get(self.name, self.name.replace(".", " ").replace("_", " "))


def known_keys() -> dict[str, set[str]]:
    """Every key that any setting file may hold, by table."""
    options = {f.name for kind in (*FIXED.values(), *ADAPTIVE.values()) for f in fields(kind)}
    return {
        "guidance": {
            *("form", "mix", "rescale"),
            *(key for keys in (*FORMS.values(), *MIXES.values()) for key in keys),
        },
        "sampler": {"solver", "preset", "schedule", "steps", "rho", "coarse_above", *options},
        "start": {"sigma", "scale"},
        "noise": {"source", "arrange"},
        "encoder": {"pooling", *LAYER_OPTIONS},
        "precision": {"dtype"},
    }


def parse_axis(text: str, option: str) -> Axis:
    """Read an axis: "guidance=1,2,4,8", "sampler.rtol=1e-3,1e-2", "prompt=a nurse;a chef".

    "1,2,..,8" goes on in steps of the last two values.

    Args:
        text: NAME=VALUES.
        option: what it was given as ("--x"), for the sentence of an error.

    Raises:
        InputError: an unknown name (the nearest is named), no values, a value twice, a bad range.
    """
    name, equals, rest = text.partition("=")
    name = name.strip()
    if not equals or not name or not rest.strip():
        raise InputError(
            f"{option} takes NAME=VALUE,VALUE,..., as in {option} guidance=1,2,4,8, not {text!r}"
        )
    path = _path(name, option)
    parts = [part.strip() for part in rest.split(WHOLE.get(path, ","))]
    if any(not part for part in parts):
        raise InputError(f"{option} {name} has an empty value in {rest!r}; leave it out")
    labels = _filled(parts, f"{option} {name}")
    values = tuple(label if path in WHOLE else _value(label) for label in labels)
    meant = [_meaning(path, value) for value in values]
    for i, label in enumerate(labels):
        if meant[i] in meant[:i]:
            first = labels[meant.index(meant[i])]
            spelt = "" if first == label else f" (as {first!r} and {label!r})"
            raise InputError(f"{option} {name} names {first!r} twice{spelt}; name each value once")
    return Axis(path, values, tuple(labels))


def _meaning(path: str, value: Any) -> Any:
    """The same for two values that are one setting: 1 and 1.0, Euler and euler."""
    if path == "sampler.schedule":
        return schedule_alias(value)
    if path == "sampler.solver":
        try:
            return tuple(sorted(solver_alias(value).items()))
        except InputError:  # named with its cell
            return value
    return isinstance(value, bool), value


def _path(name: str, option: str) -> str:
    if name in WHOLE or name in SHORT:
        return SHORT.get(name, name)
    table, dot, key = name.partition(".")
    if not dot:
        raise unknown(f"axis in {option}", name, [*SHORT, *WHOLE, *_paths()])
    if table not in TABLES:
        raise unknown(f"table in {option} {name}", table, TABLES)
    if key not in known_keys()[table]:
        raise unknown(f"key of [{table}] in {option}", key, known_keys()[table])
    return name


def _paths() -> list[str]:
    return [f"{table}.{key}" for table in ("start", "noise") for key in sorted(known_keys()[table])]


def _value(text: str) -> Any:
    """A value as TOML reads it, else the text itself."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _filled(parts: list[str], where: str) -> list[str]:
    """The values with each ".." written out, in decimal so that 0.1, 0.2, .. stays exact."""
    filled: list[str] = []
    for i, part in enumerate(parts):
        if part not in ("..", "..."):
            filled.append(part)
            continue
        if i < 2 or i + 1 == len(parts):
            raise InputError(
                f"{where}: '..' needs two numbers before it and one behind, as in 1,2,..,8"
            )
        try:
            first, second, last = (Decimal(p) for p in (parts[i - 2], parts[i - 1], parts[i + 1]))
        except InvalidOperation:
            raise InputError(
                f"{where}: '..' stands between numbers, as in 1,2,..,8, not {','.join(parts)!r}"
            ) from None
        step = second - first
        if step == 0 or not (last - second) / step > 0:
            raise InputError(
                f"{where}: {parts[i - 2]},{parts[i - 1]},.. never comes to {parts[i + 1]}"
            )
        count = (last - second) / step
        if count != int(count):
            raise InputError(
                f"{where}: steps of {step} from {parts[i - 1]} miss {parts[i + 1]}; "
                f"end at {second + int(count) * step} instead"
            )
        if count > MOST_VALUES:
            raise InputError(f"{where} would have {int(count):,} values; at most {MOST_VALUES}")
        filled += [str(second + k * step) for k in range(1, int(count))]
    if len(filled) > MOST_VALUES:
        raise InputError(f"{where} has {len(filled):,} values; at most {MOST_VALUES}")
    return filled
