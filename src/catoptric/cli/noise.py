"""`catoptric noise`: sources of noise put to the test."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

EXAMPLE = """Examples:

  catoptric noise list

  catoptric noise test randu

  catoptric noise effect "a portrait of a doctor" --sources comfyui,randu
"""
TEST_EXAMPLE = """Examples:

  catoptric noise test comfyui --consecutive

  catoptric noise test philox --raw | dieharder -a -g 200
"""
EFFECT_EXAMPLE = """Example:

  catoptric noise effect "a portrait of a doctor" --sources comfyui,a1111-nv,randu
"""

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Sources of noise: which there are, whether they are sound, whether it matters."
    f"\n\n{EXAMPLE}",
)


def list_(
    json_: bool = typer.Option(False, "--json", help="Print one JSON object and nothing else."),
) -> None:
    """List every source of noise, what it is and what it was checked against."""
    from catoptric.cli.show_noise import show_sources

    show_sources(as_json=json_)


def put_to_the_test(
    source: str = typer.Argument(..., help="A source of `catoptric noise list`."),
    seeds: int = typer.Option(64, help="Latents drawn, an even number."),
    shape: str = typer.Option("4x64x64", help="CHANNELSxHEIGHTxWIDTH of a latent."),
    consecutive: bool = typer.Option(
        False, "--consecutive", help="One run of neighbouring seeds, not random pairs of them."
    ),
    seed_key: int = typer.Option(0, help="Which random sample of seeds."),
    raw: bool = typer.Option(
        False, "--raw", help="Stream the noise as bytes to stdout, for dieharder or PractRand."
    ),
    bytes_: int | None = typer.Option(
        None, "--bytes", help="With --raw: stop after so many bytes."
    ),
    json_: bool = typer.Option(False, "--json", help="Print one JSON object and nothing else."),
) -> None:
    """Test a source's noise as latents: one table, a verdict, what failures do to pictures."""
    from catoptric.errors import InputError
    from catoptric.randomness.noise_sample import parse_shape

    if not 0 <= seed_key < 2**63:
        raise InputError(f"--seed-key must lie between 0 and 2^63 - 1, not {seed_key}")
    latent = parse_shape(shape)
    if raw:
        from catoptric.randomness.raw import stream

        stream(
            source,
            sys.stdout.buffer.write,
            shape=latent,
            seed_key=seed_key,
            consecutive=consecutive,
            limit=bytes_,
        )
        return
    if bytes_ is not None:
        raise InputError("--bytes belongs to --raw; without it nothing is streamed")
    from catoptric.cli.progress import shown_progress
    from catoptric.cli.show_noise import show_battery
    from catoptric.randomness.battery import run_battery

    with shown_progress(None) as show:
        found = run_battery(
            source,
            seeds=seeds,
            shape=latent,
            seed_key=seed_key,
            consecutive=consecutive,
            progress=lambda stage, done, total: show(stage, done, total, None),
        )
    show_battery(found, as_json=json_)


def effect(
    prompt: str = typer.Argument(..., help='What to draw, as in "a portrait of a doctor".'),
    sources: str = typer.Option(
        ..., metavar="NAME,NAME,...", help="Sources of `catoptric noise list`, with commas."
    ),
    pictures: int = typer.Option(1600, help="Pictures of each source; philox gets twice as many."),
    consecutive: bool = typer.Option(
        False, "--consecutive", help="Seeds 0, 1, 2 .. for the sources, as people use them."
    ),
    interface: str = typer.Option(
        "reference", help="Whose settings: reference, comfyui, a1111, diffusers, or a TOML file."
    ),
    set_: list[str] = typer.Option(
        [], "--set", metavar="TABLE.KEY=VALUE", help="Change one setting of the interface."
    ),
    attribute: str = typer.Option("presentation:woman", help="What is counted, NAME:LEVEL."),
    margin: float = typer.Option(5.0, help="Points within which a difference counts as harmless."),
    rates: Path = typer.Option(None, help="Your own rates file for the world (TOML)."),
    model: str = typer.Option("portraits-exact", help="What draws."),
    seed_key: int = typer.Option(0, help="Which random sample of seeds."),
    run: Path = typer.Option(None, help="Folder of the run (default: runs/<prompt>-<hash>)."),
    workers: int = typer.Option(None, help="Processes that draw (default: one per core)."),
    json_: bool = typer.Option(False, "--json", help="Print one JSON object and nothing else."),
    page: Path = typer.Option(None, "--report", help="Write a page here."),
) -> None:
    """Compare pictures made from each source's noise with pictures made from philox."""
    from catoptric.audit import Request, default_folder, default_workers
    from catoptric.cli.progress import shown_progress
    from catoptric.cli.show_noise import show_effect
    from catoptric.lists import listed
    from catoptric.randomness.effect import EffectRequest, noise_effect

    base = Request(
        prompt=prompt,
        model=model,
        rates=None if rates is None else str(rates),
        interface=interface,
        overrides=tuple(set_),
        attribute=attribute,
        margin=margin,
        seed_key=seed_key,
    )
    names = listed(sources, "--sources")
    request = EffectRequest(base, names, pictures, consecutive)
    folder = run or default_folder(base)
    with shown_progress(folder) as progress:
        hands = default_workers() if workers is None else workers
        found = noise_effect(request, folder, workers=hands, progress=progress)
    show_effect(found, page, as_json=json_)


put_to_the_test.__doc__ = f"{put_to_the_test.__doc__}\n\n{TEST_EXAMPLE}"
effect.__doc__ = f"{effect.__doc__}\n\n{EFFECT_EXAMPLE}"
list_.__doc__ = f"{list_.__doc__}\n\nExample:\n\n  catoptric noise list\n"
app.command("list")(list_)
app.command("test")(put_to_the_test)
app.command("effect")(effect)
