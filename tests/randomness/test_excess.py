"""Opposite against fresh: the difference, its tests, and the one word they allow."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

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
        (0.08, 0.08, 800, Verdict.ABSENT),
        (0.5, 0.5, 60, Verdict.UNDECIDED),
        (0.13, 0.1, 4000, Verdict.SMALL),
        (0.1, 0.13, 4000, Verdict.ABSENT),
        (0.0, 0.03, 2000, Verdict.REVERSED),
        (0.03, 0.03, 2000, Verdict.CANNOT),
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
    fresh = np.abs(y - (generator.random(300) < 0.4))
    raw = excess(y, 1 - y, fresh, margin_points=5)
    assert raw.verdict == Verdict.UNDECIDED
    assert judged([raw])[0].verdict == Verdict.SHOWN


def test_one_chance_finding_among_many_is_not_shown() -> None:
    one = of(0.5, 0.42, 400)
    assert one.p is not None
    assert one.p < 0.05
    assert judged([one])[0].verdict == Verdict.SHOWN
    assert judged([one] + [of(0.5, 0.5, 60)] * 30)[0].verdict == Verdict.UNDECIDED


def latent(rate: float, n: int = 2048) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Signs of x, -x and of another x: outcomes as opposed as this rate lets them be."""
    x, other = np.random.default_rng(11).standard_normal((2, n))
    found = [(values < special.ndtri(rate)).astype(float) for values in (x, -x, other)]
    return found[0], found[1], found[2]


def test_perfect_opposition_is_never_said_to_be_absent_or_small() -> None:
    for rate in (0.6, 0.75, 0.9, 0.95, 0.995):
        found = judged([excess(*latent(rate), margin_points=5)])[0]
        assert found.verdict in (Verdict.SHOWN, Verdict.CANNOT), rate
        rarer = min(rate, 1 - rate)
        assert found.attainable == pytest.approx(200 * rarer**2, abs=3)
        assert found.points == pytest.approx(found.attainable, abs=3)


def test_nothing_is_shown_absent_where_it_could_not_be_seen() -> None:
    generator = np.random.default_rng(12)
    y, opposite, fresh = (generator.random((3, 2048)) < 0.9).astype(float)
    found = judged([excess(y, opposite, fresh, margin_points=5)])[0]
    assert found.equivalence.equivalent is True
    assert found.verdict == Verdict.CANNOT
    smaller = judged([excess(y, opposite, fresh, margin_points=0.5)])[0]
    assert smaller.verdict == Verdict.UNDECIDED


def test_no_flips_at_all_show_nothing() -> None:
    y = np.ones(500)
    found = judged([excess(y, y, y, margin_points=5)])[0]
    assert (found.attainable, found.verdict) == (0, Verdict.CANNOT)


def test_a_part_cannot_flip_more_than_twice_as_often_negated_as_drawn_anew() -> None:
    # The outcome is the sign of rest + part; negating the part is as opposed as it can be.
    generator = np.random.default_rng(13)
    rest, part, other = generator.standard_normal((3, 20_000))
    y, opposite, fresh = ((rest + 0.3 * p > 0.3).astype(float) for p in (part, -part, other))
    found = excess(y, opposite, fresh, margin_points=5)
    assert 0 < found.points < found.attainable  # type: ignore[operator]
    assert found.attainable == pytest.approx(100 * np.abs(y - fresh).mean())


def test_intervals_cover_a_true_difference() -> None:
    generator = np.random.default_rng(9)
    repeats, hits = 150, 0
    for _ in range(repeats):
        y = (generator.random(128) < 0.4).astype(float)
        opposite, fresh = (np.abs(y - (generator.random(128) < f)) for f in (0.6, 0.48))
        found = excess(y, opposite, fresh, margin_points=5)
        hits += found.low <= 12 <= found.high  # type: ignore[operator]
    assert hits >= 0.9 * repeats
