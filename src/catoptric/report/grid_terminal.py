"""A grid in a terminal: the numbers of its cells, blocks of z one below the other."""

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from catoptric.report.grid_words import error_words, nfe_words, rate_words
from catoptric.report.result import Result
from catoptric.report.words import people, quoted, visible


def print_grid(result: Result, console: Console) -> None:
    """Print one table per value of z, with rate, flips, evaluations and error in each cell.

    Args:
        result: what `grid --json` prints.
        console: where to.
    """
    axes = [(a["label"], [visible(v) for v in a["values"]]) for a in result["axes"]]
    while len(axes) < 3:
        axes.append(("", [""]))
    (x_name, xs), (y_name, ys), (z_name, zs) = axes
    prompts = ", ".join(quoted(prompt) for prompt in result["prompts"])
    seeds = result["seeds"]["measured"]
    console.print(Text(f"{prompts}: rate of {people(result['attribute'])}, {seeds} seeds a cell"))
    for k, z in enumerate(zs):
        table = Table(
            title=Text(f"{z_name}: {z}") if z_name else None,
            title_justify="left",
            box=SIMPLE,
        )
        table.add_column(Text(y_name) if y_name else "", min_width=6)
        for x in xs:
            table.add_column(Text(f"{x_name} {x}"))
        for j, y in enumerate(ys):
            cells = [
                _cell(result["cells"][(i * len(ys) + j) * len(zs) + k]) for i in range(len(xs))
            ]
            table.add_row(Text(y), *cells, end_section=True)
        console.print(table)
    for row in result["references"]:
        console.print(
            Text(f"Reference sampling of {quoted(row['prompt'])}: {rate_words(row, 'rate')}")
        )
    for note in result["notes"]:
        console.print(Text(f"Note: {visible(note)}"))


def _cell(cell: Result) -> Text:
    # Columns are narrow: one interval, the headline's; the others stand on the page.
    flips, error = rate_words(cell, "flips"), error_words(cell)
    lines = [
        rate_words(cell, "rate").replace(" to ", "\u2013"),
        f"flips {flips.partition(' (')[0]}",
        f"error {error.partition(' (')[0]}",
        f"NFE {nfe_words(cell)}",
    ]
    return Text("\n".join(lines))
