"""dieharder's verdicts beside ours, on the same sources.

dieharder (Debian: apt install dieharder) reads what `catoptric noise test SOURCE --raw` streams,
two bytes a value; each of its tests has seeds of its own. It tests bits, ours latents: dieharder
sees no seeds, no channels and no place in a picture, and ours no pattern in single bits. A table is
printed where dieharder is on the path; elsewhere the script says so and ends.

Run: python benchmarks/noise_dieharder.py
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time

from catoptric.randomness.battery import run_battery
from catoptric.randomness.raw import stream
from tables import printed

SOURCES = (
    "philox",
    "comfyui",
    "a1111-nv",
    "entropy",
    "randu",
    "lcg16",
    "float16-tails",
    "repeated-block",
)
# Those of its good tests that take seconds. The 3d sphere is left out: it failed dieharder's own
# /dev/urandom (-g 500 -d 12) here. Half its default of 100 samples, for time; 10 made false alarms.
TESTS = {
    0: "birthdays",
    2: "rank 32x32",
    8: "count the 1s",
    15: "runs",
    101: "sts runs",
    202: "permutations",
}
SAMPLES = 50
SECONDS = 300


def assess(source: str, test: int) -> str:
    """dieharder's worst word for one of its tests: PASSED, WEAK or FAILED."""
    tester = subprocess.Popen(
        ["dieharder", "-g", "200", "-d", str(test), "-p", str(SAMPLES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=False,
    )
    assert tester.stdin is not None
    assert tester.stdout is not None
    late = time.monotonic() + SECONDS

    def feed(data: bytes) -> None:
        if time.monotonic() > late:
            raise TimeoutError
        tester.stdin.write(data)  # type: ignore[union-attr]

    try:
        stream(source, feed, shape=(4, 64, 64), seed_key=test, consecutive=False, limit=None)
    except BrokenPipeError:
        pass  # it has read enough
    except TimeoutError:
        tester.kill()
        return "TIME"
    said = tester.stdout.read().decode()
    tester.wait()
    return next((word for word in ("FAILED", "WEAK", "PASSED") if word in said), "?")


def main() -> None:
    if shutil.which("dieharder") is None:
        raise SystemExit("dieharder is not on the path; on Debian: apt install dieharder")
    short = {"PASSED": ".", "WEAK": "weak", "FAILED": "FAIL", "TIME": "time", "?": "?"}
    with printed(__file__) as say:
        say(f"dieharder 3.31.1, {SAMPLES} samples a test, and our battery at its default size")
        say(". passed; weak: p beyond 0.005 either way, as one in a hundred is; FAIL: beyond 1e-6")
        say()
        for number, name in TESTS.items():
            say(f"  {number:4} {name}")
        say()
        say(f"{'source':15}" + "".join(f"{number:>6}" for number in TESTS) + "  ours")
        agreed = True
        for source in SOURCES:
            words = [assess(source, number) for number in TESTS]
            print(f"{source}: {words}", file=sys.stderr)
            ours = [
                bool(run_battery(source, consecutive=consecutive).failed)
                for consecutive in (False, True)
            ]
            verdict = "unsound" if any(ours) else "sound"
            say(f"{source:15}" + "".join(f"{short[w]:>6}" for w in words) + f"  {verdict}")
            agreed &= any(ours) == ("FAILED" in words)
        say()
        say(
            "Both say the same of every source."
            if agreed
            else "They do not say the same of every source: see the rows."
        )


if __name__ == "__main__":
    main()
