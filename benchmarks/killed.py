"""Nothing lost: an audit killed at random instants and resumed gives the undisturbed figures.

1. SIGKILL to the whole audit at 20 random instants of its life, then the same command again: the
   JSON equals that of an undisturbed run in everything but `seconds` and `run`. Instants are drawn
   from the whole life of a run with warm caches, pilot, further seeds and remedy, and drawn again
   where a run ended before its instant.
2. Ctrl-C (SIGINT) from the first second on, while workers start and later: exit code 130, one
   sentence, then the same figures.
3. A full disk and a read-only folder (a small memory file system, where this user may mount one):
   one sentence, exit code 2, and the run goes on from there when there is room.

Run: python benchmarks/killed.py
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tables import printed

KILLS = 20
COMMAND = [sys.executable, "-m", "catoptric", "audit", "a portrait of a doctor", "--json"]
# So narrow that more seeds are drawn than the pilot's.
COMMAND += ["--knobs", "guidance", "--half-width", "2.5", "--max-seeds", "384"]
PILOT = 256
# Seconds: before and while torch is imported, while workers start, then shares of the run's time.
INTERRUPT_AT = (0.5, 1.0, 2.0, 3.0, 4.0)
INTERRUPT_SHARES = (0.3, 0.6, 0.9)


def run(folder: Path, kill_after: float | None = None, how: int = signal.SIGKILL):
    """The audit in a folder; killed after some seconds when asked to."""
    process = subprocess.Popen(
        [*COMMAND, "--run", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell starts its background jobs deaf to Ctrl-C, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        out, err = process.communicate(timeout=kill_after)
    except subprocess.TimeoutExpired:
        if how == signal.SIGKILL:
            process.kill()  # the parent only: its workers must notice by themselves
        else:
            os.killpg(process.pid, how)
        out, err = process.communicate()
    return process.returncode, out, err


def killed(root: Path, name: str, rng: random.Random, whole: float) -> tuple[Path, float, int]:
    """A run killed at a random instant; another instant where it had ended before."""
    for attempt in range(20):
        share = rng.random()
        folder = Path(root) / f"{name}-{attempt}"
        code, _, _ = run(folder, kill_after=share * whole)
        if code != 0:
            return folder, share, code
    raise SystemExit("no run lives long enough to be killed")


def interrupted(say, root: Path, expected: dict, whole: float) -> bool:
    """Ctrl-C at every instant of the list: whether each was answered well and lost nothing."""
    good = True
    for number, seconds in enumerate((*INTERRUPT_AT, *(s * whole for s in INTERRUPT_SHARES))):
        folder = Path(root) / f"interrupted-{number}"
        code, out, err = run(folder, kill_after=seconds, how=signal.SIGINT)
        if code == 0:
            say(f"2. Ctrl-C at {seconds:4.1f} s: it had ended before")
            continue
        said = [line for line in err.splitlines() if line.startswith("catoptric:")]
        again, out, _ = run(folder)
        same = again == 0 and figures(out) == expected
        fine = code == 130 and len(said) == 1 and "Traceback" not in err and same
        good &= fine
        say(
            f"2. Ctrl-C at {seconds:4.1f} s: exit {code}, {len(said)} sentence(s), traceback: "
            f"{'Traceback' in err}; then exit {again}, {'same figures' if same else 'DIFFERENT'}"
        )
    return good


def figures(text: str) -> dict:
    """The JSON without what may differ."""
    result = json.loads(text)
    for key in ("seconds", "run"):
        result.pop(key)
    return result


def on_a_small_disk(say) -> None:
    """Audit on a file system of 2 MB, then read-only, then with room."""
    with tempfile.TemporaryDirectory() as mount:
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", mount], capture_output=True
        )
        if made.returncode:
            say("3. skipped: this user may not mount a file system")
            return
        try:
            folder = Path(mount) / "run"
            for what, option in (("full disk", None), ("read-only", "remount,ro")):
                if option:
                    subprocess.run(["mount", "-o", option, mount], check=True)
                code, out, err = run(folder)
                said = [line for line in err.splitlines() if line.startswith("catoptric:")]
                say(f"3. {what}: exit {code}, {said}")
                if code != 2 or len(said) != 1 or out or "Traceback" in err:
                    raise SystemExit(f"{what} was not told plainly: {err}")
            subprocess.run(["mount", "-o", "remount,rw,size=200m", mount], check=True)
            code, _out, _err = run(folder)
            say(f"3. with room again: exit {code}")
            if code:
                raise SystemExit("the run did not go on")
        finally:
            subprocess.run(["umount", mount], check=True)


def main() -> None:
    """Print the table; fail when anything was lost."""
    rng = random.Random(20_261_123)
    with printed(__file__) as say, tempfile.TemporaryDirectory() as root:
        run(Path(root) / "cold")  # makes the caches, which no later run makes again
        began = time.monotonic()
        code, out, err = run(Path(root) / "undisturbed")
        whole = time.monotonic() - began
        if code:
            raise SystemExit(err)
        expected = figures(out)
        if expected["seeds"] <= PILOT:
            raise SystemExit("this case needs more seeds than its pilot")
        say(
            f"undisturbed: {expected['seeds']} seeds (pilot {PILOT}), {expected['pictures']} "
            f"pictures, {expected['remedy_cost']['pictures']} to look for a remedy"
        )
        same = 0
        for number in range(KILLS):
            folder, share, code = killed(Path(root), f"killed-{number}", rng, whole)
            again, out, err = run(folder)
            equal = again == 0 and figures(out) == expected
            same += equal
            say(
                f"1. killed at {100 * share:4.1f} % of its time (exit {code}): then exit {again}, "
                f"{'same figures' if equal else 'DIFFERENT'}"
            )
        answered = interrupted(say, Path(root), expected, whole)
        on_a_small_disk(say)
        say(f"same figures after a kill: {same} of {KILLS}; bar: all")
    if same < KILLS or not answered:
        raise SystemExit("something was lost")


if __name__ == "__main__":
    main()
