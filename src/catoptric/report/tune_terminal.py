"""A tuning in a terminal: what was found, and whether it won on held-out seeds."""

from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from catoptric.report.words import quoted, signed, visible

FIGURES = (
    ("error", "error", 1.0, 3),
    ("nfe", "NFE", 1.0, 1),
    ("overshoot", "overshoot", 1.0, 2),
    ("skew", "skew, points", 100.0, 1),
)


def print_tuned(result: Mapping[str, Any], console: Console) -> None:
    """Print the verdicts, then the figures of all contenders.

    Args:
        result: what `tune --json` prints.
        console: where to.
    """
    goal, seeds = result["goal"], result["seeds"]
    asked = (
        f"error as small as {goal['budget']:g} evaluations allow"
        if goal["budget"] is not None
        else f"an error of {goal['error']:g} in as few evaluations as it takes"
    )
    console.print(Text(f"{quoted(result['prompt'])} on top of {result['interface']}: {asked}."))
    for verdict in result["verdicts"]:
        console.print(Text(sentence(verdict)))
    if not result["is_met"]:
        console.print(
            Text("The goal was not met on held-out seeds; what came nearest to it is reported.")
        )
    table = Table(
        title=Text(f"Means over {seeds['held_out']} held-out seeds, 95 % intervals"),
        title_justify="left",
        box=SIMPLE,
    )
    table.add_column("")
    for contender in result["contenders"]:
        table.add_column(Text(named(contender, goal)))
    for key, name, factor, digits in FIGURES:
        cells = [figure(contender[key], factor, digits) for contender in result["contenders"]]
        table.add_row(Text(name), *(Text(cell) for cell in cells))
    push = [f"{100 * contender['kept_push']:.0f} %" for contender in result["contenders"]]
    table.add_row(Text("push kept"), *(Text(cell) for cell in push))
    console.print(table)
    for note in result["notes"]:
        console.print(Text(f"Note: {visible(note)}"))


def named(contender: Mapping[str, Any], goal: Mapping[str, Any]) -> str:
    """A contender's name, with a word where it does not keep within the goal."""
    over = "over budget" if goal["budget"] is not None else "over the error"
    return str(contender["name"]) + ("" if contender["meets_goal"] else f" ({over})")


def sentence(verdict: Mapping[str, Any]) -> str:
    """One verdict as a sentence, with the differences it rests on."""
    word, rival = verdict["verdict"], verdict["against"]
    if not verdict["rival_meets_goal"]:
        rival += ", which misses the goal"
    if word == "same settings":
        return f"Against {rival}: nothing better was found; these are the same settings."
    lead = {
        "won": "won",
        "lost": "lost",
        "traded": "better in one, worse in the other",
        "undecided": "no difference shown",
    }[word]
    parts = [
        f"{name} {figure(verdict['differences'][key], factor, digits, plus=True)}"
        for key, name, factor, digits in FIGURES
    ]
    return f"Against {rival}: {lead}. Difference in {'; '.join(parts)}."


def figure(interval: Mapping[str, Any], factor: float, digits: int, *, plus: bool = False) -> str:
    """A mean with its interval; a dash where it is undefined."""
    ends = [interval[key] for key in ("value", "low", "high")]
    if ends[0] is None:
        return "\u2014"
    shown = [
        "\u2014"
        if end is None
        else signed(factor * end, digits)
        if plus
        else f"{factor * end:.{digits}f}"
        for end in ends
    ]
    return f"{shown[0]} ({shown[1]} to {shown[2]})"
