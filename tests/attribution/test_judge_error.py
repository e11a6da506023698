"""A judge's errors taken back."""

import numpy as np
import pytest

from catoptric.attribution import JudgeError, decompose, fill_unclear, is_undecided, may_pool
from catoptric.errors import InputError

GOOD = [[180, 20], [10, 190]]  # specificity .90, sensitivity .95


def test_two_classes_give_rogan_gladen() -> None:
    verdicts = np.repeat([1.0, 0.0], [40, 60])[:, None]
    corrected = JudgeError(GOOD).corrected(verdicts, 0.5)
    assert corrected.mean() == pytest.approx((0.4 - 0.1) / 0.85)


def test_more_classes_recover_the_true_share() -> None:
    counts = np.array([[80, 15, 5], [10, 85, 5], [2, 8, 90]])
    truth = np.array([0.2, 0.5, 0.3])
    said = truth @ (counts / counts.sum(axis=1, keepdims=True))
    judge = JudgeError(counts, positive=1)
    assert said @ judge.weights[0] == pytest.approx(0.5)


def test_corrected_rates_are_not_clipped() -> None:
    assert JudgeError(GOOD).corrected(np.zeros((50, 1)), 0.5).mean() < 0


def test_unclear_draws_keep_the_value_given() -> None:
    assert JudgeError(GOOD).corrected(np.array([[np.nan]]), 0.5)[0, 0] == 0.5


def test_a_poor_or_hardly_checked_judge_is_refused() -> None:
    with pytest.raises(InputError, match="too poor"):
        JudgeError([[60, 40], [45, 55]])
    with pytest.raises(InputError, match="too poor"):
        JudgeError([[3, 1], [1, 3]])
    with pytest.raises(InputError, match="square"):
        JudgeError([[1, 2, 3], [4, 5, 6]])
    with pytest.raises(InputError, match="class ids"):
        JudgeError(GOOD).corrected(np.array([[2.0]]), 0.5)


def test_delta_variance_is_that_of_redrawn_validation_sets() -> None:
    rng = np.random.Generator(np.random.Philox(key=11))
    verdicts = (rng.random((4000, 2)) < [0.30, 0.55]).astype(float)
    contrast = np.array([-1.0, 1.0])
    for cells in (1, 2):
        rates = np.array([[0.90, 0.95], [0.85, 0.92]])[:cells]
        counts = np.stack([[[s, 1 - s], [1 - h, h]] for s, h in rates]) * 200
        redrawn = []
        for _ in range(600):
            p, h = rng.binomial(200, rates[:, 0]), rng.binomial(200, rates[:, 1])
            drawn = [[[a, 200 - a], [200 - b, b]] for a, b in zip(p, h, strict=True)]
            redrawn.append((JudgeError(drawn).corrected(verdicts, 0.5) @ contrast).mean())
        assert JudgeError(np.round(counts)).variance(verdicts, contrast) ** 0.5 == pytest.approx(
            np.std(redrawn), rel=0.11
        )


def test_a_perfect_record_still_adds_variance() -> None:
    judge = JudgeError([[50, 0], [0, 50]])
    assert judge.variance(np.repeat([[1.0], [0.0]], 50, axis=0), [1.0]) > 0


def test_a_correction_widens_the_intervals_and_keeps_the_sum() -> None:
    rng = np.random.Generator(np.random.Philox(key=12))
    y = (rng.random((400, 1)) < [0.5, 0.4, 0.45, 0.3]).astype(float)
    plain, fixed = decompose(("a", "b"), y), decompose(("a", "b"), y, judge=JudgeError(GOOD))
    for before, after in zip(plain.shares, fixed.shares, strict=True):
        assert after.high - after.low > (before.high - before.low) / 0.85  # type: ignore[operator]
        assert after.points == pytest.approx(before.points / 0.85)  # type: ignore[operator]


def test_unclear_outcomes_and_undecided_signs() -> None:
    assert fill_unclear([1, np.nan, 0]).tolist() == [1, 0.5, 0]
    assert is_undecided(-1, 2)
    assert not is_undecided(0, 2)
    with pytest.raises(InputError):
        fill_unclear([0.3])


def test_cells_are_pooled_only_where_their_errors_were_shown_equal() -> None:
    many = [[1900, 100], [120, 1880]]
    like = [[1906, 94], [114, 1886]]
    worse = [[1900, 100], [320, 1680]]
    few = [[19, 1], [1, 19]]
    assert may_pool([many, like], 5.0)
    assert not may_pool([many, like, worse], 5.0)
    assert not may_pool([few, few], 5.0)  # equal counts, but too few to show it
    assert may_pool([many], 5.0)
