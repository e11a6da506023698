"""Does a seed have a tendency of its own? Seeds crossed with prompts and settings.

`catoptric seeds` as it is without arguments: 64 seeds, a portrait of each of the ten occupations,
guidance 1, 3 and 7.5; components of every attribute's variance, the test of the seed's own share,
and single seeds by name. It is repeated on seeds that nobody has looked at, so that a seed named
by chance does not come back: the seeds differ, the shares must not.

On portraits-exact: there is no network in this version to try it on.

Bar: the share of presentation that is the seed's own agrees between the two samples, each within
the other's interval.

Run: python benchmarks/seed_shares.py   (a few minutes; --run FOLDER keeps the pictures)
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from io import StringIO
from pathlib import Path
from typing import Any

from tables import printed

SAMPLES = (0, 1)
WIDTH = 100


def measure(seed_key: int, folder: Path) -> dict[str, Any]:
    """What `seeds --json --seed-key KEY` prints."""
    from catoptric.audit import Request
    from catoptric.randomness.polarity_request import PolarityRequest
    from catoptric.randomness.seeds import (
        DEFAULT_SEEDS,
        SeedsRequest,
        default_prompts,
        measure_seeds,
    )
    from catoptric.randomness.seeds_result import seeds_json

    def progress(stage: str, done: int, total: int, left: float | None) -> None:
        if done == total:
            print(f"sample {seed_key}, {stage}: {done:,}", file=sys.stderr, flush=True)

    prompts = default_prompts()
    base = Request(prompts[0], interface="reference", seed_key=seed_key)
    request = SeedsRequest(prompts, PolarityRequest(base, seeds=DEFAULT_SEEDS))
    workers = int(os.environ.get("WORKERS", "1"))
    return seeds_json(measure_seeds(request, folder, workers=workers, progress=progress))


def main() -> None:
    from rich.console import Console

    from catoptric.report.seeds_terminal import print_seeds

    parser = argparse.ArgumentParser()
    parser.add_argument("--run", type=Path)
    kept = parser.parse_args().run
    shares = []
    with printed(__file__) as say, tempfile.TemporaryDirectory() as scratch:
        for key in SAMPLES:
            result = measure(key, kept or Path(scratch) / "run")
            text = StringIO()
            print_seeds(result, Console(file=text, width=WIDTH))
            say(f"Sample {key} (--seed-key {key}):")
            for line in text.getvalue().splitlines():
                say(line.rstrip())
            say("")
            own = next(c for c in result["components"] if c["attribute"] == "presentation")
            shares.append(own["shares"]["seed"])
        first, second = shares
        held = all(
            a["low"] <= b["value"] <= a["high"] for a, b in ((first, second), (second, first))
        )
        say(
            "Bar: the seed's own share of presentation in each sample lies in the other's interval:"
        )
        say("; ".join(f"{s['value']:.3f} ({s['low']:.3f} to {s['high']:.3f})" for s in shares))
        say("held" if held else "MISSED")
    raise SystemExit(0 if held else 1)


if __name__ == "__main__":
    main()
