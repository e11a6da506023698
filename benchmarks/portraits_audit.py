"""An audit of the network itself: how long, told how well beforehand, and whether it goes on.

Bars, on two cores: every knob's share within 10 points either way in at most 180 s; the time told
at the start within a factor of two; the same audit killed at a third of its way and begun again
gives the same figures.

Run: python benchmarks/portraits_audit.py   (about ten minutes)
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tables import printed

HALF_WIDTH = 10.0
MOST_SECONDS, FACTOR = 180.0, 2.0
COMMAND = [
    *(sys.executable, "-m", "catoptric", "audit", "a portrait of a doctor", "--model", "portraits"),
    *("--half-width", f"{HALF_WIDTH:g}", "--no-remedy", "--json"),
]
TOLD = re.compile(r"(?:(\d+):)?(\d+)(?: s)? left")


def run(folder: Path, kill_after: float | None = None) -> tuple[int, str, str, float]:
    """Exit code, stdout, stderr and seconds of the audit in a folder."""
    began = time.monotonic()
    process = subprocess.Popen(
        [*COMMAND, "--run", str(folder)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        out, err = process.communicate(timeout=kill_after)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    return process.returncode, out, err, time.monotonic() - began


def figures(text: str) -> dict[str, object]:
    """What must not depend on how often the run was killed."""
    return {k: v for k, v in json.loads(text).items() if k not in ("seconds", "run")}


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary, printed(__file__) as say:
        code, out, err, seconds = run(Path(temporary) / "whole")
        if code:
            raise SystemExit(err)
        found, missed = json.loads(out), []
        said = [60.0 * float(m or 0) + float(s) for m, s in TOLD.findall(err)]
        wide = [
            (share["high"] - share["low"]) / 2
            for share in found["shares"]
            if share["source"] == "interface" and share["reason"] is None
        ]
        say(f"{found['seeds']} seeds, {found['pictures']:,} pictures, {found['nfe']:,} evaluations")
        for share in found["shares"]:
            span = "" if share["low"] is None else f" ({share['low']:+.1f} to {share['high']:+.1f})"
            say(f"  {share['source']:10}{share['knob'] or '':10}{share['points']:+6.1f}{span}"
                f"{'  ' + share['reason'] if share['reason'] else ''}")  # fmt: skip
        rates = found["rates"]
        say("rates: " + ", ".join(f"{k} {100 * v['value']:.1f} %" for k, v in rates.items()))
        say()

        def bar(name: str, is_held: bool, said: str) -> None:
            say(f"{name}: {said}{'' if is_held else '  MISSED'}")
            if not is_held:
                missed.append(name)

        bar("time", seconds <= MOST_SECONDS, f"{seconds:.0f} s in all, bar {MOST_SECONDS:g} s")
        bar("width", max(wide) <= HALF_WIDTH, f"widest share {max(wide):.1f} points, bar "
            f"{HALF_WIDTH:g}")  # fmt: skip
        if said:
            ratio = said[0] / found["seconds"]
            words = f"{said[0]:.0f} s for the pilot; {found['seconds']:.0f} s it was ({ratio:.2f})"
            bar("told beforehand", 1 / FACTOR <= ratio <= FACTOR, words)
        else:
            bar("told beforehand", False, "nothing was told")
        folder = Path(temporary) / "cut"
        killed, _, _, _ = run(folder, kill_after=seconds / 3)
        code, again, err, _ = run(folder)
        bar("resumed", killed != 0 and code == 0 and figures(again) == figures(out),
            "killed at a third of its way, begun again: the same figures")  # fmt: skip
    if missed:
        raise SystemExit(f"missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
