"""The parts of the page about the audit: pictures, methods, limits, how to make it again."""

from collections.abc import Sequence
from pathlib import PurePath

from catoptric.report.cells import notable
from catoptric.report.embed import esc, json_data_uri, prose
from catoptric.report.matched import MatchedPair, flips_first, png_data_uri
from catoptric.report.prose import inference, limits, terms
from catoptric.report.remedy import flattened
from catoptric.report.result import Result, knobs_in_play, number, plain, rows
from catoptric.report.words import (
    count,
    interface_name,
    search_phrase,
    seeds_phrase,
    visible,
)

SHOWN_AT_ONCE = 24


def interactions_section(result: Result, *, has_chart: bool) -> str:
    """Return the frame of the interactions' chart.

    Args:
        result: The audit's object.
        has_chart: Whether a chart will be drawn into it.

    Returns:
        HTML, empty when there is no interaction to show.
    """
    if not has_chart:
        return ""
    some = any(notable(row) for row in rows(result, "interactions"))
    said = (
        "Some pairs of knobs do more, or less, together than the sum of what each does alone."
        if some
        else "No pair of knobs was told apart from the sum of what each does alone by a point."
    )
    return (
        f'<section><h2>Interactions of the knobs</h2><p class="lede">{said} The shares above '
        "split such an effect evenly between the two; pale bars have an interval that holds "
        'zero.</p><div class="chart" id="interactions"></div></section>'
    )


def matched_section(result: Result, matched: Sequence[MatchedPair]) -> str:
    """Return the contact sheet: each seed under reference and interface, flips first.

    Args:
        result: The audit's object.
        matched: The pairs to show.

    Returns:
        HTML with the pictures inside it, empty when there are none.
    """
    if not matched:
        return ""
    name = interface_name(result.get("interface"))
    same_noise = "noise" not in knobs_in_play(result)
    shared = "from the same noise" if same_noise else "from seeds of the same number"
    pairs = flips_first(matched)
    items = [_pair(pair, name) for pair in pairs]
    flips = sum(pair.flipped for pair in pairs)
    first, rest = "".join(items[:SHOWN_AT_ONCE]), "".join(items[SHOWN_AT_ONCE:])
    more = (
        f"<details><summary>{len(items) - SHOWN_AT_ONCE} more pairs</summary>"
        f'<ul class="pairs">{rest}</ul></details>'
        if rest
        else ""
    )
    return (
        "<section><h2>The same seed, twice</h2>"
        f'<p class="lede">Left under the reference, right under {esc(name)}, {shared}. '
        f"{_flips_phrase(flips, len(pairs))} The pairs shown are examples, the figures rest "
        f'on all seeds.</p><ul class="pairs">{first}</ul>{more}</section>'
    )


def _flips_phrase(flips: int, pairs: int) -> str:
    if not flips:
        return f"None of these {pairs} pairs flipped."
    return (
        f"{flips} of these {pairs} pairs flipped: the settings alone changed the answer. What "
        "flipped is framed, marked and stands first."
    )


def _pair(pair: MatchedPair, name: str) -> str:
    pictures = "".join(
        f'<img src="{png_data_uri(picture)}" alt="Seed {int(pair.seed)}, {esc(where)}: '
        f'{esc(label)}" width="128" height="128">'
        for picture, where, label in (
            (pair.reference, "reference", pair.reference_label),
            (pair.deployed, name, pair.deployed_label),
        )
    )
    change = (
        f'<span class="tag">flip</span>{esc(pair.reference_label)} &#8594; '
        f"{esc(pair.deployed_label)}"
        if pair.flipped
        else esc(pair.reference_label)
    )
    kind = ' class="flip"' if pair.flipped else ""
    return (
        f'<li{kind}><figure><div class="two">{pictures}</div><figcaption><b>{change}</b>'
        f"<span>seed {int(pair.seed)}</span></figcaption></figure></li>"
    )


def methods_section(result: Result) -> str:
    """Return what the words mean and how the figures were inferred."""
    words = "".join(f"<dt>{word}</dt><dd>{prose(text)}</dd>" for word, text in terms(result))
    rules = "".join(f"<li>{prose(text)}</li>" for text in inference(result))
    return (
        f'<section><h2>What the words mean</h2><dl class="plain">{words}</dl>'
        f'<h3>How sure is it?</h3><ul class="plain">{rules}</ul></section>'
    )


def limits_section(result: Result) -> str:
    """Return what the audit cannot say, and the audit's own notes."""
    said = "".join(f"<li>{prose(text)}</li>" for text in limits(result))
    notes = "".join(f"<li>{prose(note)}</li>" for note in result.get("notes") or [])
    extra = f'<h3>Notes of this audit</h3><ul class="plain">{notes}</ul>' if notes else ""
    return f'<section><h2>What it cannot say</h2><ul class="plain">{said}</ul>{extra}</section>'


def reproduce_section(result: Result) -> str:
    """Return everything needed to make the audit again, and the result itself."""
    seconds = number(result.get("seconds"))
    run = result.get("run")
    facts = {
        "Prompt": visible(result.get("prompt") or ""),
        "Attribute": visible(result.get("attribute") or ""),
        "Model": visible(result.get("model") or ""),
        "Judge": visible(result.get("judge") or ""),
        # The name, not the path: a page that is passed on need not tell of its maker's folders.
        "Run folder": PurePath(visible(run)).name if run else "",
        "Seeds": seeds_phrase(result).removesuffix(" seeds"),
        "Pictures": count(result.get("pictures")),
        "Evaluations": count(result.get("nfe")),
        "To look for a remedy": search_phrase(result),
        "Time": "" if seconds is None else f"{seconds:.0f} s",
        "Versions": ", ".join(
            f"{name} {version}" for name, version in flattened(result.get("versions") or {}).items()
        ),
    }
    listing = "".join(
        f"<dt>{name}</dt><dd>{esc(value)}</dd>" for name, value in facts.items() if value
    )
    command = result.get("command")
    again = (
        f"<pre>{esc(command)}</pre><p>The same command goes on where a run stopped; it draws only "
        "what is missing.</p>"
        if command
        else ""
    )
    return (
        f'<section><h2>Make it again</h2>{again}<dl class="plain">{listing}</dl>'
        f'<p><a class="button" download="catoptric-audit.json" href="{json_data_uri(result)}">'
        "Save the result as JSON</a></p>"
        f"<details><summary>Look at the JSON</summary><pre>{_pretty(result)}</pre></details>"
        "</section>"
    )


def _pretty(result: Result) -> str:
    import json

    text = json.dumps(plain(result), allow_nan=False, indent=2, ensure_ascii=True)
    return "\n".join(esc(line) for line in text.split("\n"))
