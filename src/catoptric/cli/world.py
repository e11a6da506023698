"""`catoptric world`: the embedded world of portraits, its rates and how to change them."""

from __future__ import annotations

from pathlib import Path

import typer

EXAMPLE = """Examples:

  catoptric world

  catoptric world --rates-template > my-rates.toml
"""


def world(
    rates: Path = typer.Option(None, help="Show the world of your own rates file (TOML)."),
    rates_template: bool = typer.Option(
        False, "--rates-template", help="Print the shipped rates file to start from, and stop."
    ),
    out: Path = typer.Option(Path("world.png"), help="Where to put the contact sheet."),
    json_: bool = typer.Option(False, "--json", help="Print one JSON object and nothing else."),
) -> None:
    """Show the world of portraits: a contact sheet, its rates."""
    if rates_template:
        from catoptric.world import rates_template as template

        typer.echo(template(), nl=False)
        return
    from catoptric.cli.show import show_world

    show_world(None if rates is None else str(rates), out, as_json=json_)


world.__doc__ = f"{world.__doc__}\n\n{EXAMPLE}"
