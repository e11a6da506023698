"""How cells and interactions are named and judged worth a look, in terminal and page alike."""

from catoptric.report.result import Result, coalition, knobs_in_play, number
from catoptric.report.words import knob_label, visible


def cell_label(result: Result, cell: Result) -> str:
    """Return a cell's name: "reference", "deployed" or what was switched to the interface.

    Args:
        result: The audit's object.
        cell: One of its cells.

    Returns:
        The name.
    """
    knobs = coalition(cell)
    if not knobs:
        return "reference"
    if len(knobs) == len(knobs_in_play(result)):
        return "deployed"
    return " + ".join(visible(knob) for knob in knobs)


def evaluations_each(cell: Result) -> str:
    """Return a cell's model evaluations per picture; its `nfe` is the total over its pictures."""
    nfe, drawn = number(cell.get("nfe")), number(cell.get("n"))
    return "\u2014" if nfe is None or not drawn else f"{nfe / drawn:.1f}"


def interaction_label(interaction: Result) -> str:
    """Return the two knobs of an interaction: "Guidance × sampler"."""
    names = [visible(knob) for knob in interaction.get("knobs") or []]
    return knob_label(" \u00d7 ".join(names)) if names else "\u2014"


def notable(interaction: Result) -> bool:
    """Say whether an interaction's interval excludes zero and it is at least a point.

    Args:
        interaction: One of the result's interactions.

    Returns:
        True when it is worth a reader's attention.
    """
    points = number(interaction.get("points"))
    low, high = number(interaction.get("low")), number(interaction.get("high"))
    if points is None or low is None or high is None:
        return False
    return abs(points) >= 1 and (low > 0 or high < 0)
