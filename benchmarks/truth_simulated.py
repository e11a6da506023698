"""Do the intervals tell the truth?  Games with known shares, 20,000 audits of each.

Every audit follows the tool's own rule: a pilot of 256 seeds fixes N once from the upper 80 %
bound of each knob's sd (half-width 4 points, at most 4,096 seeds; the model share has no say), then
shares, intervals, Holm and TOST as `catoptric.attribution` has them.  Outcomes of one seed fall
into few patterns, so an audit is a row of multinomial counts and 20,000 of them fit into a few
array operations; a sample of audits is also run through `decompose` itself, row by row, and must
agree.

Bars: coverage 94 to 96 % where at least 20 informative seeds are expected; elsewhere at least
94.5 %, and not wider than 1.5 times the narrowest rival that covers 94.5 %; family-wise error and
TOST size at the margin at most 5.5 %.  Exit 1 when one is missed.

    python benchmarks/truth_simulated.py            # prints the table, writes truth_simulated.txt
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from catoptric.attribution import (
    PILOT_SEEDS,
)
from truth_audits import simulate
from truth_games import (
    HALF_WIDTH_POINTS,
    KEY,
    LEVEL,
    MARGIN,
    MAX_SEEDS,
    REPLICATIONS,
    Row,
    scenarios,
)
from truth_groups import simulate_judge, simulate_prompts


def table(rows: list[Row]) -> str:
    head = (
        f"{'scenario':28} {'what':22} {'points':>7} {'inform.':>8} {'seeds':>6} "
        f"{'percent':>8} {'bar':>7} {'width':>6} {'ratio':>6}     best valid rival"
    )
    lines = [head, "-" * len(head)]
    for row in rows:
        width = f"{row.width:6.2f}" if row.width is not None else " " * 6
        ratio = f"{row.ratio:6.2f}" if row.ratio is not None else " " * 6
        informative = f"{row.informative:8.1f}" if row.informative == row.informative else " " * 8
        lines.append(
            f"{row.scenario:28} {row.what:22} {row.truth:7.2f} {informative} {row.seeds:6.0f} "
            f"{100 * row.coverage:8.2f} {row.bar:>7} {width} {ratio} {'ok ' if row.ok else 'MISS'} "
            f"{row.rival}".rstrip()
        )
    return "\n".join(lines)


def run(replications: int = REPLICATIONS, names: set[str] | None = None) -> list[Row]:
    """All scenarios, or those named, in the fixed order."""
    rows: list[Row] = []
    for index, scenario in enumerate(scenarios()):
        if names is None or scenario.name in names:
            rows += simulate(scenario, index, replications)[0]
    extra: list[tuple[str, Callable[[], list[Row]]]] = [
        ("several prompts", lambda: simulate_prompts(replications, 100)),
        ("judge error, pooled", lambda: simulate_judge(replications, 101, per_cell=False)),
        ("judge error, per cell", lambda: simulate_judge(replications, 102, per_cell=True)),
    ]
    for name, simulation in extra:
        if names is None or name in names:
            rows += simulation()
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description="Coverage, width and error rates on known games.")
    parser.add_argument("--replications", type=int, default=REPLICATIONS)
    arguments = parser.parse_args()
    started = time.perf_counter()
    rows = run(arguments.replications)
    missed = sum(not row.ok for row in rows)
    text = (
        f"{arguments.replications} audits a scenario, key {KEY}; pilot {PILOT_SEEDS}, half-width "
        f"{HALF_WIDTH_POINTS:g} points, at most {MAX_SEEDS} seeds, level {LEVEL:g}, margin "
        f"{100 * MARGIN:g} points\npoints: the truth; inform.: informative units expected; "
        "percent: coverage, or the error rate where the bar is <=5.5;\n"
        "width: mean width in points; ratio: to the narrowest rival that covers 94.5 %\n\n"
        f"{table(rows)}\n\n{len(rows)} bars, {missed} missed"
    )
    print(text)
    print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)
    if arguments.replications == REPLICATIONS:
        Path(__file__).with_suffix(".txt").write_text(text + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
