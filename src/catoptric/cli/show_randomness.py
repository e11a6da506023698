"""What `polarity` and `seeds` print and write."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from catoptric.cli.show import print_json

if TYPE_CHECKING:
    from catoptric.randomness.polarity import Polarity
    from catoptric.randomness.seeds import Seeds


def show_polarity(found: Polarity, page: Path, *, as_json: bool) -> None:
    """Write the page, then print the figures or the JSON object.

    Args:
        found: what was found.
        page: where the page goes.
        as_json: one JSON object instead of words.

    Raises:
        InputError: the page cannot be written.
    """
    from catoptric.randomness.polarity_result import polarity_json
    from catoptric.report.polarity_page import write_polarity_page

    result = polarity_json(found)
    write_polarity_page(result, found.strips, page)
    if as_json:
        print_json(result)
        return
    from rich.console import Console

    from catoptric.report.polarity_terminal import print_polarity

    print_polarity(result, Console())
    print(f"Page: {page}\nRun:  {found.folder}")


def show_seeds(found: Seeds, *, as_json: bool) -> None:
    """Print how much of each attribute is the seed's own, or the JSON object."""
    from catoptric.randomness.seeds_result import seeds_json

    result = seeds_json(found)
    if as_json:
        print_json(result)
        return
    from rich.console import Console

    from catoptric.report.seeds_terminal import print_seeds

    print_seeds(result, Console())
    print(f"Run: {found.folder}")
