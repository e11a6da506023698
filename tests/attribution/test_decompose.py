"""The split as the audit sees it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catoptric.attribution import decompose, sampled_contrasts
from catoptric.errors import InputError

KNOBS = ("guidance", "sampler", "start")


def outcomes(n: int, rates: list[float], *, unclear: float = 0.0, key: int = 1) -> np.ndarray:
    rng = np.random.Generator(np.random.Philox(key=key))
    y = (rng.random((n, 1)) < rates).astype(float)
    y[rng.random(y.shape) < unclear] = np.nan
    return y


RATES = [0.45, 0.30, 0.44, 0.29, 0.45, 0.30, 0.40, 0.20]


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.integers(0, 4), st.integers(2, 60), st.integers(0, 10_000))
def test_shares_add_up_to_deployed_minus_reference(n_players: int, n: int, key: int) -> None:
    rng = np.random.Generator(np.random.Philox(key=key))
    y = rng.choice([0.0, 1.0, np.nan], (n, 1 << n_players), p=[0.5, 0.4, 0.1])
    result = decompose(tuple("abcd"[:n_players]), y)
    undefined = [s for s in (*result.shares, result.total) if s.points is None]
    if undefined:
        assert all("no clear outcome" in str(share.reason) for share in undefined)
        return
    filled = np.where(np.isnan(y), 0.5, y)
    skew = 100 * (filled[:, -1].mean() - filled[:, 0].mean())
    assert sum(s.points or 0.0 for s in result.shares) == pytest.approx(skew, abs=1e-9)
    assert result.total.points == pytest.approx(skew, abs=1e-9)


def test_a_planted_share_is_found_and_the_idle_knob_is_not() -> None:
    result = decompose(KNOBS, outcomes(800, RATES), reference_minus=0.45)
    guidance, sampler, _ = result.shares
    assert guidance.low < -100 * (0.15 + 0.15 + 0.15 * 2 + 0.2 * 2) / 6 + 5 < guidance.high + 10  # type: ignore[operator]
    assert guidance.p_holm is not None
    assert guidance.p_holm < 1e-6
    assert result.largest() is guidance
    assert sampler.p is not None
    assert sampler.p_holm >= sampler.p  # type: ignore[operator]
    assert result.model is not None
    assert result.model.low < 0 < result.model.high  # type: ignore[operator]
    assert result.reference.method == "clopper-pearson"


def test_holm_family_is_the_interface_and_the_model_share() -> None:
    y = outcomes(300, [0.5, 0.44])
    alone, with_model = decompose(("a",), y), decompose(("a",), y, reference_minus=0.5)
    assert alone.shares[0].p_holm == alone.shares[0].p
    assert with_model.shares[0].p_holm > with_model.shares[0].p  # type: ignore[operator]
    assert alone.total.p_holm is None


def test_interactions_are_found_where_effects_need_each_other() -> None:
    result = decompose(("steps", "noise"), outcomes(600, [0.68, 0.68, 0.70, 0.92]))
    (pair,) = result.interactions
    assert pair.players == ("steps", "noise")
    assert pair.low > 10  # type: ignore[operator]
    assert pair.points == pytest.approx(100 * pair.per_seed.mean())


def test_extremes_of_unclear_bracket_the_headline_and_can_change_its_sign() -> None:
    y = outcomes(400, [0.40, 0.38])
    y[:60, 1] = np.nan
    share = decompose(("a",), y).shares[0]
    assert share.unclear_low < share.points < share.unclear_high  # type: ignore[operator]
    assert share.is_undecided
    assert decompose(("a",), y).cells[1].unclear == 60


def test_equal_data_give_a_width_and_one_seed_gives_none() -> None:
    still = decompose(("a",), np.zeros((300, 2))).shares[0]
    assert still.points == 0
    assert still.low < -0.5 < 0.5 < still.high  # type: ignore[operator]
    assert still.equivalent is True
    single = decompose(("a",), np.array([[0.0, 1.0]]), reference_minus=0.3)
    share = single.shares[0]
    assert share.points == 100
    assert share.low is share.p is share.equivalent is None
    assert "2 independent units" in str(share.reason)
    assert decompose(("a",), np.zeros((0, 2))).shares[0].reason == "no seeds"


def test_without_players_only_the_model_share_is_left() -> None:
    result = decompose((), outcomes(300, [0.35]), reference_minus=0.379)
    assert result.shares == ()
    assert result.total.points == 0
    assert result.total.low is None
    assert "no player" in str(result.total.reason)
    assert result.model is not None
    assert result.model.low < result.model.points < result.model.high  # type: ignore[operator]


def test_a_cell_without_a_clear_outcome_leaves_shares_undefined() -> None:
    y = outcomes(50, [0.5, 0.5])
    y[:, 1] = np.nan
    share = decompose(("a",), y).shares[0]
    assert share.points is None
    assert share.reason == "no clear outcome with a as deployed"


def test_sampled_orders_serve_games_too_large_to_enumerate() -> None:
    names = tuple("abcdefghij")
    sampled = sampled_contrasts(10, 4, key=3)
    rates = [0.3 + 0.03 * coalition.bit_count() for coalition in sampled[0]]
    result = decompose(names, outcomes(200, rates), sampled=sampled)
    assert sum(s.points or 0.0 for s in result.shares) == pytest.approx(result.total.points)
    assert result.interactions == ()


def test_bad_input_is_one_sentence() -> None:
    for bad in (np.zeros((5, 3)), np.full((5, 2), np.inf), np.full((5, 2), 0.7)):
        with pytest.raises(InputError):
            decompose(("a",), bad)
    with pytest.raises(InputError, match="rate"):
        decompose(("a",), np.zeros((5, 2)), reference_minus=37.9)
    with pytest.raises(InputError, match="8 players"):
        decompose(tuple("abcdefghi"), np.zeros((5, 512)))
