"""The report in a terminal: headline, waterfall, table, cells, remedy, how to go on."""

from pathlib import Path
from typing import TYPE_CHECKING

from catoptric.report.cells import cell_label, evaluations_each, interaction_label, notable
from catoptric.report.glyphs import ASCII, Axis, draw_step, draw_ticks
from catoptric.report.headline import headline
from catoptric.report.remedy import remedy_sentence
from catoptric.report.result import (
    Result,
    coalition,
    level,
    margin,
    number,
    obeyed_fraction,
    rows,
    table,
)
from catoptric.report.verdicts import MEANINGS, Verdict, verdict
from catoptric.report.waterfall import Step, extent, sorted_shares, waterfall
from catoptric.report.words import (
    count,
    interface_name,
    p_value,
    percent,
    reference_phrase,
    search_phrase,
    seeds_phrase,
    signed,
    source_label,
    span,
    unclear_range,
    visible,
)

if TYPE_CHECKING:
    from rich.console import Console

WIDEST_BARS = 72
MOST_CELLS = 8


def print_report(result: Result, console: "Console", *, page: Path | None = None) -> None:
    """Print the report; it reads the same without colour, and needs 80 columns.

    Args:
        result: The audit's object.
        console: Where to print; its width decides how wide the bars are.
        page: Where the HTML page was written, None when it was not.
    """
    writer = _Writer(console)
    lead = headline(result)
    writer.gap()
    writer.paragraph(lead.sentence, "bold")
    for remark in lead.remarks:
        writer.gap()
        writer.paragraph(remark)
    writer.gap()
    _print_waterfall(writer, result)
    writer.gap()
    _print_shares(writer, result)
    _print_interactions(writer, result)
    _print_cells(writer, result)
    remedy = remedy_sentence(result)
    if remedy:
        writer.heading("Remedy")
        writer.paragraph(remedy)
    _print_rest(writer, result, page)


class _Writer:
    """Prints text that is never parsed as markup, in ASCII where the terminal has no more."""

    def __init__(self, console: "Console") -> None:
        self.console = console

    def text(self, content: str) -> str:
        """Return what this terminal can show of the content."""
        if not self.console.options.ascii_only:
            return content
        return content.translate(ASCII).encode("ascii", "replace").decode("ascii")

    def gap(self) -> None:
        """Print an empty line."""
        self.console.print()

    def paragraph(self, content: str, style: str = "") -> None:
        """Print wrapped text."""
        from rich.text import Text

        self.console.print(Text(self.text(content), style=style))

    def line(self, content: str, style: str = "") -> None:
        """Print one line that is neither wrapped nor cut, so that it can be copied whole."""
        from rich.text import Text

        self.console.print(Text(self.text(content), style=style), soft_wrap=True)

    def heading(self, content: str) -> None:
        """Print a section's name after an empty line."""
        self.gap()
        self.line(content, "bold")

    def grid(self, columns: dict[str, bool], body: list[list[str]]) -> None:
        """Print a table; `columns` maps each heading to whether it is aligned right."""
        from rich.table import Table
        from rich.text import Text

        grid: Table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
        for name, right in columns.items():
            grid.add_column(
                Text(self.text(name)), justify="right" if right else "left", overflow="fold"
            )
        for row in body:
            grid.add_row(*(Text(self.text(cell)) for cell in row))
        self.console.print(grid)


def _print_waterfall(writer: _Writer, result: Result) -> None:
    steps = waterfall(result)
    low, high = extent(steps)
    labels = max(len(step.label) for step in steps)
    values = max(len(step.value) for step in steps)
    # Three columns stay free for the last tick's label.
    width = max(20, min(WIDEST_BARS, writer.console.width - labels - values - 4 - 3))
    axis = Axis(low, high, width)
    target = number(result.get("target"))
    writer.line(f"{'':{labels + values + 4}}{draw_ticks(axis)}", "dim")
    for step in steps:
        bar = draw_step(step, axis, None if target is None else 100 * target)
        if step.end is None or step.verdict is Verdict.SAME:
            bar = step.note or "unknown"
        head = f"{step.label:<{labels}}  {step.value:>{values}}  "
        bar = _cut(bar, writer.console.width - len(head))
        writer.line((head + bar).rstrip(), "bold" if step.is_milestone else _style(step))
    writer.paragraph(
        f"Dots are rates, bars shares in points (full: settled, light: not), brackets "
        f"{percent(level(result), 0)} intervals. Reference: {reference_phrase(result)}.",
        "dim",
    )


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(0, width - 1)] + "\u2026"


def _style(step: Step) -> str:
    colours = {"data": "blue", "model": "magenta", "data+model": "blue", "interface": "yellow"}
    return colours.get(step.source, "")


def _print_shares(writer: _Writer, result: Result) -> None:
    wide = writer.console.width >= 100
    columns = {
        "Share": False,
        "Points": True,
        f"{percent(level(result), 0)} interval": True,
        "p (Holm)": True,
        "Verdict": False,
    } | ({"Method": False} if wide else {})
    body, verdicts = [], []
    for share in sorted_shares(result):
        word = verdict(result, share)
        verdicts.append(word)
        body.append(
            [
                source_label(share),
                signed(number(share.get("points"))),
                span(share.get("low"), share.get("high")),
                p_value(share.get("p_holm")),
                word.value,
            ]
            + ([visible(share.get("method") or share.get("reason") or "")] if wide else [])
        )
    body.append([""] * len(columns))
    whole = f"{interface_name(result.get('interface'))} in all"
    for key, label in (("interface", whole), ("skew", "Skew in all")):
        total = table(table(result, "totals"), key)
        figures = [
            label,
            signed(number(total.get("points"))),
            span(total.get("low"), total.get("high")),
            p_value(total.get("p")),
            "" if number(total.get("p")) is None else "(p unadjusted)",
        ]
        body.append(figures + ([visible(total.get("method") or "")] if wide else []))
    writer.grid(columns, body)
    doubtful = (Verdict.UNDECIDED, Verdict.OPEN, Verdict.SMALL, Verdict.ESTABLISHED_SMALL)
    within = f"Margin: {margin(result):g} points."
    for word in doubtful:
        if word in verdicts:
            extra = f" {within}" if "small" in word.value else ""
            writer.paragraph(f"{word.value}: {MEANINGS[word]}.{extra}", "dim")
    swings = [
        f"{source_label(share)} {signed(ends[0])} / {signed(ends[1])}"
        for share in sorted_shares(result)
        if (ends := unclear_range(share)) is not None
    ]
    if swings:
        writer.paragraph(f"With unclear pictures all no / all yes: {', '.join(swings)}.", "dim")


def _print_interactions(writer: _Writer, result: Result) -> None:
    found = [row for row in rows(result, "interactions") if notable(row)]
    if not found:
        return
    writer.heading("Interactions (what two knobs do beyond what each does)")
    body = [
        [
            interaction_label(row),
            signed(number(row.get("points"))),
            span(row.get("low"), row.get("high")),
        ]
        for row in found
    ]
    writer.grid(
        {"Knobs": False, "Points": True, f"{percent(level(result), 0)} interval": True}, body
    )


def _print_cells(writer: _Writer, result: Result) -> None:
    cells = sorted(rows(result, "cells"), key=lambda cell: len(coalition(cell)))
    if not cells:
        return
    # The first and the last are reference and deployed, which must stay.
    shown = cells if len(cells) <= MOST_CELLS else [*cells[: MOST_CELLS - 1], cells[-1]]
    writer.heading("Cells (which knobs are set as deployed)")
    body = [
        [
            cell_label(result, cell),
            count(cell.get("n")),
            count(cell.get("yes")),
            count(cell.get("unclear")),
            percent(obeyed_fraction(cell)),
            evaluations_each(cell),
        ]
        for cell in shown
    ]
    columns = {
        "Cell": False,
        "Pictures": True,
        "Yes": True,
        "Unclear": True,
        "Obeyed": True,
        "NFE each": True,
    }
    writer.grid(columns, body)
    if len(shown) < len(cells):
        writer.paragraph(f"and {len(cells) - len(shown)} more; --json has them all.", "dim")


def _print_rest(writer: _Writer, result: Result, page: Path | None) -> None:
    for note in result.get("notes") or []:
        writer.gap()
        writer.paragraph(f"Note: {visible(note)}")
    writer.gap()
    seconds = number(result.get("seconds"))
    searched = search_phrase(result)
    facts = [
        seeds_phrase(result),
        f"{count(result.get('pictures'))} pictures",
        f"{count(result.get('nfe'))} model evaluations",
        *([f"and {searched} to look for a remedy"] if searched else []),
        *([] if seconds is None else [f"{seconds:.0f} s"]),
    ]
    writer.paragraph(", ".join(facts) + ".", "dim")
    if page is not None:
        writer.line(f"Report:     {visible(page)}")
    if result.get("command"):
        writer.line(f"Again:      {visible(result['command'])}")
