"""Does the opposite of a picture's noise give the opposite picture? Every arm, settled or not.

`catoptric polarity` for two prompts at guidance 1, 3 and 7.5: the whole noise on 2,048 seeds, so
that the interval of "points more" is narrower than the margin, and every band and colour on 384.
The last lines hold the outcome's correlation between z and -z against the first trials', which
were made in a cruder world of the same kind (512 seeds, guidance 1).

On portraits-exact: there is no network in this version to try it on.

Bar: the whole noise is settled, its intervals no wider than the margin either side.

Run: python benchmarks/polarity.py --run FOLDER   (about 40 minutes of one core; pictures are kept
in FOLDER, and the same command goes on where it was stopped)
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from tables import printed

# Prompt -> correlation between the outcomes of z and -z in the first trials.
PROMPTS = {"a portrait of a doctor": -0.05, "a portrait of a nurse": -0.13}
GUIDANCE = (1.0, 3.0, 7.5)
WHOLE_SEEDS, PART_SEEDS = 2048, 384
MARGIN = 5.0
WIDTH = 100


def measure(prompt: str, parts: Sequence[str], seeds: int, root: Path) -> dict[str, Any]:
    """What `polarity --json` prints; pictures that the prompt's run holds are not drawn again."""
    from catoptric.audit import Request
    from catoptric.files import slug
    from catoptric.randomness.polarity import measure_polarity
    from catoptric.randomness.polarity_request import PolarityRequest
    from catoptric.randomness.polarity_result import polarity_json

    def progress(stage: str, done: int, total: int, left: float | None) -> None:
        minutes = "" if left is None else f", {left / 60:.0f} minutes left"
        print(f"{prompt}, {stage}: {done:,} of {total:,}{minutes}", file=sys.stderr, flush=True)

    base = Request(prompt, interface="reference", margin=MARGIN)
    request = PolarityRequest(base, tuple(parts), GUIDANCE, seeds)
    workers = int(os.environ.get("WORKERS", "1"))
    return polarity_json(
        measure_polarity(request, root / slug(prompt), workers=workers, progress=progress)
    )


def show(say: Callable[[str], None], result: dict[str, Any]) -> None:
    """What the command prints, and the counts of every part."""
    from rich.console import Console

    from catoptric.report.polarity_terminal import LEGEND, full_table, print_polarity

    text = StringIO()
    console = Console(file=text, width=WIDTH)
    print_polarity(result, console)
    parts = [arm for arm in result["arms"] if arm["part"] != "whole"]
    if parts:
        console.print(full_table("Part by part: counts in full", parts))
        console.print(LEGEND)
    for line in text.getvalue().splitlines():
        if " drawn now, " not in line:  # which differs when a run is taken up again
            say(line.rstrip())


def settled(say: Callable[[str], None], results: dict[str, dict[str, Any]]) -> bool:
    """The bar, and the first trials beside what was found."""
    from catoptric.report.polarity_words import figure_words

    held = True
    say("Whole noise, on portraits-exact (there is no network in this version to try it on):")
    for prompt, result in results.items():
        for arm in result["arms"]:
            found = arm["excess"]
            half = (found["high"] - found["low"]) / 2
            held &= half <= MARGIN
            say(
                f"  {prompt}, guidance {arm['guidance']:g}: {arm['verdict']}, "
                f"{found['points']:+.1f} points ({found['low']:+.1f} to {found['high']:+.1f}), at "
                f"most {found['attainable']:.1f}"
            )
    say(f"Bar: intervals within {MARGIN:g} points either side: {'held' if held else 'MISSED'}")
    say("")
    say("Correlation of the outcome between z and -z at guidance 1, in the first trials (a cruder")
    say("world with other rates, 512 seeds) and now:")
    for prompt, first in PROMPTS.items():
        phi = results[prompt]["arms"][0]["opposite"]["phi"]
        inside = phi["low"] <= first <= phi["high"]
        say(
            f"  {prompt}: {first:+.2f} then, {figure_words(phi)} now, lowest "
            f"{results[prompt]['arms'][0]['opposite']['phi_lowest']:.2f}: the first figure lies "
            f"{'inside' if inside else 'outside'} the interval"
        )
    return held


def main() -> None:
    from catoptric.sampling import PARTS

    parser = argparse.ArgumentParser()
    parser.add_argument("--run", type=Path)
    kept = parser.parse_args().run
    with printed(__file__) as say, tempfile.TemporaryDirectory() as scratch:
        root = kept or Path(scratch)
        root.mkdir(parents=True, exist_ok=True)
        whole = {prompt: measure(prompt, ("whole",), WHOLE_SEEDS, root) for prompt in PROMPTS}
        others = [part for part in PARTS if part != "whole"]
        parts = {prompt: measure(prompt, others, PART_SEEDS, root) for prompt in PROMPTS}
        for prompt in PROMPTS:
            for result in (whole[prompt], parts[prompt]):
                say(f"{prompt}, {result['seeds']:,} seeds an arm")
                say("")
                show(say, result)
                say("")
        held = settled(say, whole)
    raise SystemExit(0 if held else 1)


if __name__ == "__main__":
    main()
