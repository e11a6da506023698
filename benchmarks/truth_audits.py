"""One scenario of `truth_simulated.py`: 20,000 audits as a few array operations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from catoptric.attribution import (
    PILOT_SEEDS,
    betting_evidence,
    contrast_bounds,
    counted_mean_p,
    counted_sd_upper_bound,
    decompose,
    mean_statistic,
    sample_size,
    tango_interval,
)
from truth_games import (
    ALPHA,
    HALF_WIDTH_POINTS,
    LEVEL,
    MARGIN,
    MAX_SEEDS,
    WIDTH_AUDITS,
    Floats,
    Row,
    Scenario,
    coded,
    random_numbers,
    support_of,
)


def simulate(
    scenario: Scenario, index: int, replications: int
) -> tuple[list[Row], dict[str, Floats]]:
    """All audits of one scenario whose units are seeds or pairs."""
    rng = random_numbers(2, index)
    patterns = scenario.population.patterns
    size = patterns.shape[1] if patterns.ndim == 3 else 1
    y = coded(patterns)
    contrasts = scenario.contrasts()
    values = [
        (y @ c.row + c.offset if size == 1 else (y @ c.row).mean(axis=1) + c.offset)
        for c in contrasts
    ]
    bounds = [tuple(b + c.offset for b in contrast_bounds(c.row)) for c in contrasts]
    p = scenario.population.probabilities
    pilot_units = PILOT_SEEDS // size
    tables = [support_of(v) for v in values]
    if scenario.fixed_seeds is None:
        pilot = rng.multinomial(pilot_units, p, size=replications)
        needed = np.full(replications, pilot_units)
        for k, contrast in enumerate(contrasts):
            if not contrast.is_sized:
                continue
            support, onehot = tables[k]
            sd = counted_sd_upper_bound(pilot @ onehot, support, bounds=bounds[k])
            want = np.ceil((stats.norm.isf(ALPHA / 2) * sd / (HALF_WIDTH_POINTS / 100)) ** 2)
            needed = np.maximum(needed, np.minimum(want, MAX_SEEDS // size)).astype(np.int64)
        check_sample_size(scenario, patterns, values, bounds, pilot, needed, size, contrasts)
        counts = pilot + rng.multinomial(needed - pilot_units, p)
    else:
        needed = np.full(replications, scenario.fixed_seeds // size)
        counts = rng.multinomial(needed, p)

    rows: list[Row] = []
    p_two: dict[str, Floats] = {}
    for k, contrast in enumerate(contrasts):
        support, onehot = tables[k]
        c = (counts @ onehot).astype(np.float64)
        truth = float(p @ values[k])
        greater, less = counted_mean_p(c, support, truth, bounds=bounds[k])
        covered = np.minimum(greater, less) > ALPHA / 2
        mass = p @ onehot
        informative = float(needed.mean() * (1 - mass.max()))
        row = Row(
            scenario.name,
            contrast.name,
            100 * truth,
            informative,
            float(needed.mean() * size),
            float(covered.mean()),
            "",
        )
        if informative >= 20:
            row.bar = "94-96"
            row.ok = 0.94 <= row.coverage <= 0.96
        else:
            row.bar = ">=94.5"
            row.ok = row.coverage >= 0.945
            compare_rivals(row, c, support, truth, bounds[k], scenario, rng)
        rows.append(row)
        if contrast.in_family:
            if abs(truth) < 1e-12:
                null = (greater, less)
            else:
                null = counted_mean_p(c, support, 0.0, bounds=bounds[k])
            p_two[contrast.name] = np.minimum(1, 2 * np.minimum(*null))
        if scenario.tost and abs(abs(truth) - MARGIN) < 1e-9:
            inside = counted_mean_p(c, support, MARGIN, bounds=bounds[k])[1]
            outside = counted_mean_p(c, support, -MARGIN, bounds=bounds[k])[0]
            passed = float((np.maximum(inside, outside) < 0.05).mean())
            rows.append(
                Row(
                    scenario.name,
                    f"{contrast.name} TOST size",
                    100 * truth,
                    informative,
                    row.seeds,
                    passed,
                    "",
                    bar="<=5.5",
                    ok=passed <= 0.055,
                )
            )
    nulls = [c.name for k, c in enumerate(contrasts) if c.in_family and abs(p @ values[k]) < 1e-12]
    if len(nulls) and len(p_two) > 1:
        wrong = holm_rejects(np.stack(list(p_two.values()), axis=1))
        are_null = np.array([name in nulls for name in p_two])
        error = float((wrong & are_null).any(axis=1).mean())
        rows.append(
            Row(
                scenario.name,
                f"family of {len(p_two)}, {len(nulls)} null",
                0.0,
                float("nan"),
                rows[0].seeds,
                error,
                "",
                bar="<=5.5",
                ok=error <= 0.055,
            )
        )
    if size == 1:
        check_against_decompose(scenario, counts, needed, values, p_two)
    return rows, p_two


def holm_rejects(p: Floats) -> NDArray[np.bool_]:
    """Holm's decisions at 5 %, vectorised; `holm` itself is checked on sample audits."""
    order = np.argsort(p, axis=1, kind="stable")
    ranked = np.take_along_axis(p, order, axis=1) * (p.shape[1] - np.arange(p.shape[1]))
    adjusted = np.maximum.accumulate(ranked, axis=1)
    rejected = np.zeros(p.shape, dtype=bool)
    np.put_along_axis(rejected, order, adjusted < 0.05, axis=1)
    return rejected


def check_sample_size(scenario, patterns, values, bounds, pilot, needed, size, contrasts) -> None:  # type: ignore[no-untyped-def]
    """The vectorised first stage must be `sample_size`'s own, on three audits."""
    for r in range(3):
        which = np.repeat(np.arange(len(pilot[r])), pilot[r])
        use = [k for k, c in enumerate(contrasts) if c.is_sized]
        got = sample_size(
            [np.repeat(values[k][which], size) for k in use],
            bounds=[bounds[k] for k in use],
            half_width_points=HALF_WIDTH_POINTS,
            max_seeds=MAX_SEEDS,
            units=None if size == 1 else np.repeat(np.arange(which.size), size),
        )
        if got.seeds != needed[r] * size:
            raise AssertionError(
                f"{scenario.name}: {got.seeds} seeds, {needed[r] * size} simulated"
            )


def check_against_decompose(scenario, counts, needed, values, p_two) -> None:  # type: ignore[no-untyped-def]
    """Two audits row by row through `decompose`: same shares, same p-values."""
    for r in range(2):
        which = np.repeat(np.arange(len(counts[r])), counts[r])
        result = decompose(
            tuple("abcdefgh"[: scenario.players]),
            scenario.population.patterns[which],
            reference_minus=scenario.model_minus,
        )
        for k, share in enumerate([*result.shares, *([result.model] if result.model else [])]):
            name = list(p_two)[k]
            if share.p is None or abs(share.p - p_two[name][r]) > 1e-6:
                raise AssertionError(
                    f"{scenario.name} {name}: p {share.p} against {p_two[name][r]}"
                )


# ------------------------------------------------------------------------------------------- rivals


def compare_rivals(
    row: Row,
    counts: Floats,
    support: Floats,
    truth: float,
    bounds: tuple[float, float],
    scenario: Scenario,
    rng: np.random.Generator,
) -> None:
    """Width against the narrowest method that covers at least 94.5 % in this scenario."""
    n = counts.sum(axis=1)
    low, high = bounds
    mean = counts @ support / n
    sd = np.sqrt(np.maximum(counts @ support**2 / n - mean**2, 0) * n / (n - 1))
    few = slice(0, WIDTH_AUDITS)
    span = high - low

    widths, methods = [], set()
    for c in counts[few]:
        statistic = mean_statistic(np.repeat(support, c.astype(int)), bounds=bounds)
        assert not isinstance(statistic, str)
        ends = statistic.limits(LEVEL)
        widths.append(ends[1] - ends[0])
        methods.add(statistic.method)
    row.width, row.method = 100 * float(np.mean(widths)), "+".join(sorted(methods))

    found: dict[str, tuple[float, float]] = {}  # name -> (coverage, mean width)

    def add(name: str, lower: Floats, upper: Floats) -> None:
        held = (lower <= truth + 1e-12) & (truth - 1e-12 <= upper)
        inside = np.minimum(upper, high) - np.maximum(lower, low)
        found[name] = (float(held.mean()), 100 * float(inside[few].mean()))

    half = stats.t.isf(ALPHA / 2, n - 1) * sd / np.sqrt(n)
    add("t", mean - half, mean + half)
    half = span * np.sqrt(np.log(2 / ALPHA) / (2 * n))
    add("Hoeffding", mean - half, mean + half)
    half = sd * np.sqrt(2 * np.log(4 / ALPHA) / n) + span * 7 * np.log(4 / ALPHA) / (3 * (n - 1))
    add("Maurer-Pontil", mean - half, mean + half)
    # Simultaneous Clopper-Pearson limits of each value's chance, then the worst mixture.
    moved = support != support[np.argmax(counts.sum(axis=0))]
    base = support[~moved][0]
    tail = ALPHA / 2 / max(1, 2 * int(moved.sum()) if moved.sum() else 2)
    lower, upper = np.full(len(n), base), np.full(len(n), base)
    for value, column in zip(support[moved], counts[:, moved].T, strict=True):
        p_low = np.where(column > 0, stats.beta.ppf(2 * tail, column, n - column + 1), 0)
        p_high = np.where(column < n, stats.beta.isf(2 * tail, column + 1, n - column), 1)
        step = value - base
        lower += step * (p_low if step > 0 else p_high)
        upper += step * (p_high if step > 0 else p_low)
    if set(support) == set(bounds) | {base} or (len(support) == 2 and low in support):
        add("Clopper-Pearson", lower, upper)
    if scenario.two_cells:
        limits = {}
        key = [
            (int(c[support == 1].sum()), int(c[support == -1].sum()), int(m))
            for c, m in zip(counts, n, strict=True)
        ]
        for b, c, m in set(key):
            tango = tango_interval(b, c, m)
            limits[b, c, m] = (tango.low, tango.high)
        ends = np.array([limits[k] for k in key])
        add("Tango", ends[:, 0], ends[:, 1])
    same = np.flatnonzero(n == np.median(n))[:WIDTH_AUDITS]
    if same.size:
        data = np.stack([rng.permutation(np.repeat(support, c.astype(int))) for c in counts[same]])
        grid = np.linspace(low, high, 801)
        kept = betting_evidence(data, grid, bounds=bounds) < 1 / ALPHA
        held = betting_evidence(data, np.array([truth]), bounds=bounds)[:, 0] < 1 / ALPHA
        found["betting"] = (float(held.mean()), 100 * float(kept.sum(axis=1).mean() * span / 800))
    # Width 0 from equal data is no interval, whatever it happens to cover.
    valid = {name: w for name, (coverage, w) in found.items() if coverage >= 0.945 and w > 0}
    best = min(valid, key=lambda name: valid[name])
    row.rival, row.ratio = best, row.width / valid[best]
    row.rival += (
        "  ("
        + ", ".join(
            f"{name} {width:.2f}" if coverage >= 0.945 else f"{name} covers {100 * coverage:.1f}"
            for name, (coverage, width) in found.items()
        )
        + ")"
    )
    row.ok = row.ok and row.ratio <= 1.5


# ----------------------------------------------------------------------------- prompts as clusters
