"""Judges: what a picture shows.

A judge turns pictures into labels, one level or "unclear" per attribute. `truth` serves the exact
model, whose results land on pictures that are known.
"""

from catoptric.judges.truth import Landings, land

__all__ = ["Landings", "land"]
