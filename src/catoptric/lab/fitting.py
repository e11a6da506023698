"""Settings put together from parts; a key that means nothing in the company it is in is named."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from typing import Any

from catoptric.audit.interface import TABLES, Interface, check_reachable, reference_tables
from catoptric.lab.axes import known_keys
from catoptric.sampling import ADAPTIVE, FIXED, FORMS, MIXES, PAIRED, Sampler, Settings
from catoptric.sampling.aliases import schedule_alias, solver_alias
from catoptric.sampling.options import PID_PRESETS
from catoptric.sampling.schedules import TAKES_RHO, schedule_name
from catoptric.sampling.settings import preset_options

Tables = dict[str, dict[str, Any]]


def base_tables(interface: Interface, reference: Interface) -> tuple[Tables, list[str]]:
    """An interface's tables, the reference's where it has none or one that cannot be imitated.

    Returns:
        All tables, and a sentence for each that was replaced.

    Raises:
        InputError: a reference that lacks one of them.
    """
    base = reference_tables(reference)
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
        tables[table] = base[table] if own is None else dict(own)
    return tables, notes


def fit(tables: Mapping[str, Mapping[str, Any]]) -> tuple[Settings, tuple[str, ...]]:
    """Settings without the keys that the chosen solver, schedule or form does not have.

    Args:
        tables: all of them.

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


def why_not_converged(settings: Settings) -> str | None:
    """Why no converged picture belongs to a seed under some settings; None where one does."""
    sampler = settings.sampler
    options = sampler.options
    if options.noise_clock is not None or options.fresh_noise is not None:
        return "a stochastic solver has no converged picture of a seed"
    if sampler.solver in PAIRED:
        return "CFG++ guides in its own way, which no converged solver follows"
    if settings.guidance.momentum:
        return "with momentum the picture depends on the steps themselves, so none is converged"
    return None


def with_preset(table: Mapping[str, Any], preset: Any, asked: Collection[str]) -> dict[str, Any]:
    """`pid`'s sampler table under a preset: what any preset says gives way, but for what was asked.

    Args:
        table: the sampler as it is; another solver's keeps the preset, for `fit` to name.
        preset: its name.
        asked: keys that the user set, which stay.

    Raises:
        InputError: an unknown preset.
    """
    means = preset_options("pid", preset, "[sampler]")
    if solver_alias(table["solver"])["solver"] != "pid":
        return {**table, "preset": preset}
    said = {key for options in PID_PRESETS.values() for key in options}
    stays = {k: v for k, v in table.items() if k in asked or k not in said}
    return stays | {k: v for k, v in means.items() if k not in asked}


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
    if solver != "restart":  # which goes up again
        allowed.add("coarse_above")
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
    check_reachable(table)
    form, mix = table.get("form", "constant"), table.get("mix", "linear")
    if form not in FORMS or mix not in MIXES:
        return table
    of_mixes = {key for keys in MIXES.values() for key in keys}
    allowed = {"form", "mix", "rescale", *FORMS[form], *MIXES[mix]}
    kept = {}
    for key, value in table.items():
        if key in allowed or key not in known_keys()["guidance"]:
            kept[key] = value
        elif key in of_mixes:
            dropped.append(f"guidance.{key}: the {mix} mix has none")
        else:
            dropped.append(f"guidance.{key}: the {form} form has none")
    if kept.get("scale") == 1:
        idle = [k for k in kept if k != "scale" and (k, kept[k]) != ("form", "constant")]
        dropped += [f"guidance.{key}: at scale 1 no guidance acts" for key in idle]
    return kept
