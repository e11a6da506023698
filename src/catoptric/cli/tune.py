"""`catoptric tune`: dial the sampler in for one prompt."""

from __future__ import annotations

from pathlib import Path

import typer

EXAMPLE = """Examples:

  catoptric tune "a portrait of a doctor" --budget 40

  catoptric tune "a nurse" --error 0.02 --keep-guidance --out nurse.toml
"""


def tune(
    prompt: str = typer.Argument(..., help='What to tune for, as in "a portrait of a doctor".'),
    budget: float = typer.Option(
        None, help="The least error within this many model evaluations of a picture."
    ),
    error: float = typer.Option(
        None, help="Or: the fewest evaluations for this RMS error, pixels in [-1, 1]."
    ),
    trials: int = typer.Option(32, help="How many settings to try."),
    keep_guidance: bool = typer.Option(
        False, "--keep-guidance", help="Tune the sampler only; guidance stays as it is."
    ),
    seeds: int = typer.Option(64, help="Training seeds of every trial."),
    held_out: int = typer.Option(256, help="Other seeds, which the report rests on."),
    interface: str = typer.Option(
        "comfyui", help="Whose guidance, start and noise: built in, or a TOML file."
    ),
    set_: list[str] = typer.Option(
        [], "--set", metavar="TABLE.KEY=VALUE", help="Change one setting of the interface."
    ),
    reference: str = typer.Option("reference", help="The yardstick: built in, or a TOML file."),
    attribute: str = typer.Option("presentation:woman", help="Whose skew counts, NAME:LEVEL."),
    rates: Path = typer.Option(None, help="Your own rates file for the world (TOML)."),
    model: str = typer.Option("portraits-exact", help="What draws."),
    seed_key: int = typer.Option(0, help="Which random sample of seeds."),
    run: Path = typer.Option(None, help="Folder of the run (default: runs/<prompt>-<hash>)."),
    workers: int = typer.Option(None, help="Processes that draw (default: one per core)."),
    json_: bool = typer.Option(False, "--json", help="Print one JSON object and nothing else."),
    out: Path = typer.Option(None, help="The preset (default: tuned.toml in the run)."),
) -> None:
    """Find solver and guidance settings for one prompt, and write a preset."""
    from catoptric.audit import Request, default_workers
    from catoptric.cli.progress import shown_progress
    from catoptric.cli.show_lab import show_tuned
    from catoptric.lab import TuneRequest, tune_folder
    from catoptric.lab import tune as run_tune
    from catoptric.lab.scores import Goal

    base = Request(
        prompt=prompt,
        model=model,
        rates=None if rates is None else str(rates),
        interface=interface,
        reference=reference,
        overrides=tuple(set_),
        attribute=attribute,
        seed_key=seed_key,
    )
    request = TuneRequest(
        base=base,
        goal=Goal(budget, error),
        trials=trials,
        train=seeds,
        held_out=held_out,
        keep_guidance=keep_guidance,
    )
    folder = run or tune_folder(request)
    with shown_progress(folder) as progress:
        hands = default_workers() if workers is None else workers
        found = run_tune(request, folder, workers=hands, progress=progress)
    show_tuned(found, out or folder / "tuned.toml", as_json=json_)


tune.__doc__ = f"{tune.__doc__}\n\n{EXAMPLE}"
