"""How long a first audit takes: `catoptric audit "a portrait of a doctor"`, cold and warm.

Cold: empty cache folder (parts rasterised, pictures drawn, components found), fresh run folder.
Warm: the caches are there, fresh run folder. Again: the same run folder, nothing to draw.

Run: python benchmarks/audit_time.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tables import printed

BAR_SECONDS = 120.0
BAR_HALF_WIDTH = 4.0
BAR_HELP = 0.5
COMMAND = [sys.executable, "-m", "catoptric"]


def timed(arguments: list[str], cache: str) -> tuple[float, str]:
    """Seconds and stdout of one command."""
    began = time.monotonic()
    done = subprocess.run(
        [*COMMAND, *arguments],
        env=os.environ | {"CATOPTRIC_CACHE": cache},
        capture_output=True,
        text=True,
        check=True,
    )
    return time.monotonic() - began, done.stdout


def main() -> None:
    """Print the table; fail when a bar is missed."""
    with (
        printed(__file__) as say,
        tempfile.TemporaryDirectory() as cache,
        tempfile.TemporaryDirectory() as runs,
    ):
        audit = ["audit", "a portrait of a doctor", "--json"]
        seconds: dict[str, float] = {}
        result: dict = {}
        for name, folder in (("cold", "first"), ("warm", "second"), ("again", "second")):
            seconds[name], out = timed([*audit, "--run", str(Path(runs) / folder)], cache)
            result = json.loads(out)
            say(
                f"{name:6} {seconds[name]:6.1f} s, {result['seeds']} seeds, "
                f"{result['pictures']} pictures, {result['nfe']} evaluations"
            )
        say()
        widest = 0.0
        for share in result["shares"]:
            if share["source"] != "interface":
                continue
            half = (share["high"] - share["low"]) / 2
            widest = max(widest, half)
            say(f"{share['knob']:10} {share['points']:+6.2f} +- {half:.2f} points")
        helps = sorted(timed(["--help"], cache)[0] for _ in range(7))
        say()
        say(f"--help: median {helps[3]:.2f} s of 7; bar {BAR_HELP:g} s")
        say(f"cold: {seconds['cold']:.1f} s; bar {BAR_SECONDS:g} s on two cores")
        say(f"widest interface share: +-{widest:.2f} points; bar {BAR_HALF_WIDTH:g}")
    if seconds["cold"] > BAR_SECONDS or widest > BAR_HALF_WIDTH or helps[3] > BAR_HELP:
        raise SystemExit("a bar was missed")


if __name__ == "__main__":
    main()
