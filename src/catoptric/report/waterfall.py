"""The waterfall as data: from the target, share by share, to the deployed rate."""

from dataclasses import dataclass

from catoptric.report.result import Result, number, rows, table
from catoptric.report.verdicts import Verdict, verdict
from catoptric.report.words import percent, signed, source_label, visible


@dataclass(frozen=True)
class Step:
    """One row of the waterfall; positions are percentages on the axis of rates.

    A milestone (target, reference, deployed) stands at `end`; a share goes from `start` to `end`.
    `low` and `high` bound the row's own figure: a share's whisker is its interval moved to where
    the share ends. None where nothing is known, with `note` saying why.
    """

    label: str
    source: str
    start: float | None
    end: float | None
    low: float | None
    high: float | None
    value: str
    verdict: Verdict | None
    note: str

    @property
    def is_milestone(self) -> bool:
        """Say whether the row is a rate, not a share."""
        return self.verdict is None


def _milestone(label: str, rate: Result) -> Step:
    scaled = [
        None if (part := number(rate.get(key))) is None else 100 * part
        for key in ("value", "low", "high")
    ]
    note = visible(rate.get("reason") or "") if scaled[0] is None else ""
    value = percent(number(rate.get("value")))
    return Step(label, label.lower(), scaled[0], scaled[0], scaled[1], scaled[2], value, None, note)


def _share(result: Result, share: Result, start: float | None) -> Step:
    points, low, high = (number(share.get(key)) for key in ("points", "low", "high"))
    end = None if start is None or points is None else start + points
    whisker = [
        None if end is None or points is None or bound is None else end + bound - points
        for bound in (low, high)
    ]
    return Step(
        label=source_label(share),
        source=str(share.get("source")),
        start=start if end is not None else None,
        end=end,
        low=whisker[0],
        high=whisker[1],
        value=signed(points),
        verdict=verdict(result, share),
        note=visible(share.get("reason") or ""),
    )


def sorted_shares(result: Result) -> list[Result]:
    """Return the shares in the order of the report: data, model, then the knobs by size.

    Args:
        result: The audit's object.

    Returns:
        Its shares; knobs without a figure come last.
    """
    order = {"data": 0, "data+model": 1, "model": 2}

    def key(share: Result) -> tuple[int, int, float]:
        points = number(share.get("points"))
        idle = points is None or verdict(result, share) is Verdict.SAME
        source = order.get(str(share.get("source")))
        return (3, int(idle), -abs(points or 0.0)) if source is None else (source, 0, 0.0)

    return sorted(rows(result, "shares"), key=key)


def waterfall(result: Result) -> list[Step]:
    """Return the rows of the waterfall, from target to deployed.

    A share without a figure leaves the running rate where it is; each milestone that is known
    sets it anew, so one gap does not misplace what follows.

    Args:
        result: The audit's object.

    Returns:
        Target, data and model, reference, every knob (largest first), deployed.
    """
    rates, shares = table(result, "rates"), sorted_shares(result)
    steps = [_milestone("Target", {"value": result.get("target")})]
    running = steps[0].end
    interface = [share for share in shares if share.get("source") == "interface"]
    for group, milestone in (
        ([share for share in shares if share.get("source") != "interface"], "reference"),
        (interface, "deployed"),
    ):
        for share in group:
            step = _share(result, share, running)
            running = running if step.end is None else step.end
            steps.append(step)
        steps.append(_milestone(milestone.capitalize(), table(rates, milestone)))
        running = running if steps[-1].end is None else steps[-1].end
    return steps


def extent(steps: list[Step]) -> tuple[float, float]:
    """Return the least and greatest position that a row or its whisker reaches.

    Args:
        steps: The waterfall.

    Returns:
        Percentages (low, high), at least ten points apart.
    """
    known = [x for s in steps for x in (s.start, s.end, s.low, s.high) if x is not None]
    low, high = (min(known), max(known)) if known else (0.0, 100.0)
    short = max(0.0, 10.0 - (high - low)) / 2
    return low - short, high + short
