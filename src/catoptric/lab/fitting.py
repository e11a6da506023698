"""Settings put together from parts; a key that means nothing in the company it is in is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from catoptric.audit.interface import TABLES, Interface
from catoptric.lab.axes import known_keys
from catoptric.sampling import ADAPTIVE, FIXED, FORMS, Sampler, Settings
from catoptric.sampling.aliases import schedule_alias, solver_alias
from catoptric.sampling.schedules import TAKES_RHO, schedule_name

Tables = dict[str, dict[str, Any]]


def base_tables(interface: Interface, reference: Interface) -> tuple[Tables, list[str]]:
    """An interface's tables, the reference's where it has none or one that cannot be imitated.

    Returns:
        The four tables, and a sentence for each that was replaced.
    """
    tables: Tables = {}
    notes = []
    for table in TABLES:
        own = interface.tables.get(table)
        if own is not None and table in interface.cannot:
            notes.append(
                f"{interface.cannot[table]['why']}; the reference's {table} is used (or ask for "
                f"--set {interface.cannot[table]['ask']})"
            )
            own = None
        tables[table] = dict(reference.tables[table] if own is None else own)
    return tables, notes


def fit(tables: Mapping[str, Mapping[str, Any]]) -> tuple[Settings, tuple[str, ...]]:
    """Settings without the keys that the chosen solver, schedule or form does not have.

    Args:
        tables: guidance, sampler, start, noise.

    Returns:
        The settings, and for each key left out "table.key: reason".

    Raises:
        InputError: a key that nothing has, a missing or impossible value.
    """
    dropped: list[str] = []
    fitted = {name: dict(table) for name, table in tables.items()}
    fitted["sampler"] = _fit_sampler(fitted["sampler"], dropped)
    fitted["guidance"] = _fit_guidance(fitted["guidance"], dropped)
    return Settings.from_dict(fitted), tuple(dropped)


def converged(settings: Settings, reference: Interface) -> Settings:
    """The same picture asked for, the solver taken to convergence: the reference's sampler."""
    return replace(settings, sampler=Sampler.from_dict(reference.tables["sampler"]))


def is_stochastic(settings: Settings) -> bool:
    """Whether the solver adds noise of its own, so that no converged path belongs to a seed."""
    return settings.sampler.options.noise_clock is not None


def _fit_sampler(table: dict[str, Any], dropped: list[str]) -> dict[str, Any]:
    if "solver" not in table:
        return table  # Settings refuses it
    table = {**solver_alias(table["solver"]), **{k: v for k, v in table.items() if k != "solver"}}
    solver = table["solver"]
    if solver in ADAPTIVE:
        allowed = {"solver", *(f.name for f in fields(ADAPTIVE[solver]))}
    else:
        allowed = {"solver", "schedule", "steps", *(f.name for f in fields(FIXED[solver]))}
        schedule = schedule_alias(table.get("schedule"))
        if isinstance(schedule, str) and schedule_name(schedule, solver) in TAKES_RHO:
            allowed.add("rho")
    kept = {}
    for key, value in table.items():
        if key in allowed or key not in known_keys()["sampler"]:
            kept[key] = value
        elif key in ("steps", "schedule"):
            dropped.append(f"sampler.{key}: {solver} chooses its own steps")
        elif key == "rho" and solver in FIXED:
            dropped.append(f"sampler.rho: the {table.get('schedule')} schedule has none")
        else:
            dropped.append(f"sampler.{key}: {solver} has no such setting")
    return kept


def _fit_guidance(table: dict[str, Any], dropped: list[str]) -> dict[str, Any]:
    form = table.get("form", "constant")
    if form not in FORMS:
        return table
    allowed = {"form", *FORMS[form]}
    kept = {}
    for key, value in table.items():
        if key in allowed or key not in known_keys()["guidance"]:
            kept[key] = value
        else:
            dropped.append(f"guidance.{key}: the {form} form has none")
    if kept.get("scale") == 1 and form != "constant":
        dropped += [
            f"guidance.{key}: at scale 1 no guidance acts" for key in kept if key != "scale"
        ]
    return kept
