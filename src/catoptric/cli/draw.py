"""`catoptric draw`: make pictures."""

from __future__ import annotations

from pathlib import Path

import typer

EXAMPLE = """Examples:

  catoptric draw "a smiling doctor with glasses" -n 16

  catoptric draw "a nurse" -n 8 --interface comfyui --seed 100 --out pictures
"""


def draw(
    prompt: str = typer.Argument(..., help='What to draw, as in "a smiling nurse with glasses".'),
    number: int = typer.Option(4, "-n", "--number", help="How many pictures."),
    seed: int = typer.Option(0, help="First seed; the others follow."),
    interface: str = typer.Option(
        None,
        help="quick, reference, comfyui, a1111, diffusers, or a TOML file (default: quick; with "
        "portraits-exact, reference).",
    ),
    set_: list[str] = typer.Option(
        [], "--set", metavar="TABLE.KEY=VALUE", help="Change one setting, as guidance.scale=4."
    ),
    rates: Path = typer.Option(None, help="Your own rates file for the world (TOML)."),
    model: str = typer.Option("portraits", help="portraits or portraits-exact."),
    out: Path = typer.Option(Path("pictures"), help="Folder for the pictures."),
    json_: bool = typer.Option(False, "--json", help="Print one JSON object and nothing else."),
) -> None:
    """Draw a prompt: a grid, and files that carry their settings."""
    from catoptric.audit.drawing import default_interface, draw_pictures
    from catoptric.cli.progress import shown_progress
    from catoptric.cli.show import show_drawing

    with shown_progress(None) as progress:
        found = draw_pictures(
            prompt,
            number=number,
            seed=seed,
            interface=interface or default_interface(model),
            overrides=set_,
            rates=None if rates is None else str(rates),
            model=model,
            folder=out,
            progress=progress,
        )
    show_drawing(found, as_json=json_)


draw.__doc__ = f"{draw.__doc__}\n\n{EXAMPLE}"
