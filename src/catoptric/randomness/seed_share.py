"""The seed's own share: how much of a label's variance a seed carries from prompt to prompt.

Every seed is drawn under every prompt and setting, once. With y the label in one-hot form,

    y_spk = mean + seed_s + prompt_p + setting_k + (seed x prompt)_sp + (seed x setting)_sk
            + (prompt x setting)_pk + rest_spk

and each component's variance comes from the mean squares (sums over the label's levels):

    seed = (MS_s - MS_sp - MS_sk + MS_rest) / (P K),    seed x prompt = (MS_sp - MS_rest) / K, ...

`seed` is what "this seed makes women" means: it holds whatever the prompt and setting. `seed x
prompt` is what the seed decides of one prompt under every setting. Estimates may be negative: they
are unbiased, and a true zero is missed on either side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from catoptric.attribution import Interval
from catoptric.errors import InputError

Floats = NDArray[np.float64]

FACTORS = ("seed", "prompt", "setting")
COMPONENTS: tuple[tuple[int, ...], ...] = tuple(
    group for size in (1, 2, 3) for group in combinations(range(3), size)
)
PERMUTATIONS = 1999
# Variances below this are rounding: one picture of 500,000 that differs makes 2e-6.
LEAST_VARIANCE = 1e-9
_KEY = 20251123


def component_name(group: tuple[int, ...]) -> str:
    """ "seed", "seed x prompt", ... and "rest" for what only all three together tell."""
    return "rest" if len(group) == 3 else " x ".join(FACTORS[axis] for axis in group)


NAMES = tuple(component_name(group) for group in COMPONENTS)


@dataclass(frozen=True)
class SeedShare:
    """Variance components of one attribute.

    Attributes:
        attribute: its name.
        variance: sum of all components: how often two pictures of the design differ, halved.
        shares: component -> fraction of the variance, with its interval over seeds; None with a
            reason where a single seed holds all there is to split.
        within: the seed's fraction of what varies within a prompt and setting, likewise.
        p: of "no seed has a tendency of its own", by permutation.
        p_holm: adjusted over the attributes; filled in by whoever knows them all.
    """

    attribute: str
    variance: float
    shares: Mapping[str, Interval]
    within: Interval
    p: float | None
    p_holm: float | None = None


def one_hot(labels: NDArray[np.str_]) -> Floats:
    """Labels [S, P, K] -> float64 [S, P, K, L]."""
    levels, codes = np.unique(labels, return_inverse=True)
    return np.asarray(np.eye(levels.size)[codes.reshape(labels.shape)])


def mean_squares(y: Floats) -> dict[tuple[int, ...], float]:
    """Mean square of each component, summed over levels.

    Args:
        y: float64 [S, P, K, L]; K may be 1, then components with the setting have none.

    Returns:
        Group of axes -> mean square; groups without freedom are left out.
    """
    effects: dict[tuple[int, ...], Floats] = {(): y.mean(axis=(0, 1, 2), keepdims=True)}
    found = {}
    for group in COMPONENTS:
        others = tuple(axis for axis in range(3) if axis not in group)
        effect = y.mean(axis=others, keepdims=True)
        for size in range(len(group)):
            for inner in combinations(group, size):
                effect = effect - effects[inner]
        effects[group] = effect
        freedom = int(np.prod([y.shape[axis] - 1 for axis in group]))
        if freedom:
            repeats = int(np.prod([y.shape[axis] for axis in others]))
            found[group] = repeats * float((effect**2).sum()) / freedom
    return found


def components(y: Floats) -> dict[tuple[int, ...], float]:
    """Variance components by the method of moments: each unbiased, the largest groups first.

    E MS_g = sum over groups h that contain g of (repeats of h) * variance_h

    Args:
        y: float64 [S, P, K, L].

    Source: Searle, Casella and McCulloch, Variance Components, 1992, chapter 4.
    """
    squares = mean_squares(y)
    found: dict[tuple[int, ...], float] = {}
    for group in sorted(squares, key=len, reverse=True):
        rest = squares[group]
        for other, variance in found.items():
            if set(group) < set(other):
                rest -= _repeats(y, other) * variance
        found[group] = rest / _repeats(y, group)
    return found


def _repeats(y: Floats, group: tuple[int, ...]) -> int:
    return int(np.prod([y.shape[axis] for axis in range(3) if axis not in group]))


def seed_share(
    attribute: str,
    labels: NDArray[np.str_],
    *,
    level: float = 0.95,
    permutations: int = PERMUTATIONS,
) -> SeedShare | None:
    """Variance components of one attribute, their intervals, and the test of the seed's own.

    Intervals are jackknife-t over seeds: the prompts and settings are those asked for, seeds are
    a sample. They are made on Fisher's scale of a share that m pictures have in common,

        z = 1/2 ln((1 + (m - 1) share) / (1 - share)),

    because shares themselves are skew (coverage simulated in tests/randomness). The test permutes
    the seeds within each prompt, all settings together: exact, whatever the distribution, when no
    seed has a tendency that outlasts its prompt.

    Args:
        attribute: its name.
        labels: levels, str [S, P, K].
        level: coverage, a fraction.
        permutations: of the test.

    Returns:
        The components; None where every picture has the same level.

    Raises:
        InputError: fewer than 3 seeds or 2 prompts.
    """
    if labels.shape[0] < 3 or labels.shape[1] < 2:
        raise InputError("the seed's own share needs at least 3 seeds and 2 prompts")
    y = one_hot(labels)
    if y.shape[3] < 2:
        return None
    n = len(y)
    whole, *others = (_figures(one) for one in (y, *(np.delete(y, s, axis=0) for s in range(n))))
    if whole is None or any(one is None for one in others):
        reason = (
            "every seed gives the same under each prompt and setting"
            if whole is None
            else "only one seed differs from the others"
        )
        unknown = Interval(None, None, None, None, reason)
        return SeedShare(
            attribute=attribute,
            variance=sum(components(y).values()),
            shares=dict.fromkeys(NAMES, unknown),
            within=unknown,
            p=seed_p(y, permutations),
        )
    common = np.array([*(max(2, _repeats(y, group)) for group in COMPONENTS), _repeats(y, (0,))])
    left_out = np.stack([_to_z(one, common) for one in others if one is not None])
    middle = _to_z(whole, common)
    pseudo = n * middle - (n - 1) * left_out
    reach = stats.t.isf((1 - level) / 2, n - 1) * pseudo.std(axis=0, ddof=1) / n**0.5
    ends = _from_z(middle - reach, common), _from_z(middle + reach, common)
    intervals = [
        Interval(float(v), min(float(v), float(low)), max(float(v), float(high)), "jackknife-t")
        for v, low, high in zip(whole, *ends, strict=True)
    ]
    return SeedShare(
        attribute=attribute,
        variance=sum(components(y).values()),
        shares=dict(zip(NAMES, intervals[:-1], strict=True)),
        within=intervals[-1],
        p=seed_p(y, permutations),
    )


def _figures(y: Floats) -> Floats | None:
    """Every component's share, then the seed's share of the variance within prompt and setting.

    What varies within is the seeds' variance pooled over prompts and settings, so it is never
    negative, and 0 only where no two seeds differ: there is then nothing to divide by.
    """
    found = components(y)
    total = sum(found.values())
    within = sum(variance for group, variance in found.items() if 0 in group)
    if min(total, within) < LEAST_VARIANCE:
        return None
    return np.array([*(found.get(g, 0.0) / total for g in COMPONENTS), found[0,] / within])


def _to_z(shares: Floats, common: NDArray[np.int64]) -> Floats:
    least = -0.98 / (common - 1)  # an estimate may fall below what a share can be
    kept = np.clip(shares, least, 0.999)
    return np.asarray(np.log((1 + (common - 1) * kept) / (1 - kept)) / 2)


def _from_z(z: Floats, common: NDArray[np.int64]) -> Floats:
    ratio = np.exp(2 * z)
    return np.asarray((ratio - 1) / (ratio + common - 1))


def shuffled(y: Floats, generator: np.random.Generator) -> Floats:
    """Seeds in another order within each prompt, all settings together."""
    orders = generator.permuted(np.tile(np.arange(len(y)), (y.shape[1], 1)), axis=1)
    return np.stack([y[order, p] for p, order in enumerate(orders)], axis=1)


def seed_p(y: Floats, permutations: int = PERMUTATIONS) -> float:
    """P-value of "seeds have no tendency of their own": the spread of seeds' means over orders.

    Args:
        y: float64 [S, P, K, L].
        permutations: how many orders.

    Returns:
        (1 + orders whose spread is at least ours) / (1 + orders).
    """
    per_prompt = y.mean(axis=2, keepdims=True)  # the order of a prompt's seeds moves all settings

    def spread(values: Floats) -> float:
        return float(values.mean(axis=(1, 2)).var(axis=0).sum())

    generator = np.random.Generator(np.random.Philox(key=_KEY))
    ours = spread(per_prompt)
    beyond = sum(
        spread(shuffled(per_prompt, generator)) >= ours - 1e-12 for _ in range(permutations)
    )
    return (1 + beyond) / (1 + permutations)


@dataclass(frozen=True)
class Tendency:
    """How often one seed shows a level, over all prompts and settings.

    Attributes:
        seed: which.
        rate: fraction of its pictures with the level.
        points: that, less the mean over seeds, in points.
        p: chance that the most deviant of this many seeds lies as far out, if none has a tendency.
    """

    seed: int
    rate: float
    points: float
    p: float


def tendencies(
    seeds: NDArray[np.int64], outcomes: Floats, permutations: int = PERMUTATIONS
) -> list[Tendency]:
    """Every seed's tendency, the farthest first; p-values adjusted for having looked at all.

    Args:
        seeds: int64 [S].
        outcomes: float64 [S, P, K], 1 where the level is shown.
        permutations: how many orders.

    Source: Westfall and Young, Resampling-Based Multiple Testing, 1993 (the maximum over seeds).
    """
    y = outcomes.mean(axis=2, keepdims=True)[..., None]
    rates = y.mean(axis=(1, 2))[:, 0]
    away = rates - rates.mean()
    generator = np.random.Generator(np.random.Philox(key=_KEY + 1))
    others = (shuffled(y, generator).mean(axis=(1, 2))[:, 0] for _ in range(permutations))
    most = np.array([np.abs(rates_ - rates.mean()).max() for rates_ in others])
    p = (1 + (most[None] >= np.abs(away)[:, None] - 1e-12).sum(axis=1)) / (1 + permutations)
    order = np.argsort(-np.abs(away), kind="stable")
    return [
        Tendency(int(seeds[s]), float(rates[s]), 100 * float(away[s]), float(p[s])) for s in order
    ]
