"""What sources of noise did to pictures, as one HTML file without scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from catoptric.report.embed import content_policy, esc, json_data_uri, prose
from catoptric.report.page import write_html
from catoptric.report.style import CSS
from catoptric.report.words import listed, people, quoted, shortened, signed, visible

NOISE_CSS = """
.forest td.plot{width:44%;padding:0 1rem 0 0}
.forest svg{display:block;width:100%;height:2.1rem;overflow:visible}
.forest .margin{fill:var(--soft)}.forest .zero{stroke:var(--line-strong)}
.forest .whisker{stroke-width:2}.forest .dot{stroke-width:9}
.forest line{vector-effect:non-scaling-stroke}
.forest .harmless line{stroke:var(--data)}.forest .harmful line{stroke:var(--interface)}
.forest .undecided line{stroke:var(--muted)}.forest line.zero{stroke:var(--line-strong)!important}
.forest .harmful .word{color:var(--interface);font-weight:600}
.forest .scale{display:flex;justify-content:space-between;color:var(--muted);
font-size:.8125rem}
.forest tr.foot td{border-bottom:0;padding-top:.1rem}
@media (max-width:40rem){.forest td.plot{width:36%;padding-right:.6rem}
.forest th{overflow-wrap:anywhere}}
"""

NAMES: Mapping[str, tuple[str, str]] = {
    "obeyed": ("Obeyed", "pictures that show what the prompt asked for"),
    "brightness": ("Brightness", "mean luma"),
    "contrast": ("Contrast", "standard deviation of luma over the picture"),
    "colour": ("Colour", "mean distance between a pixel's strongest and weakest channel"),
    "detail": ("Detail", "RMS difference of neighbouring pixels' luma"),
}


def noise_html(result: Mapping[str, Any]) -> str:
    """Return the page as text.

    Args:
        result: What `noise effect --json` prints.

    Returns:
        A whole HTML document that runs no script and loads nothing.
    """
    title = shortened(visible(result["prompt"]), 60)
    under = f"{visible(result['interface'])}, every source against philox"
    link = (
        f'<a class="button" download="noise.json" href="{json_data_uri(result)}">'
        "Every number as JSON</a>"
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{content_policy([])}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>Noise: {esc(title)}</title><style>{CSS}{NOISE_CSS}</style></head><body>"
        '<header><div class="brand"><span><b>Catoptric</b> noise</span>'
        f"<span>{esc(under)}</span></div><h1>{prose(answer(result))}</h1></header>"
        f"<main>{_forest(result)}{_figures(result)}{_words(result)}<p>{link}</p></main>"
        "<footer>Made by Catoptric. This page is one file and loads nothing from elsewhere."
        "</footer></body></html>"
    )


def write_noise_page(result: Mapping[str, Any], path: Path) -> Path:
    """Write the page, whole or not at all.

    Raises:
        InputError: it cannot be written there.
    """
    return write_html(noise_html(result), path)


def answer(result: Mapping[str, Any]) -> str:
    """The finding in a sentence or two.

    Args:
        result: What `noise effect --json` prints.
    """
    groups = {
        word: [visible(arm["source"]) for arm in result["sources"] if arm["verdict"] == word]
        for word in ("harmful", "harmless", "undecided")
    }
    total = len(result["sources"])
    parts = []
    if groups["harmful"]:
        parts.append(
            f"Noise from {listed(groups['harmful'])} changes pictures made from "
            f"{quoted(result['prompt'])}."
        )
    if groups["harmless"]:
        count = len(groups["harmless"])
        who = (
            f"All {total} sources of noise"
            if count == total > 1
            else f"{count} of {total} sources of noise"
        )
        parts.append(
            f"{who} {'is' if count == 1 else 'are'} shown to be harmless: within "
            f"{result['margin']:g} points of philox in every figure."
        )
    if groups["undecided"]:
        parts.append(f"Neither is shown of {listed(groups['undecided'])}.")
    return " ".join(parts)


def _forest(result: Mapping[str, Any]) -> str:
    rates = [
        next(c for c in arm["comparisons"] if c["figure"] == "rate") for arm in result["sources"]
    ]
    margin = float(result["margin"])
    ends = [abs(float(r[k])) for r in rates for k in ("low", "high") if r[k] is not None]
    reach = 1.08 * max([1.5 * margin, *ends])
    body = "".join(
        _row(arm, rate, margin, reach) for arm, rate in zip(result["sources"], rates, strict=True)
    )
    scale = "".join(f"<span>{esc(signed(v, 0))}</span>" for v in (-reach, 0.0, reach))
    yardstick = result["yardstick"]
    return (
        f'<section class="first"><h2>Rate of {esc(people(result["attribute"]))}, points from philox'
        f'</h2><p class="lede">philox: {yardstick["means"]["rate"]:.1f} % of '
        f"{yardstick['pictures']:,} pictures. Lines are 95 % intervals; the band is the margin of "
        f"{margin:g} points.</p>"
        '<table class="forest"><thead><tr><th scope="col">Source</th><th scope="col">Shown</th>'
        '<th scope="col"></th><th scope="col" class="n">Points</th>'
        '<th scope="col" class="n wide">95 %</th>'
        '<th scope="col" class="n wide">Pictures</th><th scope="col" class="n wide">Power</th>'
        f"</tr></thead><tbody>{body}"
        f'<tr class="foot"><td></td><td></td><td class="plot"><div class="scale">{scale}</div></td>'
        "</tr></tbody></table></section>"
    )


def _row(arm: Mapping[str, Any], rate: Mapping[str, Any], margin: float, reach: float) -> str:
    def at(points: float) -> float:
        return 100.0 * (points + reach) / (2.0 * reach)

    marks, interval = "", "\u2014"
    if rate["points"] is not None:
        low, high, mid = (at(float(rate[k])) for k in ("low", "high", "points"))
        marks = (
            f'<line class="whisker" x1="{low:.2f}" x2="{high:.2f}" y1="12" y2="12"/>'
            f'<line class="dot" x1="{mid:.2f}" x2="{mid:.2f}" y1="8" y2="16"/>'
        )
        interval = f"{signed(rate['low'], 1)} to {signed(rate['high'], 1)}"
    points = "\u2014" if rate["points"] is None else signed(rate["points"], 1)
    power = "\u2014" if arm["power"] is None else f"{100 * arm['power']:.0f} %"
    return (
        f'<tr class="{esc(arm["verdict"])}"><th scope="row">{esc(arm["source"])}</th>'
        f'<td class="word">{esc(arm["verdict"])}</td><td class="plot">'
        f'<svg viewBox="0 0 100 24" preserveAspectRatio="none" role="img" '
        f'aria-label="{esc(points)} points, {esc(interval)}">'
        f'<rect class="margin" x="{at(-margin):.2f}" y="0" width="{at(margin) - at(-margin):.2f}" '
        f'height="24"/><line class="zero" x1="50" x2="50" y1="0" y2="24"/>{marks}</svg></td>'
        f'<td class="n">{esc(points)}</td><td class="n wide">{esc(interval)}</td>'
        f'<td class="n wide">{arm["pictures"]:,}</td><td class="n wide">{power}</td></tr>'
    )


def _figures(result: Mapping[str, Any]) -> str:
    names = [name for name in result["figures"] if name in NAMES]
    head = "".join(f'<th scope="col" class="n">{NAMES[name][0]}</th>' for name in names)
    body = []
    for arm in result["sources"]:
        found = {c["figure"]: c for c in arm["comparisons"]}
        cells = "".join(f'<td class="n">{_cell(found[name])}</td>' for name in names)
        body.append(f'<tr><th scope="row">{esc(arm["source"])}</th>{cells}</tr>')
    return (
        '<section><h2>The pictures themselves</h2><p class="lede">Source minus philox in percent '
        "of full scale, with 95 % intervals.</p>"
        f'<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">Source</th>{head}'
        f"</tr></thead><tbody>{''.join(body)}</tbody></table></div></section>"
    )


def _cell(comparison: Mapping[str, Any]) -> str:
    if comparison["points"] is None:
        return "\u2014"
    ends = f"{signed(comparison['low'], 1)} to {signed(comparison['high'], 1)}"
    return f"{esc(signed(comparison['points'], 1))}<small>{esc(ends)}</small>"


def _words(result: Mapping[str, Any]) -> str:
    margin = f"{result['margin']:g}"
    terms: Sequence[tuple[str, str]] = (
        (
            "Harmless",
            f"Every figure is shown to lie within {margin} points of philox by two one-sided tests "
            "at 5 % each.",
        ),
        (
            "Harmful",
            "One figure is told apart from philox (p adjusted by Holm over all figures of all "
            "sources) and not shown to lie within the margin.",
        ),
        ("Undecided", "Neither. More pictures may settle it."),
        (
            "Power",
            "The chance that a source of no effect at all is shown harmless in its least certain "
            "figure.",
        ),
        *((word, f"{meaning[:1].upper()}{meaning[1:]}.") for word, meaning in NAMES.values()),
        (
            "Independent",
            "Sources and philox share no seeds. For sources that spread pictures out in sets, the "
            "independent unit is a set.",
        ),
    )
    said = "".join(f"<dt>{word}</dt><dd>{prose(text)}</dd>" for word, text in terms)
    return f'<section><h2>What the words mean</h2><dl class="plain">{said}</dl></section>'
