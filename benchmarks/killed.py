"""Nothing lost: an audit killed at random instants and resumed gives the undisturbed figures.

1. SIGKILL to the whole audit at 20 random instants of its life, then the same command again: the
   JSON equals that of an undisturbed run in everything but `seconds` and `run`.
2. Ctrl-C (SIGINT): exit code 130, one sentence that says how to go on, then the same figures.
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
COMMAND += ["--max-seeds", "96"]


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


def stopped(
    root: Path, name: str, share: float, whole: float, how: int
) -> tuple[Path, float, tuple]:
    """A run that was stopped before its end; sooner where the machine has become faster."""
    while True:
        folder = Path(root) / f"{name}-{share:.4f}"
        ended = run(folder, kill_after=share * whole, how=how)
        if ended[0] != 0:
            return folder, share, ended
        share /= 2


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
        began = time.monotonic()
        code, out, err = run(Path(root) / "undisturbed")
        whole = time.monotonic() - began
        if code:
            raise SystemExit(err)
        expected = figures(out)
        say(f"undisturbed: {expected['seeds']} seeds, {expected['pictures']} pictures")
        same = 0
        for number in range(KILLS):
            folder, share, (code, _, _) = stopped(
                Path(root), f"killed-{number}", rng.uniform(0.02, 0.98), whole, signal.SIGKILL
            )
            again, out, err = run(folder)
            equal = again == 0 and figures(out) == expected
            same += equal
            say(
                f"1. killed at {100 * share:4.1f} % of its time (exit {code}): then exit {again}, "
                f"{'same figures' if equal else 'DIFFERENT'}"
            )
        folder, _, (code, _, err) = stopped(Path(root), "interrupted", 0.6, whole, signal.SIGINT)
        said = [line for line in err.splitlines() if line.startswith("catoptric:")]
        say(f"2. Ctrl-C: exit {code}, {len(said)} sentence(s), traceback: {'Traceback' in err}")
        again, out, _ = run(folder)
        say(f"2. then: exit {again}, {'same figures' if figures(out) == expected else 'DIFFERENT'}")
        on_a_small_disk(say)
        say(f"same figures after a kill: {same} of {KILLS}; bar: all")
    if same < KILLS or code != 130 or figures(out) != expected:
        raise SystemExit("something was lost")


if __name__ == "__main__":
    main()
