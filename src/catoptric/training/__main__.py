"""`python -m catoptric.training denoiser|text|judge --out FOLDER`: begin a run, or go on with it.

`ship --out FOLDER` writes a denoiser's averaged weights where the package looks for them.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, train, and answer Ctrl-C with what was kept."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch loads
    parser = argparse.ArgumentParser(prog="python -m catoptric.training", description=__doc__)
    parser.add_argument(
        "what",
        choices=["denoiser", "text", "judge", "ship"],
        help="which network; or ship a denoiser",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--steps", type=int, default=4000, help="steps in all")
    parser.add_argument(
        "--batch", type=int, default=48, help="pictures a step; divides 1536 (judge: 2048)"
    )
    parser.add_argument("--rates", default=None, help="rates file of the world (default: shipped)")
    parser.add_argument("--key", type=int, default=0, help="which random sample of portraits")
    parser.add_argument("--threads", type=int, default=None, help="default: all cores")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument(
        "--begin-with", type=Path, default=None, help="weights of another run to go on from"
    )
    parser.add_argument(
        "--text", type=Path, default=None, help="denoiser: weights of a run of text to begin with"
    )
    parser.add_argument(
        "--earlier", type=int, default=0, help="ship: pictures seen by the runs it began with"
    )
    parser.add_argument(
        "--to", type=Path, default=None, help="ship: the file to write (default: the package's own)"
    )
    given = parser.parse_args(arguments)

    from catoptric.errors import InputError

    if given.what == "judge":
        from catoptric.training.judge import train_judge as train
    elif given.what == "text":
        from catoptric.training.text import train_text as train
    elif given.what == "ship":
        from catoptric.training.ship import ship_denoiser as train
    else:
        from catoptric.training.start import train_denoiser as train

    try:
        train(given, lambda line: print(line, file=sys.stderr, flush=True))
    except InputError as error:
        print(f"catoptric.training: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(
            f"catoptric.training: interrupted; {given.out} holds all steps taken: the same command "
            "goes on",
            file=sys.stderr,
        )
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
