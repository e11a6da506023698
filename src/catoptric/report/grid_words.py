"""The figures of a grid's cell in words: one spelling for terminal, picture and page."""

from catoptric.report.result import Result, number, table
from catoptric.report.words import percent, span

UNKNOWN = "\u2014"
# Metrics that a page can colour and sort by: key, name, whether a small figure is the good one.
METRICS = (
    ("rate", "Rate"),
    ("flips", "Flips"),
    ("error", "Error"),
    ("elsewhere", "Elsewhere"),
    ("nfe", "Evaluations"),
    ("obeyed", "Obeyed"),
)


def rate_words(cell: Result, key: str, digits: int = 0) -> str:
    """A fraction with its interval: "44 % (32 to 57)"; a dash where it is undefined."""
    found = table(cell, key)
    value = number(found.get("value"))
    if value is None:
        return UNKNOWN
    interval = span(found.get("low"), found.get("high"), digits, as_percent=True)
    return f"{percent(value, digits)} ({interval[:-2]})"


def error_words(cell: Result) -> str:
    """The error with its interval: "0.12 (0.05 to 0.21)"."""
    found = table(cell, "error")
    value, low, high = (number(found.get(key)) for key in ("value", "low", "high"))
    if value is None or low is None or high is None:
        return UNKNOWN
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def nfe_words(cell: Result) -> str:
    """Evaluations of a picture: whole where they are the same for all."""
    value = number(cell.get("nfe"))
    if value is None:
        return UNKNOWN
    return f"{value:.0f}" if value == round(value) else f"{value:.1f}"


def captions(cell: Result) -> list[str]:
    """The lines under a cell's pictures."""
    error = number(table(cell, "error").get("value"))
    return [
        f"rate {rate_words(cell, 'rate')}",
        f"flips {rate_words(cell, 'flips')}",
        f"NFE {nfe_words(cell)}, error {UNKNOWN if error is None else f'{error:.2f}'}",
    ]
