"""`catoptric grid`: a prompt under every combination of a few settings."""

from __future__ import annotations

from pathlib import Path

import typer

EXAMPLE = """Examples:

  catoptric grid "a portrait of a doctor" --x guidance=1,2,4,8 --y solver=euler,heun,pid --seeds 4

  catoptric grid "a nurse" --x interface=comfyui,a1111,diffusers --y guidance=1,3,..,9
"""


def grid(
    prompt: str = typer.Argument(
        None, help='What to draw, as in "a portrait of a doctor"; or a prompt axis names it.'
    ),
    x: str = typer.Option(
        None,
        "--x",
        metavar="NAME=VALUES",
        help="Columns: guidance, form, solver, schedule, steps, rtol, start, noise, TABLE.KEY, "
        "interface, or prompt (its values parted by ;).",
    ),
    y: str = typer.Option(None, "--y", metavar="NAME=VALUES", help="Rows, likewise."),
    z: str = typer.Option(None, "--z", metavar="NAME=VALUES", help="Blocks, likewise."),
    seeds: int = typer.Option(4, help="Seeds whose pictures are shown."),
    measure: int = typer.Option(
        64, help="Seeds that the numbers rest on; up to 64 cost the same, as a model call has 64."
    ),
    interface: str = typer.Option(
        "comfyui", help="What is not on an axis: a built-in interface, or a TOML file."
    ),
    set_: list[str] = typer.Option(
        [], "--set", metavar="TABLE.KEY=VALUE", help="Change one setting of the interface."
    ),
    reference: str = typer.Option("reference", help="The yardstick: built in, or a TOML file."),
    attribute: str = typer.Option("presentation:woman", help="What is counted, NAME:LEVEL."),
    rates: Path = typer.Option(None, help="Your own rates file for the world (TOML)."),
    model: str = typer.Option("portraits-exact", help="What draws."),
    seed_key: int = typer.Option(0, help="Which random sample of seeds."),
    run: Path = typer.Option(None, help="Folder of the run (default: runs/<prompt>-<hash>)."),
    workers: int = typer.Option(None, help="Processes that draw (default: one per core)."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Print the plan and draw nothing."),
    json_: bool = typer.Option(False, "--json", help="Print one JSON object and nothing else."),
    out: Path = typer.Option(None, help="The picture (default: grid.png in the run)."),
    page: Path = typer.Option(
        None, "--report", help="Where to write the page (default: grid.html in the run)."
    ),
) -> None:
    """Draw every combination of a few settings, with numbers in each cell."""
    from catoptric.audit import Request, default_workers
    from catoptric.cli.progress import shown_progress
    from catoptric.cli.show_lab import show_grid
    from catoptric.lab import GridRequest, draw_grid, grid_folder, parse_axis, plan_grid

    given = {"--x": x, "--y": y, "--z": z}
    axes = tuple(parse_axis(text, option) for option, text in given.items() if text is not None)
    named = next((axis.labels[0] for axis in axes if axis.name == "prompt"), None)
    base = Request(
        prompt=named or (prompt if prompt is not None else "a portrait"),
        model=model,
        rates=None if rates is None else str(rates),
        interface=interface,
        reference=reference,
        overrides=tuple(set_),
        attribute=attribute,
        seed_key=seed_key,
    )
    request = GridRequest(prompt=prompt, axes=axes, base=base, shown=seeds, measured=measure)
    plan = plan_grid(request)
    typer.echo(plan.line(), err=not dry_run)
    for note in plan.notes:
        typer.echo(f"note: {note}", err=True)
    if dry_run:
        return
    folder = run or grid_folder(request)
    with shown_progress(folder) as progress:
        hands = default_workers() if workers is None else workers
        found = draw_grid(plan, folder, workers=hands, progress=progress)
    show_grid(found, out or folder / "grid.png", page or folder / "grid.html", as_json=json_)


grid.__doc__ = f"{grid.__doc__}\n\n{EXAMPLE}"
