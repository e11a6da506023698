"""Interface files: settings by table, with the source of each; built in or the user's own."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from catoptric.errors import InputError
from catoptric.sampling import ADAPTIVE, solver_alias
from catoptric.sampling.settings import preset_options

BUILT_IN = ("comfyui", "a1111", "diffusers", "reference", "quick", "clip-skip-2")
TABLES = ("guidance", "sampler", "start", "noise", "encoder", "precision")
# What a reference need not state: whole without a word.
OPTIONAL = ("encoder", "precision")
TOP_KEYS = ("name", "version", *TABLES, "sources", "cannot", "split")
LARGEST_FILE = 100_000
# Of [sampler]: what a solver that walks a schedule is told, whichever it is.
SCHEDULE_KEYS = ("schedule", "steps", "rho")


@dataclass(frozen=True)
class Interface:
    """One picture maker's settings.

    Attributes:
        name: how it is called in sentences.
        version: of the picture maker, or empty.
        tables: those of TABLES; a table left out is taken from the reference.
        cannot: per table, why its default cannot be imitated and what to ask for instead.
        split: solver, schedule and steps that stand for the reference's under --split-sampler.
        sources: where each value was read.
        overridden: tables that the command line changed.
    """

    name: str
    version: str
    tables: Mapping[str, Mapping[str, Any]]
    cannot: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    split: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    overridden: tuple[str, ...] = ()


def load_interface(
    name_or_path: str, overrides: Sequence[str] = (), then: Sequence[str] = ()
) -> Interface:
    """Read a built-in interface by name, or a TOML file by path, and change single values.

    Args:
        name_or_path: "comfyui", "a1111", "diffusers", "reference" or a path.
        overrides: "table.key=value" each; the value is read as TOML, else as a string.
        then: more of them, on top of what the first ones made: another solver among these does
            not inherit the options that the first ones gave to theirs.

    Raises:
        InputError: no such interface or file, not TOML, a key nobody knows (the nearest is named).
    """
    data = _read(name_or_path)
    _check_keys(data, TOP_KEYS, f"interface {name_or_path!r}")
    for table in (*TABLES, "cannot", "split", "sources"):
        _check_table(table, data.get(table, {}), f"interface {name_or_path!r}")
    cannot = dict(data.get("cannot", {}))
    changed: dict[str, None] = {}
    for group in (overrides, then):
        changed |= dict.fromkeys(_change(data, group))
    check_reachable(data.get("guidance", {}))
    return Interface(
        name=str(data.get("name", Path(name_or_path).stem)),
        version=str(data.get("version", "")),
        tables={table: data[table] for table in TABLES if table in data},
        cannot={table: why for table, why in cannot.items() if table not in changed},
        split=data.get("split", {}),
        sources=data.get("sources", {}),
        overridden=tuple(changed),
    )


def reference_tables(reference: Interface) -> dict[str, dict[str, Any]]:
    """Every table of a reference, by name; an optional one that it lacks is empty.

    Raises:
        InputError: one that it must state is missing.
    """
    stated = [table for table in TABLES if table not in OPTIONAL]
    missing = [table for table in stated if table not in reference.tables]
    if missing:
        raise InputError(
            f"the reference {reference.name!r} lacks [{missing[0]}]; a reference states all of "
            f"{', '.join(stated)}"
        )
    return {table: dict(reference.tables.get(table, {})) for table in TABLES}


def check_reachable(guidance: Mapping[str, Any]) -> None:
    """Refuse guidance that needs what a prompt's settings cannot hold.

    Raises:
        InputError: Perp-Neg, which needs a negative condition.
    """
    if guidance.get("mix") == "perp_neg":
        raise InputError(
            "mix 'perp_neg' in [guidance] steers away from a negative prompt, and no command takes "
            "one: take mix 'apg' or 'zero_star', or call catoptric.sampling.sample with `negative`"
        )


def _change(data: dict[str, Any], overrides: Sequence[str]) -> list[str]:
    """Put values into an interface's tables; returns the tables that were changed."""
    before = dict(data.get("sampler", {}))
    changed: dict[str, set[str]] = {}
    for override in overrides:
        table, key, value = _parse_override(override)
        _check_table(table, {key: value}, "--set")
        data.setdefault(table, {})[key] = value
        changed.setdefault(table, set()).add(key)
    asked = changed.get("sampler", set())
    if "solver" in asked and "solver" in before:
        data["sampler"] = _under(data["sampler"], before["solver"], asked)
    if "preset" in data.get("sampler", {}):
        # Written out here: set by hand it replaces what the file says, and only that.
        sampler = data["sampler"]
        kept = asked if "preset" in asked else set(sampler)
        means = preset_options(sampler.get("solver", ""), sampler.pop("preset"), "[sampler]")
        data["sampler"] = sampler | {k: v for k, v in means.items() if k not in kept}
    return list(changed)


def with_solver(
    table: Mapping[str, Any], solver: Any, asked: Collection[str]
) -> tuple[dict[str, Any], list[str]]:
    """A sampler table under another solver: what belonged to the old one goes.

    Args:
        table: the sampler as it is.
        solver: a name, ours or an interface's; "DPM++ 2M Karras" brings its schedule.
        asked: keys that the user set, which stay whatever the solver.

    Returns:
        The table, and for each setting that went "sampler.key: reason".

    Raises:
        InputError: an unknown solver.
    """
    old, new = solver_alias(table["solver"]), solver_alias(solver)
    brought = {k: v for k, v in new.items() if k == "solver" or k not in asked}
    kept = {k: v for k, v in table.items() if k != "solver"}
    if "schedule" in brought and "rho" not in asked:
        kept.pop("rho", None)  # of the schedule that gives way
    if old["solver"] == new["solver"]:
        return kept | brought, []
    stays = {k: v for k, v in kept.items() if k in (*SCHEDULE_KEYS, "coarse_above") or k in asked}
    gone = [f"sampler.{k}: it is {old['solver']}'s own" for k in kept if k not in stays]
    return stays | brought, gone


def _under(table: Mapping[str, Any], old: Any, asked: Collection[str]) -> dict[str, Any]:
    """A file's sampler table after --set put another solver in its place."""
    found, _ = with_solver({**table, "solver": old}, table["solver"], asked)
    if found["solver"] in ADAPTIVE:  # it chooses its own steps
        return {k: v for k, v in found.items() if k in asked or k not in SCHEDULE_KEYS}
    return found


def _check_table(name: str, table: Any, where: str) -> None:
    """Tables hold plain values; [cannot.x] holds `why` and `ask`."""
    if not isinstance(table, dict):
        raise InputError(f"{name!r} in {where} must be a table, written [{name}]")
    for key, value in table.items():
        if name == "cannot":
            if not (isinstance(value, dict) and set(value) == {"why", "ask"}):
                raise InputError(f"[cannot.{key}] in {where} needs `why` and `ask`, nothing else")
        elif not isinstance(value, str | int | float | bool):
            raise InputError(f"{name}.{key} in {where} must be one plain value, not {value!r}")


def _read(name_or_path: str) -> dict[str, Any]:
    if name_or_path in BUILT_IN:
        text = files("catoptric.interfaces").joinpath(f"{name_or_path}.toml").read_text("utf-8")
        return tomllib.loads(text)
    path = Path(name_or_path)
    if not os.path.isfile(path):  # unlike Path.is_file, no error for a name that is too long
        near = get_close_matches(name_or_path.lower(), BUILT_IN, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise InputError(
            f"there is no interface {name_or_path[:80]!r} and no such file: {hint}"
            f"built in are {', '.join(BUILT_IN)}"
        )
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(f"{path} is too large for an interface file (over 100 kB)")
        return tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid TOML: {str(error).splitlines()[0]}") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error


def _check_keys(data: Mapping[str, Any], allowed: Sequence[str], where: str) -> None:
    for key in data:
        if key not in allowed:
            near = get_close_matches(key, allowed, n=1, cutoff=0.3)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise InputError(f"unknown key {key!r} in {where}: {hint}allowed: {', '.join(allowed)}")


def _parse_override(override: str) -> tuple[str, str, Any]:
    path, equals, text = override.partition("=")
    table, dot, key = path.strip().partition(".")
    if not equals or not dot or not key:
        raise InputError(
            f"--set takes TABLE.KEY=VALUE, as in --set guidance.scale=4, not {override!r}"
        )
    _check_keys({table: None}, TABLES, "--set")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    return table, key, value
