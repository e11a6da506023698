"""How two outcomes of one seed hang together: one before a change of its noise, one after.

Changed noise is as likely as the noise it was made from, so a pair is as likely in either order.
Everything here is a function of the three numbers that this leaves of a 2x2 table, the chances of
yes twice, of a flip either way, and of no twice:

    flips f = P(y != y'),   rate p = P(yes, yes) + f / 2
    phi = 1 - f / (2 p (1 - p)),   odds ratio = P(yes, yes) P(no, no) / (f / 2)^2
    tetrachoric r:  f = 4 T(h, sqrt((1 - r) / (1 + r))),  h = z_p,  T Owen's function

phi is the plain correlation. At rate p it cannot go below -(1-p)/p or -p/(1-p), whichever is
nearer to 0: two pictures cannot differ more often than the rarer outcome allows.

Intervals are of Jeffreys kind: quantiles over Dirichlet(counts + 1/2), with the attainable end
where a count is 0, so that no interval stops short of a value the data cannot exclude. They hold
for all four functions at once and need no normality; coverage is simulated in tests/randomness.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from catoptric.attribution import Interval, rate_interval

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

METHOD = "jeffreys"
# Quantiles over this many draws are 1 to 3 % of the interval's width off, always the same way.
DRAWS = 4000
_DRAWS_KEY = 20251123


@dataclass(frozen=True)
class PairCounts:
    """A 2x2 table of one outcome before and after.

    Attributes:
        both: yes twice.
        first: yes before only.
        second: yes after only.
        neither: no twice.
        unclear: pairs left out because one of the two is unclear.
    """

    both: int
    first: int
    second: int
    neither: int
    unclear: int = 0

    @classmethod
    def of(cls, before: ArrayLike, after: ArrayLike) -> PairCounts:
        """Count pairs of outcomes: 1 yes, 0 no, nan unclear, float [n] each."""
        a, b = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
        clear = ~(np.isnan(a) | np.isnan(b))
        yes, then = a[clear] == 1, b[clear] == 1
        return cls(
            both=int((yes & then).sum()),
            first=int((yes & ~then).sum()),
            second=int((~yes & then).sum()),
            neither=int((~yes & ~then).sum()),
            unclear=int((~clear).sum()),
        )

    @property
    def n(self) -> int:
        """Clear pairs."""
        return self.both + self.first + self.second + self.neither

    @property
    def flipped(self) -> int:
        """Pairs that differ."""
        return self.first + self.second


@dataclass(frozen=True)
class Association:
    """What a table says, with intervals.

    Attributes:
        counts: the table.
        flips: fraction of pairs that differ; Clopper-Pearson.
        phi: plain correlation.
        phi_lowest: what it cannot go below at this rate.
        tetrachoric: correlation of the normal variables whose sign the outcomes would be.
        odds_ratio: of yes after yes against yes after no.
    """

    counts: PairCounts
    flips: Interval
    phi: Interval
    phi_lowest: float | None
    tetrachoric: Interval
    odds_ratio: Interval


def associate(counts: PairCounts, *, level: float = 0.95) -> Association:
    """Every figure of a table.

    Args:
        counts: pairs of outcomes, one pair per seed.
        level: coverage, a fraction.

    Returns:
        The figures; undefined ones are None with a reason, such as a table without any yes.

    Source: Jeffreys intervals, Brown, Cai and DasGupta 2001, with their rule for the ends;
    tetrachoric correlation, Pearson 1900; equal thresholds, Owen 1956 (T function).
    """
    x = np.array([counts.both, counts.flipped, counts.neither], dtype=np.float64)
    flips = rate_interval(counts.flipped, counts.n, level=level)
    missing = None
    if counts.n == 0:
        missing = "no clear pair"
    elif x[1] == 0 and 0 in (x[0], x[2]):
        missing = "every picture has the same outcome"
    if missing is not None:
        undefined = Interval(None, None, None, None, missing)
        return Association(counts, flips, undefined, None, undefined, undefined)
    drawn = dirichlet(x + 0.5)
    rate, rates = (x[0] + x[1] / 2) / x.sum(), drawn[:, 0] + drawn[:, 1] / 2
    # Ends that are reached when a count is 0: no yes twice or no no twice bounds from below,
    # no flip from above.
    lowest, highest = x[0] == 0 or x[2] == 0, x[1] == 0
    tail = (1 - level) / 2

    def interval(of: Callable[[Floats], Floats], least: float, most: float) -> Interval:
        low, high = np.quantile(of(drawn), [tail, 1 - tail])
        value = float(of((x / x.sum())[None])[0])
        return Interval(
            value,
            min(value, least if lowest else float(low)),
            max(value, most if highest else float(high)),
            METHOD,
        )

    ratio = Interval(None, None, None, None, "no pair flipped: the odds ratio has no upper end")
    if not highest:
        ratio = interval(odds_ratio, 0.0, np.inf)
    return Association(
        counts=counts,
        flips=flips,
        phi=interval(phi, float(np.quantile(lowest_phi(rates), tail)), 1.0),
        phi_lowest=float(lowest_phi(rate)),
        tetrachoric=interval(tetrachoric, -1.0, 1.0),
        odds_ratio=ratio,
    )


def dirichlet(shapes: Floats) -> Floats:
    """Draws of Dirichlet(shapes), the same ones every time: float64 [DRAWS, k]."""
    generator = np.random.Generator(np.random.Philox(key=_DRAWS_KEY))
    gammas = generator.standard_gamma(shapes, size=(DRAWS, len(shapes)))
    return np.asarray(gammas / gammas.sum(axis=1, keepdims=True))


def lowest_phi(rate: ArrayLike) -> Floats:
    """The least correlation of two outcomes of a rate: -min(p, 1-p) / max(p, 1-p)."""
    p = np.asarray(rate, dtype=np.float64)
    return np.asarray(-np.minimum(p, 1 - p) / np.maximum(p, 1 - p))


def phi(chances: Floats) -> Floats:
    """Plain correlation: float64 [R, 3] (yes twice, flip, no twice) -> [R]."""
    p = chances[:, 0] + chances[:, 1] / 2
    return np.asarray(1 - chances[:, 1] / (2 * p * (1 - p)))


def odds_ratio(chances: Floats) -> Floats:
    """Odds of yes after yes against yes after no: [R, 3] -> [R]."""
    return np.asarray(4 * chances[:, 0] * chances[:, 2] / chances[:, 1] ** 2)


def tetrachoric(chances: Floats) -> Floats:
    """Tetrachoric correlation: [R, 3] -> [R].

    f = 4 T(h, a) is solved for a = tan(angle) by halving, and r = (1 - a^2) / (1 + a^2), which is
    the cosine of twice the angle.
    """
    threshold = special.ndtri(chances[:, 0] + chances[:, 1] / 2)
    low, high = np.zeros(len(chances)), np.full(len(chances), np.pi / 2)
    for _ in range(32):
        middle = (low + high) / 2
        short = 4 * special.owens_t(threshold, np.tan(middle)) < chances[:, 1]
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.asarray(np.cos(low + high))


def carried(
    before: NDArray[np.int64], after: NDArray[np.int64], *, level: float = 0.95
) -> Interval:
    """How much of a label hangs on what was drawn anew: flips against those of all noise anew.

        carried = P(label != label') / (1 - sum_k p_k^2) = 1 - Scott's pi

    With fresh noise in one part this is the part's total Sobol index of the label: 0 where the
    part decides nothing, 1 where without it nothing is decided. Parts may add up to more than 1,
    because a label can hang on two parts at once.

    Args:
        before: int64 [n], level index per seed.
        after: int64 [n], likewise with one part of the noise drawn anew.
        level: coverage, a fraction.

    Returns:
        Value and interval of Jeffreys kind, the flips drawn from Beta(x + 1/2, n - x + 1/2), the
        levels of the others and of the flipped from Dirichlets; undefined where all are alike.

    Source: Jansen 1999 (the estimator), Homma and Saltelli 1996 (the index), Scott 1955 (pi).
    """
    n = before.size
    levels, codes = np.unique(np.concatenate([before, after]), return_inverse=True)
    if n == 0 or levels.size < 2:
        return Interval(None, None, None, None, "every picture has the same level")
    one_hot = np.eye(levels.size)[codes]
    share = (one_hot[:n] + one_hot[n:]) / 2
    differ = before != after
    flipped = int(differ.sum())
    value = float(differ.mean() / (1 - (share.mean(axis=0) ** 2).sum()))
    generator = np.random.Generator(np.random.Philox(key=_DRAWS_KEY))
    f = generator.beta(flipped + 0.5, n - flipped + 0.5, size=DRAWS)[:, None]
    same = dirichlet(share[~differ].sum(axis=0) + 0.5)
    moved = np.full((DRAWS, 2), 0.5)
    if levels.size > 2:
        moved = dirichlet(share[differ].sum(axis=0) + 0.5)
    p = f * moved + (1 - f) * same
    low, high = np.quantile(f[:, 0] / (1 - (p**2).sum(axis=1)), [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, 0.0 if flipped == 0 else min(value, float(low)), float(high), METHOD)
