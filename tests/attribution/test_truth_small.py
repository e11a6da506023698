"""A small edition of benchmarks/truth_simulated.py: too wide fails like too narrow."""

import importlib
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
CHEAP = {
    "interacting",
    "one-signed, 10 % flip",
    "antithetic pairs",
    "unclear differs by cell",
    "no share, skewed",
    "at the margin, dense",
    "judge error, pooled",
}


@pytest.fixture(scope="module")
def rows():  # type: ignore[no-untyped-def]
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return importlib.import_module("truth_simulated").run(1500, CHEAP)
    finally:
        sys.path.remove(str(BENCHMARKS))


def test_intervals_cover_as_often_as_they_say(rows) -> None:  # type: ignore[no-untyped-def]
    covering = [row for row in rows if row.bar == "94-96"]
    assert len(covering) >= 12
    for row in covering:  # 1,500 audits: 95 +- 0.56 (one sd); four of them on each side
        assert 0.927 <= row.coverage <= 0.973, (row.scenario, row.what, row.coverage)
    mean = sum(row.coverage for row in covering) / len(covering)
    assert 0.943 <= mean <= 0.957


def test_false_findings_and_false_nulls_stay_rare(rows) -> None:  # type: ignore[no-untyped-def]
    errors = [row for row in rows if row.bar == "<=5.5"]
    assert len(errors) >= 3
    for row in errors:
        assert 0.03 <= row.coverage <= 0.07, (row.scenario, row.what, row.coverage)
