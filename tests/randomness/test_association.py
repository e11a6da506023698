"""Association of paired outcomes: known values, ends, and coverage by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from catoptric.randomness.association import (
    PairCounts,
    associate,
    carried,
    lowest_phi,
    odds_ratio,
    phi,
    tetrachoric,
)


def chances(rate: float, correlation: float) -> np.ndarray:
    """Yes twice, a flip, no twice, for signs of two normals: float64 [3]."""
    h = special.ndtri(rate)
    flips = 4 * special.owens_t(h, np.sqrt((1 - correlation) / (1 + correlation)))
    return np.array([rate - flips / 2, flips, 1 - rate - flips / 2])


def test_outcomes_are_counted_and_unclear_ones_left_out() -> None:
    counts = PairCounts.of([1, 1, 0, 0, np.nan, 1], [1, 0, 1, 0, 1, np.nan])
    assert counts == PairCounts(1, 1, 1, 1, unclear=2)
    assert (counts.n, counts.flipped) == (4, 2)


def test_the_tetrachoric_correlation_is_that_of_the_normals() -> None:
    for rate in (0.05, 0.4, 0.9):
        for r in (-0.8, -0.2, 0.0, 0.5, 0.95):
            both = stats.multivariate_normal(cov=[[1, r], [r, 1]]).cdf([special.ndtri(rate)] * 2)
            x = np.array([[both, 2 * (rate - both), 1 - 2 * rate + both]])
            assert tetrachoric(x)[0] == pytest.approx(r, abs=1e-4)


def test_phi_is_the_plain_correlation_and_has_the_stated_bound() -> None:
    a = np.array([1, 1, 1, 0, 0, 0, 1, 0] * 4)
    b = np.array([1, 1, 0, 1, 0, 0, 0, 1] * 4)  # as many flips either way
    found = associate(PairCounts.of(a, b))
    assert found.phi.value == pytest.approx(np.corrcoef(a, b)[0, 1])
    assert found.odds_ratio.value == pytest.approx(1.0)
    # At a rate of .25 no more than every yes can flip.
    assert phi(np.array([[0.0, 0.5, 0.5]]))[0] == pytest.approx(-1 / 3)
    assert lowest_phi(0.25) == pytest.approx(-1 / 3)
    assert lowest_phi(0.75) == pytest.approx(-1 / 3)


def test_independent_outcomes_have_no_association() -> None:
    p = 0.3
    x = np.array([[p * p, 2 * p * (1 - p), (1 - p) ** 2]])
    assert phi(x)[0] == pytest.approx(0)
    assert odds_ratio(x)[0] == pytest.approx(1)
    assert tetrachoric(x)[0] == pytest.approx(0, abs=1e-6)


def test_intervals_reach_the_end_that_the_data_cannot_exclude() -> None:
    none_twice = associate(PairCounts(both=0, first=14, second=14, neither=68))
    assert none_twice.phi.value == pytest.approx(none_twice.phi_lowest)
    assert none_twice.phi.low <= none_twice.phi_lowest  # type: ignore[operator]
    assert none_twice.tetrachoric.low == -1
    assert none_twice.odds_ratio.low == 0
    no_flip = associate(PairCounts(20, 0, 0, 30))
    assert (no_flip.phi.high, no_flip.tetrachoric.high) == (1, 1)
    assert no_flip.phi.low < 1  # type: ignore[operator]
    assert no_flip.odds_ratio.value is None
    assert no_flip.odds_ratio.reason


@pytest.mark.parametrize("counts", [PairCounts(0, 0, 0, 0), PairCounts(0, 0, 0, 9)])
def test_what_does_not_vary_has_no_association_and_says_why(counts: PairCounts) -> None:
    found = associate(counts)
    assert found.phi.value is None
    assert found.phi.reason
    assert found.phi_lowest is None


@pytest.mark.parametrize(
    ("rate", "correlation"), [(0.4, -0.45), (0.4, 0.0), (0.1, -0.3), (0.1, 0.6), (0.9, 0.9)]
)
def test_intervals_cover_the_truth_as_often_as_they_say(rate: float, correlation: float) -> None:
    truth = chances(rate, correlation)
    generator = np.random.default_rng(5)
    repeats = 200
    known = {
        "phi": phi(truth[None])[0],
        "tetrachoric": correlation,
        "odds_ratio": odds_ratio(truth[None])[0],
    }
    hits = dict.fromkeys(known, 0)
    for both, flips, neither in generator.multinomial(128, truth, size=repeats):
        found = associate(PairCounts(int(both), int(flips), 0, int(neither)))
        for name, value in known.items():
            interval = getattr(found, name)
            low = -np.inf if interval.low is None else interval.low
            high = np.inf if interval.high is None else interval.high
            hits[name] += low <= value <= high
    # 95 % up to three standard errors of 200 repeats; more than that is no fault of an interval.
    assert min(hits.values()) >= 0.904 * repeats, hits


def test_a_label_that_hangs_on_fresh_noise_alone_is_carried_whole() -> None:
    generator = np.random.default_rng(2)
    before, after = generator.integers(0, 4, size=(2, 4000))
    found = carried(before, after)
    assert found.low < 1 < found.high  # type: ignore[operator]
    assert carried(before, before).value == 0
    assert carried(before, before).high > 0  # type: ignore[operator]
    assert carried(np.zeros(9, int), np.zeros(9, int)).value is None


def test_carried_is_the_total_sobol_index() -> None:
    # y = sign(x1 + x2): its total index of x1 is 1 - phi of normals correlated by one half.
    generator = np.random.default_rng(3)
    x1, x2, fresh = generator.standard_normal((3, 200_000))
    before, after = (x1 + x2 > 0).astype(int), (fresh + x2 > 0).astype(int)
    expected = 1 - 2 / np.pi * np.arcsin(0.5)
    assert carried(before, after).value == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("moved", [0.05, 0.5])
def test_carried_covers_the_truth_as_often_as_it_says(moved: float) -> None:
    levels = np.array([0.5, 0.25, 0.15, 0.1])
    truth = moved  # a label redrawn with this chance flips that often of what redrawing flips
    generator = np.random.default_rng(4)
    repeats, hits = 200, 0
    for _ in range(repeats):
        before, other = generator.choice(4, size=(2, 160), p=levels)
        after = np.where(generator.random(160) < moved, other, before)
        found = carried(before, after)
        hits += found.low <= truth <= found.high  # type: ignore[operator]
    assert hits >= 0.904 * repeats, hits
