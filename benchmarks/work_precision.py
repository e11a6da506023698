"""Work and precision: `pid` against every rival that we know of, each at its best.

Evaluations for an error are interpolated (log-log) at errors 3e-3, 1e-3 and 3e-4; error is a
sample's RMS distance to a converged solution, read at the median and the 90th percentile. For a
share off branch they are interpolated too, and read for `pid` with its defaults and with what the
preset `fast` tightens; a share of 2 % is two or three samples of 128. What is chosen (the fixed
solver and its schedule for each level, k-diffusion's h_init) is chosen on other seeds. The last
problem, one Gaussian, favours the rivals: all samples ask for the same steps; it has one branch, so
none can be left.

Run: python benchmarks/work_precision.py   (writes work_precision.txt and .png beside it)
Exits 1 when a bar is missed: pid / k-diffusion 0.55 at the median; pid / best fixed 0.9 at the 90th
percentile and at equal shares off branch, 1.1 at the median (geometric means over the levels).
"""

import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import altair
import torch
from torch import Tensor
from torchdiffeq import odeint

from candidates import STEPS, candidates
from catoptric.sampling.options import PID_PRESETS
from problems import (
    BRANCHLESS,
    LEVELS,
    SIGMA_MAX,
    SIGMA_MIN,
    Denoise,
    Point,
    Problem,
    Run,
    all_problems,
    cost_at,
    curve,
    geometric_mean,
    nfe_at,
    off_nfe,
    problem,
)
from rivals import k_diffusion, run_pid, run_theirs, run_theirs_alone
from tables import printed

SAMPLES = 128
PID = (0.2, 0.1, 5e-2, 2e-2, 1e-2, 5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 1e-4, 5e-5)
PID_OFF = (
    *(1.0, 0.7, 0.5, 0.35, 0.25, 0.17, 0.12, 8e-2, 6e-2, 5e-2, 4e-2, 3e-2, 2.5e-2, 2e-2),
    *(1.4e-2, 1e-2, 7e-3, 5e-3, 3e-3, 2e-3, 1e-3),
)
"""Finer where samples leave their branch. Not used for the errors: there the first crossing counts,
and more loose runs would be more lucky ones."""
SHARES = (4.0, 2.0, 1.0, 0.5, 0.25, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 1e-3, 5e-4, 2e-4)
H_INIT = (0.05, 0.1, 0.2, 0.4, 0.8)
DOPRI = (3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6)
DOPRI_SAMPLES = 32
OFF_LEVELS = (0.05, 0.02)
FLIPS = 0.05
TIGHTEN = PID_PRESETS["fast"]["tighten"]
TIMED = 1e-3
BARS = {"k-diffusion": 0.55, "tail": 0.9, "off": 0.9, "window": 0.9, "error": 1.1}
LABELS = {
    "k-diffusion": "pid / k-diffusion",
    "tail": "pid / best fixed, 90th percentile",
    "off": "pid / best fixed, off branch",
    "window": "pid with fast's window / best fixed, off branch",
    "error": "pid / best fixed, median",
}


@dataclass(frozen=True)
class Pair:
    """One problem on the seeds that rivals are tuned on, and on those that count."""

    tuning: Problem
    test: Problem


def pairs() -> list[Pair]:
    """All problems."""
    return [
        Pair(
            problem(*what, seed=900 + i),
            problem(*what, seed=10 + i, samples=SAMPLES),
        )
        for i, what in enumerate(all_problems())
    ]


def dopri5(denoise: Denoise, x: Tensor, tolerance: float) -> tuple[Tensor, float]:
    """torchdiffeq's Dormand-Prince, one sample at a time, in lambda, then one denoise."""
    calls = 0

    def slope(lambda_: Tensor, state: Tensor) -> Tensor:
        nonlocal calls
        calls += 1
        return denoise(state, torch.exp(-lambda_).expand(1)) - state

    span = torch.tensor([-math.log(SIGMA_MAX), -math.log(SIGMA_MIN)], dtype=torch.float64)
    ends = [
        odeint(slope, row[None], span, rtol=tolerance, atol=0.03 * tolerance, method="dopri5")[-1]
        for row in x
    ]
    last = torch.full((len(x),), SIGMA_MIN, dtype=torch.float64)
    return denoise(torch.cat(ends), last), calls / len(x) + 1.0


Measure = Callable[[Sequence[Point]], float]


def best_of(curves: dict[str, list[Point]], measure: Measure) -> str:
    """The rival with the fewest evaluations on the tuning seeds."""

    def cost(name: str) -> float:
        value = measure(curves[name])
        return value if math.isfinite(value) else math.inf

    return min(curves, key=cost)


def against_fixed(
    pair: Pair, ours: list[Point], say: Callable[[str], None]
) -> tuple[dict[str, list[float]], dict[str, list[Point]]]:
    """Ratios to the best fixed solver by measure, and the curves of those that were best."""
    rivals = candidates()
    tuning = {n: curve(pair.tuning, run, STEPS, until="tail") for n, run in rivals.items()}
    tested: dict[str, list[Point]] = {}
    ratios: dict[str, list[float]] = {}

    def row(kind: str, label: str, measure: Measure, ours: list[Point], who: str = "pid") -> None:
        best = best_of(tuning, measure)
        if best not in tested:
            tested[best] = curve(pair.test, rivals[best], STEPS, until="tail")
        mine, theirs = measure(ours), measure(tested[best])
        ratios.setdefault(kind, []).append(mine / theirs)
        say(
            f"    {label:<21}   {who:<11} {mine:5.1f}   {best:<30} {theirs:5.1f}   "
            f"ratio {mine / theirs:.2f}"
        )

    for v in LEVELS:
        row("error", f"median {v:.0e}", partial(nfe_at, level=v), ours)
    for v in LEVELS:
        row("tail", f"90th percentile {v:.0e}", partial(nfe_at, level=v, of="tail"), ours)
    if pair.test.name != BRANCHLESS:
        plain = curve(pair.test, run_pid, PID_OFF, until="tail")
        tight = curve(pair.test, partial(run_pid, tighten=TIGHTEN), PID_OFF, until="tail")
        for v in OFF_LEVELS:
            measure = partial(off_nfe, level=v)
            row("off", f"{v:.0%} off branch", measure, plain)
            row("window", f"{v:.0%} off branch", measure, tight, who="pid, window")
    return ratios, tested


def against_k_diffusion(
    pair: Pair, ours: list[Point], say: Callable[[str], None]
) -> tuple[float, dict[str, list[Point]]]:
    """Worst geometric-mean ratio of median evaluations, over batch kinds and h_init."""
    sampling, worst, shown = k_diffusion(), 0.0, {}
    for kind, call in (("shared", run_theirs), ("one by one", run_theirs_alone)):

        def run(d: Denoise, x: Tensor, share: float, h: float, call: Run = call) -> object:
            return call(sampling, d, x, share, h)

        def cost(h: float, run: Run = run) -> float:
            points = curve(pair.tuning, partial(run, h=h), SHARES)
            return geometric_mean([nfe_at(points, v) for v in LEVELS])

        tuned = min(H_INIT, key=cost)
        for name, h in (("default", H_INIT[0]), ("tuned", tuned)):
            points = curve(pair.test, partial(run, h=h), SHARES)
            each = [nfe_at(ours, v) / nfe_at(points, v) for v in LEVELS]
            mean = geometric_mean(each)
            worst = max(worst, mean)
            shown[f"k-diffusion, {kind}, {name}"] = points
            text = " ".join(f"{v:.2f}" for v in each)
            say(f"    {kind}, {name} h_init {h:g}: {text}   geometric mean {mean:.2f}")
    return worst, shown


def plot(curves: dict[str, dict[str, list[Point]]], path: Path) -> None:
    """Error against evaluations, one panel a problem, as PNG."""
    rows = [
        {"problem": p, "solver": s, "evaluations": point.nfe, "median error": point.error}
        for p, given in curves.items()
        for s, points in given.items()
        for point in points
    ]
    chart = (
        altair.Chart(altair.Data(values=rows), width=300, height=220)
        .mark_line(point=True)
        .encode(
            x=altair.X(
                "evaluations:Q", scale=altair.Scale(type="log", domain=[8, 200], clamp=True)
            ),
            y=altair.Y("median error:Q", scale=altair.Scale(type="log"), axis={"format": ".0e"}),
            color=altair.Color(
                "solver:N", legend=altair.Legend(orient="bottom", columns=2, labelLimit=400)
            ),
            facet=altair.Facet("problem:N", columns=3, sort=list(curves), title=None),
        )
        .resolve_axis(x="independent", y="independent")
    )
    chart.save(path, scale_factor=1.5)


def one(pair: Pair, say: Callable[[str], None]) -> tuple[dict[str, list[float]], dict]:
    """All tables of one problem; its ratios by bar, and the curves to be drawn."""
    say(pair.test.name)
    ours = curve(pair.test, run_pid, PID, until="tail")
    drawn = {"pid": ours}
    say("  evaluations, pid / k-diffusion's dpm_adaptive at equal median error")
    worst, theirs = against_k_diffusion(pair, ours, say)
    say("  against the best fixed solver and schedule, chosen for each row on other seeds")
    ratios, tested = against_fixed(pair, ours, say)
    # One by one it is slow: fewer samples have to do.
    few = replace(
        pair.test,
        x=pair.test.x[:DOPRI_SAMPLES],
        reference=pair.test.reference[:DOPRI_SAMPLES],
    )
    general = curve(few, dopri5, DOPRI)
    each = [nfe_at(general, v) for v in LEVELS]
    say("  torchdiffeq dopri5, one by one: " + ", ".join(f"{v:.0f}" for v in each))
    best_fixed = min(tested, key=lambda n: geometric_mean([nfe_at(tested[n], v) for v in LEVELS]))
    drawn["k-diffusion, shared"] = theirs["k-diffusion, shared, default"]
    drawn[f"best fixed: {best_fixed}"] = tested[best_fixed]
    drawn["torchdiffeq dopri5"] = general
    say(f"  time at median error {TIMED:.0e}, ms of one thread a sample, with the denoiser's own")
    samples = {"torchdiffeq dopri5": DOPRI_SAMPLES}
    for name, points in drawn.items():
        cost = 1e3 * cost_at(points, TIMED, cost="seconds") / samples.get(name, SAMPLES)
        say(f"    {name:<44} {cost:7.2f}")
    say("")
    return ratios | {"k-diffusion": [worst]}, drawn


def main() -> int:
    """Measure, print, draw; 0 when every bar is held."""
    torch.set_num_threads(1)
    began, held, curves = time.perf_counter(), True, {}
    pooled: dict[str, list[float]] = {}
    with printed(__file__) as say:
        say(f"{SAMPLES} samples, sigma {SIGMA_MAX:g} to {SIGMA_MIN:g}, float64; at most 36 rivals")
        say(f"pid, window: tolerances divided by {TIGHTEN:g} above sigma 10, as in preset fast")
        say("")
        for pair in pairs():
            ratios, curves[pair.test.name] = one(pair, say)
            # Where more than one sample in twenty is on another branch, percentiles say nothing.
            loose = next((p for p in curves[pair.test.name]["pid"] if p.tail < 3e-3), None)
            if loose is not None and loose.off > FLIPS:
                ratios.pop("tail", None)
            for kind, values in ratios.items():
                pooled.setdefault(kind, []).append(geometric_mean(values))
        for kind, bar in BARS.items():
            values, mean = pooled.get(kind, []), geometric_mean(pooled.get(kind, []))
            good = all(v <= bar for v in values)
            held = held and good
            each = " ".join(f"{v:.2f}" for v in values)
            say(
                f"{LABELS[kind]}: by problem {each}; all together {mean:.2f}; bar {bar:.2f} "
                f"{'held' if good else 'MISSED'}"
            )
        say(f"{time.perf_counter() - began:.0f} s")
    plot(curves, Path(__file__).with_suffix(".png"))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
