"""A test of polarity as one HTML file without scripts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catoptric.report.document import still_document
from catoptric.report.embed import esc, prose
from catoptric.report.matched import png_data_uri
from catoptric.report.page import write_html
from catoptric.report.polarity_style import POLARITY_CSS
from catoptric.report.polarity_words import (
    UNKNOWN,
    WHOLE,
    arms_at,
    ceiling_words,
    excess_words,
    figure_words,
    flips_words,
    headline,
    part_name,
    signed_figure,
)
from catoptric.report.result import Result, number, rows, table
from catoptric.report.words import MINUS, count, percent, quoted, signed

if TYPE_CHECKING:
    from catoptric.randomness.polarity_arms import Strip

Strips = Mapping[float, Sequence["Strip"]]


def polarity_html(result: Result, strips: Strips) -> str:
    """Return the page as text.

    Args:
        result: What `polarity --json` prints.
        strips: Guidance scale -> seeds' pictures to look at.

    Returns:
        A whole HTML document: styles, pictures and data inside it.
    """
    first, *others = headline(result)
    lede = "".join(f'<p class="lede">{prose(sentence)}</p>' for sentence in others)
    scales = ", ".join(f"{scale:g}" for scale in result["guidance"])
    body = [
        _flips_section(result),
        _pictures_section(result, strips),
        _full_section(result),
        _map_section(result),
        _meanings_section(result),
    ]
    return still_document(
        result,
        kind="polarity",
        title=str(result["prompt"]),
        under=f"{result['model']}, guidance {scales}",
        header=f"<h1>{prose(first)}</h1>{lede}",
        body="".join(body),
        css=POLARITY_CSS,
    )


def write_polarity_page(result: Result, strips: Strips, path: Path) -> Path:
    """Write the page, whole or not at all.

    Raises:
        InputError: The page cannot be written there.
    """
    return write_html(polarity_html(result, strips), path)


def _flips_section(result: Result) -> str:
    scales = result["guidance"]
    heads = "".join(f'<div class="head">guidance {scale:g}</div>' for scale in scales)
    lines = [f'<div class="head corner">part of the noise</div>{heads}']
    for part in result["parts"]:
        lines.append(f'<div class="part">{esc(part_name(part))}</div>')
        for scale in scales:
            arm = next(a for a in arms_at(result, scale) if a["part"] == part)
            lines.append(_track(arm))
    return (
        '<section class="first"><h2>How often the label flips</h2>'
        '<p class="lede">Filled: this part of a picture&#8217;s noise with its sign turned. '
        "Hollow: the same part drawn anew, which is what a flip must be held against. Scale 0 to "
        "100&nbsp;%, whiskers 95&nbsp;% intervals. Below: points more, with interval, the most "
        "that perfect opposition would add, and what may be said of opposite polarity.</p>"
        f'<div class="polar" style="--scales:{len(scales)}">{"".join(lines)}</div></section>'
    )


def _track(arm: Result) -> str:
    marks = []
    for side in ("fresh", "opposite"):
        found = table(arm[side], "flips")
        value, low, high = (number(found.get(key)) for key in ("value", "low", "high"))
        if value is None or low is None or high is None:
            continue
        marks.append(
            f'<i class="{side}" style="left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></i>'
            f'<b class="{side}" style="left:{100 * value:.1f}%"></b>'
        )
    verdict = str(arm["verdict"])
    settled = " settled" if verdict in ("shown", "shown, small", "reversed") else ""
    spoken = f"opposite {flips_words(arm['opposite'])}, fresh {flips_words(arm['fresh'])}"
    return (
        f'<div class="arm" data-scale="guidance {arm["guidance"]:g}">'
        f'<div class="track" role="img" aria-label="{esc(spoken)}">{"".join(marks)}</div>'
        f"<small>{esc(excess_words(arm['excess']))}, at most {esc(ceiling_words(arm['excess']))} "
        f'<span class="verdict{settled}">{esc(verdict)}</span></small></div>'
    )


def _pictures_section(result: Result, strips: Strips) -> str:
    blocks = []
    for k, (scale, seeds) in enumerate(strips.items()):
        if not seeds:
            continue
        kinds = list(seeds[0].pictures)
        heads = "".join(f"<th>{_kind_head(kind)}</th>" for kind in kinds)
        body = []
        for strip in seeds:
            plain = strip.pictures["plain"][1]
            cells = "".join(
                f'<td{" class=flip" if word != plain else ""}><img alt="{esc(word)}" '
                f'src="{png_data_uri(picture)}"><span>{esc(word)}</span></td>'
                for picture, word in strip.pictures.values()
            )
            body.append(f'<tr><th scope="row">{count(strip.seed)}</th>{cells}</tr>')
        blocks.append(
            f"<details{' open' if k == 0 else ''}><summary>Guidance {scale:g}</summary>"
            f'<div class="scroll" tabindex="0"><table class="sheet"><thead><tr><th>seed</th>{heads}'
            f"</tr></thead><tbody>{''.join(body)}</tbody></table></div></details>"
        )
    return (
        "<section><h2>The first seeds, and their opposites</h2>"
        '<p class="lede">Each picture of a row is made from the same noise, with the sign of one '
        "part turned. Framed: the label differs from the first picture&#8217;s.</p>"
        f"{''.join(blocks)}</section>"
    )


def _kind_head(kind: str) -> str:
    return "as drawn" if kind == "plain" else esc(part_name(kind.partition(":")[2]))


def _full_section(result: Result) -> str:
    every = rows(result, "arms")
    whole = [arm for arm in every if arm["part"] == WHOLE]
    blocks = [_full_table(whole)] if whole else []
    for scale in result["guidance"]:
        arms = [arm for arm in arms_at(result, scale) if arm["part"] != WHOLE]
        if arms:
            blocks.append(
                f"<details><summary>Every part at guidance {scale:g}</summary>"
                f"{_full_table(arms)}</details>"
            )
    return (
        "<section><h2>The counts in full</h2>"
        f'<p class="lede">Seeds by outcome ({esc(result["attribute"])}) before and after, and how '
        f"the two hang together, with 95&nbsp;% intervals.</p>{''.join(blocks)}</section>"
    )


def _full_table(arms: Sequence[Result]) -> str:
    body = []
    for arm in arms:
        for side in ("opposite", "fresh"):
            one, counts = arm[side], arm[side]["counts"]
            lowest = number(one["phi_lowest"])
            cells = [
                *(count(counts[key]) for key in ("both", "first", "second", "neither")),
                figure_words(one["phi"]),
                UNKNOWN if lowest is None else signed_figure(lowest),
                figure_words(one["tetrachoric"]),
                figure_words(one["odds_ratio"]),
                figure_words(one["pictures"]),
            ]
            row = "".join(f'<td class="n">{esc(cell)}</td>' for cell in cells)
            name = f"{part_name(arm['part'])}, {side}, guidance {arm['guidance']:g}"
            body.append(f'<tr><th scope="row">{esc(name)}</th>{row}</tr>')
    names = (
        "yes, yes", "yes, no", "no, yes", "no, no", "phi", "lowest phi", "tetrachoric",
        "odds ratio", "pictures",
    )  # fmt: skip
    heads = "".join(f'<th class="n">{name}</th>' for name in names)
    return (
        f'<div class="scroll" tabindex="0"><table class="counts"><thead><tr><th></th>{heads}</tr>'
        f"</thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _map_section(result: Result) -> str:
    names = result["attributes"]
    heads = "".join(f'<th class="n">{esc(name.replace("_", " "))}</th>' for name in names)
    blocks = []
    for k, scale in enumerate(result["guidance"]):
        body = []
        for arm in arms_at(result, scale):
            carried = {one["attribute"]: one for one in arm["carried"]}
            cells = "".join(_map_cell(carried.get(name)) for name in names)
            body.append(f'<tr><th scope="row">{esc(part_name(arm["part"]))}</th>{cells}</tr>')
        blocks.append(
            f"<details{' open' if k == 0 else ''}><summary>Guidance {scale:g}</summary>"
            f'<div class="scroll" tabindex="0"><table class="map"><thead><tr><th></th>{heads}</tr>'
            f"</thead><tbody>{''.join(body)}</tbody></table></div></details>"
        )
    return (
        "<section><h2>Which part carries what</h2>"
        '<p class="lede">How often a label changes when this part of the noise is drawn anew, '
        "against how often when all of it is (the part&#8217;s total Sobol index). Parts add up to "
        "more than 100&nbsp;% where a label hangs on several at once. Below: points more when the "
        "part is negated instead; bold where its own 95&nbsp;% interval, not adjusted for the many "
        f"cells, lies above 0.</p>{''.join(blocks)}</section>"
    )


def _map_cell(one: Any) -> str:
    share = None if one is None else number(one["share"]["value"])
    if share is None:
        return f'<td class="n">{UNKNOWN}</td>'
    value, low = number(one["excess"]["value"]), number(one["excess"]["low"])
    more = signed(None if value is None else 100 * value, 0)
    if low is not None and low > 0:
        more = f"<b>{more}</b>"
    strength = max(0, min(100, round(70 * share)))
    tint = f'style="--strength:{strength}%"'
    return f'<td class="n" {tint}>{percent(share, 0)}<small>{more}</small></td>'


def _meanings_section(result: Result) -> str:
    terms = [
        *((word.capitalize(), meaning) for word, meaning in result["verdicts"].items()),
        (
            "phi",
            "The plain correlation of the outcome before and after. For a rate p it cannot "
            f"go below {MINUS}(1{MINUS}p)/p or {MINUS}p/(1{MINUS}p), whichever is nearer to 0 "
            "(lowest phi).",
        ),
        (
            "Tetrachoric",
            "The correlation that two normal variables would have whose signs the outcomes are; "
            "unlike phi it can reach \u22121 at any rate.",
        ),
        ("Pictures", "Mean correlation of the two pictures, about the mean picture."),
        (
            "Adjusted",
            "Holm over the whole noise at all scales, which is what the claim is about, and apart "
            "from it over all parts.",
        ),
    ]
    words = "".join(f"<dt>{esc(word)}</dt><dd>{prose(text)}</dd>" for word, text in terms)
    settings = result["settings"][0]
    sampler = ", ".join(f"{key} {value}" for key, value in settings["sampler"].items())
    facts = (
        f"{quoted(result['prompt'])}, {count(result['seeds'])} seeds an arm, "
        f"{count(result['pictures'])} pictures. Sampler: {sampler}; start at sigma "
        f"{settings['start']['sigma']}; noise {settings['noise']['source']}. Margin: "
        f"{result['margin']:g} points."
    )
    return (
        f'<section><h2>What the words mean</h2><dl class="plain">{words}</dl>'
        f'<p class="lede">{prose(facts)}</p></section>'
    )
