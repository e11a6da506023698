"""What `trace` prints: one JSON object, or words for a person; the page where asked for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catoptric.cli.show import print_json

if TYPE_CHECKING:
    from catoptric.audit.tracing import Tracing


def show_trace(found: Tracing, result: dict[str, Any], page: Path | None, *, as_json: bool) -> None:
    """Write the page, then print the trace or the JSON object; notes go to stderr.

    Args:
        found: the traces, for their pictures.
        result: their figures.
        page: where the page goes; None for no page.
        as_json: one JSON object instead of words.

    Raises:
        InputError: the page cannot be written.
    """
    from catoptric.audit.advice import oddities

    for note in dict.fromkeys(note for side in found.sides for note in oddities(side.settings)):
        print(f"note: {note}", file=sys.stderr)
    if page is not None:
        from catoptric.report.page import write_html
        from catoptric.report.trace_page import trace_html

        films = [
            {seed: [(f.sigma, f.picture) for f in frames] for seed, frames in side.films.items()}
            for side in found.sides
        ]
        write_html(trace_html(result, films), page)
    if as_json:
        print_json(result)
        return
    from rich.console import Console

    from catoptric.report.trace_terminal import print_trace

    print_trace(result, Console())
    if page is not None:
        print(f"\nPage: {page}")
