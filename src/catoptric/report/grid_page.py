"""A grid as one HTML file that is re-arranged in the browser and asks nothing of anybody."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catoptric.lab.shown import CellPictures, Shown
from catoptric.report.embed import content_policy, esc, prose, script_json
from catoptric.report.grid_script import GRID_CSS, GRID_SCRIPT
from catoptric.report.grid_words import (
    METRICS,
    UNKNOWN,
    error_words,
    nfe_words,
    rate_words,
)
from catoptric.report.matched import png_data_uri
from catoptric.report.page import write_html
from catoptric.report.result import Result, number, table
from catoptric.report.style import CSS
from catoptric.report.words import listed, people, quoted, visible

if TYPE_CHECKING:
    pass

# A picture takes about 4 kB as text, and a page of more than 20 MB opens slowly.
MOST_IMAGES = 4500


def grid_page_html(result: Result, pictures: Sequence[CellPictures]) -> str:
    """Return the page as text.

    Args:
        result: What `grid --json` prints.
        pictures: One per cell, in the result's order.

    Returns:
        A whole HTML document: script, styles, pictures and data inside it.
    """
    data, cut = _data(result, pictures)
    title = listed([quoted(prompt) for prompt in result["prompts"][:3]])
    if len(result["prompts"]) > 3:
        title += f" and {len(result['prompts']) - 3} more"
    notes = [*result["notes"], *cut]
    listing = "".join(f"<li>{prose(note)}</li>" for note in notes)
    remarks = f'<ul class="remarks">{listing}</ul>' if notes else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{content_policy([GRID_SCRIPT])}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>Grid: {esc(title)}</title><style>{CSS}{GRID_CSS}</style></head><body>"
        f'<header><div class="brand"><span><b>Catoptric</b> grid</span>'
        f"<span>{esc(result['model'])}, on top of {esc(result['interface'])}</span></div>"
        f"<h1>{esc(title)}: {_shape(result)}</h1>"
        f'<p class="lede">{prose(_lede(result))}</p></header>'
        '<main class="full"><section class="wide-part" aria-label="Pictures">'
        '<form class="controls" id="controls" autocomplete="off"></form>'
        '<noscript><p class="key">The pictures need JavaScript; every figure stands in the table '
        'below.</p></noscript><div class="board" id="board"></div>'
        '<p class="key"><span class="flipkey"></span>flipped: the label differs from that of '
        "reference sampling on the same seed. Choose a picture to see it beside its converged "
        "and its reference picture.</p></section>"
        f"{_table(result)}{_meanings(result, remarks)}</main>"
        '<dialog id="look" aria-labelledby="look-title"><h2 id="look-title"></h2>'
        '<p class="lede" id="look-seed"></p><div class="trio" id="trio"></div>'
        '<div class="turn"><span><button type="button" id="before">Seed before</button>'
        '<button type="button" id="after">Seed after</button></span>'
        '<button type="button" id="shut">Close</button></div></dialog>'
        "<footer>Made by Catoptric. This page is one file and loads nothing from elsewhere."
        "</footer>"
        f'<script type="application/json" id="grid-data">{script_json(data)}</script>'
        f"<script>{GRID_SCRIPT}</script></body></html>"
    )


def write_grid_page(result: Result, pictures: Sequence[CellPictures], path: Path) -> Path:
    """Write the page, whole or not at all.

    Args:
        result: What `grid --json` prints.
        pictures: One per cell, in the result's order.
        path: Where to.

    Returns:
        The path.

    Raises:
        InputError: The page cannot be written there.
    """
    return write_html(grid_page_html(result, pictures), path)


def _shape(result: Result) -> str:
    names = " &#215; ".join(esc(axis["label"]) for axis in result["axes"])
    return f"{len(result['cells'])} cells, {names}"


def _lede(result: Result) -> str:
    shown, measured = len(result["seeds"]["shown"]), result["seeds"]["measured"]
    return (
        f"Every cell starts from the same noise. Pictures of {shown} seeds are shown; the figures "
        f"rest on {measured} seeds, with 95 % intervals. Rate: {people(result['attribute'])}."
    )


def _data(result: Result, pictures: Sequence[CellPictures]) -> tuple[dict[str, Any], list[str]]:
    """What the script works on, and a note where fewer seeds fit than were asked for."""
    seeds = result["seeds"]["shown"]
    most = max(1, MOST_IMAGES // max(1, len(pictures)))
    cut = (
        [f"the page shows {most} of the {len(seeds)} seeds, to stay below 20 MB"]
        if most < len(seeds)
        else []
    )
    seeds = seeds[:most]
    images: dict[str, int] = {}  # yardsticks are shared by many cells

    def side(shown: Shown | None) -> dict[str, Any] | None:
        if shown is None:
            return None
        uris = [png_data_uri(picture) for picture in shown.pictures[: len(seeds)]]
        return {
            "images": [images.setdefault(uri, len(images)) for uri in uris],
            "words": [visible(word) for word in shown.words[: len(seeds)]],
        }

    values = {axis["name"]: list(axis["values"]) for axis in result["axes"]}
    cells = []
    for cell, own in zip(result["cells"], pictures, strict=True):
        words = zip(own.cell.words, own.reference.words, strict=True)
        cells.append(
            {
                "at": [values[name].index(label) for name, label in cell["at"].items()],
                "name": _name(result, cell),
                "numbers": {key: _number(cell, key) for key, _ in METRICS},
                "facts": [list(pair) for pair in _facts(cell)],
                "dropped": _no_effect(result, cell),
                "flipped": [a != b and "unclear" not in (a, b) for a, b in words][: len(seeds)],
                "shown": {
                    "cell": side(own.cell),
                    "converged": side(own.converged),
                    "reference": side(own.reference),
                },
            }
        )
    data = {
        "axes": [
            {"label": visible(axis["label"]), "values": [visible(v) for v in axis["values"]]}
            for axis in result["axes"]
        ],
        "seeds": seeds,
        "metrics": [[key, name.lower()] for key, name in METRICS],
        "cells": cells,
        "images": list(images),
    }
    return data, cut


def _name(result: Result, cell: Result) -> str:
    labels = [axis["label"] for axis in result["axes"]]
    pairs = zip(labels, cell["at"].values(), strict=True)
    return ", ".join(f"{label} {visible(value)}" for label, value in pairs)


def _no_effect(result: Result, cell: Result) -> list[str]:
    """Axes whose value means nothing in this cell: its picture is that of its neighbour."""
    dropped = {reason.partition(":")[0] for reason in cell["dropped"]}
    return [axis["label"] for axis in result["axes"] if axis["name"] in dropped]


def _number(cell: Result, key: str) -> float | None:
    return number(cell["nfe"]) if key == "nfe" else number(table(cell, key).get("value"))


def _facts(cell: Result) -> list[tuple[str, str]]:
    return [
        ("rate", rate_words(cell, "rate")),
        ("flips", rate_words(cell, "flips")),
        ("error", error_words(cell)),
        ("NFE", nfe_words(cell)),
    ]


def _table(result: Result) -> str:
    names = [axis["label"] for axis in result["axes"]]
    heads = [*(esc(name) for name in names), *(name for _, name in METRICS)]
    head = "".join(
        f'<th scope="col"{"" if i < len(names) else " class=n"}>'
        f'<button type="button" class="sort">{text}</button></th>'
        for i, text in enumerate(heads)
    )
    body = []
    for cell in result["cells"]:
        columns = []
        for i, (axis, label) in enumerate(zip(result["axes"], cell["at"].values(), strict=True)):
            tag, scope = ("th", ' scope="row"') if i == 0 else ("td", "")
            place = axis["values"].index(label)
            columns.append(f'<{tag}{scope} data-value="{place}">{esc(label)}</{tag}>')
        for key, _ in METRICS:
            value = _number(cell, key)
            words = _words(cell, key)
            figure, _, interval = words.partition(" (")
            small = f"<small>{esc(interval[:-1])}</small>" if interval else ""
            data = "" if value is None else f"{value:.9g}"
            columns.append(f'<td class="n" data-value="{data}">{esc(figure)}{small}</td>')
        body.append(f"<tr>{''.join(columns)}</tr>")
    return (
        '<section><h2>Cell by cell</h2><p class="lede">Choose a heading to sort by it.</p>'
        f'<div class="scroll" tabindex="0"><table id="figures"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div></section>"
    )


def _words(cell: Result, key: str) -> str:
    if key == "nfe":
        return nfe_words(cell)
    return error_words(cell) if key == "error" else rate_words(cell, key)


def _meanings(result: Result, remarks: str) -> str:
    reference = [
        f"{rate_words(row, 'rate')} for {quoted(row['prompt'])}" for row in result["references"]
    ]
    terms = [
        (
            "Rate",
            f"How often the pictures show {people(result['attribute'])}; unclear counts half.",
        ),
        (
            "Flips",
            "Seeds whose label differs from that of reference sampling, which is the model without "
            f"guidance, taken to convergence. Its own rate: {listed(reference) or UNKNOWN}.",
        ),
        (
            "Error",
            "Root mean square distance, over pixels in [-1, 1], to the converged picture: the same "
            "seed, prompt, guidance, start and noise, with a solver whose smaller steps change "
            "next to nothing. The mean over seeds. None under a stochastic solver, CFG++ or "
            "momentum.",
        ),
        ("Elsewhere", "Seeds that ended on another picture than the converged one."),
        ("Evaluations", "Model evaluations of a picture (NFE); a guided one counts two."),
        ("Obeyed", "Pictures that show what the prompt asked for."),
    ]
    words = "".join(f"<dt>{word}</dt><dd>{prose(text)}</dd>" for word, text in terms)
    notes = f"<h3>Notes</h3>{remarks}" if remarks else ""
    return f'<section><h2>What the figures are</h2><dl class="plain">{words}</dl>{notes}</section>'
