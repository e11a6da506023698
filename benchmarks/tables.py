"""Printed tables of the benchmarks: what is printed is kept in the .txt beside the script."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

# Before torch loads, as the command line does: idle OpenMP workers would spin otherwise.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


@contextmanager
def printed(script: str) -> Iterator[Callable[[str], None]]:
    """Lines said in the block are printed at once and, when it ends well, kept as <script>.txt.

    Args:
        script: the script's `__file__`.
    """
    lines: list[str] = []

    def say(line: str = "") -> None:
        lines.append(line)
        print(line, flush=True)

    say(
        f"catoptric {version('catoptric')}, torch {version('torch')}, numpy {version('numpy')}, "
        f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores"
    )
    say()
    yield say
    Path(script).with_suffix(".txt").write_text("\n".join(lines) + "\n")
