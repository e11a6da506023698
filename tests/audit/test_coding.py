"""What an outcome counts once the judge's errors are taken back, beyond the shares."""

from __future__ import annotations

import numpy as np
import pytest

from catoptric.attribution import JudgeError, fill_unclear
from catoptric.audit.coding import Coding

COUNTS = np.array([[400, 100], [50, 450]])  # specificity 0.8, sensitivity 0.9


def judged(random: np.random.Generator, truth: np.ndarray) -> np.ndarray:
    return (random.random(truth.shape) < np.where(truth == 1, 0.9, 0.2)).astype(float)


def test_without_a_judge_outcomes_are_what_they_are() -> None:
    outcomes = np.array([1.0, 0.0, np.nan])
    assert np.array_equal(Coding().of(outcomes), fill_unclear(outcomes, 0.5))
    assert Coding().bounds == (0.0, 1.0)
    assert Coding().rate(np.array([1.0, 0.0, 1.0]), 0.95).method == "clopper-pearson"


def test_the_true_rate_and_the_true_difference_come_back() -> None:
    random = np.random.Generator(np.random.Philox(3))
    coding = Coding(JudgeError(COUNTS))
    one = (random.random(20_000) < 0.4).astype(float)
    other = np.where(random.random(20_000) < 0.1, 1.0, one)
    seen_one, seen_other = judged(random, one), judged(random, other)
    assert coding.of(seen_one).mean() == pytest.approx(0.4, abs=0.02)
    assert abs(seen_one.mean() - 0.4) > 0.06  # which the judge alone would have missed
    statistic = coding.difference(seen_other, seen_one, 0.5)
    assert not isinstance(statistic, str)
    low, high = statistic.limits()
    assert low < other.mean() - one.mean() < high


def test_unclear_draws_keep_what_they_are_counted_as() -> None:
    coding = Coding(JudgeError(COUNTS))
    assert coding.of(np.array([np.nan, np.nan]), 1.0).tolist() == [1.0, 1.0]
    low, high = coding.bounds
    assert low < 0.0 < 1.0 < high


def test_a_corrected_rate_is_less_certain() -> None:
    random = np.random.Generator(np.random.Philox(4))
    outcomes = (random.random(300) < 0.5).astype(float)
    plain, corrected = (
        Coding().rate(outcomes, 0.95),
        Coding(JudgeError(COUNTS)).rate(outcomes, 0.95),
    )
    assert None not in (plain.low, plain.high, corrected.low, corrected.high)
    assert corrected.high - corrected.low > plain.high - plain.low  # type: ignore[operator]
