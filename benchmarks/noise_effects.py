"""Does a source change pictures? Every source on portraits-exact, against philox.

Reference sampling, 1,600 pictures a source and 3,200 of philox on seeds that share nothing; then
sources whose seeds are not hashed once more, on seeds 0, 1, 2 .., as people use them. diffusers,
a1111-cpu and comfyui are one function here, and so are their batches, so each stands once. Cards
are asked for a batch beyond their wave; below it they draw what a1111-nv draws. There is no network
in this version to try sources on.

Run: python benchmarks/noise_effects.py   (some minutes; --run FOLDER keeps the pictures)
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

PROMPT = "a portrait of a doctor"
PICTURES = 1600
LEAST_POWER = 0.8
SOURCES = (
    "philox",
    "pcg64dxsm",
    "sfc64",
    "mt19937",
    "numpy-legacy",
    "comfyui",
    "comfyui-batch:4",
    "comfyui-replay:2",
    "a1111-nv",
    "diffusers-gpu:t4:8",
    "sobol",
    "latin",
    "richtmyer",
    "randu",
    "lcg16",
    "float16-tails",
    "repeated-block",
)
CONSECUTIVE = ("numpy-legacy", "comfyui", "comfyui-batch:4", "a1111-nv", "randu", "lcg16")
WIDTH = 100


def measure(
    say: Callable[[str], None], sources: Sequence[str], run: Path, *, consecutive: bool
) -> list[dict[str, Any]]:
    """Draw, print the table that the command prints, and return its sources."""
    from rich.console import Console

    from catoptric.audit import Request, default_workers
    from catoptric.randomness.effect import EffectRequest, noise_effect
    from catoptric.randomness.effect_result import effect_json
    from catoptric.report.noise_terminal import print_effect

    def progress(stage: str, done: int, total: int, _left: float | None) -> None:
        if done == total:
            print(f"{stage}: {done:,}", file=sys.stderr, flush=True)

    base = Request(prompt=PROMPT, interface="reference")
    request = EffectRequest(base, tuple(sources), PICTURES, consecutive)
    hands = int(os.environ.get("WORKERS", default_workers()))
    result = effect_json(noise_effect(request, run, workers=hands, progress=progress))
    text = StringIO()
    print_effect(result, Console(file=text, width=WIDTH))
    for line in text.getvalue().splitlines():
        say(line.rstrip().replace(f"{run.parent}/", ""))
    found: list[dict[str, Any]] = result["sources"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", type=Path)
    kept = parser.parse_args().run
    with printed(__file__) as say, tempfile.TemporaryDirectory() as root:
        folder = kept or Path(root)
        folder.mkdir(parents=True, exist_ok=True)
        here = Path.cwd()
        os.chdir(folder)  # recordings are named as a user would name them
        own = Path("own.bin")
        if not own.exists():
            own.write_bytes(os.urandom(4 * 12_288 * PICTURES))
        recorded = ("entropy:noise.tape", "file:own.bin")
        arms = measure(say, (*SOURCES, *recorded), Path("run"), consecutive=False)
        say("")
        say("Seeds 0, 1, 2 ..:")
        arms += measure(say, CONSECUTIVE, Path("run"), consecutive=True)
        os.chdir(here)
        weak = [str(a["source"]) for a in arms if float(a["power"] or 0.0) < LEAST_POWER]
        held = not weak
        say("")
        say(f"Bar: {PICTURES:,} pictures a source or more, and {LEAST_POWER:.0%} power in its")
        say(f"least certain figure: {'held' if held else 'MISSED by ' + ', '.join(weak)}")
        for word in ("harmless", "harmful", "undecided"):
            names = [str(arm["source"]) for arm in arms if arm["verdict"] == word]
            say(f"{word}: {len(names)} of {len(arms)}{': ' if names else ''}{', '.join(names)}")
    raise SystemExit(0 if held else 1)


if __name__ == "__main__":
    main()
