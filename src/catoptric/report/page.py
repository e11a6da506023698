"""The report as one HTML file that asks nothing of anybody."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from catoptric.errors import InputError
from catoptric.report.charts import interactions_spec, waterfall_spec
from catoptric.report.embed import content_policy, esc, script_json, vega_bundle
from catoptric.report.matched import MatchedPair
from catoptric.report.result import Result
from catoptric.report.sections import (
    answer,
    cells_section,
    settings_section,
    shares_section,
    waterfall_section,
)
from catoptric.report.sections_about import (
    interactions_section,
    limits_section,
    matched_section,
    methods_section,
    reproduce_section,
)
from catoptric.report.style import CSS, DRAW
from catoptric.report.words import interface_name, shortened, visible


def page_html(result: Result, matched: Sequence[MatchedPair]) -> str:
    """Return the page as text.

    Args:
        result: The audit's object.
        matched: Pairs of pictures to show; may be empty.

    Returns:
        A whole HTML document: scripts, styles, pictures and data inside it.
    """
    bundle = vega_bundle()
    interactions = interactions_spec(result)
    charts = {"waterfall": waterfall_spec(result)}
    if interactions is not None:
        charts["interactions"] = interactions
    name = interface_name(result.get("interface"))
    body = "".join(
        [
            waterfall_section(result),
            shares_section(result),
            matched_section(result, matched),
            interactions_section(result, has_chart=interactions is not None),
            cells_section(result),
            settings_section(result),
            methods_section(result),
            limits_section(result),
            reproduce_section(result),
        ]
    )
    title = shortened(visible(result.get("prompt") or ""), 60)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{content_policy([bundle, DRAW])}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>Whose doing? {esc(title)}</title><style>{CSS}</style></head><body>"
        f'<header><div class="brand"><span><b>Catoptric</b> audit</span>'
        f"<span>{esc(result.get('model') or '')} under {esc(name)}</span></div>"
        f"{answer(result)}</header><main>{body}</main>"
        "<footer>Made by Catoptric. This page is one file and loads nothing from elsewhere."
        "<noscript> Its charts need JavaScript; every figure stands in the tables.</noscript>"
        "</footer>"
        f'<script type="application/json" id="catoptric-result">{script_json(result)}</script>'
        f'<script type="application/json" id="charts">{script_json(charts)}</script>'
        f"<script>{bundle}</script><script>{DRAW}</script></body></html>"
    )


def write_page(result: Result, matched: Sequence[MatchedPair], path: Path) -> Path:
    """Write the page, whole or not at all.

    Args:
        result: The audit's object.
        matched: Pairs of pictures to show; may be empty.
        path: Where to; its folder is made when missing, a file that stands there is replaced.

    Returns:
        The path.

    Raises:
        InputError: The page cannot be written there.
    """
    return write_html(page_html(result, matched), path)


def write_html(text: str, path: Path) -> Path:
    """Write a page's text, whole or not at all.

    Args:
        text: The document.
        path: Where to; its folder is made when missing, a file that stands there is replaced.

    Returns:
        The path.

    Raises:
        InputError: The page cannot be written there.
    """
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # In the same folder, for a rename across file systems is not atomic.
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with open(handle, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp keeps its files to their owner; a report gets what any new file would.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(
            f"The report cannot be written to {path} ({reason}); name another place with --report."
        ) from error
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
    return path
