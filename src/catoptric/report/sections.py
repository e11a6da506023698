"""The parts of the page that hold the audit's figures, each a piece of HTML."""

from catoptric.report.cells import cell_label, evaluations_each
from catoptric.report.embed import esc, prose
from catoptric.report.headline import headline
from catoptric.report.remedy import flattened, remedy_sentence
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
from catoptric.report.verdicts import MEANINGS, SETTLED, verdict
from catoptric.report.waterfall import sorted_shares
from catoptric.report.words import (
    count,
    interface_name,
    own_reference,
    p_value,
    percent,
    signed,
    source_label,
    span,
    unclear_range,
    visible,
)

UNKNOWN = "\u2014"


def answer(result: Result) -> str:
    """Return the first thing a reader sees: the sentence, the remarks, the four rates."""
    lead = headline(result)
    remarks = "".join(f"<li>{prose(remark)}</li>" for remark in lead.remarks)
    listing = f'<ul class="remarks">{remarks}</ul>' if remarks else ""
    return f"<h1>{prose(lead.sentence)}</h1>{listing}{_rates(result)}"


def _rates(result: Result) -> str:
    rates = table(result, "rates")
    target = {"value": result.get("target"), "method": "chosen"}
    named = [
        ("Target", target, "what it is held to"),
        ("Training data", table(rates, "data"), "known exactly"),
        ("Reference", table(rates, "reference"), own_reference(result) or "the model itself"),
        ("Deployed", table(rates, "deployed"), interface_name(result.get("interface"))),
    ]
    cells = []
    for label, rate, meaning in named:
        value = number(rate.get("value"))
        interval = span(rate.get("low"), rate.get("high"), 0, as_percent=True)
        wide = number(rate.get("low")) != number(rate.get("high"))
        below = [f"{interval}" if interval != UNKNOWN and wide else "", meaning]
        if value is None:
            below = ["", visible(rate.get("reason") or "not known")]
        figure = prose(percent(value)) if value is not None else "\u2014"
        note = " \u00b7 ".join(prose(part) for part in below if part)
        cells.append(f"<div><dt>{label}</dt><dd>{figure}<small>{note}</small></dd></div>")
    return f'<dl class="rates">{"".join(cells)}</dl>'


def waterfall_section(result: Result) -> str:
    """Return the waterfall's frame, its legend and the remedy."""
    confidence = prose(percent(level(result), 0))
    legend = (
        '<ul class="legend"><li class="rate"><i></i>a rate</li>'
        '<li class="data"><i></i>the data&#8217;s share</li>'
        '<li class="model"><i></i>the model&#8217;s</li>'
        '<li class="interface"><i></i>the interface&#8217;s, knob by knob</li>'
        '<li class="pale"><i></i>pale: not settled</li>'
        f'<li class="whisker"><i></i>{confidence} interval</li></ul>'
    )
    remedy = remedy_sentence(result)
    box = f'<div class="remedy"><h2>Remedy</h2><p>{prose(remedy)}</p></div>' if remedy else ""
    return (
        '<section class="first"><h2>From the target to what people get</h2>'
        f'{legend}<div class="chart" id="waterfall"></div>{box}</section>'
    )


def shares_section(result: Result) -> str:
    """Return the table of shares with every figure behind the waterfall."""
    swings = any(unclear_range(share) for share in sorted_shares(result))
    heads = ["Share", "Points", f"{percent(level(result), 0)} interval", "p (Holm)", "Verdict"]
    head = "".join(
        f'<th scope="col"{" class=n" if 0 < i < 4 else ""}>{prose(text)}</th>'
        for i, text in enumerate(heads)
    )
    head += '<th scope="col" class="n">Unclear all no / yes</th>' if swings else ""
    head += '<th scope="col" class="wide">Method</th>'
    body, seen = [], []
    for share in sorted_shares(result):
        word = verdict(result, share)
        seen.append(word)
        reason = share.get("reason")
        why = f"<small>{esc(reason)}</small>" if reason and str(reason) != word.value else ""
        ends = unclear_range(share)
        swing = "\u2014" if ends is None else f"{signed(ends[0])} / {signed(ends[1])}"
        settled = " settled" if word in SETTLED else ""
        body.append(
            f'<tr><th scope="row">{esc(source_label(share))}</th>'
            f'<td class="n points">{signed(number(share.get("points")))}</td>'
            f"{_small(span(share.get('low'), share.get('high')))}"
            f"{_small(p_value(share.get('p_holm')), 'p')}"
            f'<td class="what"><span class="word{settled}">{word.value}</span>{why}</td>'
            + (_small(swing, "unclear") if swings else "")
            + f'<td class="wide">{esc(share.get("method") or UNKNOWN)}</td></tr>'
        )
    whole = f"{interface_name(result.get('interface'))} in all"
    for key, label in (("interface", whole), ("skew", "Skew in all")):
        total = table(table(result, "totals"), key)
        unadjusted = "" if number(total.get("p")) is None else "p unadjusted"
        body.append(
            f'<tr class="sum"><th scope="row">{esc(label)}</th>'
            f'<td class="n points">{signed(number(total.get("points")))}</td>'
            f"{_small(span(total.get('low'), total.get('high')))}"
            f"{_small(p_value(total.get('p')), 'p')}"
            f'<td class="what">{unadjusted}</td>'
            + (_small("") if swings else "")
            + f'<td class="wide">{esc(total.get("method") or UNKNOWN)}</td></tr>'
        )
    words = "".join(
        f"<dt>{word.value}</dt><dd>{prose(MEANINGS[word])}.</dd>" for word in dict.fromkeys(seen)
    )
    return (
        "<section><h2>Share by share</h2>"
        f'<p class="lede">In percentage points of the rate; the margin for &#8220;small&#8221; is '
        f"{margin(result):g}&nbsp;points.</p>"
        f'<div class="scroll" tabindex="0"><table class="stack"><thead><tr>{head}</tr></thead>'
        f'<tbody>{"".join(body)}</tbody></table></div><dl class="plain">{words}</dl></section>'
    )


def _small(figure: str, label: str = "") -> str:
    # On a phone a row is a small card: figures carry their name there, and empty ones go.
    named = f' data-label="{label}"' if label else ""
    empty = " none" if figure in ("", UNKNOWN) else ""
    return f'<td class="n small{empty}"{named}>{esc(figure)}</td>'


def cells_section(result: Result) -> str:
    """Return what was drawn in each cell, and what became of it."""
    cells = sorted(rows(result, "cells"), key=lambda cell: len(coalition(cell)))
    if not cells:
        return ""
    heads = ["Cell", "Pictures", "Yes", "No", "Unclear", "Obeyed", "NFE each"]
    head = "".join(f'<th scope="col"{_column(text)}>{text}</th>' for text in heads)
    body = []
    for cell in cells:
        figures = [
            *(count(cell.get(key)) for key in ("n", "yes", "no", "unclear")),
            percent(obeyed_fraction(cell)),
            evaluations_each(cell),
        ]
        columns = "".join(
            f"<td{_column(head)}>{prose(figure)}</td>"
            for head, figure in zip(heads[1:], figures, strict=True)
        )
        body.append(f'<tr><th scope="row">{esc(cell_label(result, cell))}</th>{columns}</tr>')
    return (
        '<section><h2>What was drawn</h2><p class="lede">A cell is named after the knobs that '
        "stand as deployed in it; the others stand as in the reference. All cells share their "
        f'seeds.</p><div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div></section>"
    )


def _column(head: str) -> str:
    # A phone has no room for what yes, unclear and the number of pictures already say.
    return {"Cell": "", "No": ' class="n wide"'}.get(head, ' class="n"')


def settings_section(result: Result) -> str:
    """Return the settings of reference and interface side by side, differences marked."""
    settings = table(result, "settings")
    reference = flattened(settings.get("reference") or {})
    deployed = flattened(settings.get("deployed") or {})
    names = list(dict.fromkeys([*reference, *deployed]))
    if not names:
        return ""
    body = []
    for name in names:
        left, right = reference.get(name, "\u2014"), deployed.get(name, "\u2014")
        differs = ' class="differs"' if left != right else ""
        body.append(
            f'<tr{differs}><th scope="row" class="setting">{esc(name)}</th>'
            f"<td>{esc(left)}</td><td>{esc(right)}</td></tr>"
        )
    return (
        '<section><h2>Settings compared</h2><p class="lede">Rows that differ are tinted.</p>'
        '<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">Setting</th>'
        f'<th scope="col">Reference</th><th scope="col">'
        f"{esc(interface_name(result.get('interface')))}</th></tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table></div></section>"
    )
