"""The answer in one sentence, and the few remarks that must not be missed."""

from dataclasses import dataclass

from catoptric.report.cells import cell_label
from catoptric.report.result import (
    Result,
    coalition,
    counts_only_obedient,
    level,
    margin,
    number,
    obeyed_fraction,
    rows,
    table,
)
from catoptric.report.verdicts import SETTLED, Verdict, verdict
from catoptric.report.waterfall import sorted_shares
from catoptric.report.words import (
    interface_name,
    listed,
    people,
    percent,
    points_phrase,
    quoted,
    rounded,
    seeds_phrase,
    source_phrase,
    visible,
)

OBEYED_ENOUGH = 0.95
_POWERLESS = " (too few seeds to have shown it small, were it so)"


@dataclass(frozen=True)
class Headline:
    """The report's first words: one sentence, then remarks, each a sentence of its own."""

    sentence: str
    remarks: tuple[str, ...]


def headline(result: Result) -> Headline:
    """Return whose doing the skew is, in words a newcomer understands.

    The largest share that is settled (Holm-adjusted p below 1 - level, or known exactly) and
    points the way of the skew is named first. A share is called small only where it was shown.

    Args:
        result: The audit's object.

    Returns:
        The sentence and the remarks.
    """
    skew = table(table(result, "totals"), "skew")
    points = number(skew.get("points"))
    if points is None:
        reason = skew.get("reason") or table(table(result, "rates"), "deployed").get("reason")
        why = f": {visible(reason)}" if reason else ""
        subject = f"{people(result.get('attribute', ''))} appear in {_pictures(result)}"
        sentence = f"How often {subject} could not be measured{why}."
    elif _is_told_apart(result, skew, points):
        sentence = _skewed(result, points)
    else:
        sentence = _balanced(result, skew, points)
    return Headline(sentence, _remarks(result))


def _pictures(result: Result) -> str:
    return f"pictures made from {quoted(result.get('prompt', ''))}"


def _whom(result: Result) -> str:
    return f"{people(result.get('attribute', ''))} among {_pictures(result)}"


def _is_told_apart(result: Result, part: Result, points: float) -> bool:
    p = number(part.get("p"))
    if p is not None:
        return p < round(1 - level(result), 12)
    low, high = number(part.get("low")), number(part.get("high"))
    return abs(points) >= 0.5 if low is None or high is None else low > 0 or high < 0


def _interval(result: Result, part: Result, sign: float = 1.0) -> str:
    low, high = number(part.get("low")), number(part.get("high"))
    if low is None or high is None or low == high:  # equal: known exactly
        return ""
    ends = sorted((sign * low, sign * high))
    share = percent(level(result), 0)
    return f" ({share} interval {rounded(ends[0])} to {rounded(ends[1])})"


def _amount(result: Result, share: Result, sign: float) -> str:
    return points_phrase(sign * float(share["points"])) + _interval(result, share, sign)


def _settled(result: Result) -> list[Result]:
    """Return the shares that may be named as somebody's doing, largest first."""
    found = [
        share
        for share in sorted_shares(result)
        if verdict(result, share) in SETTLED and abs(float(share["points"])) >= 0.05
    ]
    return sorted(found, key=lambda share: -abs(float(share["points"])))


def _skewed(result: Result, points: float) -> str:
    sign = 1.0 if points > 0 else -1.0
    kind = "excess" if points > 0 else "shortfall"
    opening = f"Of the {rounded(abs(points))}-point {kind} of {_whom(result)}"
    with_it = [s for s in _settled(result) if sign * float(s["points"]) > 0]
    against = [s for s in _settled(result) if sign * float(s["points"]) < 0]
    clauses = []
    if with_it:
        named = []
        for position, share in enumerate(with_it):
            verb = "" if position else (" comes" if _is_one(share) else " come")
            exact = " (known exactly)" if verdict(result, share) is Verdict.EXACT else ""
            source = source_phrase(result, share)
            named.append(f"{_amount(result, share, sign)}{verb} from {source}{exact}")
        clauses.append(f"{opening}, {listed(named)}")
        if not any(share.get("source") != "data" for share in with_it):
            measured = [
                share
                for share in sorted_shares(result)
                if share.get("source") != "data" and number(share.get("points")) is not None
            ]
            if measured and not against:
                clauses.append("no other share could be told apart from zero")
    else:
        name = interface_name(result.get("interface"))
        clauses.append(
            f"{opening}, no part could be pinned on the data, the model or {name}'s settings"
            f"{_with_seeds(result)}"
        )
    clauses += [
        f"{source_phrase(result, share)} pulls {_amount(result, share, -sign)} the other way"
        for share in against
    ]
    return "; ".join([*clauses, *_small(result)]) + "."


def _balanced(result: Result, skew: Result, points: float) -> str:
    target = percent(number(result.get("target")), 0)
    deployed = number(table(table(result, "rates"), "deployed").get("value"))
    rate = "the same share" if deployed is None else percent(deployed, 0)
    difference = points_phrase(points) + _interval(result, skew).replace(" (", ", ").rstrip(")")
    opening = (
        f"The share of {_whom(result)} is {rate}, which cannot be told apart from the target "
        f"of {target} (difference {difference})"
    )
    moved = [
        f"{source_phrase(result, share)} {'raises' if share['points'] > 0 else 'lowers'} it by "
        f"{_amount(result, share, 1.0 if share['points'] > 0 else -1.0)}"
        for share in _settled(result)
    ]
    clauses = [opening + (f", yet {listed(moved)}" if moved else "")]
    if not moved:
        clauses.append("no share could be told apart from zero")
    return "; ".join([*clauses, *_small(result)]) + "."


def _is_one(share: Result) -> bool:
    return rounded(abs(float(share["points"]))) == "1"


def _with_seeds(result: Result) -> str:
    seeds = number(result.get("seeds"))
    return "" if seeds is None else f" with {seeds_phrase(result)}"


def _whose(result: Result, shares: list[Result]) -> str:
    return listed([source_phrase(result, share) for share in shares])


def _with_verdict(result: Result, *wanted: Verdict) -> list[Result]:
    return [share for share in sorted_shares(result) if verdict(result, share) in wanted]


def _small(result: Result) -> list[str]:
    small = _with_verdict(result, Verdict.SMALL)
    if not small:
        return []
    who = _whose(result, small)
    within = points_phrase(margin(result))
    if len(small) == 1:
        return [f"the share of {who} is shown to be within {within} of zero"]
    return [f"the shares of {who} are each shown to be within {within} of zero"]


def _remarks(result: Result) -> tuple[str, ...]:
    remarks = []
    undecided = _with_verdict(result, Verdict.UNDECIDED)
    if undecided:
        remarks.append(
            f"Undecided: which way {_whose(result, undecided)} "
            f"{'pull' if len(undecided) > 1 else 'pulls'} depends on how the pictures are counted "
            "that the judge could not read."
        )
    still_open = _with_verdict(result, Verdict.OPEN)
    if still_open:
        each = [
            f"{source_phrase(result, share)}, {_amount(result, share, 1.0)}"
            + (_POWERLESS if share.get("equivalent") is None and share.get("reason") else "")
            for share in still_open
        ]
        remarks.append(f"Neither shown nor ruled out{_with_seeds(result)}: {'; '.join(each)}.")
    unknown = _with_verdict(result, Verdict.UNKNOWN)
    remarks += [
        f"Not measured: the share of {source_phrase(result, share)}"
        f"{': ' + visible(share['reason']) if share.get('reason') else ''}."
        for share in unknown
    ]
    return (*remarks, *_disobedience(result))


def _disobedience(result: Result) -> list[str]:
    known = [
        (obeyed, cell)
        for cell in rows(result, "cells")
        if (obeyed := obeyed_fraction(cell)) is not None
    ]
    # Shares rest on every cell, not on the deployed one alone.
    obeyed, cell = min(known, key=lambda pair: pair[0], default=(1.0, {}))
    if obeyed >= OBEYED_ENOUGH:
        return []
    over = (
        "the rates leave those pictures out"
        if counts_only_obedient(cell)
        else "the rates count those pictures too"
    )
    name, knobs = cell_label(result, cell), [visible(knob) for knob in coalition(cell)]
    is_end = name in ("reference", "deployed")
    kind = f"{'clear ' if number(cell.get('unclear')) else ''}{f'{name} ' if is_end else ''}"
    where = "" if is_end else f" with only {listed(knobs)} as deployed"
    most = "" if name == "deployed" else " (the most of all cells)"
    return [
        f"{percent(1 - obeyed, 0)} of the {kind}pictures{where} show something else than the "
        f"prompt asked{most}; {over}."
    ]
