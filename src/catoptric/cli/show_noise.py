"""What the noise commands print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from catoptric.cli.show import print_json

if TYPE_CHECKING:
    from catoptric.randomness.battery import Battery
    from catoptric.randomness.effect import Effect


def show_battery(found: Battery, *, as_json: bool) -> None:
    """Print the tests of a source."""
    from catoptric.randomness.battery import battery_json

    result = battery_json(found)
    if as_json:
        print_json(result)
        return
    from rich.console import Console

    from catoptric.report.noise_terminal import print_battery

    print_battery(result, Console())


def show_effect(found: Effect, page: Path | None, *, as_json: bool) -> None:
    """Write the page where one is asked for, then print what sources did to pictures.

    Raises:
        InputError: the page cannot be written.
    """
    from catoptric.randomness.effect_result import effect_json

    result = effect_json(found)
    if page is not None:
        from catoptric.report.noise_page import write_noise_page

        write_noise_page(result, page)
    if as_json:
        print_json(result)
        return
    from rich.console import Console

    from catoptric.report.noise_terminal import print_effect

    print_effect(result, Console())
    if page is not None:
        print(f"Page: {page}")
    print(f"Run:  {found.folder}")


def show_sources(*, as_json: bool) -> None:
    """Print the catalogue of sources."""
    from catoptric.sampling import CATALOGUE

    rows = [
        {"name": s.name, "form": s.form, "group": s.group, "about": s.about, "checked": s.checked}
        for s in CATALOGUE.values()
    ]
    if as_json:
        print_json({"sources": rows})
        return
    from rich.console import Console

    from catoptric.report.noise_terminal import print_sources

    print_sources(rows, Console())
