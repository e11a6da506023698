"""Shapley values and interactions as fixed linear contrasts of cells."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

from catoptric.attribution.games import MAX_EXACT_PLAYERS
from catoptric.errors import InputError

Floats = NDArray[np.float64]


def _require_exact(n_players: int) -> None:
    if not 0 <= n_players <= MAX_EXACT_PLAYERS:
        raise InputError(
            f"exact shares need 0 to {MAX_EXACT_PLAYERS} players, got {n_players};"
            " sampled_contrasts serves more"
        )


def shapley_contrasts(n_players: int) -> Floats:
    """The contrast of each player's Shapley value.

        phi_k = sum over S without k of |S|! (K-|S|-1)! / K! (v(S+k) - v(S)) = c_k . v

    so one seed's outcomes y in all cells give one number D_k = c_k . y, and the D_k of a seed add
    up to y(deployed) - y(reference).

    Args:
        n_players: K, 0 to 8.

    Returns:
        float64 [K, 2^K], columns in coalition order; each row's positive entries sum to 1 and its
        negative ones to -1, so D_k of outcomes in [0, 1] lies in [-1, 1].

    Raises:
        InputError: K is negative or above 8.

    Source: Shapley, A value for n-person games, 1953.
    """
    _require_exact(n_players)
    contrasts = np.zeros((n_players, 1 << n_players))
    for coalition in range(1 << n_players):
        size = coalition.bit_count()
        for k in range(n_players):
            if coalition >> k & 1:
                continue
            weight = factorial(size) * factorial(n_players - size - 1) / factorial(n_players)
            contrasts[k, coalition | 1 << k] += weight
            contrasts[k, coalition] -= weight
    return contrasts


def interaction_contrasts(n_players: int) -> dict[tuple[int, int], Floats]:
    """The contrast of each pair's Shapley interaction index.

        I_ij = sum over S without i, j of |S|! (K-|S|-2)! / (K-1)!
               (v(S+i+j) - v(S+i) - v(S+j) + v(S))

    Positive: the two together raise the rate by more than they do one at a time.

    Args:
        n_players: K, 0 to 8.

    Returns:
        {(i, j): float64 [2^K]} for i < j; outcomes in [0, 1] give values in [-2, 2].

    Raises:
        InputError: K is negative or above 8.

    Source: Grabisch and Roubens, An axiomatic approach to the concept of interaction, 1999.
    """
    _require_exact(n_players)
    result: dict[tuple[int, int], Floats] = {}
    for i, j in combinations(range(n_players), 2):
        row = np.zeros(1 << n_players)
        for coalition in range(1 << n_players):
            if coalition >> i & 1 or coalition >> j & 1:
                continue
            size = coalition.bit_count()
            weight = factorial(size) * factorial(n_players - size - 2) / factorial(n_players - 1)
            row[coalition | 1 << i | 1 << j] += weight
            row[coalition | 1 << i] -= weight
            row[coalition | 1 << j] -= weight
            row[coalition] += weight
        result[i, j] = row
    return result


def sampled_contrasts(
    n_players: int, permutations: int, key: int
) -> tuple[tuple[int, ...], Floats]:
    """Contrasts from random player orders, for games too large to enumerate.

        phi_k ~ mean over orders of v(players up to and with k) - v(players before k)

    Orders come in reversed pairs, which cancels part of the noise.  Over the draw of orders the
    estimate is unbiased, and within the drawn orders shares still add up exactly; but an interval
    over seeds holds the orders fixed, so it leaves out the variance between orders,
    Var(marginal contribution over orders) / permutations at most.  Use enough orders that this is
    small beside the seeds' variance, or repeat under another key and compare.

    Args:
        n_players: K, 1 or more.
        permutations: number of orders, even.
        key: which random orders; the same key gives the same orders.

    Returns:
        (coalitions, contrasts): the masks needed, ascending, and float64 [K, len(coalitions)].

    Raises:
        InputError: no player, or an odd or non-positive number of orders.

    Source: Castro, Gomez and Tejada, Polynomial calculation of the Shapley value based on
    sampling, 2009; reversed pairs: Mitchell et al., Sampling permutations for Shapley value
    estimation, 2022.
    """
    if n_players < 1:
        raise InputError(f"sampled shares need at least one player, got {n_players}")
    if permutations < 2 or permutations % 2:
        raise InputError(
            f"permutations come in reversed pairs: ask for 2, 4, ..., got {permutations}"
        )
    rng = np.random.Generator(np.random.Philox(key=key))
    rows: list[dict[int, float]] = [{} for _ in range(n_players)]
    for _ in range(permutations // 2):
        order = [int(k) for k in rng.permutation(n_players)]
        for sequence in (order, order[::-1]):
            mask = 0
            for k in sequence:
                grown = mask | 1 << k
                rows[k][grown] = rows[k].get(grown, 0.0) + 1 / permutations
                rows[k][mask] = rows[k].get(mask, 0.0) - 1 / permutations
                mask = grown
    coalitions = tuple(sorted(set().union(*rows)))
    column = {coalition: position for position, coalition in enumerate(coalitions)}
    contrasts = np.zeros((n_players, len(coalitions)))
    for k, row in enumerate(rows):
        for coalition, weight in row.items():
            contrasts[k, column[coalition]] = weight
    return coalitions, contrasts
