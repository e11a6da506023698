"""Opposite against fresh: the difference, its tests, and the one word they allow."""

from __future__ import annotations

import numpy as np
import pytest

from catoptric.randomness.excess import Excess, Verdict, excess, judged


def of(opposite_flips: float, fresh_flips: float, n: int = 400, margin: float = 5.0) -> Excess:
    """Outcomes that flip with these chances, independently: seeds in a fixed order."""
    generator = np.random.default_rng(1)
    y = (generator.random(n) < 0.4).astype(float)
    sides = [np.abs(y - (generator.random(n) < f)) for f in (opposite_flips, fresh_flips)]
    return judged([excess(y, *sides, margin_points=margin)])[0]


@pytest.mark.parametrize(
    ("opposite", "fresh", "n", "verdict"),
    [
        (0.6, 0.4, 800, Verdict.SHOWN),
        (0.4, 0.6, 800, Verdict.REVERSED),
        (0.05, 0.05, 800, Verdict.ABSENT),
        (0.5, 0.5, 60, Verdict.UNDECIDED),
        (0.03, 0.0, 2000, Verdict.SMALL),
        (0.0, 0.03, 2000, Verdict.ABSENT),
    ],
)
def test_the_word_follows_the_tests(
    opposite: float, fresh: float, n: int, verdict: Verdict
) -> None:
    assert of(opposite, fresh, n).verdict == verdict


def test_the_estimate_is_the_difference_of_the_flips() -> None:
    y = np.array([1, 0, 1, 0.0])
    found = excess(y, np.array([0, 1, 1, 0.0]), np.array([1, 1, 1, 0.0]), margin_points=5)
    assert found.points == 25
    assert found.per_seed.tolist() == [1, 0, 0, 0]


def test_an_unclear_outcome_counts_half_a_flip() -> None:
    y = np.array([1.0, 0.0])
    found = excess(y, np.array([np.nan, 0.0]), y, margin_points=5)
    assert found.per_seed.tolist() == [0.5, 0]


def test_nothing_is_shown_without_the_adjustment() -> None:
    generator = np.random.default_rng(7)
    y = (generator.random(300) < 0.4).astype(float)
    raw = excess(y, 1 - y, y, margin_points=5)
    assert raw.verdict == Verdict.UNDECIDED
    assert judged([raw])[0].verdict == Verdict.SHOWN


def test_one_chance_finding_among_many_is_not_shown() -> None:
    one = of(0.5, 0.42, 400)
    assert one.p is not None
    assert one.p < 0.05
    assert judged([one])[0].verdict == Verdict.SHOWN
    assert judged([one] + [of(0.5, 0.5, 60)] * 30)[0].verdict == Verdict.UNDECIDED


def test_intervals_cover_a_true_difference() -> None:
    generator = np.random.default_rng(9)
    repeats, hits = 150, 0
    for _ in range(repeats):
        y = (generator.random(128) < 0.4).astype(float)
        opposite, fresh = (np.abs(y - (generator.random(128) < f)) for f in (0.6, 0.48))
        found = excess(y, opposite, fresh, margin_points=5)
        hits += found.low <= 12 <= found.high  # type: ignore[operator]
    assert hits >= 0.9 * repeats
