"""Intervals against published values, exact formulas and full enumeration."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from catoptric.attribution import (
    betting_evidence,
    betting_interval,
    centred_mean_p,
    counted_mean_p,
    mean_interval,
    mean_statistic,
    rate_interval,
    safe_mean_p,
    tango_interval,
)
from catoptric.attribution.gamma_sums import positive_probability
from catoptric.errors import InputError


def three_values(up: int, down: int, n: int) -> np.ndarray:
    return np.repeat([1.0, -1.0, 0.0], [up, down, n - up - down])


def test_tango_gives_the_published_interval() -> None:
    # Airway hyper-responsiveness before and after transplantation (Bentur et al. 2009), 1 and 7
    # discordant of 21, in Fagerland, Lydersen and Laake, Statistics in Medicine 33, 2014.
    found = tango_interval(1, 7, 21)
    assert (found.low, found.high) == pytest.approx((-0.517, -0.026), abs=5e-4)


@pytest.mark.parametrize(("b", "c", "n"), [(10, 2, 40), (3, 9, 60), (1, 7, 21)])
def test_tango_touches_zero_where_mcnemar_is_just_significant(b: int, c: int, n: int) -> None:
    p = 2 * stats.norm.sf(abs(b - c) / (b + c) ** 0.5)
    found = tango_interval(b, c, n, level=1 - p)
    assert found.low is not None
    assert found.high is not None
    assert min(abs(found.low), abs(found.high)) < 1e-9


def test_tango_mirrors_and_survives_the_edges() -> None:
    one, other = tango_interval(9, 1, 30), tango_interval(1, 9, 30)
    assert one.low == pytest.approx(-other.high)  # type: ignore[operator]
    for edge in (tango_interval(0, 0, 20), tango_interval(20, 0, 20), tango_interval(0, 20, 20)):
        assert edge.high - edge.low > 0.05  # type: ignore[operator]


@pytest.mark.parametrize("k", [0, 1, 5, 11])
def test_few_successes_give_clopper_pearson(k: int) -> None:
    ours = mean_interval(np.repeat([1.0, 0.0], [k, 256 - k]), bounds=(0, 1))
    exact = rate_interval(k, 256)
    assert ours.method == "gaffke"
    assert (ours.low, ours.high) == pytest.approx((exact.low, exact.high), abs=1e-5)


def test_gamma_sums_agree_with_the_beta_distribution() -> None:
    for n, k, m in itertools.product((3, 10, 256, 2000), (0, 1, 2), (0.001, 0.014, 0.3, 0.9)):
        chance = positive_probability(np.array([[n - k, k + 1.0]]), np.array([-m, 1 - m]))[0]
        assert chance == pytest.approx(stats.beta.sf(m, k + 1, n - k), abs=2e-5)


def test_safe_interval_covers_on_three_values_whatever_their_chances() -> None:
    """All samples of 12 draws of (-1, 0, 1), all chances on a grid: no exception is allowed."""
    n = 12
    samples = np.array([[a, n - a - b, b] for a in range(n + 1) for b in range(n + 1 - a)], float)
    worst = 1.0
    for low, high in itertools.product(np.arange(0, 1.0001, 0.05), repeat=2):
        if low + high > 1:
            continue
        chance = stats.multinomial.pmf(samples, n, [low, 1 - low - high, high])
        values = np.array([-1.0, 0.0, 1.0])
        greater, less = safe_mean_p(samples, values, high - low, bounds=(-1, 1))
        worst = min(worst, 1 - chance[greater <= 0.025].sum(), 1 - chance[less <= 0.025].sum())
    assert worst >= 0.975 - 1e-6


def test_one_signed_flips_are_covered_at_every_rate() -> None:
    """Exact coverage over all counts of 400 seeds: about 95, never under 93.9 from 20 flips on."""
    n = 400
    x = np.arange(0, 160)
    coverage = []
    for flips in (5, 10, 20, 23, 27, 31, 40, 55, 70):
        p = flips / n
        greater, less = counted_mean_p(
            np.stack([n - x, x], axis=1).astype(float), np.array([0.0, 1.0]), p, bounds=(-1, 1)
        )
        covered = stats.binom.pmf(x, n, p)[np.minimum(greater, less) > 0.025].sum()
        assert covered >= (0.945 if flips < 20 else 0.939)
        assert flips < 20 or covered <= 0.963
        coverage.append(covered)
    assert 0.945 < np.mean(coverage[2:]) < 0.957


def test_centred_test_is_the_mid_p_test_of_flips() -> None:
    for x, rate in ((20, 0.05), (30, 0.05), (40, 0.14), (19, 0.03)):
        less = centred_mean_p(np.array([[400.0 - x, x]]), np.array([0.0, 1.0]), rate)[1][0]
        mid = stats.binom.cdf(x, 400, rate) - stats.binom.pmf(x, 400, rate) / 2
        assert stats.norm.ppf(less) == pytest.approx(stats.norm.ppf(mid), abs=0.04)
    for up, down in ((20, 10), (28, 14), (40, 31)):  # against the sign test, flips of both signs
        counts = np.array([[down, 400.0 - up - down, up]])
        greater = centred_mean_p(counts, np.array([-1.0, 0.0, 1.0]), 0.0)[0][0]
        m = up + down
        mid = stats.binom.sf(up, m, 0.5) + stats.binom.pmf(up, m, 0.5) / 2
        assert stats.norm.isf(greater) == pytest.approx(stats.norm.isf(mid), abs=0.04)


def test_equal_data_never_give_width_zero() -> None:
    for value, bounds in ((0.0, (-1, 1)), (1.0, (0, 1)), (-1.0, (-1, 1))):
        found = mean_interval(np.full(256, value), bounds=bounds)
        assert found.high - found.low > 0.01  # type: ignore[operator]
    clusters = mean_interval(np.zeros(100), bounds=(-1, 1), units=np.repeat(np.arange(5), 20))
    assert clusters.high - clusters.low > 0.1  # type: ignore[operator]


def test_too_little_data_is_undefined_with_a_reason() -> None:
    for values in ([], [1.0]):
        found = mean_interval(values, bounds=(0, 1))
        assert found.value is found.low is found.high is None
        assert "2 independent units" in str(found.reason)
    assert rate_interval(0, 0).reason == "no outcomes"


def test_an_antithetic_pair_is_one_unit() -> None:
    rng = np.random.Generator(np.random.Philox(key=5))
    base = rng.choice([-1.0, 0.0, 1.0], 300, p=[0.2, 0.5, 0.3])
    alike = np.repeat(base, 2)  # a pair that always agrees holds no more than one seed
    pairs = mean_interval(alike, bounds=(-1, 1), units=np.repeat(np.arange(300), 2))
    single = mean_interval(base, bounds=(-1, 1))
    assert (pairs.low, pairs.high) == pytest.approx((single.low, single.high), abs=1e-9)


def test_a_prompt_is_a_cluster() -> None:
    rng = np.random.Generator(np.random.Philox(key=6))
    rates = rng.uniform(0.1, 0.7, 10)
    rows = (rng.random((10, 200)) < rates[:, None]).astype(float)
    found = mean_interval(rows.ravel(), bounds=(0, 1), units=np.repeat(np.arange(10), 200))
    means = rows.mean(axis=1)
    half = stats.t.isf(0.025, 9) * means.std(ddof=1) / 10**0.5
    assert found.method == "t"
    assert (found.low, found.high) == pytest.approx((means.mean() - half, means.mean() + half))


def test_added_variance_widens_as_a_normal_error_would() -> None:
    values = three_values(120, 80, 1000)
    plain, wide = (mean_interval(values, bounds=(-1, 1), extra_variance=v) for v in (0.0, 0.02**2))
    error = (plain.high - plain.low) / 2 / 1.96  # type: ignore[operator]
    expected = 2 * 1.96 * (error**2 + 0.02**2) ** 0.5
    assert wide.high - wide.low == pytest.approx(expected, rel=0.01)  # type: ignore[operator]


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 40), st.integers(0, 40), st.floats(0.5, 0.99))
def test_interval_and_p_value_agree(up: int, down: int, level: float) -> None:
    statistic = mean_statistic(three_values(up, down, 120), bounds=(-1, 1))
    assert not isinstance(statistic, str)
    low, high = statistic.limits(level)
    p = statistic.p_value(0.0)
    if abs(p - (1 - level)) > 1e-6:
        assert (low <= 0 <= high) == (p > 1 - level)
    assert low <= statistic.estimate <= high


def test_the_data_turned_round_turn_the_interval_round() -> None:
    one = mean_interval(three_values(30, 9, 300), bounds=(-1, 1))
    other = mean_interval(three_values(9, 30, 300), bounds=(-1, 1))
    assert one.low == pytest.approx(-other.high, abs=1e-6)  # type: ignore[operator]


def test_betting_interval_covers_and_is_wider() -> None:
    rng = np.random.Generator(np.random.Philox(key=8))
    data = rng.choice([-1.0, 0.0, 1.0], (400, 256), p=[0.05, 0.8, 0.15])
    wealth = betting_evidence(data, np.array([0.1]), bounds=(-1, 1))
    assert (wealth < 20).mean() >= 0.95
    ours, theirs = (f(data[0], bounds=(-1, 1)) for f in (mean_interval, betting_interval))
    assert theirs.high - theirs.low > ours.high - ours.low  # type: ignore[operator]
    assert theirs.low < 0.1 < theirs.high  # type: ignore[operator]


def test_bad_values_are_refused() -> None:
    with pytest.raises(InputError, match="lie in"):
        mean_interval([0.0, 2.0], bounds=(0, 1))
    with pytest.raises(InputError, match="finite"):
        mean_interval([0.0, np.nan], bounds=(0, 1))
    with pytest.raises(InputError, match="same number"):
        mean_interval([0.0, 1.0, 1.0], bounds=(0, 1), units=[0, 0, 1])
    with pytest.raises(InputError, match="level"):
        mean_interval([0.0, 1.0], bounds=(0, 1), level=95)
    with pytest.raises(InputError, match="unknown method"):
        rate_interval(1, 2, method="wald")
