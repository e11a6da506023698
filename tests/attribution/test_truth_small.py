"""A small edition of benchmarks/truth_simulated.py: too wide fails like too narrow."""

import importlib
import sys
from pathlib import Path

import pytest

from catoptric.audit import Request

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
CHEAP = {
    "interacting",
    "one-signed, 10 % flip",
    "antithetic pairs",
    "unclear differs by cell",
    "no share, skewed",
    "at the margin, dense",
    "minus the margin, dense",
    "judge error, pooled",
}


@pytest.fixture(scope="module")
def truth():  # type: ignore[no-untyped-def]
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return importlib.import_module("truth_simulated")
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def rows(truth):  # type: ignore[no-untyped-def]
    return truth.run(1500, CHEAP)


def test_the_simulated_rule_is_the_tools_own(truth) -> None:  # type: ignore[no-untyped-def]
    assert Request("a doctor").max_seeds == truth.MAX_SEEDS
    for scenario in truth.scenarios():
        sized = [contrast.name for contrast in scenario.contrasts() if contrast.is_sized]
        knobs = [k for k in range(scenario.players) if k not in scenario.exempt]
        assert sized == [f"share {k + 1}" for k in knobs], scenario.name  # never the model's


def test_equivalence_is_tried_on_either_side_of_the_margin(rows) -> None:  # type: ignore[no-untyped-def]
    tried = {row.truth > 0 for row in rows if "TOST" in row.what}
    assert tried == {True, False}


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
