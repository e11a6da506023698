"""`catoptric seeds`: does a seed have a tendency of its own?"""

from __future__ import annotations

from pathlib import Path

import typer

EXAMPLE = """Examples:

  catoptric seeds

  catoptric seeds "a doctor" "a nurse" "a lawyer" --seeds 128 --guidance 1
"""


def seeds(
    prompts: list[str] = typer.Argument(
        None, help="At least two prompts (default: a portrait of each occupation)."
    ),
    seeds: int = typer.Option(64, help="How many seeds."),
    guidance: str = typer.Option("1,3,7.5", help="At which guidance scales."),
    attribute: str = typer.Option("presentation:woman", help="Whose seeds are named, NAME:LEVEL."),
    interface: str = typer.Option(
        "reference", help="Whose other settings: built in, or a TOML file of your own."
    ),
    set_: list[str] = typer.Option(
        [], "--set", metavar="TABLE.KEY=VALUE", help="Change one setting of the interface."
    ),
    rates: Path = typer.Option(None, help="Your own rates file for the world (TOML)."),
    model: str = typer.Option("portraits-exact", help="What draws."),
    seed_key: int = typer.Option(0, help="Which random sample of seeds."),
    run: Path = typer.Option(None, help="Folder of the run (default: runs/seeds-...)."),
    workers: int = typer.Option(None, help="Processes that draw (default: one per core)."),
    json_: bool = typer.Option(False, "--json", help="Print one JSON object and nothing else."),
) -> None:
    """Cross seeds with prompts and settings: how much is the seed's own?"""
    from catoptric.audit import Request, default_workers
    from catoptric.cli.progress import shown_progress
    from catoptric.cli.show_randomness import show_seeds
    from catoptric.randomness.polarity_request import PolarityRequest, parse_scales
    from catoptric.randomness.seeds import SeedsRequest, default_prompts, measure_seeds

    named = tuple(prompts) if prompts else default_prompts()
    base = Request(
        prompt=named[0],
        model=model,
        rates=None if rates is None else str(rates),
        interface=interface,
        overrides=tuple(set_),
        attribute=attribute,
        seed_key=seed_key,
    )
    inner = PolarityRequest(base=base, guidance=parse_scales(guidance), seeds=seeds)
    request = SeedsRequest(named, inner)
    folder = run or request.folder
    with shown_progress(folder) as progress:
        hands = default_workers() if workers is None else workers
        found = measure_seeds(request, folder, workers=hands, progress=progress)
    show_seeds(found, as_json=json_)


seeds.__doc__ = f"{seeds.__doc__}\n\n{EXAMPLE}"
