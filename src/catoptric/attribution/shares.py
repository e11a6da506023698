"""What a decomposition gives: shares, interactions and counts, with their raw per-seed values."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from catoptric.attribution.games import Game
from catoptric.attribution.intervals import Interval
from catoptric.attribution.significance import Equivalence

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Share:
    """One source's part of a difference of rates; points are percentage points.

    Args:
        source: "interface", "model" or "total" (deployed - reference).
        player: the knob of an interface share, else None.
        points: the share at unclear = 1/2; None when undefined.
        low: lower confidence limit, points.
        high: upper confidence limit, points.
        method: name of the interval's method.
        p: two-sided p-value of "no share", from the same statistic.
        p_holm: p adjusted over all interface shares and the model share; None for the total.
        equivalent: True when shown within +-margin; False when not shown; None when undefined or
            when the run could not have shown it.
        equivalence: the test behind it, with p and power.
        unclear_low: points when unclear outcomes count 0.
        unclear_high: points when unclear outcomes count 1.
        is_undecided: True when the sign differs between those two.
        n_informative: units that differ from the commonest value.
        reason: why something is undefined.
        per_seed: float64 [n], D(s) at unclear = 1/2, as fractions; its mean is points / 100.
    """

    source: str
    player: str | None
    points: float | None
    low: float | None
    high: float | None
    method: str | None
    p: float | None
    p_holm: float | None
    equivalent: bool | None
    equivalence: Equivalence
    unclear_low: float | None
    unclear_high: float | None
    is_undecided: bool
    n_informative: int | None
    reason: str | None
    per_seed: Floats = field(repr=False)


@dataclass(frozen=True, eq=False)
class Interaction:
    """Pairwise Shapley interaction of two players, in points, with its interval and raw values."""

    players: tuple[str, str]
    points: float | None
    low: float | None
    high: float | None
    method: str | None
    p: float | None
    reason: str | None
    per_seed: Floats = field(repr=False)


@dataclass(frozen=True)
class CellCount:
    """Outcomes of one cell: how many draws, and their verdicts as the judge gave them."""

    coalition: int
    n: int
    yes: int
    no: int
    unclear: int


@dataclass(frozen=True)
class Decomposition:
    """Shares of deployed - reference per player, and the model share if asked for.

    Args:
        game: players and cell order.
        n_seeds: rows.
        n_units: independent units among them.
        level: of all intervals.
        margin_points: of the equivalence tests.
        shares: one per player, in player order; they add up to `total`.
        model: reference minus the exact number given, or None.
        total: deployed - reference.
        interactions: one per pair of players; empty when contrasts were given.
        reference: rate of the reference cell, a fraction.
        deployed: rate of the deployed cell, a fraction.
        cells: verdict counts per column.
    """

    game: Game
    n_seeds: int
    n_units: int
    level: float
    margin_points: float
    shares: tuple[Share, ...]
    model: Share | None
    total: Share
    interactions: tuple[Interaction, ...]
    reference: Interval
    deployed: Interval
    cells: tuple[CellCount, ...]

    def largest(self) -> Share | None:
        """The interface share farthest from zero, or None when none is defined."""
        defined = [share for share in self.shares if share.points is not None]
        return max(defined, key=lambda share: abs(share.points or 0.0), default=None)
