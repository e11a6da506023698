"""A test of polarity in a terminal: the answer, the arms, the whole noise in full, the map."""

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from catoptric.report.polarity_words import (
    UNKNOWN,
    WHOLE,
    arms_at,
    ceiling_words,
    excess_words,
    figure_words,
    headline,
    part_name,
    signed_figure,
)
from catoptric.report.result import Result, number, rows, table
from catoptric.report.words import percent, visible

LEGEND = (
    "2x2: seeds by outcome before and after, yes-yes yes-no | no-yes no-no. Lowest: what phi "
    "cannot go below at this rate."
)


def print_polarity(result: Result, console: Console) -> None:
    """Print what `polarity` found.

    Args:
        result: what `polarity --json` prints.
        console: where to.
    """
    for sentence in headline(result):
        console.print(Text(visible(sentence)))
    for guidance in result["guidance"]:
        console.print()
        console.print(_arms(result, guidance))
    whole = [arm for arm in rows(result, "arms") if arm["part"] == WHOLE]
    console.print()
    if whole:
        console.print(
            full_table("The whole noise: a picture and its opposite, a picture and another", whole)
        )
        console.print(Text(f"{LEGEND}\n"))
    for guidance in result["guidance"]:
        console.print(_map(result, guidance))
        console.print()
    console.print(
        Text(
            "Most: what perfect opposition would add at this rate and with these flips of fresh "
            "noise. Alike: correlation of a seed's two pictures, opposite/fresh. Carries: flips "
            "of a label when this part of the noise is drawn anew, against those when all of it "
            "is; parts add up to more than 100 % where a label hangs on several at once. "
            "Intervals are 95 %; verdicts obey Holm's correction over their family (the "
            f"whole noise; the parts). Margin: {result['margin']:g} points."
        )
    )
    console.print(
        Text(
            f"{result['seeds']} seeds an arm, {result['pictures']} pictures, "
            f"{result['drawn']} drawn now, {result['seconds']:.0f} s."
        )
    )


def _table(title: str) -> Table:
    found = Table(
        title=title,
        title_justify="left",
        box=SIMPLE,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )
    found.add_column("noise", no_wrap=True)
    return found


def _arms(result: Result, guidance: float) -> Table:
    found = _table(f"Guidance {guidance:g}: how often the label flips")
    for name in ("opposite", "fresh", "points more", "most", "alike"):
        found.add_column(name, justify="right", no_wrap=True)
    found.add_column("polarity", no_wrap=True)
    for arm in arms_at(result, guidance):
        alike = [
            number(table(arm[side], "pictures").get("value")) for side in ("opposite", "fresh")
        ]
        found.add_row(
            part_name(arm["part"]),
            *(percent(number(arm[side]["flips"]["value"]), 0) for side in ("opposite", "fresh")),
            excess_words(arm["excess"]),
            ceiling_words(arm["excess"]),
            "/".join(UNKNOWN if v is None else signed_figure(v) for v in alike),
            arm["verdict"],
        )
    return found


def full_table(title: str, arms: list[Result]) -> Table:
    """Counts of every changed arm against the plain one, and how the two hang together.

    Args:
        title: of the table.
        arms: of `polarity --json`.
    """
    found = _table(title)
    found.add_column("2x2", justify="right", no_wrap=True)
    for name in ("phi", "lowest", "tetrachoric", "odds ratio"):
        found.add_column(name, justify="right")
    for arm in arms:
        for side in ("opposite", "fresh"):
            one = arm[side]
            counts = one["counts"]
            lowest = number(one["phi_lowest"])
            name = "" if arm["part"] == WHOLE else f"{part_name(arm['part'])}, "
            found.add_row(
                f"{name}{side}, {arm['guidance']:g}",
                f"{counts['both']} {counts['first']} | {counts['second']} {counts['neither']}",
                figure_words(one["phi"]),
                UNKNOWN if lowest is None else signed_figure(lowest),
                figure_words(one["tetrachoric"]),
                figure_words(one["odds_ratio"]),
            )
    return found


def _map(result: Result, guidance: float) -> Table:
    names = result["attributes"]
    found = _table(f"Guidance {guidance:g}: what each part carries")
    for name in names:
        found.add_column(name.replace("_", "\n"), justify="right", no_wrap=True)
    for arm in arms_at(result, guidance):
        shares = {one["attribute"]: number(one["share"]["value"]) for one in arm["carried"]}
        found.add_row(part_name(arm["part"]), *(percent(shares.get(n), 0) for n in names))
    return found
