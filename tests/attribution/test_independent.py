"""Differences of means that share nothing, against published figures, the likelihood and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from catoptric.attribution import mean_difference, rate_difference
from catoptric.errors import InputError


def test_rates_agree_with_the_published_example() -> None:
    # Newcombe 1998, Statistics in Medicine 17, table II, method 6 of 56/70 - 48/80.
    low, high = rate_difference(56, 70, 48, 80).limits(0.95)
    assert (round(low, 4), round(high, 4)) == (0.0528, 0.3382)


@pytest.mark.parametrize(("k1", "n1", "k2", "n2"), [(5, 9, 2, 7), (640, 1600, 1150, 3200)])
@pytest.mark.parametrize("difference", [-0.2, 0.0, 0.1, 0.5])
def test_the_rates_tested_are_the_likeliest(
    k1: int, n1: int, k2: int, n2: int, difference: float
) -> None:
    q = np.linspace(max(0.0, difference), min(1.0, 1.0 + difference), 200_001)[1:-1]
    likelihood = k1 * np.log(q) + (n1 - k1) * np.log1p(-q)
    likelihood += k2 * np.log(q - difference) + (n2 - k2) * np.log1p(-(q - difference))
    q1 = q[np.argmax(likelihood)]
    q2 = q1 - difference
    variance = (q1 * (1 - q1) / n1 + q2 * (1 - q2) / n2) * (n1 + n2) / (n1 + n2 - 1)
    z = (k1 / n1 - k2 / n2 - difference) / variance**0.5
    found = rate_difference(k1, n1, k2, n2).p_one_sided(difference)
    np.testing.assert_allclose(found, (stats.norm.sf(z), stats.norm.cdf(z)), rtol=1e-3)


@pytest.mark.parametrize(("k1", "k2"), [(0, 0), (50, 60), (0, 60), (50, 0)])
def test_rates_of_0_and_1_have_an_interval_of_some_width(k1: int, k2: int) -> None:
    found = rate_difference(k1, 50, k2, 60)
    low, high = found.limits()
    assert low <= found.estimate <= high
    assert high - low > 0.04
    assert found.p_value(0.0) == pytest.approx(1.0) or abs(found.estimate) == 1.0


def test_rate_intervals_cover() -> None:
    rng = np.random.default_rng(5)
    first, second = rng.binomial(60, 0.06, 600), rng.binomial(90, 0.12, 600)
    inside = [
        low <= -0.06 <= high
        for low, high in (
            rate_difference(int(a), 60, int(b), 90).limits()
            for a, b in zip(first, second, strict=True)
        )
    ]
    assert 0.93 <= np.mean(inside) <= 0.975


def test_means_agree_with_scipys_welch() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(1.0, 2.0, 40), rng.normal(0.0, 0.5, 13)
    found = mean_difference(a, b)
    assert not isinstance(found, str)
    theirs = stats.ttest_ind(a, b, equal_var=False)
    assert found.p_value() == pytest.approx(theirs.pvalue)
    interval = theirs.confidence_interval()
    np.testing.assert_allclose(found.limits(), (interval.low, interval.high), rtol=1e-6)


def test_what_has_no_difference_says_why() -> None:
    assert mean_difference([1.0], [1.0, 2.0]) == "fewer than two independent units"
    assert mean_difference([1.0, 1.0], [2.0, 2.0]) == "all values are equal"
    with pytest.raises(InputError, match="counts"):
        rate_difference(3, 2, 0, 4)
