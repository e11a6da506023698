"""The trace's charts as Vega-Lite specs: instruments that share one axis of falling noise.

Text from users stands only in data values. The two sides differ in colour and in line: the first is
drawn through, the second dashed.
"""

import math
from typing import Any

import numpy as np

from catoptric.report.charts import FONT
from catoptric.report.result import Result, number, rows, table
from catoptric.report.trace_curves import mean_on, sigma_grid, sigma_range

COLOURS = ("var(--interface)", "var(--data)")
DASHES = ([1, 0], [6, 3])
# Thin lines of more seeds than these would be a blot; means are over all of them.
MOST_LINES = 16
AXIS_WIDTH = 52

Spec = dict[str, Any]


def response_spec(result: Result, band: int, *, height: int, small: bool = False) -> Spec:
    """Return the response of one band against sigma: each seed thin, the mean thick.

    Args:
        result: The trace's object.
        band: Which, the last being the whole picture.
        height: In pixels.
        small: One of many, without titles.
    """
    thin, thick = [], []
    for k, side in enumerate(rows(result, "traces")):
        samples = rows(side, "samples")
        for sample in samples[:MOST_LINES]:
            sigma, response = _curve(sample, band)
            thin += [
                {"sigma": s, "r": r, "side": k, "seed": sample.get("seed"), "order": i}
                for i, (s, r) in enumerate(zip(sigma, response, strict=True))
            ]
        grid, mean = _mean_curve(side, band)
        thick += [
            {"sigma": s, "r": r, "side": k, "order": i}
            for i, (s, r) in enumerate(zip(grid, mean, strict=True))
        ]
    y = _y("r", "" if small else "response", **{"format": "~g", "tickCount": 4 if small else 6})
    if small:
        y["scale"] = {"domain": _extent(result), "nice": False}
    layers: list[Spec] = [
        {
            "data": {"values": [{"low": 0.95, "high": 1.05}]},
            "mark": {"type": "rect", "fill": "var(--muted)", "opacity": 0.22},
            "encoding": {"y": {"field": "low", "type": "quantitative"}, "y2": {"field": "high"}},
        },
        *_jump_rules(result),
        _line(thin, result, y, 0.9, 0.28, detail="seed", small=small),
        _line(thick, result, y, 2.4, 1.0, detail="side", small=small),
    ]
    return _chart(layers, height, "Response against falling noise; the tables have its figures.")


def weight_spec(result: Result) -> Spec:
    """Return the guidance weight against sigma, with a dot where the first seed's steps began."""
    curve, dots = [], []
    for k, side in enumerate(rows(result, "traces")):
        guidance = table(side, "guidance")
        pairs = zip(guidance.get("sigma") or [], guidance.get("weight") or [], strict=True)
        curve += [{"sigma": s, "w": w, "side": k, "order": i} for i, (s, w) in enumerate(pairs)]
        dots += [step | {"w": step["weight"]} for step in _steps(side, k)]
    y = _y("w", "guidance w", tickCount=3)
    layers = [
        _line(curve, result, y, 1.8, 1.0, detail="side"),
        {
            "data": {"values": dots},
            "mark": {"type": "point", "filled": True, "size": 18, "opacity": 0.9},
            "encoding": {"x": _x(result), "y": y, "color": _colour(), "tooltip": _tips()},
        },
    ]
    return _chart(layers, 84, "Guidance weight against falling noise.")


def steps_spec(result: Result, field: str) -> Spec | None:
    """Return step sizes ("h") or scaled errors ("error") of the first seed; None if there are none.

    Each step is a bar from where it starts to where it leads; a rejected one ends in a cross.
    """
    values = [
        step
        for k, side in enumerate(rows(result, "traces"))
        for step in _steps(side, k)
        if step[field] is not None and step[field] > 0 and step["sigma_next"] > 0
    ]
    if not values:
        return None
    names = {"h": "step h", "error": "error"}
    levels = [step[field] for step in values] + ([1.0] if field == "error" else [])
    y = _y(field, names[field], values=_log_ticks(min(levels), max(levels)), format="~g")
    if min(levels) < 1e-3:
        y["axis"]["format"] = ".0e"
    # Explicit, for steps of one length would leave the axis without an extent.
    y["scale"] = {"type": "log", "nice": False, "domain": [min(levels) / 1.5, 1.5 * max(levels)]}
    shape = {
        "condition": {"test": "datum.accepted", "value": "circle"},
        "value": "cross",
    }
    layers: list[Spec] = [
        {
            "data": {"values": values},
            "mark": {"type": "rule", "strokeWidth": 2, "opacity": 0.75},
            "encoding": {
                "x": _x(result),
                "x2": {"field": "sigma_next"},
                "y": y,
                "color": _colour(),
                "strokeDash": _dash(),
            },
        },
        {
            "data": {"values": values},
            "mark": {"type": "point", "filled": True, "size": 34, "opacity": 1},
            "encoding": {
                "x": _x(result, "sigma_next"),
                "y": y,
                "color": _colour(),
                "shape": shape,
                "tooltip": _tips(),
            },
        },
    ]
    if field == "error":
        layers.insert(
            0,
            {
                "data": {"values": [{"one": 1}]},
                "mark": {"type": "rule", "stroke": "var(--muted)", "strokeDash": [3, 3]},
                "encoding": {"y": {"field": "one", "type": "quantitative"}},
            },
        )
    return _chart(layers, 96, f"{names[field]} of every step against falling noise.")


def settled_spec(result: Result) -> Spec:
    """Return the share of settled pixels against sigma, in %."""
    thin, thick = [], []
    for k, side in enumerate(rows(result, "traces")):
        for sample in rows(side, "samples")[:MOST_LINES]:
            points = table(sample, "points")
            pairs = zip(points.get("sigma") or [], points.get("settled") or [], strict=True)
            thin += [
                {"sigma": s, "r": 100 * v, "side": k, "seed": sample.get("seed"), "order": i}
                for i, (s, v) in enumerate(pairs)
            ]
        grid, mean = _mean_curve(side, None)
        thick += [
            {"sigma": s, "r": 100 * v, "side": k, "order": i}
            for i, (s, v) in enumerate(zip(grid, mean, strict=True))
        ]
    y = _y("r", "% settled", tickCount=3)
    y["scale"] = {"domain": [0, 100]}
    layers = [
        _line(thin, result, y, 0.9, 0.28, detail="seed"),
        _line(thick, result, y, 2.4, 1.0, detail="side"),
    ]
    return _chart(layers, 110, "Share of settled pixels against falling noise.")


def _curve(sample: Result, band: int) -> tuple[list[float], list[float]]:
    points = table(sample, "points")
    response = (points.get("response") or [])[band] if points.get("sigma") else []
    known = [
        (s, r)
        for s, r in zip(points.get("sigma") or [], response, strict=True)
        if number(r) is not None
    ]
    return [s for s, _ in known], [r for _, r in known]


def _mean_curve(side: Result, band: int | None) -> tuple[list[float], list[float]]:
    grid = sigma_grid({"traces": [side]})
    sides = [jump * (1 + e) for jump in side.get("jumps") or [] for e in (2e-6, -2e-6)]
    grid = np.sort(np.concatenate([grid, [s for s in sides if grid[-1] < s < grid[0]]]))[::-1]
    mean = mean_on(side, band, grid)
    known = np.isfinite(mean)
    return grid[known].tolist(), mean[known].tolist()


def _extent(result: Result) -> list[float]:
    """Return what all small charts share: every mean and the figures 0 and 1."""
    ends = [0.0, 1.1]
    for side in rows(result, "traces"):
        for band in range(len(rows(result, "bands"))):
            ends += [
                r for sample in rows(side, "samples")[:MOST_LINES] for r in _ends(sample, band)
            ]
    return [min(ends), max(ends)]


def _ends(sample: Result, band: int) -> list[float]:
    _, response = _curve(sample, band)
    return [min(response), max(response)] if response else []


def _steps(side: Result, k: int) -> list[Spec]:
    samples = rows(side, "samples")
    if not samples:
        return []
    steps = table(samples[0], "steps")
    names = ("sigma", "sigma_next", "h", "error", "accepted", "weight")
    columns = [steps.get(name) or [] for name in names]
    return [
        {
            name: number(v) if name != "accepted" else bool(v)
            for name, v in zip(names, row, strict=True)
        }
        | {"side": k, "word": "accepted" if row[4] else "rejected"}
        for row in zip(*columns, strict=True)
    ]


def _line(
    values: list[Spec],
    result: Result,
    y: Spec,
    width: float,
    opacity: float,
    *,
    detail: str,
    small: bool = False,
) -> Spec:
    encoding: Spec = {
        "x": _x(result, small=small),
        "y": y,
        "color": _colour(),
        "order": {"field": "order", "type": "quantitative"},
        "detail": [{"field": detail, "type": "nominal"}, {"field": "side", "type": "nominal"}],
    }
    if width > 1:
        encoding["strokeDash"] = _dash()
    return {
        "data": {"values": [_rounded(row) for row in values]},
        "mark": {"type": "line", "strokeWidth": width, "opacity": opacity, "clip": True},
        "encoding": encoding,
    }


def _rounded(row: Spec) -> Spec:
    """Four digits are more than a chart shows and halve the page."""
    return {
        key: (float(f"{value:.5g}") if key != "sigma" else float(f"{value:.8g}"))
        if isinstance(value, float)
        else value
        for key, value in row.items()
    }


def _x(result: Result, field: str = "sigma", *, small: bool = False) -> Spec:
    low, high = sigma_range(result)
    decades = math.log10(high / low)
    factors = (1,) if decades > 3.2 or small else (1, 2, 5)
    ticks = [f * 10.0**k for k in range(-4, 6) for f in factors if low <= f * 10.0**k <= high]
    return {
        "field": field,
        "type": "quantitative",
        "title": None,
        "scale": {"type": "log", "domain": [low, high], "reverse": True, "nice": False},
        "axis": {"values": ticks, "format": "~g", "labelOverlap": True, "domain": False},
    }


def _y(field: str, title: str, **axis: Any) -> Spec:
    return {
        "field": field,
        "type": "quantitative",
        "title": title or None,
        "axis": {
            # The same width everywhere, so that the instruments' noise levels stand in one line.
            "minExtent": AXIS_WIDTH - 14,
            "maxExtent": AXIS_WIDTH - 14,
            "titleAnchor": "end",
            "titleAngle": 0,
            "titleAlign": "left",
            "titleX": -AXIS_WIDTH + 12,
            "titleY": -12,
            "domain": False,
            **axis,
        },
    }


def _log_ticks(low: float, high: float) -> list[float]:
    """Four marks or fewer on a logarithmic axis: whole decades, or 1, 2, 5 where it is short."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    if last - first <= 2:
        ticks = [f * 10.0**k for k in range(first, last + 1) for f in (1, 2, 5)]
        ticks = [tick for tick in ticks if low <= tick <= high] or [float(f"{low:.2g}")]
    else:
        ticks = [10.0**k for k in range(first, last + 1)]
    return ticks[:: -(-len(ticks) // 4)]


def _dash() -> Spec:
    return {"condition": {"test": "datum.side == 1", "value": DASHES[1]}, "value": DASHES[0]}


def _colour() -> Spec:
    return {
        "field": "side",
        "type": "nominal",
        "scale": {"domain": [0, 1], "range": list(COLOURS)},
        "legend": None,
    }


def _tips() -> list[Spec]:
    return [
        {"field": "sigma", "type": "quantitative", "title": "from sigma", "format": ".4~g"},
        {"field": "sigma_next", "type": "quantitative", "title": "to sigma", "format": ".4~g"},
        {"field": "h", "type": "quantitative", "title": "h", "format": ".3~g"},
        {"field": "error", "type": "quantitative", "title": "error", "format": ".3~g"},
        {"field": "weight", "type": "quantitative", "title": "w", "format": ".3~g"},
        {"field": "word", "type": "nominal", "title": "step"},
    ]


def _jump_rules(result: Result) -> list[Spec]:
    low, high = sigma_range(result)
    values = [
        {"sigma": jump, "side": k}
        for k, side in enumerate(rows(result, "traces"))
        for jump in side.get("jumps") or []
        if low < jump < high
    ]
    if not values:
        return []
    rule = {
        "data": {"values": values},
        "mark": {"type": "rule", "strokeDash": [2, 3], "opacity": 0.7},
        "encoding": {"x": _x(result), "color": _colour()},
    }
    return [rule]


def _chart(layers: list[Spec], height: int, description: str) -> Spec:
    return {
        "width": "container",
        "height": height,
        "description": description,
        "padding": {"left": 2, "right": 12, "top": 4, "bottom": 2},
        "autosize": {"type": "fit-x", "contains": "padding"},
        "layer": layers,
        "config": {
            "background": "transparent",
            "font": FONT,
            "view": {"stroke": None},
            "axis": {
                "labelColor": "var(--muted)",
                "titleColor": "var(--muted)",
                "gridColor": "var(--line)",
                "tickColor": "var(--line)",
                "labelFontSize": 11,
                "titleFontSize": 12,
                "titleFontWeight": "normal",
            },
        },
    }
