"""Tests of noise, its effects, and the list of sources, in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from catoptric.report.words import people, quoted, shortened, signed, visible

SMALL = 0.001
# A path as a source's name must not push the numbers out of 80 columns.
LONGEST_NAME = 20


def print_battery(result: Mapping[str, Any], console: Console) -> None:
    """Print one table of tests, the verdict, and what each failure means for a picture.

    Args:
        result: what `noise test --json` prints.
        console: where to.
    """
    table = _table("Test", "Looks at", numbers=("Found", "Expected", "p", "p (Holm)"))
    for row in result["tests"]:
        adjusted = _p(row["p_holm"]) + (" FAIL" if row["failed"] else "     ")
        cells = (_figure(row["value"]), _figure(row["expected"]), _p(row["p"]), adjusted)
        looks_at = row["looks_at"] if row["reason"] is None else row["reason"]
        table.add_row(Text(row["test"]), Text(looks_at), *map(Text, cells))
    console.print(table)
    console.print()
    console.print(Text(visible(result["verdict"]) + "."))
    failed = sorted((r for r in result["tests"] if r["failed"]), key=lambda r: r["p_holm"])
    if failed:
        console.print(Text("\nWhat that means for a picture:"))
    for row in failed:
        console.print(Text(f"  {row['test']}: {row['meaning']}"))


def print_effect(result: Mapping[str, Any], console: Console) -> None:
    """Print one row per source, then the differences of every figure.

    Args:
        result: what `noise effect --json` prints.
        console: where to.
    """
    whom, margin = people(result["attribute"]), result["margin"]
    yardstick = result["yardstick"]
    console.print(
        Text(
            f"{quoted(result['prompt'])} under {result['interface']}: every source against philox "
            f"({yardstick['pictures']:,} pictures, {yardstick['means']['rate']:.1f} % {whom})"
        )
    )
    console.print()
    table = _table("Source", numbers=("Pictures", "Rate", "Points (95 %)", "Power", "Shown"))
    for arm in result["sources"]:
        rate = next(c for c in arm["comparisons"] if c["figure"] == "rate")
        power = "\u2014" if arm["power"] is None else f"{100 * arm['power']:.0f} %"
        cells = (f"{arm['pictures']:,}", f"{rate['value']:.1f} %", _interval(rate), power)
        table.add_row(
            Text(shortened(visible(arm["source"]), LONGEST_NAME)),
            *map(Text, cells),
            Text(arm["verdict"]),
        )
    console.print(table)
    console.print(Text("\n95 % intervals of the differences from philox, points:"))
    other = [name for name in result["figures"] if name != "rate"]
    table = _table("Source", numbers=tuple(name.capitalize() for name in other))
    for arm in result["sources"]:
        found = {c["figure"]: c for c in arm["comparisons"]}
        table.add_row(
            Text(shortened(visible(arm["source"]), LONGEST_NAME)),
            *(Text(_ends(found[n])) for n in other),
        )
    console.print(table)
    console.print()
    console.print(
        Text(
            f"harmless: every figure is shown to lie within {margin:g} points of philox (two "
            "one-sided tests); harmful: one is told apart from philox (Holm over all) and not "
            "shown to lie within. Power: chance that a source of no effect is shown harmless in "
            "its least certain figure."
        )
    )
    if any(arm["independent_units"] < arm["pictures"] for arm in result["sources"]):
        console.print(Text("Quasi sources: the independent unit is a whole set of pictures."))


def print_sources(rows: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Print every source with its group, what it is and what it was checked against.

    Args:
        rows: what `noise list --json` prints under "sources".
        console: where to.
    """
    table = _table("Source", "Group", "What it is")
    for row in rows:
        table.add_row(Text(row["form"]), Text(row["group"]), Text(row["about"]))
    console.print(table)
    console.print()
    for checked in dict.fromkeys(row["checked"] for row in rows if row["checked"]):
        names = ", ".join(row["name"] for row in rows if row["checked"] == checked)
        console.print(Text(f"{names}: {checked}"))


def _table(*words: str, numbers: Sequence[str] = ()) -> Table:
    """Columns of words, then columns of numbers, as narrow as they can be."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for i, name in enumerate(words):
        table.add_column(name, no_wrap=i == 0)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _interval(row: Mapping[str, Any]) -> str:
    if row["points"] is None:
        return "\u2014"
    ends = f"{signed(row['low'], 1)} to {signed(row['high'], 1)}"
    return f"{signed(row['points'], 1)} ({ends})"


def _ends(row: Mapping[str, Any]) -> str:
    if row["points"] is None:
        return "\u2014"
    return f"{signed(row['low'], 1)}\u2026{signed(row['high'], 1)}"


def _figure(value: float | None) -> str:
    if value is None:
        return "\u2014"
    if float(value).is_integer() and abs(value) >= 1:
        return f"{value:,.0f}"
    return f"{value:.3g}" if 0 < abs(value) < 1e3 else f"{value:,.0f}"


def _p(p: float | None) -> str:
    if p is None:
        return "\u2014"
    return f"< {SMALL:g}" if p < SMALL else f"{p:.3f}"
