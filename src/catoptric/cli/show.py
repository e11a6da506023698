"""What commands print: one JSON object, or words for a person."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from catoptric.audit import Audit
    from catoptric.audit.drawing import Drawing


def show_audit(found: Audit, folder: Path, page: Path | None, *, as_json: bool) -> None:
    """Write the page, then print the report or the JSON object.

    Args:
        found: the audit.
        folder: its run.
        page: where the page goes; None for `report.html` in the run.
        as_json: one JSON object instead of words.

    Raises:
        InputError: the page cannot be written.
    """
    from catoptric.audit import to_json
    from catoptric.report import write_page
    from catoptric.report.matching import matched_pairs

    result = to_json(found)
    # A person is told of this very run; the JSON of a run does not depend on where it lies.
    told = result | {"command": found.request.command(folder)}
    path = page or folder / "report.html"
    write_page(told, matched_pairs(found), path)
    if as_json:
        print_json(result)
        return
    from rich.console import Console

    from catoptric.report import print_report

    print_report(told, Console(), page=path)


def show_drawing(found: Drawing, *, as_json: bool) -> None:
    """Print which files were written and what they show; notes go to stderr."""
    for note in found.notes:
        print(f"note: {note}", file=sys.stderr)
    if as_json:
        print_json(
            {
                "prompt": found.prompt,
                "grid": str(found.grid),
                "settings": found.settings,
                "seconds": round(found.seconds, 3),
                "notes": list(found.notes),
                "pictures": [
                    {"file": str(file), "seed": seed, "nfe": nfe, **label}
                    for file, seed, nfe, label in zip(
                        found.files, found.seeds, found.nfe, found.labels, strict=True
                    )
                ],
            }
        )
        return
    for file, nfe, label in zip(found.files, found.nfe, found.labels, strict=True):
        levels = label["levels"]
        words = (
            f"unclear ({label['reason'].replace('_', ' ')})"
            if levels is None
            else f"{levels['presentation']}, {levels['occupation']}"
        )
        asides = {False: "  (not what was asked)", None: "  (whether as asked cannot be told)"}
        aside = "" if levels is None else asides.get(label["obeyed"], "")
        print(f"{file}  {words}, {nfe} evaluations{aside}")
    print(f"Grid: {found.grid}")


def show_world(rates_file: str | None, out: Path, *, as_json: bool) -> None:
    """Write the contact sheet and print the rates table.

    Raises:
        InputError: a rates file that cannot be used, a sheet that cannot be written.
    """
    from catoptric.errors import InputError
    from catoptric.world import (
        contact_sheet,
        example_codes,
        load_rates,
        rates_rows,
        render,
    )

    rates = load_rates(rates_file)
    rows = rates_rows(rates)
    per_row = 12
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        contact_sheet(render(example_codes(rates, per_row)), per_row).save(out)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{out} cannot be written as a picture: {reason}") from error
    if as_json:
        print_json({"rates": [vars(row) for row in rows], "sheet": str(out), "hash": rates.hash})
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Rates of this world, in %", title_justify="left")
    table.add_column("occupation")
    for name in ("of all", "women", "glasses"):
        table.add_column(name, justify="right")
    skins = list(next((row.skin for row in rows if row.skin), {}))
    for name in skins:
        table.add_column(name, justify="right")
    for row in rows:
        cells = [row.share, row.woman, row.glasses, *((row.skin or {}).get(s) for s in skins)]
        table.add_row(row.occupation, *("-" if c is None else f"{100 * c:.1f}" for c in cells))
    Console().print(table)
    print(f"Contact sheet: {out}")
    print("Your own rates: catoptric world --rates-template > my-rates.toml, change it, then")
    print('                catoptric audit "a portrait of a doctor" --rates my-rates.toml')


def print_json(value: Any) -> None:
    """One JSON object on stdout; numbers that are not finite become null."""
    json.dump(_finite(value), sys.stdout, indent=2, ensure_ascii=True, allow_nan=False)
    print()


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
