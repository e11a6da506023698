"""Holm, equivalence and its power."""

import numpy as np
import pytest

from catoptric.attribution import holm, mean_statistic, tost, tost_power
from catoptric.errors import InputError


def test_holm_agrees_with_statsmodels_and_leaves_undefined_ones_out() -> None:
    from statsmodels.stats.multitest import multipletests

    p = [0.01, 0.04, 0.03, 0.005, 0.9]
    theirs = multipletests(p, method="holm")[1]
    ours = holm([p[0], None, *p[1:]])
    assert ours[1] is None
    assert [x for x in ours if x is not None] == pytest.approx(theirs)


def test_holm_refuses_what_is_no_p_value() -> None:
    with pytest.raises(InputError):
        holm([0.5, 1.5])


def sample(up: int, down: int, n: int):  # type: ignore[no-untyped-def]
    return mean_statistic(np.repeat([1.0, -1.0, 0.0], [up, down, n - up - down]), bounds=(-1, 1))


def test_equivalence_is_the_ninety_per_cent_interval_within_the_margin() -> None:
    for up, down, n in (
        (20, 18, 1000),
        (60, 20, 1000),
        (40, 10, 900),
        (3, 0, 256),
        (200, 190, 600),
    ):
        statistic = sample(up, down, n)
        low, high = statistic.limits(0.9)
        assert (tost(statistic, 0.05).equivalent is True) == (low > -0.05 and high < 0.05)


def test_a_run_that_could_not_have_shown_it_says_so() -> None:
    verdict = tost(sample(40, 40, 120), 0.05)
    assert verdict.equivalent is None
    assert verdict.power is not None
    assert verdict.power < 0.5
    assert "could not" in str(verdict.reason)
    assert tost(sample(120, 20, 1000), 0.05).equivalent is False
    assert tost("no seeds", 0.05).reason == "no seeds"


def test_twenty_seeds_without_a_flip_prove_nothing() -> None:
    verdict = tost(sample(0, 0, 20), 0.05)
    assert verdict.equivalent is None


def test_power_matches_simulation() -> None:
    rng = np.random.Generator(np.random.Philox(key=2))
    sd, n, margin = 0.3, 120, 0.05
    error = sd / n**0.5
    means = rng.normal(0, error, 200_000)
    shown = (np.abs(means) < margin - 1.6448536 * error).mean()
    assert tost_power(sd, n, margin) == pytest.approx(shown, abs=0.005)
    assert tost_power(1.0, 50, 0.05) == 0.0
    with pytest.raises(InputError):
        tost_power(0.3, 0, 0.05)
