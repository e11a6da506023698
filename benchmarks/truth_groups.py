"""Scenarios of `truth_simulated.py` that are no single game: several prompts, a judge that errs."""

from __future__ import annotations

import numpy as np
from scipy import stats

from catoptric.attribution import (
    PILOT_SEEDS,
    JudgeError,
    counted_mean_p,
    counted_sd_upper_bound,
    decompose,
    mean_statistic,
    shapley_contrasts,
    unit_means,
    units_for,
)
from catoptric.attribution.mean_statistic import widened_p
from truth_games import (
    ALPHA,
    HALF_WIDTH_POINTS,
    MAX_SEEDS,
    Floats,
    Ints,
    Row,
    random_numbers,
    support_of,
    threshold,
)


def simulate_prompts(replications: int, index: int) -> list[Row]:
    """Sixteen prompts from a population of prompts; the share asked for is the population's."""
    rng = random_numbers(2, index)
    n_prompts, size = 16, 300
    base = rng.uniform(0.25, 0.65, size)
    effect = rng.normal(-0.06, 0.04, size)
    interaction = rng.normal(0.04, 0.03, size)
    kinds = [
        threshold([a, a + e, a + 0.02, a + e + 0.02 + i], noise=0.5, key=1000 + k)
        for k, (a, e, i) in enumerate(zip(base, effect, interaction, strict=True))
    ]
    every = np.array(
        [[a, b, c, d] for a in (0, 1) for b in (0, 1) for c in (0, 1) for d in (0, 1)],
        dtype=np.float64,
    )
    chances = np.zeros((size, 16))
    for k, kind in enumerate(kinds):
        code = (kind.patterns @ [8, 4, 2, 1]).astype(int)
        chances[k, code] = kind.probabilities
    rows_of = shapley_contrasts(2)
    values = every @ rows_of.T  # [16 patterns, 2 shares]
    truth = (chances @ values).mean(axis=0)

    chosen = rng.integers(0, size, (replications, n_prompts))
    per_prompt = PILOT_SEEDS // n_prompts
    pilot = rng.multinomial(per_prompt, chances[chosen])  # [R, prompts, patterns]
    seeds = np.full(replications, PILOT_SEEDS)
    for k in range(2):
        support, onehot = support_of(values[:, k])
        sd = counted_sd_upper_bound(pilot.sum(axis=1) @ onehot, support, bounds=(-1, 1))
        want = np.array([units_for(float(s), HALF_WIDTH_POINTS / 100) for s in sd])
        seeds = np.maximum(seeds, np.minimum(want, MAX_SEEDS))
    seeds -= seeds % n_prompts
    more = np.repeat((seeds // n_prompts - per_prompt)[:, None], n_prompts, axis=1)
    counts = pilot + rng.multinomial(more, chances[chosen])
    out = []
    for k in range(2):
        means = counts @ values[:, k] / (seeds // n_prompts)[:, None]
        error = means.std(axis=1, ddof=1) / n_prompts**0.5
        distance = np.abs(means.mean(axis=1) - truth[k]) / error
        coverage = float((distance < stats.t.isf(ALPHA / 2, n_prompts - 1)).mean())
        for r in range(3):  # the same through the tool
            rows = np.concatenate([np.repeat(values[:, k], counts[r, g]) for g in range(n_prompts)])
            units = np.repeat(np.arange(n_prompts), seeds[r] // n_prompts)
            statistic = mean_statistic(rows, bounds=(-1, 1), units=units)
            assert not isinstance(statistic, str)
            assert statistic.method == "t"
            tool = statistic.p_value(truth[k])
            assert abs(tool - 2 * stats.t.sf(distance[r], n_prompts - 1)) < 1e-6
            assert np.allclose(np.sort(unit_means(rows, units)), np.sort(means[r]))
        pooled = chances.mean(axis=0) @ (values[:, k] != 0)
        out.append(
            Row(
                "several prompts",
                f"share {k + 1}",
                100 * truth[k],
                float(pooled * seeds.mean()),
                float(seeds.mean()),
                coverage,
                "t",
                bar="94-96",
                ok=0.94 <= coverage <= 0.96,
            )
        )
    return out


# -------------------------------------------------------------------------------------- judge error


def simulate_judge(replications: int, index: int, *, per_cell: bool) -> list[Row]:
    """A judge who errs, with validation pictures drawn anew in every audit."""
    rng = random_numbers(2, index)
    cells, validation = 4, 200
    truth_of = threshold([0.40, 0.28, 0.44, 0.22], noise=0.4, key=50 + index)
    if per_cell:
        sensitivity, specificity = (
            np.array([0.97, 0.93, 0.96, 0.88]),
            np.array([0.95, 0.9, 0.94, 0.92]),
        )
    else:
        sensitivity, specificity = np.full(cells, 0.94), np.full(cells, 0.91)
    every = np.array(
        [[a, b, c, d] for a in (0, 1) for b in (0, 1) for c in (0, 1) for d in (0, 1)],
        dtype=np.float64,
    )
    says_yes = np.where(truth_of.patterns == 1, sensitivity, 1 - specificity)  # [P, cells]
    chance = np.prod(np.where(every[None] == 1, says_yes[:, None], 1 - says_yes[:, None]), axis=2)
    judged = truth_of.probabilities @ chance
    shares = truth_of.probabilities @ truth_of.patterns @ shapley_contrasts(2).T
    reference = float(truth_of.probabilities @ truth_of.patterns[:, 0])
    contrasts = [*shapley_contrasts(2), np.eye(4)[0]]
    truths = [*shares, reference - 0.379]
    offsets = [0.0, 0.0, -0.379]

    matrices = cells if per_cell else 1
    hits = rng.binomial(validation, sensitivity[:matrices], (replications, matrices))
    passes = rng.binomial(validation, specificity[:matrices], (replications, matrices))
    power = hits / validation + passes / validation - 1  # [R, matrices]
    no_value = np.broadcast_to((passes / validation - 1) / power, (replications, cells))
    yes_value = np.broadcast_to(passes / validation / power, (replications, cells))

    def limits() -> tuple[Floats, Floats]:
        low = np.minimum(no_value, 0)
        return low, np.maximum(yes_value, 1)

    def spread(counts: Ints, row: Floats) -> Floats:
        """`JudgeError.variance` for two classes, all audits at once."""
        n = counts.sum(axis=1)
        yes = counts @ every / n[:, None]
        se, sp = (hits + 0.5) / (validation + 1), (passes + 0.5) / (validation + 1)
        j = se + sp - 1
        true_yes = (yes - 1 + sp) / j
        pull_yes, pull_no = row * true_yes, row * (1 - true_yes)
        if not per_cell:
            pull_yes, pull_no = (x.sum(axis=1, keepdims=True) for x in (pull_yes, pull_no))
        terms = pull_yes**2 * se * (1 - se) + pull_no**2 * sp * (1 - sp)
        return np.asarray((terms / j**2 / (validation + 1)).sum(axis=1))

    pilot = rng.multinomial(PILOT_SEEDS, judged, size=replications)
    corrected = np.where(every[None] == 1, yes_value[:, None], no_value[:, None])  # [R, 16, cells]
    values = [corrected @ row + offset for row, offset in zip(contrasts, offsets, strict=True)]
    low, high = limits()
    bounds = [
        (
            (np.minimum(row * low, row * high)).sum(axis=1) + offset,
            (np.maximum(row * low, row * high)).sum(axis=1) + offset,
        )
        for row, offset in zip(contrasts, offsets, strict=True)
    ]
    seeds = np.full(replications, PILOT_SEEDS)
    for k in range(2):  # the model share gets what the knobs need
        mean = (pilot * values[k]).sum(axis=1) / PILOT_SEEDS
        end = np.maximum(bounds[k][1] - mean, mean - bounds[k][0]) ** 2
        squares = (values[k] - mean[:, None]) ** 2
        first = ((pilot * squares).sum(axis=1) + end) / (PILOT_SEEDS + 1)
        second = ((pilot * squares**2).sum(axis=1) + end**2) / (PILOT_SEEDS + 1)
        variance = first + stats.norm.isf(0.2) * np.sqrt(
            np.maximum(second - first**2, 0) / (PILOT_SEEDS + 1)
        )
        want = np.ceil(variance * (stats.norm.isf(ALPHA / 2) / (HALF_WIDTH_POINTS / 100)) ** 2)
        seeds = np.maximum(seeds, np.minimum(want, MAX_SEEDS)).astype(int)
    counts = pilot + rng.multinomial(seeds - PILOT_SEEDS, judged)

    out = []
    for k in range(3):
        greater, less = counted_mean_p(counts, values[k], truths[k], bounds=bounds[k])
        extra = spread(counts, contrasts[k])
        distance = (counts * values[k]).sum(axis=1) / seeds - truths[k]
        greater, less = widened_p(greater, distance, extra), widened_p(less, -distance, extra)
        coverage = float((np.minimum(greater, less) > ALPHA / 2).mean())
        for r in range(2):  # the same through the tool
            judge = JudgeError(
                [
                    [[p, validation - p], [validation - h, h]]
                    for h, p in zip(hits[r], passes[r], strict=True)
                ]
            )
            rows = every[np.repeat(np.arange(16), counts[r])]
            tool = judge.variance(rows, contrasts[k])
            assert abs(tool - extra[r]) < 1e-9, (tool, extra[r])
            result = decompose(("a", "b"), rows, judge=judge, reference_minus=0.379)
            share = [*result.shares, result.model][k]
            held = share.low <= 100 * truths[k] <= share.high
            assert held == (min(greater[r], less[r]) > ALPHA / 2)
        out.append(
            Row(
                f"judge error, {'per cell' if per_cell else 'pooled'}",
                f"share {k + 1}" if k < 2 else "model",
                100 * truths[k],
                float("nan"),
                float(seeds.mean()),
                coverage,
                "bayesian-bootstrap",
                bar="94-96",
                ok=0.94 <= coverage <= 0.96,
            )
        )
    return out


# ---------------------------------------------------------------------------------- the fixed list
