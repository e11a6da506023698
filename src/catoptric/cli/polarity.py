"""`catoptric polarity`: does the opposite noise give the opposite picture?"""

from __future__ import annotations

from pathlib import Path

import typer

EXAMPLE = """Examples:

  catoptric polarity "a portrait of a doctor"

  catoptric polarity "a nurse" --parts whole,dc,light --guidance 1 --seeds 1024
"""


def polarity(
    prompt: str = typer.Argument(..., help='What to ask for, as in "a portrait of a doctor".'),
    parts: str = typer.Option(
        None,
        help="Which parts of the noise are flipped: whole, bands (dc,1,2,3,4-5,6-7,8-11,12-15,"
        "16-31,32+), colours (light,red-green,yellow-blue). Default: all.",
    ),
    guidance: str = typer.Option("1,3,7.5", help="At which guidance scales."),
    seeds: int = typer.Option(256, help="Seeds of every arm."),
    attribute: str = typer.Option("presentation:woman", help="What is counted, NAME:LEVEL."),
    margin: float = typer.Option(5.0, help="Points within which a difference counts as absent."),
    interface: str = typer.Option(
        "reference", help="Whose other settings: built in, or a TOML file of your own."
    ),
    set_: list[str] = typer.Option(
        [], "--set", metavar="TABLE.KEY=VALUE", help="Change one setting of the interface."
    ),
    rates: Path = typer.Option(None, help="Your own rates file for the world (TOML)."),
    model: str = typer.Option("portraits-exact", help="What draws."),
    seed_key: int = typer.Option(0, help="Which random sample of seeds."),
    run: Path = typer.Option(None, help="Folder of the run (default: runs/<prompt>-<hash>)."),
    workers: int = typer.Option(None, help="Processes that draw (default: one per core)."),
    json_: bool = typer.Option(False, "--json", help="Print one JSON object and nothing else."),
    page: Path = typer.Option(
        None, "--report", help="Where to write the page (default: polarity.html in the run)."
    ),
) -> None:
    """Flip the sign of the noise, whole and part by part: does the label flip with it?"""
    from catoptric.audit import Request, default_folder, default_workers
    from catoptric.cli.progress import shown_progress
    from catoptric.cli.show_randomness import show_polarity
    from catoptric.randomness.polarity import measure_polarity
    from catoptric.randomness.polarity_request import PolarityRequest, parse_parts, parse_scales

    request = PolarityRequest(
        base=Request(
            prompt=prompt,
            model=model,
            rates=None if rates is None else str(rates),
            interface=interface,
            overrides=tuple(set_),
            attribute=attribute,
            margin=margin,
            seed_key=seed_key,
        ),
        parts=parse_parts(parts),
        guidance=parse_scales(guidance),
        seeds=seeds,
    )
    folder = run or default_folder(request.base)
    with shown_progress(folder) as progress:
        hands = default_workers() if workers is None else workers
        found = measure_polarity(request, folder, workers=hands, progress=progress)
    show_polarity(found, page or folder / "polarity.html", as_json=json_)


polarity.__doc__ = f"{polarity.__doc__}\n\n{EXAMPLE}"
