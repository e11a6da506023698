"""`catoptric audit`: split a skew into the shares of data, model and interface."""

from __future__ import annotations

from pathlib import Path

import typer

EXAMPLE = """Examples:

  catoptric audit "a portrait of a doctor"

  catoptric audit "a nurse" --interface a1111 --attribute presentation:woman --half-width 3
"""


def audit(
    prompt: str = typer.Argument(..., help='What to ask for, as in "a portrait of a doctor".'),
    interface: str = typer.Option(
        "comfyui", help="comfyui, a1111, diffusers, or a TOML file of your own settings."
    ),
    reference: str = typer.Option("reference", help="The yardstick: built in, or a TOML file."),
    set_: list[str] = typer.Option(
        [], "--set", metavar="TABLE.KEY=VALUE", help="Change one setting of the interface."
    ),
    knobs: str = typer.Option(
        None,
        help="Which knobs may carry a share (default: guidance,sampler,start, and encoder with "
        "--model portraits; noise only when named).",
    ),
    split_sampler: bool = typer.Option(
        False, "--split-sampler", help="Solver and schedule as two knobs."
    ),
    attribute: str = typer.Option("presentation:woman", help="What is counted, NAME:LEVEL."),
    target: str = typer.Option(
        None, help="The rate you hold it to: a fraction, or data. Default: parity."
    ),
    hide_data: bool = typer.Option(
        False, "--hide-data", help="Do without the data rate, as with a model of unknown data."
    ),
    seeds: int = typer.Option(None, help="Exactly this many seeds."),
    half_width: float = typer.Option(
        None,
        help="Or: as many as make every knob's share this many points wide either way (default 4).",
    ),
    max_seeds: int = typer.Option(4096, help="Never more seeds than this."),
    margin: float = typer.Option(5.0, help="Points within which a share counts as shown small."),
    rates: Path = typer.Option(None, help="Your own rates file for the world (TOML)."),
    model: str = typer.Option("portraits-exact", help="portraits-exact or portraits."),
    seed_key: int = typer.Option(0, help="Which random sample of seeds."),
    seed_design: str = typer.Option(
        "plain", help="plain, or antithetic: seeds in pairs of opposite noise."
    ),
    remedy: bool = typer.Option(True, "--remedy/--no-remedy", help="Look for a better setting."),
    correction: bool = typer.Option(
        True, "--correction/--no-correction", help="Take back the judge's measured errors."
    ),
    run: Path = typer.Option(None, help="Folder of the run (default: runs/<prompt>-<hash>)."),
    workers: int = typer.Option(None, help="Processes that draw (default: one per core)."),
    json_: bool = typer.Option(False, "--json", help="Print one JSON object and nothing else."),
    page: Path = typer.Option(
        None, "--report", help="Where to write the page (default: report.html in the run)."
    ),
) -> None:
    """Split a skew into the shares of data, model and each knob."""
    from catoptric.audit import Request, default_folder, default_knobs, default_workers
    from catoptric.audit import audit as run_audit
    from catoptric.cli.progress import shown_progress
    from catoptric.cli.show import show_audit
    from catoptric.lists import listed

    request = Request(
        prompt=prompt,
        model=model,
        rates=None if rates is None else str(rates),
        interface=interface,
        reference=reference,
        overrides=tuple(set_),
        knobs=default_knobs(model) if knobs is None else listed(knobs, "--knobs"),
        split_sampler=split_sampler,
        attribute=attribute,
        target=_target(target),
        hide_data=hide_data,
        seeds=seeds,
        half_width=half_width,
        max_seeds=max_seeds,
        margin=margin,
        seed_key=seed_key,
        seed_design=seed_design,
        remedy=remedy,
        correct=correction,
    )
    folder = run or default_folder(request)
    with shown_progress(folder) as progress:
        hands = default_workers() if workers is None else workers
        found = run_audit(request, folder, workers=hands, progress=progress)
    show_audit(found, folder, page, as_json=json_)


audit.__doc__ = f"{audit.__doc__}\n\n{EXAMPLE}"


def _target(text: str | None) -> float | str | None:
    if text is None or text == "data":
        return text
    try:
        return float(text)
    except ValueError:
        return text  # the request refuses it in its own words
