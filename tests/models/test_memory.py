"""The exact model is made and used within a laptop's means."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LIMIT_KB = 2_000_000
CHILD = """
import sys
from pathlib import Path
from catoptric.cli.app import run
code = run(["draw", "a doctor", "-n", "64", "--set", "guidance.scale=4"])
status = Path("/proc/self/status").read_text()
print(status.split("VmHWM:")[1].split()[0], file=sys.stderr)
sys.exit(code)
"""


# `ru_maxrss` would not do: it keeps the parent's peak across fork and exec, so the child would be
# charged for whatever tests ran before it. `VmHWM` belongs to the child's own memory.
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's /proc")
def test_a_first_drawing_stays_under_two_gigabytes(tmp_path: Path) -> None:
    """From an empty cache: pictures drawn, components found, 64 guided samples taken."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        cwd=tmp_path,
        env=os.environ | {"CATOPTRIC_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stderr.split()[-1]) < LIMIT_KB
