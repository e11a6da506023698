"""A trace in a terminal: the same reading without colour, at 80 columns."""

import math
from typing import TYPE_CHECKING

import numpy as np

from catoptric.report.glyphs import ASCII
from catoptric.report.result import Result, number, rows, table
from catoptric.report.trace_curves import mean_on, sigma_grid, sigma_range
from catoptric.report.trace_words import (
    UNKNOWN,
    band_label,
    band_rows,
    guidance_words,
    lambda_words,
    lead,
    mean_words,
    past,
    points_words,
    remarks,
    sampler_words,
    side_names,
    sigma_words,
)

if TYPE_CHECKING:
    from rich.console import Console

WIDEST = 100
MARGIN = 10
PLOT_ROWS = 9
MARKS = ("\u25cf", "\u25cb")
BARS = " \u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"
PLAIN = ASCII | str.maketrans(
    dict(zip(BARS + "\u25cf\u25cb\u2013\u2715", " .:-=+*%#*o-x", strict=True))
)


def print_trace(result: Result, console: "Console") -> None:
    """Print the trace.

    Args:
        result: What `trace --json` prints.
        console: Where to; its width decides how wide the plots are.
    """
    plain = console.options.ascii_only

    def say(text: str = "", style: str = "", *, wrap: bool = False) -> None:
        from rich.text import Text

        shown = text.translate(PLAIN).encode("ascii", "replace").decode() if plain else text
        console.print(Text(shown, style=style), soft_wrap=not wrap)

    say()
    say(lead(result), "bold", wrap=True)
    for remark in remarks(result):
        say(remark, wrap=True)
    names, sides = side_names(result), rows(result, "traces")
    width = max(30, min(WIDEST, console.width) - MARGIN - 1)
    grid = sigma_grid(result, width)
    say()
    say(f"Response of the whole picture (1 = final), mean of {len(result['seeds'])} seeds")
    if len(sides) > 1:
        for mark, name in zip(MARKS, names, strict=True):
            say(f"{mark} {name}")
    for line in plot([mean_on(side, len(rows(result, "bands")) - 1, grid) for side in sides]):
        say(line)
    say(" " * MARGIN + ruler(result, width), "dim")
    first = (result.get("seeds") or [0])[0]
    for k, side in enumerate(sides):
        say()
        if len(sides) > 1:
            say(f"{MARKS[k]} {names[k]}")
        for label, line in instruments(side, grid):
            say(f"{label:<{MARGIN}}{line}".rstrip())
        say(_caption(side), "dim", wrap=True)
        say(_paths(side), "dim", wrap=True)
    say()
    say(
        "Guidance and settled: full height = largest weight, all pixels. "
        f"Of seed {first}: steps where it stood (| accepted, \u2715 rejected), their size (full "
        "height = its largest, in lambda) and error (full height = tolerance).",
        "dim",
        wrap=True,
    )
    for k, side in enumerate(sides):
        say()
        settings = table(side, "settings")
        words = f"{guidance_words(settings)}; {sampler_words(settings)}"
        say(words if names[k] in words else f"{names[k]}: {words}", "bold", wrap=True)
        for line in band_lines(result, side):
            say(line)
    comparison = rows(result, "comparison")
    if comparison:
        say()
        change = f"Change of overshoot in points, {names[1]} less {names[0]}, seed by seed"
        say(change, "bold", wrap=True)
        for i, row in enumerate(comparison):
            change = mean_words(table(row, "overshoot"), points_words)
            say(f"{band_label(result, i):<16}{change:>24}")
    say()
    say(
        "Overshoot and undershoot in % of the final value, rise (10 to 90 %) and settling (5 %) "
        "in lambda = \u2212ln sigma; brackets are 95 % t intervals over seeds, which are "
        "consecutive and no random sample.",
        "dim",
        wrap=True,
    )


def plot(curves: list[np.ndarray], height: int = PLOT_ROWS) -> list[str]:
    """Return curves as lines of text, the level 1 ruled.

    Args:
        curves: float64 [m] each; NaN is left blank. The first is drawn on top.
        height: Lines.
    """
    known = np.concatenate([curve[np.isfinite(curve)] for curve in curves] or [np.zeros(0)])
    if not known.size:
        return []
    low, high = min(0.0, float(known.min())), max(1.0, float(known.max()))
    step = (high - low) / (height - 1)
    cells = [[" "] * len(curves[0]) for _ in range(height)]

    def row(value: float) -> int:
        return height - 1 - round((value - low) / step)

    cells[row(1.0)] = ["\u2500"] * len(curves[0])
    for k in reversed(range(len(curves))):
        before = None
        for column, value in enumerate(curves[k]):
            if not math.isfinite(value):
                continue
            here = row(float(value))
            # A steep stretch is drawn through, so that it reads as one line.
            first = here if before is None or abs(here - before) <= 1 else before
            gap = range(first, here, 1 if here > first else -1)
            for line in [here, *list(gap)[1:]]:
                cells[line][column] = MARKS[k]
            before = here
    labels = {row(low): f"{low:.2g}", row(high): f"{high:.2g}", row(1.0): "1"}
    return [
        f"{labels.get(i, ''):>{MARGIN - 2}}  {''.join(line)}".rstrip()
        for i, line in enumerate(cells)
    ]


def ruler(result: Result, width: int) -> str:
    """Return the axis of falling sigma: decades, as far as they fit."""
    low, high = sigma_range(result)
    line = [" "] * (width + 4)
    for power in range(5, -5, -1):
        level = 10.0**power
        if not low <= level <= high:
            continue
        column = column_of(level, low, high, width)
        label = f"{level:g}"
        if all(c == " " for c in line[max(0, column - 1) : column + len(label) + 1]):
            line[column : column + len(label)] = label
    return "".join(line).rstrip() + "  sigma"


def column_of(sigma: float, low: float, high: float, width: int) -> int:
    """Return the column of a noise level on the falling axis, kept inside it."""
    share = math.log(high / sigma) / math.log(high / low)
    return min(width - 1, max(0, round(share * (width - 1))))


def spark(values: np.ndarray, top: float) -> str:
    """Return values as bars of text, `top` at full height."""
    shares = np.clip(np.nan_to_num(values) / top if top > 0 else values * 0, 0, 1)
    return "".join(BARS[round(float(share) * (len(BARS) - 1))] for share in shares)


def instruments(side: Result, grid: np.ndarray) -> list[tuple[str, str]]:
    """Return guidance, steps with size and error, and settled share as labelled lines.

    Args:
        side: One trace.
        grid: Noise levels of the columns, falling.
    """
    low, high, width = float(grid[-1]), float(grid[0]), len(grid)
    guidance = table(side, "guidance")
    sigma = np.array(guidance.get("sigma") or [1.0], dtype=np.float64)
    weight = np.array(guidance.get("weight") or [1.0], dtype=np.float64)
    w = np.interp(-np.log(grid), -np.log(sigma), weight, left=0.0)
    ticks = [" "] * width
    samples = rows(side, "samples")
    steps = table(samples[0], "steps") if samples else {}
    for at, accepted in zip(steps.get("sigma") or [], steps.get("accepted") or [], strict=True):
        column = column_of(float(at), low, high, width)
        if ticks[column] != "\u2715":
            ticks[column] = "|" if accepted else "\u2715"
    lines = [("guidance", spark(w, float(weight.max()))), ("steps", "".join(ticks))]
    size, error = (stepwise(steps, name, grid) for name in ("h", "error"))
    if np.isfinite(size).any():
        lines.append(("step size", spark(size, float(np.nanmax(size)))))
    if np.isfinite(error).any():  # fixed solvers measure none
        lines.append(("error", spark(error, 1.0)))
    return [*lines, ("settled", spark(mean_on(side, None, grid), 1.0))]


def stepwise(steps: Result, name: str, grid: np.ndarray) -> np.ndarray:
    """Return a figure of the accepted step that leads over each noise level, NaN where none does.

    Args:
        steps: Columns of one sample's attempts.
        name: Which column.
        grid: float64 [m], falling.
    """
    found = np.full(len(grid), np.nan)
    columns = (steps.get(key) or [] for key in ("sigma", "sigma_next", "accepted", name))
    for sigma, after, accepted, value in zip(*columns, strict=True):
        known = number(value)
        if accepted and known is not None:
            found[(grid <= sigma) & (grid > after)] = known
    return found


def _caption(side: Result) -> str:
    summary = table(side, "summary")
    nfe, taken, thrown = (
        number(table(summary, name).get("value")) or 0.0 for name in ("nfe", "accepted", "rejected")
    )
    settled = table(summary, "settled")
    half, most = (sigma_words(table(settled, name).get("value")) for name in ("half", "most"))
    return (
        f"{taken:.3g} steps + {thrown:.2g} rejected, {nfe:.3g} evaluations; "
        f"settled: half at {half}, 90 % at {most}"
    )


def _paths(side: Result) -> str:
    """Return the shapes of both paths, means over seeds."""
    summary, parts = table(side, "summary"), []
    for key, name in (("estimate_path", "estimate"), ("state_path", "state")):
        shape = {
            k: number(table(table(summary, key), k).get("value"))
            for k in ("length", "detour", "turning", "dimension")
        }
        if None in shape.values():
            parts.append(f"{name} {UNKNOWN}")
            continue
        parts.append(
            f"{name} length {shape['length']:.3g}, {shape['detour']:.3g} times the straight line, "
            f"turning {shape['turning']:.0f} degrees, dimension {shape['dimension']:.2g}"
        )
    return f"paths: {'; '.join(parts)}"


def band_lines(result: Result, side: Result) -> list[str]:
    """Return the table of bands, at most 80 columns wide."""
    heads = f"{'band':<16}{'overshoot':>24}{'undershoot':>12}{'rise':>8}{'settling':>10}"
    lines = [f"{heads}{'at sigma':>10}"]
    for i, row in enumerate(band_rows(side)):
        over = mean_words(table(row, "overshoot"), past)
        under = past(table(row, "undershoot").get("value"))
        rise = lambda_words(table(row, "rise").get("value"))
        settling = lambda_words(table(row, "settling").get("value"))
        at = sigma_words(table(row, "settled_sigma").get("value"))
        lines.append(
            f"{band_label(result, i):<16}{over:>24}{under:>12}{rise:>8}{settling:>10}{at:>10}"
        )
    return lines if len(lines) > 1 else [UNKNOWN]
