"""From outcomes per seed and cell to shares with intervals: what the audit calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from catoptric.attribution.draws import Draws, code
from catoptric.attribution.games import Game
from catoptric.attribution.intervals import Interval, interval_of, require_level
from catoptric.attribution.judge_error import JudgeError
from catoptric.attribution.mean_statistic import MeanStatistic
from catoptric.attribution.rates import rate_interval
from catoptric.attribution.shapley import interaction_contrasts, shapley_contrasts
from catoptric.attribution.shares import CellCount, Decomposition, Interaction, Share
from catoptric.attribution.significance import holm, tost
from catoptric.attribution.unclear import is_undecided
from catoptric.errors import InputError

Floats = NDArray[np.float64]


def decompose(
    players: tuple[str, ...],
    outcomes: ArrayLike,
    *,
    level: float = 0.95,
    margin_points: float = 5.0,
    reference_minus: float | None = None,
    units: ArrayLike | None = None,
    judge: JudgeError | None = None,
    sampled: tuple[tuple[int, ...], ArrayLike] | None = None,
) -> Decomposition:
    """Split deployed - reference into one share per player, with intervals and tests.

        D_k(s) = sum over cells c_k(cell) y(s, cell);  share_k = mean of D_k;  sum = total, exactly

    Args:
        players: K names; bit k of a cell's number is player k.  None at all is a game of one cell.
        outcomes: float [n, 2^K], seeds by cells in coalition order: 1 yes, 0 no, nan unclear; with
            a judge of several classes, class ids.
        level: coverage of every interval, a fraction.
        margin_points: equivalence margin, points.
        reference_minus: exact rate (data or target) that the model share is counted from; None:
            no model share.
        units: [n] ids of antithetic pairs, or of prompts (which must then not share seeds: give
            each its own block of `seed_sample`); None: each seed is a unit.
        judge: measured errors of the judge, taken back before anything else.
        sampled: what `sampled_contrasts` returned; its coalitions are then the columns.

    Returns:
        All shares with their raw per-seed values.  With fewer than two units, or a cell without a
        single clear outcome, numbers are None and the reason is given.

    Raises:
        InputError: shapes or values that do not fit, see `fill_unclear`, `JudgeError`, `Game`.

    Source: DESIGN section 1; see `shapley_contrasts`, `mean_statistic`, `holm`, `tost`.
    """
    game = Game(tuple(players))
    require_level(level)
    if reference_minus is not None and not 0 <= reference_minus <= 1:
        raise InputError(f"a rate lies between 0 and 1, got {reference_minus}")
    pairs: Mapping[tuple[int, int], Floats]
    if sampled is None:
        coalitions: tuple[int, ...] = tuple(game.coalitions()) if game.n_players <= 8 else ()
        contrasts = shapley_contrasts(game.n_players)
        pairs = interaction_contrasts(game.n_players)
    else:
        coalitions, contrasts, pairs = sampled[0], np.asarray(sampled[1], dtype=np.float64), {}
    draws = code(outcomes, game, coalitions, units, judge)

    def indicator(coalition: int) -> Floats:
        return np.asarray(np.asarray(coalitions) == coalition, dtype=np.float64)

    reference, deployed = indicator(game.reference), indicator(game.deployed)
    made = [
        _share(draws, contrasts[k], 0.0, "interface", name, level, margin_points)
        for k, name in enumerate(game.players)
    ]
    model = None
    if reference_minus is not None:
        model = _share(draws, reference, -reference_minus, "model", None, level, margin_points)
    family = [*made, model] if model is not None else made
    adjusted = holm([share.p for share in family])
    family = [_with_holm(share, p) for share, p in zip(family, adjusted, strict=True)]
    return Decomposition(
        game=game,
        n_seeds=len(draws.half),
        n_units=len(draws.half) if units is None else int(np.unique(np.asarray(units)).size),
        level=level,
        margin_points=margin_points,
        shares=tuple(family[: game.n_players]),
        model=family[-1] if model is not None else None,
        total=_share(draws, deployed - reference, 0.0, "total", None, level, margin_points),
        interactions=tuple(
            _interaction(draws, row, (game.players[i], game.players[j]), level)
            for (i, j), row in pairs.items()
        ),
        reference=_rate(draws, reference, level),
        deployed=_rate(draws, deployed, level),
        cells=_counts(draws, coalitions),
    )


def _share(
    draws: Draws,
    contrast: Floats,
    offset: float,
    source: str,
    player: str | None,
    level: float,
    margin_points: float,
) -> Share:
    statistic = draws.statistic(contrast, offset)
    interval = interval_of(statistic, level)
    equivalence = tost(statistic, margin_points / 100)
    defined = isinstance(statistic, MeanStatistic)
    at_zero, at_one = None, None
    # A mean exists from the first seed on; only its uncertainty needs two units.
    points = None
    if draws.undefined(contrast) is None:
        points = 100 * float((draws.half @ contrast + offset).mean())
        at_zero = 100 * float((draws.at_zero @ contrast + offset).mean())
        at_one = 100 * float((draws.at_one @ contrast + offset).mean())
    return Share(
        source=source,
        player=player,
        points=points,
        low=_points(interval.low),
        high=_points(interval.high),
        method=interval.method,
        p=statistic.p_value(0.0) if isinstance(statistic, MeanStatistic) else None,
        p_holm=None,
        equivalent=equivalence.equivalent,
        equivalence=equivalence,
        unclear_low=at_zero,
        unclear_high=at_one,
        is_undecided=at_zero is not None and at_one is not None and is_undecided(at_zero, at_one),
        n_informative=statistic.n_informative if isinstance(statistic, MeanStatistic) else None,
        reason=interval.reason if not defined else equivalence.reason,
        per_seed=draws.half @ contrast + offset,
    )


def _with_holm(share: Share, p_holm: float | None) -> Share:
    return replace(share, p_holm=p_holm)


def _interaction(
    draws: Draws, contrast: Floats, players: tuple[str, str], level: float
) -> Interaction:
    statistic = draws.statistic(contrast)
    interval = interval_of(statistic, level)
    return Interaction(
        players=players,
        points=_points(interval.value),
        low=_points(interval.low),
        high=_points(interval.high),
        method=interval.method,
        p=statistic.p_value(0.0) if isinstance(statistic, MeanStatistic) else None,
        reason=interval.reason,
        per_seed=draws.half @ contrast,
    )


def _rate(draws: Draws, cell: Floats, level: float) -> Interval:
    """The rate of one cell: Clopper-Pearson where each seed is a clear yes or no."""
    column = draws.outcomes[:, int(np.argmax(cell))]
    if draws.judge is None and draws.units is None and column.size and not np.isnan(column).any():
        return rate_interval(int(column.sum()), column.size, level=level)
    return interval_of(draws.statistic(cell), level)


def _counts(draws: Draws, coalitions: tuple[int, ...]) -> tuple[CellCount, ...]:
    positive = 1 if draws.judge is None else draws.judge.positive
    counts = []
    for coalition, column in zip(coalitions, draws.outcomes.T, strict=True):
        yes = int((column == positive).sum())
        unclear = int(np.isnan(column).sum())
        counts.append(CellCount(coalition, column.size, yes, column.size - yes - unclear, unclear))
    return tuple(counts)


def _points(fraction: float | None) -> float | None:
    return None if fraction is None else 100 * fraction
