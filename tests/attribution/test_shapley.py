"""Contrasts of cells: held to an independent implementation and to their own sums."""

import numpy as np
import pytest

from catoptric.attribution import (
    Game,
    interaction_contrasts,
    sampled_contrasts,
    shapley_contrasts,
)
from catoptric.errors import InputError


def random_game(n_players: int, key: int) -> np.ndarray:
    return np.random.Generator(np.random.Philox(key=key)).random(1 << n_players)


def oracle(n_players: int, values: np.ndarray, index: str, order: int):  # type: ignore[no-untyped-def]
    from shapiq import ExactComputer

    def game(coalitions: np.ndarray) -> np.ndarray:
        masks = np.atleast_2d(coalitions).astype(int) @ (1 << np.arange(n_players))
        return values[masks] - values[0]

    return ExactComputer(game, n_players)(index=index, order=order)


@pytest.mark.parametrize("n_players", [1, 2, 3, 5])
def test_shares_agree_with_shapiq(n_players: int) -> None:
    values = random_game(n_players, n_players)
    theirs = oracle(n_players, values, "SV", 1)
    ours = shapley_contrasts(n_players) @ values
    assert ours == pytest.approx([theirs[(k,)] for k in range(n_players)], abs=1e-12)


@pytest.mark.parametrize("n_players", [2, 3, 5])
def test_interactions_agree_with_shapiq(n_players: int) -> None:
    values = random_game(n_players, 10 + n_players)
    theirs = oracle(n_players, values, "SII", 2)
    for pair, row in interaction_contrasts(n_players).items():
        assert row @ values == pytest.approx(theirs[pair], abs=1e-12)


@pytest.mark.parametrize("n_players", range(9))
def test_rows_sum_to_deployed_minus_reference(n_players: int) -> None:
    total = np.zeros(1 << n_players)
    total[-1] += 1
    total[0] -= 1
    assert np.allclose(shapley_contrasts(n_players).sum(axis=0), total, atol=1e-14)


def test_a_share_of_outcomes_stays_within_one_and_an_interaction_within_two() -> None:
    positive = np.maximum(shapley_contrasts(4), 0).sum(axis=1)
    assert positive == pytest.approx(np.ones(4))
    for row in interaction_contrasts(4).values():
        assert np.maximum(row, 0).sum() == pytest.approx(2)


def test_sampled_orders_add_up_and_come_near_the_exact_shares() -> None:
    values = random_game(6, 3)
    coalitions, contrasts = sampled_contrasts(6, 4000, key=1)
    sampled = contrasts @ values[list(coalitions)]
    assert sampled.sum() == pytest.approx(values[-1] - values[0], abs=1e-12)
    assert sampled == pytest.approx(shapley_contrasts(6) @ values, abs=0.02)


def test_sampled_orders_depend_on_their_key_only() -> None:
    first, again, other = (sampled_contrasts(10, 4, key=k) for k in (1, 1, 2))
    assert first[0] == again[0]
    assert np.array_equal(first[1], again[1])
    assert first[0] != other[0]
    assert len(first[0]) <= 4 * 9 + 2


def test_coalitions_name_their_members() -> None:
    game = Game(("guidance", "sampler", "start"))
    assert game.members(0b101) == ("guidance", "start")
    assert game.coalition(("start", "guidance")) == 0b101
    assert (game.reference, game.deployed) == (0, 7)


def test_bad_games_are_refused() -> None:
    with pytest.raises(InputError, match="different"):
        Game(("a", "a"))
    with pytest.raises(InputError, match="8 players"):
        shapley_contrasts(9)
    with pytest.raises(InputError, match="pairs"):
        sampled_contrasts(9, 3, key=0)
