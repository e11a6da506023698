"""The page's charts as Vega-Lite specs, made with Altair.

Colours are CSS variables, so that the drawn SVG follows the reader's light or dark setting. Text
from users stands only in data values, never in an expression or an address. Axis sizes are meant
for a container: a chart is as wide as the page lets it be.
"""

from typing import Any

from catoptric.report.cells import interaction_label
from catoptric.report.result import Result, number, rows
from catoptric.report.verdicts import SETTLED
from catoptric.report.waterfall import Step, extent, waterfall
from catoptric.report.words import signed, span

COLOURS = {
    "data": "var(--data)",
    "data+model": "var(--data)",
    "model": "var(--model)",
    "interface": "var(--interface)",
}
# By name, not "inherit": Vega measures its labels on a canvas, which knows no parent.
FONT = "system-ui, -apple-system, Segoe UI, Roboto, Noto Sans, Liberation Sans, sans-serif"
ROW_PIXELS = 42
UNSETTLED = 0.38


def waterfall_spec(result: Result) -> dict[str, Any]:
    """Return the waterfall from target to deployed, one row a share, with intervals.

    Args:
        result: The audit's object.

    Returns:
        A Vega-Lite spec without `$schema`, so that no address stands in the page.
    """
    import altair as alt

    steps = waterfall(result)
    low, high = extent(steps)
    wide = high - low
    domain = [low - 0.04 * wide, high + 0.02 * wide]
    values = [_row(step, after) for step, after in zip(steps, [*steps[1:], None], strict=True)]
    order = [row["label"] for row in values]
    target = number(result.get("target"))

    base = alt.Chart(alt.Data(values=values))
    y = alt.Y("label:N", sort=order, title=None).axis(
        labelLimit=130, labelPadding=10, ticks=False, domain=False, labelFontWeight=600
    )
    x_scale = alt.Scale(domain=domain, nice=False, zero=False)

    def x(field: str) -> Any:
        axis = alt.Axis(
            format=".0f",
            labelExpr="datum.label + ' %'",
            labelOverlap=True,
            labelSeparation=6,
            tickCount=5,
            domain=False,
        )
        return alt.X(f"{field}:Q", scale=x_scale, axis=axis, title=None)

    colour = alt.Color("colour:N", scale=None)
    tooltip = [
        alt.Tooltip("label:N", title="Row"),
        alt.Tooltip("value:N", title="Figure"),
        alt.Tooltip("interval:N", title="Interval"),
        alt.Tooltip("word:N", title="Verdict"),
    ]
    shares, milestones = "datum.end != null && datum.share", "datum.end != null && !datum.share"
    layers = [
        alt.Chart(alt.Data(values=[] if target is None else [{"target": 100 * target}]))
        .mark_rule(strokeDash=[3, 4], stroke="var(--muted)", opacity=0.7)
        .encode(x=x("target")),
        base.transform_filter("datum.next != null && datum.end != null")
        .mark_rule(stroke="var(--line-strong)")
        .encode(x=x("end"), y=y, y2="next:N"),
        base.transform_filter(shares)
        .mark_bar(height=16, cornerRadius=2, minBandSize=2)
        .encode(
            x=x("start"),
            x2="end:Q",
            y=y,
            color=colour,
            opacity=alt.Opacity("opacity:Q", scale=None),
            tooltip=tooltip,
        ),
        base.transform_filter("datum.low != null && datum.high != null")
        .mark_rule(stroke="var(--ink)", strokeWidth=1.5)
        .encode(x=x("low"), x2="high:Q", y=y, tooltip=tooltip),
        *(
            base.transform_filter(f"datum.{end} != null")
            .mark_tick(color="var(--ink)", thickness=1.5, size=9)
            .encode(x=x(end), y=y)
            for end in ("low", "high")
        ),
        base.transform_filter(milestones)
        .mark_point(filled=True, size=95, fill="var(--ink)", opacity=1)
        .encode(x=x("end"), y=y, tooltip=tooltip),
        base.transform_filter("datum.end != null")
        .mark_text(align="left", dx=9, fontWeight=600, fontSize=13, fill="var(--ink)")
        .encode(x=x("right"), y=y, text="value:N"),
        base.transform_filter("datum.end == null")
        .mark_text(align="left", fontSize=12, fontStyle="italic", fill="var(--muted)", limit=260)
        .encode(x=alt.XDatum(domain[0] + 0.02 * wide, scale=x_scale), y=y, text="word:N"),
    ]
    chart = alt.layer(*layers).properties(
        width="container",
        height=ROW_PIXELS * len(values),
        description="Waterfall from the target to the deployed rate; the table has its figures.",
    )
    return _spec(chart)


def _row(step: Step, after: Step | None) -> dict[str, Any]:
    known = [x for x in (step.start, step.end, step.high) if x is not None]
    settled = step.is_milestone or step.verdict in SETTLED
    word = step.verdict.value if step.verdict is not None else "rate"
    if step.is_milestone:
        interval = span(_fraction(step.low), _fraction(step.high), as_percent=True)
    elif step.end is None or step.low is None or step.high is None or step.start is None:
        interval = "\u2014"
    else:
        interval = span(step.low - step.start, step.high - step.start)
    return {
        "label": step.label,
        "next": None if after is None or after.end is None else after.label,
        "start": step.start,
        "end": step.end,
        "low": step.low,
        "high": step.high,
        "right": max(known) if known else None,
        "value": step.value,
        "share": not step.is_milestone,
        "colour": COLOURS.get(step.source, "var(--ink)"),
        "opacity": 1.0 if settled else UNSETTLED,
        "interval": interval,
        "word": word if step.end is not None else f"unknown: {step.note}".rstrip(": "),
    }


def _fraction(position: float | None) -> float | None:
    return None if position is None else position / 100


def interactions_spec(result: Result) -> dict[str, Any] | None:
    """Return the pairwise interactions as bars around zero, with intervals.

    Args:
        result: The audit's object.

    Returns:
        A Vega-Lite spec, None when the audit has no interaction.
    """
    import altair as alt

    values: list[dict[str, Any]] = []
    for row in rows(result, "interactions"):
        points = number(row.get("points"))
        if points is None:
            continue
        low, high = number(row.get("low")), number(row.get("high"))
        clear = low is not None and high is not None and (low > 0 or high < 0)
        values.append(
            {
                "label": interaction_label(row),
                "points": points,
                "low": low,
                "high": high,
                "zero": 0,
                "right": max(0.0, points, high if high is not None else points),
                "value": signed(points),
                "interval": span(low, high),
                "opacity": 1.0 if clear else UNSETTLED,
            }
        )
    if not values:
        return None
    values.sort(key=lambda row: -abs(row["points"]))
    order = [row["label"] for row in values]
    ends = [0.0] + [row[key] for row in values for key in ("points", "low", "high")]
    known = [end for end in ends if end is not None]
    wide = max(max(known) - min(known), 2.0)
    scale = alt.Scale(domain=[min(known) - 0.05 * wide, max(known) + 0.02 * wide], nice=False)
    base = alt.Chart(alt.Data(values=values))
    y = alt.Y("label:N", sort=order, title=None).axis(
        labelLimit=150, labelPadding=10, ticks=False, domain=False
    )

    def x(field: str) -> Any:
        unsigned_zero = "datum.value == 0 ? '0' : datum.label"
        axis = alt.Axis(format="+.0f", labelExpr=unsigned_zero, tickCount=5, domain=False)
        return alt.X(f"{field}:Q", scale=scale, axis=axis, title="points")

    tooltip = [
        alt.Tooltip("label:N", title="Knobs"),
        alt.Tooltip("value:N", title="Points"),
        alt.Tooltip("interval:N", title="Interval"),
    ]
    layers = [
        base.mark_bar(height=12, cornerRadius=2, color="var(--interface)").encode(
            x=x("points"),
            x2="zero:Q",
            y=y,
            opacity=alt.Opacity("opacity:Q", scale=None),
            tooltip=tooltip,
        ),
        base.transform_filter("datum.low != null && datum.high != null")
        .mark_rule(stroke="var(--ink)", strokeWidth=1.5)
        .encode(x=x("low"), x2="high:Q", y=y, tooltip=tooltip),
        base.mark_rule(stroke="var(--muted)").encode(x=alt.XDatum(0, scale=scale)),
        base.mark_text(align="left", dx=8, fontWeight=600, fill="var(--ink)").encode(
            x=x("right"), y=y, text="value:N"
        ),
    ]
    chart = alt.layer(*layers).properties(
        width="container",
        height=34 * len(values),
        description="Pairwise interactions of the knobs, in points, with intervals.",
    )
    return _spec(chart)


def _spec(chart: Any) -> dict[str, Any]:
    spec: dict[str, Any] = (
        chart.properties(
            # Vega makes room for the figures by their measured width, which can fall short of the
            # drawn one where the browser falls back to a wider font.
            padding={"left": 2, "right": 16, "top": 4, "bottom": 4},
            autosize={"type": "fit-x", "contains": "padding"},
        )
        .configure(
            background="transparent",
            font=FONT,
            view={"stroke": None},
            axis={
                "labelColor": "var(--muted)",
                "titleColor": "var(--muted)",
                "gridColor": "var(--line)",
                "tickColor": "var(--line)",
                "labelFontSize": 12,
                "titleFontSize": 12,
                "titleFontWeight": "normal",
            },
            axisY={"labelColor": "var(--ink)", "grid": False, "labelFontSize": 13},
        )
        .to_dict()
    )
    del spec["$schema"]
    return spec
