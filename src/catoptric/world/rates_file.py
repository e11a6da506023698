"""Reading a rates file: TOML to tables, each mistake told in one sentence."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catoptric.errors import InputError
from catoptric.world.attributes import (
    ATTRIBUTE_NAMES,
    ATTRIBUTES,
    MAN_HAIR,
    WOMAN_HAIR,
    Attribute,
    attribute,
    nearest,
)
from catoptric.world.rates import Rates, Table, rates_of

MAX_BYTES = 1_000_000
"""A rates file is a few kilobytes; more is some other file."""


def rates_template() -> str:
    """The shipped rates file, whose comments say how to write one's own."""
    return files("catoptric.world").joinpath("rates/default.toml").read_text(encoding="utf-8")


def load_rates(path: str | Path | None = None) -> Rates:
    """Read a rates file; attributes it leaves out are taken from the shipped one.

    Args: path: a TOML file; None for the shipped rates.
    Raises: InputError, one sentence: what was wrong, what would work.
    """
    shipped = tomllib.loads(rates_template())
    if path is None:
        return _rates(shipped, "the shipped rates")
    return _rates({**shipped, **_read(Path(path))}, f"the rates file {Path(path).name}")


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path} is over 1 MB, which no rates file is; give a TOML file.")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"There is no rates file {path}; write one with `catoptric world --rates-template`."
        ) from None
    except OSError as error:
        raise InputError(f"The rates file {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InputError(f"The rates file {path} is not text; give a TOML file.") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"The rates file {path} is not valid TOML: {error}.") from None


def _rates(document: Mapping[str, Any], where: str) -> Rates:
    for name in document:
        if name not in ATTRIBUTE_NAMES:
            raise InputError(
                f"In {where}, {name!a} is no attribute{nearest(name, ATTRIBUTE_NAMES)}; "
                f"tables may be named {', '.join(ATTRIBUTE_NAMES)}."
            )
    rates = rates_of(tuple(_table(a, document[a.name], where) for a in ATTRIBUTES))
    _check_presentation(rates, where)
    return rates


def _table(about: Attribute, content: Any, where: str) -> Table:
    """One table: [attribute] with `given` and, under the levels of it, a rate for each level."""
    place = f"[{about.name}] of {where}"
    if not isinstance(content, Mapping):
        raise InputError(f"{place} must be a table of rates, such as `[{about.name}]`.")
    entries = dict(content)
    given = _given(about, entries.pop("given", []), place)
    parents = [attribute(name) for name in given]
    values = np.empty([*(len(p.levels) for p in parents), len(about.levels)])
    _check_keys(entries, [p.levels for p in parents], about.levels, place)
    for levels in itertools.product(*(p.levels for p in parents)):
        index = tuple(p.index(level) for p, level in zip(parents, levels, strict=True))
        values[index] = _row(about, _descend(entries, levels, place), ", ".join(levels), place)
    return Table(about.name, given, values)


def _given(about: Attribute, given: Any, place: str) -> tuple[str, ...]:
    names = [given] if isinstance(given, str) else given
    earlier = ATTRIBUTE_NAMES[: ATTRIBUTE_NAMES.index(about.name)]
    if not isinstance(names, list) or not all(name in earlier for name in names):
        allowed = ", ".join(earlier) or "nothing: it is drawn first"
        raise InputError(f"`given` in {place} is {names!a}, but may only list {allowed}.")
    if names != [name for name in earlier if name in names]:
        order = ", ".join(name for name in earlier if name in names)
        raise InputError(f"`given` in {place} must name each attribute once, in order: {order}.")
    return tuple(names)


def _check_keys(
    entries: Any, parents: list[tuple[str, ...]], levels: tuple[str, ...], place: str
) -> None:
    """Refuse a key that would never be read: a misspelt one would silently change nothing."""
    if not isinstance(entries, Mapping):
        return  # told where its rates are missed
    known = (*parents[0], "default") if parents else levels
    for key, value in entries.items():
        if key not in known:
            raise InputError(
                f"{place} has an unknown key {key!a}{nearest(key, known)}; "
                f"it may have {', '.join(known)}."
            )
        if parents:
            _check_keys(value, parents[1:], levels, place)


def _descend(entries: Any, levels: tuple[str, ...], place: str) -> Any:
    """What the file says under `levels`, taking `default` where a level is not named."""
    for level in levels:
        if not isinstance(entries, Mapping):
            raise InputError(f"{place} must hold a table of rates for {level}.")
        if level not in entries and "default" not in entries:
            raise InputError(f"{place} says nothing of {level}: add it, or a `default`.")
        entries = entries.get(level, entries.get("default"))
    return entries


def _row(about: Attribute, entries: Any, case: str, place: str) -> NDArray[np.float64]:
    """Rates of all levels in one case; one level may be left out, it gets what remains."""
    spot = f"{place}, {case}," if case else place
    if not isinstance(entries, Mapping):
        raise InputError(f"{spot} must be a table such as {{ {about.levels[0]} = 0.5 }}.")
    for level, rate in entries.items():
        is_number = isinstance(rate, int | float) and not isinstance(rate, bool)
        if not is_number or not 0 <= rate <= 1:
            raise InputError(f"{spot} has {level} = {rate!a}, but a rate is a number from 0 to 1.")
    total = float(sum(entries.values()))
    missing = [level for level in about.levels if level not in entries]
    row = np.array([float(entries.get(level, 0.0)) for level in about.levels])
    if len(missing) == 1 and total <= 1:
        row[about.index(missing[0])] = 1 - total
    elif abs(total - 1) > 1e-6:
        raise InputError(f"The rates of {spot} sum to {total:.6g}, but must sum to 1.")
    elif abs(total - 1) > 1e-12:
        row /= total
    return row


def _check_presentation(rates: Rates, where: str) -> None:
    """Presentation must stay decidable: the parts of one level are never drawn on the other."""
    foreign: dict[str, dict[str, tuple[str, ...]]] = {
        "woman": {"facial_hair": ("stubble", "moustache", "beard"), "hair_style": MAN_HAIR},
        "man": {"hair_style": WOMAN_HAIR},
    }
    for presentation, parts in foreign.items():
        given = {"presentation": presentation}
        if rates.probability_of(given) == 0:
            continue
        for name, levels in parts.items():
            marginal = rates.joint(name, given)
            for level in levels:
                if marginal[attribute(name).index(level)] > 0:
                    raise InputError(
                        f"[{name}] of {where} draws {level} on a {presentation}, which this world "
                        'cannot: write `given = "presentation"` and rates for woman and man.'
                    )
