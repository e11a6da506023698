"""A person's wait: `catoptric draw "a smiling doctor with glasses" -n 16` from a cold start.

Bars, on two cores: at most 6 s in all, of which the pictures at most 3 s; peak memory under 700 MB.
Each run is a new process that writes into an empty folder with an empty cache. The pictures'
own seconds are what the command itself says in its JSON.

Run: python benchmarks/portraits_wait.py   (half a minute, on a quiet machine)
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from tables import printed

ROUNDS = 5
BARS = {"in all": 6.0, "pictures": 3.0}
MOST_MB = 700
COMMAND = [sys.executable, "-m", "catoptric", "draw", "a smiling doctor with glasses"]


def run(*more: str) -> tuple[float, str]:
    """Seconds and output of one command in a world of its own."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        done = subprocess.run(
            [*COMMAND, *more, "--out", folder, "--json"],
            env=os.environ | {"CATOPTRIC_CACHE": str(Path(folder) / "cache")},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return time.monotonic() - began, done.stdout


def main() -> None:
    with printed(__file__) as say:
        whole, pictures = [], []
        for _ in range(ROUNDS):
            seconds, text = run("-n", "16")
            whole.append(seconds)
            pictures.append(json.loads(text)["seconds"])
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        drawn = json.loads(text)
        nfe = [picture["nfe"] for picture in drawn["pictures"]]
        found = {"in all": median(whole), "pictures": median(pictures)}
        say(f"16 pictures, {max(nfe)} evaluations each, settings {json.dumps(drawn['settings'])}")
        say()
        missed = []
        for name, seconds in found.items():
            is_over = seconds > BARS[name]
            missed += [name] if is_over else []
            say(f"{name:10}{seconds:6.2f} s, bar {BARS[name]:g} s{'  MISSED' if is_over else ''}")
        over = memory > MOST_MB
        missed += ["memory"] if over else []
        say(f"{'memory':10}{memory:6.0f} MB, bar {MOST_MB} MB{'  MISSED' if over else ''}")
        say(f"(of {ROUNDS} runs each the median; in all {min(whole):.2f} to {max(whole):.2f} s)")
    if missed:
        raise SystemExit(f"missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
