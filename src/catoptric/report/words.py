"""Names and numbers as a reader meets them; text from users made safe to show."""

import unicodedata
from collections.abc import Sequence

from catoptric.report.result import Result, number, table

MINUS = "\u2212"
LONGEST_QUOTE = 90
# Two characters that reorder the text around them could make a sentence read as its opposite.
REORDERING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C}

INTERFACES = {"comfyui": "ComfyUI", "a1111": "A1111", "diffusers": "diffusers"}
KNOBS = {
    "guidance": "guidance setting",
    "sampler": "sampler",
    "solver": "solver",
    "schedule": "schedule",
    "steps": "number of steps",
    "start": "start of sampling",
    "encoder": "text encoder setting",
    "negative": "negative prompt",
    "noise": "noise source",
}
PEOPLE = {
    ("presentation", "woman"): "women",
    ("presentation", "man"): "men",
    ("glasses", "yes"): "people with glasses",
    ("glasses", "no"): "people without glasses",
}


def visible(text: object) -> str:
    """Return text on one line without control or reordering characters.

    Args:
        text: Text from a user: a prompt, a file name, a note.

    Returns:
        The text; each character that a terminal or page would act upon becomes a replacement mark.
    """
    # str.isspace counts the separators 0x1C to 0x1F, which a terminal may act upon.
    spaced = "".join(" " if c in "\t\n\r\v\f\u2028\u2029\u0085" else c for c in str(text))
    return "".join(
        "\ufffd" if unicodedata.category(c) in ("Cc", "Cs") or ord(c) in REORDERING else c
        for c in spaced
    )


def shortened(text: str, limit: int = LONGEST_QUOTE) -> str:
    """Return text cut at a limit, with an ellipsis where it was cut.

    Args:
        text: Any text.
        limit: Most characters to keep.

    Returns:
        The text, at most `limit` characters long.
    """
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "\u2026"


def quoted(prompt: object) -> str:
    """Return a prompt in quotation marks, cut when it is long."""
    return f"\u201c{shortened(visible(prompt))}\u201d"


def people(attribute: object) -> str:
    """Return whom an attribute counts, in the plural.

    Args:
        attribute: `key:value`, as the command line takes it.

    Returns:
        "women" for `presentation:woman`; a description for what has no word of its own.
    """
    key, _, value = visible(attribute).partition(":")
    if (key, value) in PEOPLE:
        return PEOPLE[key, value]
    return f"people with {value} skin" if key == "skin" else f"pictures with {key} {value}".rstrip()


def interface_name(name: object) -> str:
    """Return an interface's name as its makers write it, or the user's file name."""
    text = visible(name or "the interface")
    return INTERFACES.get(text.lower(), shortened(text, 40))


def own_reference(result: Result) -> str | None:
    """Return the name of the user's own yardstick, None where it is reference sampling."""
    chosen = table(result, "request").get("reference")
    return None if chosen in (None, "reference") else interface_name(result.get("reference"))


def reference_phrase(result: Result) -> str:
    """Return what the reference is, for the end of a sentence."""
    own = own_reference(result)
    if own is None:
        return "the model itself, interfered with as little as possible"
    return f"the settings of {own}, chosen in the place of the model itself"


def knob_label(knob: object) -> str:
    """Return a knob's name with a capital, for the head of a row."""
    text = shortened(visible(knob), 28)
    return text[:1].upper() + text[1:]


def knob_phrase(result: Result, knob: object) -> str:
    """Return a knob as a sentence names it: "ComfyUI's guidance setting"."""
    name = visible(knob)
    owner = interface_name(result.get("interface"))
    return f"{owner}'s {KNOBS.get(name, f'{name} setting')}"


def source_label(share: Result) -> str:
    """Return the head of a share's row.

    Args:
        share: One of the result's shares.

    Returns:
        "Training data", "Model", "Data and model", or the knob's name.
    """
    fixed = {"data": "Training data", "model": "Model", "data+model": "Data and model"}
    return fixed.get(str(share.get("source"))) or knob_label(share.get("knob") or "interface")


def source_phrase(result: Result, share: Result) -> str:
    """Return who a share belongs to, as a sentence names it.

    Args:
        result: The audit's object.
        share: One of its shares.

    Returns:
        "the training data", "the model", ..., "ComfyUI's guidance setting".
    """
    fixed = {
        "data": "the training data",
        "model": "the model",
        "data+model": "the training data and the model together",
    }
    named = fixed.get(str(share.get("source")))
    return named or knob_phrase(result, share.get("knob") or "interface")


def listed(parts: Sequence[str]) -> str:
    """Join phrases as a sentence does: "a, b and c"."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def percent(fraction: float | None, digits: int = 1) -> str:
    """Return a fraction as a percentage, an em dash when it is unknown."""
    return "\u2014" if fraction is None else f"{100 * fraction:.{digits}f} %".replace("-", MINUS)


def signed(points: float | None, digits: int = 1) -> str:
    """Return points with their sign, an em dash when they are unknown."""
    if points is None:
        return "\u2014"
    text = f"{points:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", MINUS)


def rounded(points: float) -> str:
    """Return points as a sentence says them: whole, but a tenth below one; no plus sign."""
    text = f"{points:.0f}" if abs(points) >= 0.95 else f"{points:.1f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", MINUS)


def points_phrase(points: float) -> str:
    """Return an amount of points with its noun: "1 point", "12 points"."""
    amount = rounded(points)
    return f"{amount} point" if amount.lstrip(MINUS) == "1" else f"{amount} points"


def span(low: object, high: object, digits: int = 1, *, as_percent: bool = False) -> str:
    """Return an interval as a table shows it.

    Args:
        low: Lower end, points (a fraction with `as_percent`), or None.
        high: Upper end, likewise.
        digits: Digits after the point.
        as_percent: The ends are rates, not shares.

    Returns:
        "−17.1 to −9.0", an em dash when an end is unknown or there is nothing between them.
    """
    ends = number(low), number(high)
    if ends[0] is None or ends[1] is None or ends[0] == ends[1]:  # equal: known exactly
        return "\u2014"
    if as_percent:
        return f"{percent(ends[0], digits)[:-2]} to {percent(ends[1], digits)}"
    return f"{signed(ends[0], digits)} to {signed(ends[1], digits)}"


def p_value(p: object) -> str:
    """Return a p-value to three places, an em dash when there is none."""
    value = number(p)
    if value is None:
        return "\u2014"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def count(value: object) -> str:
    """Return a whole number with thin separators, an em dash when it is unknown."""
    found = number(value)
    return "\u2014" if found is None else f"{found:,.0f}".replace(",", "\u202f")


def seeds_phrase(result: Result) -> str:
    """Return how many seeds an audit rests on: "256 seeds", "128 seeds and their opposites"."""
    seeds = number(result.get("seeds"))
    if seeds is not None and result.get("seed_design") == "antithetic":
        return f"{count(seeds / 2)} seeds and their opposites"
    return f"{count(seeds)} seeds"


def search_phrase(result: Result) -> str:
    """Return what looking for a remedy took, as "5 632 pictures, 41 200 model evaluations"."""
    cost = table(result, "remedy_cost")
    if not number(cost.get("pictures")):
        return ""
    return f"{count(cost.get('pictures'))} pictures, {count(cost.get('nfe'))} model evaluations"


def unclear_range(share: Result) -> tuple[float, float] | None:
    """Return a share with unclear pictures all counted as no, and as yes, where that matters.

    Args:
        share: One of the result's shares.

    Returns:
        The two figures in points, None when they are the same or unknown.
    """
    low, high = number(share.get("unclear_low")), number(share.get("unclear_high"))
    return None if low is None or high is None or abs(high - low) < 0.05 else (low, high)
