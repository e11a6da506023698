"""Judges: what a picture shows.

A judge turns pictures into labels, one level or "unclear" per attribute. `truth` serves the exact
model, whose results land on pictures that are known. `zero_shot` asks in words, for pictures that
nobody knows; `calibration` counts its errors, and `synthesis` labels a generator's own pictures
by the nearest render, independently of it.
"""

from catoptric.judges.calibration import Confusion, confusions, measure, stored
from catoptric.judges.synthesis import Nearest, nearest_render
from catoptric.judges.truth import Landings, land
from catoptric.judges.zero_shot import Verdict, ZeroShotJudge

__all__ = [
    "Confusion",
    "Landings",
    "Nearest",
    "Verdict",
    "ZeroShotJudge",
    "confusions",
    "land",
    "measure",
    "nearest_render",
    "stored",
]
