"""Evaluations that each solver needs for a given error: the claim behind `pid`.

Two Gaussian mixtures and portraits blurred by 0.15, at guidance 1 and 7.5. The error of a sample is
its RMS distance to a fine reference; that of a solver is the median over samples; evaluations are
interpolated (log-log) at errors 3e-3, 1e-3 and 3e-4. Everything is float64 and ends with one plain
denoise at the last sigma, which is counted. A sample more than 0.1 away is off its branch.

Run: python benchmarks/solvers.py   (writes solvers.txt beside it)
Exits 1 when `pid` needs more than 0.60 of k-diffusion's evaluations at its defaults (geometric mean
per problem), or leaves the branch more often than k-diffusion at equal evaluations. The stricter
bars, and rivals at their best, are those of work_precision.py.
"""

import math
import sys
import time
from collections.abc import Sequence
from typing import Any

import torch

from catoptric.sampling import dpmpp_2m, heun
from catoptric.sampling.schedules import exponential, karras
from problems import (
    LEVELS,
    SAMPLES,
    SIGMA_MAX,
    SIGMA_MIN,
    Point,
    Problem,
    Run,
    curve,
    geometric_mean,
    guide,
    mixture,
    nfe_at,
    off_at,
    portraits,
    problem,
)
from rivals import k_diffusion, run_dpm, run_fixed, run_pid, run_theirs, run_theirs_alone
from tables import printed

BAR = 0.60
PID_TOLERANCES = (5e-2, 2e-2, 1e-2, 5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 1e-4, 5e-5, 2e-5, 1e-5)
DPM_TOLERANCES = (4.0, 2.0, 1.0, 0.5, 0.25, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002)
FIXED_STEPS = (8, 12, 16, 20, 30, 40, 60, 80, 120, 160)


def problems() -> list[Problem]:
    """All that is measured on."""
    free, doctors = portraits()
    return [
        problem("mixture, 64-d, 12 broad", mixture(64, 12, (0.3, 0.8), 0), 64, 10),
        problem("mixture, 48-d, 30 tight", mixture(48, 30, (0.05, 0.15), 1), 48, 11),
        problem("portraits, guidance 1", guide(free, doctors, 1.0), 256, 12),
        problem("portraits, guidance 7.5", guide(free, doctors, 7.5), 256, 13),
    ]


def solvers() -> dict[str, tuple[Run, Sequence[Any]]]:
    """Name to (run, settings from loose to tight)."""
    theirs = k_diffusion()
    return {
        "pid": (run_pid, PID_TOLERANCES),
        "dpm_adaptive (ours)": (run_dpm, DPM_TOLERANCES),
        "k-diffusion, whole batch": (
            lambda d, x, s: run_theirs(theirs, d, x, s),
            DPM_TOLERANCES,
        ),
        "k-diffusion, one by one": (
            lambda d, x, s: run_theirs_alone(theirs, d, x, s),
            DPM_TOLERANCES,
        ),
        "heun, karras": (run_fixed(heun, karras, 2), FIXED_STEPS),
        "dpmpp_2m, karras": (run_fixed(dpmpp_2m, karras, 1), FIXED_STEPS),
        "dpmpp_2m, exponential": (run_fixed(dpmpp_2m, exponential, 1), FIXED_STEPS),
    }


RIVALS = ("k-diffusion, whole batch", "k-diffusion, one by one")


def report(given: Problem, curves: dict[str, list[Point]]) -> tuple[list[str], bool]:
    """The table of one problem, and whether it holds the bar."""
    lines = [
        "",
        given.name,
        f"  {'evaluations at error':<30}" + "".join(f"{v:>9.0e}" for v in LEVELS),
    ]
    lines[-1] += "   off branch there, %"
    at = {name: [nfe_at(points, level) for level in LEVELS] for name, points in curves.items()}
    for name, points in curves.items():
        off = "".join(f"{100 * off_at(points, n):>6.1f}" for n in at[name] if math.isfinite(n))
        lines.append(f"  {name:<30}" + "".join(f"{n:>9.1f}" for n in at[name]) + "   " + off)
    good = True
    for rival in RIVALS:
        ratios = [ours / theirs for ours, theirs in zip(at["pid"], at[rival], strict=True)]
        mean = geometric_mean(ratios)
        good = good and mean <= BAR
        text = "".join(f"{r:>9.2f}" for r in ratios)
        lines.append(f"  pid / {rival:<24}" + text + f"   geometric mean {mean:.2f}")
        worse = [p for p in curves[rival] if off_at(curves["pid"], p.nfe) > p.off + 1e-9]
        good = good and not worse
        lines.append(f"    off branch at its evaluations: pid {'HIGHER' if worse else 'no higher'}")
        lines += [
            f"      at {p.nfe:.0f}: pid {100 * off_at(curves['pid'], p.nfe):.1f} %, it "
            f"{100 * p.off:.1f} %"
            for p in worse
        ]
    return lines, good


def main() -> int:
    """Measure, print, save; 0 when the bar is held."""
    torch.set_num_threads(1)
    began = time.perf_counter()
    held, contenders = True, solvers()
    with printed(__file__) as say:
        say(
            f"{SAMPLES} samples, sigma {SIGMA_MAX:g} to {SIGMA_MIN:g}, float64; median RMS error; "
            f"bar: pid / k-diffusion at its defaults <= {BAR:.2f}"
        )
        for given in problems():
            # All of pid's: what it does at the evaluations of a rival's tight runs is not guessed.
            curves = {
                name: curve(given, *how, until=None if name == "pid" else "error")
                for name, how in contenders.items()
            }
            table, good = report(given, curves)
            say("\n".join(table))
            held = held and good
        say("")
        say(f"bar {'held' if held else 'MISSED'}; {time.perf_counter() - began:.0f} s")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
