"""dieharder's table beside the script is one that the present script would print."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def test_the_table_has_the_scripts_tests_samples_and_sources() -> None:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        script = importlib.import_module("noise_dieharder")
    finally:
        sys.path.remove(str(BENCHMARKS))
    table = (BENCHMARKS / "noise_dieharder.txt").read_text()
    listed = {int(n): name for n, name in re.findall(r"^ +(\d+) (\S.*)$", table, re.MULTILINE)}
    assert listed == script.TESTS
    assert f", {script.SAMPLES} samples a test" in table
    rows = [line.split()[0] for line in table.split("\nsource ")[1].splitlines()[1:] if line]
    assert tuple(rows[: len(script.SOURCES)]) == script.SOURCES
