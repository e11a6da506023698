"""Bars of text: one row of the waterfall drawn in characters, no colour needed."""

from dataclasses import dataclass

from catoptric.report.verdicts import SETTLED
from catoptric.report.waterfall import Step

ASCII = str.maketrans(
    {
        "\u2588": "#",
        "\u2591": "=",
        "\u251c": "[",
        "\u2524": "]",
        "\u2500": "-",
        "\u2502": "|",
        "\u250a": ":",
        "\u25cf": "O",
        "\u2212": "-",
        "\u2014": "-",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2026": "...",
        "\u202f": " ",
        "\u00d7": "x",
        "\u00b7": "-",
    }
)


@dataclass(frozen=True)
class Axis:
    """A linear map from percentages to character columns 0 .. width - 1."""

    low: float
    high: float
    width: int

    def column(self, position: float) -> int:
        """Return the column of a percentage, kept inside the axis."""
        share = (position - self.low) / (self.high - self.low)
        return min(self.width - 1, max(0, round(share * (self.width - 1))))

    def ticks(self) -> list[float]:
        """Return round percentages between 0 and 100, at least ten columns apart."""
        for step in (1, 2, 5, 10, 20, 25, 50, 100):
            if step / (self.high - self.low) * self.width >= 10:
                break
        first = int(-(-max(self.low, 0.0) // step)) * step
        return [float(x) for x in range(first, int(min(self.high, 100.0)) + 1, step)]


def draw_ticks(axis: Axis) -> str:
    """Return the axis' labels, each centred on its column.

    Args:
        axis: The axis.

    Returns:
        One line, at most the axis' width and three characters.
    """
    line = [" "] * (axis.width + 3)
    for tick in axis.ticks():
        label = f"{tick:.0f} %"
        first = max(0, axis.column(tick) - (len(label) - 2) // 2)
        if first + len(label) <= len(line):
            line[first : first + len(label)] = label
    return "".join(line).rstrip()


def draw_step(step: Step, axis: Axis, target: float | None) -> str:
    """Return one row: a bar from start to end, or a dot for a milestone, with its interval.

    Args:
        step: The row.
        axis: Where percentages lie.
        target: The target as a percentage, marked in every row; None when unknown.

    Returns:
        Characters: full blocks for a settled share, light ones for one that is not.
    """
    cells = [" "] * axis.width
    if target is not None:
        cells[axis.column(target)] = "\u250a"
    if step.end is None:
        return "".join(cells).rstrip()
    if step.low is not None and step.high is not None:
        first, last = axis.column(step.low), axis.column(step.high)
        cells[first : last + 1] = "\u2500" * (last - first + 1)
        cells[first] = "\u251c"
        cells[last] = "\u2524"
    if step.is_milestone or step.start is None:
        cells[axis.column(step.end)] = "\u25cf"
        return "".join(cells).rstrip()
    first, last = sorted((axis.column(step.start), axis.column(step.end)))
    block = "\u2588" if step.verdict in SETTLED else "\u2591"
    if first == last:
        # A share thinner than a column still shows where it stands.
        cells[first] = "\u2502"
        return "".join(cells).rstrip()
    for column in range(first, last + 1):
        # The interval's inner end stays visible on the bar: it is what says how sure the bar is.
        if cells[column] not in "\u251c\u2524":
            cells[column] = block
    return "".join(cells).rstrip()
