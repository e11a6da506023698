"""`catoptric trace`: what the sampler did, step by step and band by band."""

from __future__ import annotations

from pathlib import Path

import typer

from catoptric.cli.progress import Interrupted

EXAMPLE = """Examples:

  catoptric trace "a portrait of a doctor" --interface comfyui

  catoptric trace "a nurse" --interface comfyui --against-set guidance.form=exponential
"""


def trace(
    prompt: str = typer.Argument(..., help='What to draw, as in "a portrait of a doctor".'),
    interface: str = typer.Option(
        "reference", help="reference, comfyui, a1111, diffusers, or a TOML file."
    ),
    set_: list[str] = typer.Option(
        [], "--set", metavar="TABLE.KEY=VALUE", help="Change one setting, as guidance.scale=4."
    ),
    against: str = typer.Option(None, help="A second interface, laid over the first."),
    against_set: list[str] = typer.Option(
        [],
        "--against-set",
        metavar="TABLE.KEY=VALUE",
        help="Change one setting of the second side; without --against, of the first side's copy.",
    ),
    seed: int = typer.Option(0, help="First seed; the others follow."),
    number: int = typer.Option(8, "-n", "--number", help="How many seeds."),
    rates: Path = typer.Option(None, help="Your own rates file for the world (TOML)."),
    model: str = typer.Option("portraits-exact", help="What draws."),
    json_: bool = typer.Option(False, "--json", help="Print one JSON object and nothing else."),
    page: Path = typer.Option(None, "--report", help="Write a page (HTML) here as well."),
) -> None:
    """Show what the sampler did: steps, guidance, overshoot, when the picture settled."""
    try:
        from catoptric.audit.tracing import to_json, trace_prompt
        from catoptric.cli.show_trace import show_trace

        found = trace_prompt(
            prompt,
            number=number,
            seed=seed,
            interface=interface,
            overrides=set_,
            against=against,
            against_overrides=against_set,
            rates=None if rates is None else str(rates),
            model=model,
        )
        show_trace(found, to_json(found), page, as_json=json_)
    except KeyboardInterrupt as error:
        raise Interrupted("interrupted; nothing was written") from error


trace.__doc__ = f"{trace.__doc__}\n\n{EXAMPLE}"
