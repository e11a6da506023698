"""Who draws must not matter; a worker without a parent must not linger."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from catoptric.runs import Draw, Job, Runner, Spec


@dataclass(frozen=True)
class Echo:
    """A recipe and its painter: a draw tells its spec and seed, and who made it."""

    delay: float = 0.0

    def __call__(self, *arguments: object) -> object:
        return _paint if not arguments else None


def _paint(spec: Spec, seeds: Sequence[int]) -> list[Draw]:
    if spec.values.get("die"):
        os.kill(os.getpid(), signal.SIGKILL)
    if spec.values.get("fail"):
        raise ValueError("a bug")
    return [Draw(s, f"{spec.values['name']}/{s}".encode(), os.getpid(), "done", {}) for s in seeds]


JOBS = [Job(Spec({"name": n}), tuple(range(k, k + 5))) for n in "abc" for k in (0, 5)]


def pictures(workers: int) -> set[bytes]:
    with Runner(Echo(), workers) as runner:  # type: ignore[arg-type]
        return {d.picture for _, draws in runner.draw(JOBS) for d in draws}


def test_one_and_two_workers_draw_the_same() -> None:
    alone = pictures(1)
    assert len(alone) == 30
    assert pictures(2) == alone


def test_two_workers_are_other_processes() -> None:
    with Runner(Echo(), 2) as runner:  # type: ignore[arg-type]
        makers = {d.nfe for _, draws in runner.draw(JOBS) for d in draws}
    assert os.getpid() not in makers


def test_a_bug_in_a_painter_shows_itself() -> None:
    with Runner(Echo(), 2) as runner, pytest.raises(ValueError, match="a bug"):  # type: ignore[arg-type]
        list(runner.draw([Job(Spec({"name": "a", "fail": True}), (1,))]))


def test_a_dead_worker_ends_with_a_sentence() -> None:
    with (
        Runner(Echo(), 2) as runner,  # type: ignore[arg-type]
        pytest.raises(RuntimeError, match="a worker process died"),
    ):
        list(runner.draw([Job(Spec({"name": "a", "die": True}), (1,))]))


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys, time\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_runner import Echo, JOBS\n"
        "from catoptric.runs import Runner\n"
        "if __name__ == '__main__':\n"
        "    with Runner(Echo(), 2) as runner:\n"
        "        made = {d.nfe for _, ds in runner.draw(JOBS) for d in ds}\n"
        "        print(*made, flush=True)\n"
        "        time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    workers = [int(word) for word in parent.stdout.readline().split()]
    assert workers
    parent.kill()
    parent.wait()
    for _ in range(50):
        if not any(_is_running(pid) for pid in workers):
            return
        time.sleep(0.1)
    raise AssertionError(f"workers {workers} outlived their parent")


def test_a_worker_is_deaf_to_ctrl_c_while_it_starts(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, sys, time\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "if __name__ != '__main__':\n"
        "    print(os.getpid(), flush=True)\n"
        "    time.sleep(1)\n"  # as importing torch takes
        "from test_runner import Echo, JOBS\n"
        "from catoptric.runs import Runner\n"
        "if __name__ == '__main__':\n"
        "    with Runner(Echo(), 2) as runner:\n"
        "        print(len(list(runner.draw(JOBS))), flush=True)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts its background jobs deaf to Ctrl-C, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert parent.stdout is not None
    os.kill(int(parent.stdout.readline()), signal.SIGINT)
    out, err = parent.communicate(timeout=60)
    assert out.splitlines()[-1] == str(len(JOBS))
    assert err == ""


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"
