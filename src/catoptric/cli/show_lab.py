"""What `grid` and `tune` print and write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from catoptric.cli.show import print_json

if TYPE_CHECKING:
    from catoptric.lab import Grid, Tuned


def show_grid(found: Grid, out: Path, page: Path, *, as_json: bool) -> None:
    """Write picture and page, then print the numbers or the JSON object.

    Args:
        found: the grid.
        out: where the picture goes.
        page: where the page goes.
        as_json: one JSON object instead of words.

    Raises:
        InputError: a file cannot be written.
    """
    from catoptric.lab import grid_json
    from catoptric.report.grid_page import write_grid_page
    from catoptric.report.grid_png import write_grid_png

    result = grid_json(found)
    facts = {key: result[key] for key in ("prompts", "axes", "interface", "notes", "seeds")}
    pictures = [drawn.pictures.cell.pictures for drawn in found.cells]
    write_grid_png(result, pictures, out, {"catoptric": json.dumps(facts)})

    write_grid_page(result, [drawn.pictures for drawn in found.cells], page)
    if as_json:
        print_json(result)
        return
    from rich.console import Console

    from catoptric.report.grid_terminal import print_grid

    print_grid(result, Console())
    print(f"\nPicture: {out}\nPage:    {page}\nRun:     {found.folder}")


def show_tuned(found: Tuned, out: Path, *, as_json: bool) -> None:
    """Write the preset, then print how it did on held-out seeds.

    Args:
        found: what was found.
        out: where the preset goes.
        as_json: one JSON object instead of words.

    Raises:
        InputError: the preset cannot be written.
    """
    from catoptric.files import write_whole
    from catoptric.lab import tune_json
    from catoptric.lab.preset import preset_text
    from catoptric.lab.tune_result import preset_remarks

    result = tune_json(found)
    name = f"tuned for {found.request.base.prompt}"
    text = preset_text(found.tuned.settings, name, preset_remarks(found))
    write_whole(out, text.encode())
    if as_json:
        print_json(result | {"preset": str(out)})
        return
    from rich.console import Console

    from catoptric.report.tune_terminal import print_tuned

    print_tuned(result, Console())
    print(f"Preset: {out}\nRun:    {found.folder}")
