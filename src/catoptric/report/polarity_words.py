"""What a test of polarity says, in words: one spelling for terminal and page."""

from catoptric.report.result import Result, number, rows, table
from catoptric.report.words import (
    listed,
    p_value,
    percent,
    points_phrase,
    quoted,
    rounded,
    signed,
    span,
    visible,
)

WHOLE = "whole"
UNKNOWN = "\u2014"
PART_NAMES = {
    WHOLE: "whole noise",
    "dc": "mean (dc)",
    "light": "light\u2013dark",
    "red-green": "red\u2013green",
    "yellow-blue": "yellow\u2013blue",
}


def part_name(part: object) -> str:
    """A part as a row's head names it."""
    return PART_NAMES.get(str(part)) or f"band {visible(part)}".replace("-", "\u2013")


def arms_at(result: Result, guidance: object) -> list[Result]:
    """The arms at one guidance scale, in the order asked for."""
    return [arm for arm in rows(result, "arms") if arm.get("guidance") == guidance]


def attribute_name(result: Result) -> str:
    """The attribute without its level, as a sentence names it."""
    return visible(result.get("attribute")).partition(":")[0].replace("_", " ")


def flips_words(side: Result, digits: int = 0) -> str:
    """Flips with their interval: "63 % (57 to 69)"."""
    found = table(side, "flips")
    value = number(found.get("value"))
    if value is None:
        return UNKNOWN
    ends = span(found.get("low"), found.get("high"), digits, as_percent=True)
    return f"{percent(value, digits)} ({ends[:-2]})"


def excess_words(excess: Result, digits: int = 0) -> str:
    """The excess with its interval: "+15 (+7 to +23)"."""
    points = number(excess.get("points"))
    if points is None:
        return UNKNOWN
    return f"{signed(points, digits)} ({span(excess.get('low'), excess.get('high'), digits)})"


def ceiling_words(excess: Result) -> str:
    """The most that the excess could be: "+12"."""
    return signed(number(excess.get("attainable")), 0)


def figure_words(interval: Result, digits: int = 2) -> str:
    """A correlation or ratio with its interval; "∞" for an end that is not finite."""
    value, low, high = (number(interval.get(key)) for key in ("value", "low", "high"))
    if value is None:
        return UNKNOWN
    ends = [UNKNOWN if low is None else signed_figure(low, digits)]
    ends.append("\u221e" if high is None else signed_figure(high, digits))
    return f"{signed_figure(value, digits)} ({ends[0]} to {ends[1]})"


def signed_figure(value: float, digits: int = 2) -> str:
    """A figure with a true minus sign; beyond a hundred, decimals would only feign precision."""
    text = f"{value:.{digits if abs(value) < 100 else 0}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "\u2212")


def headline(result: Result) -> list[str]:
    """The answer in sentences: the whole noise first, then where polarity sits."""
    whole = [arm for arm in rows(result, "arms") if arm.get("part") == WHOLE]
    sentences = [_whole_sentence(result, arm) for arm in whole]
    others = [arm for arm in rows(result, "arms") if arm.get("part") != WHOLE]
    if others:
        sentences.append(_parts_sentence(others, with_scale=len(result["guidance"]) > 1))
    return sentences


def _whole_sentence(result: Result, arm: Result) -> str:
    excess, name = table(arm, "excess"), attribute_name(result)
    flips = number(table(table(arm, "opposite"), "flips").get("value"))
    fresh = number(table(table(arm, "fresh"), "flips").get("value"))
    points = number(excess.get("points"))
    start = f"Guidance {arm['guidance']:g}: "
    if points is None or flips is None or fresh is None:
        return f"{start}no test ({excess.get('reason') or 'nothing varies'})."
    ends = span(excess.get("low"), excess.get("high"), 0)
    more = f"{points_phrase(abs(points))} {'more' if points >= 0 else 'less'}"
    return (
        f"{start}the opposite of a picture's noise changes {name} in {percent(flips, 0)} of "
        f"{quoted(result['prompt'])}, other noise in {percent(fresh, 0)}: {more} (95 % interval "
        f"{ends}). Opposite polarity: {arm['verdict']}{_why(result, arm)}."
    )


def _why(result: Result, arm: Result) -> str:
    excess = table(arm, "excess")
    p, most = number(excess.get("p_holm")), number(excess.get("attainable"))
    if arm["verdict"] == "cannot show":
        return (
            f" (at this rate perfect opposition would add about {points_phrase(most or 0.0)}, "
            f"within the margin of {rounded(result['margin'])})"
        )
    words = {
        "shown": f" (p {_p(p)}, adjusted)",
        "shown, small": f" (p {_p(p)}, adjusted; within {rounded(result['margin'])} points)",
        "reversed": f" (p {_p(p)}, adjusted)",
        "shown absent": (
            f" (within {rounded(result['margin'])} points, where perfect opposition would add "
            f"about {rounded(most or 0.0)})"
        ),
    }
    power = number(excess.get("power"))
    if arm["verdict"] == "undecided" and excess.get("equivalent") is None and power is not None:
        return f" ({result['seeds']} seeds could not have shown it absent either)"
    return words.get(str(arm["verdict"]), "")


def _p(p: float | None) -> str:
    text = p_value(p)
    return text if text.startswith("<") else f"= {text}"


def _parts_sentence(arms: list[Result], *, with_scale: bool) -> str:
    """Which parts show it, which are shown not to."""
    said = []
    for verdicts, words in (
        (("shown", "shown, small"), "Part by part it is shown in"),
        (("reversed",), "the reverse is shown in"),
        (("shown absent",), "shown absent in"),
    ):
        named = [
            part_name(arm["part"]) + (f" at guidance {arm['guidance']:g}" if with_scale else "")
            for arm in arms
            if arm["verdict"] in verdicts
        ]
        count = f"{len(named)} of {len(arms)}"
        if verdicts[0] == "shown":
            listing = f": {listed(named)}" if 0 < len(named) <= 6 else ""
            said.append(f"{words} {count}{listing}")
        elif named:
            said.append(f"{words} {count}")
    for verdict, words in (
        ("cannot show", "too few flips to tell in"),
        ("undecided", "undecided in"),
    ):
        count_ = sum(arm["verdict"] == verdict for arm in arms)
        if count_:
            said.append(f"{words} {count_}")
    return "; ".join(said) + "."
