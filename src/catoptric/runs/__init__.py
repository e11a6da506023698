"""Runs: what is to be drawn, who draws it, and where it is kept.

A run is a folder with one SQLite file. Draws are keyed by everything that determines the picture,
so a command run again makes only what is missing. Nothing here knows prompts or pictures.
"""

from catoptric.runs.runner import Job, Painter, Recipe, Runner
from catoptric.runs.spec import Draw, Spec
from catoptric.runs.store import FILE, Store, damaged

__all__ = [
    "FILE",
    "Draw",
    "Job",
    "Painter",
    "Recipe",
    "Runner",
    "Spec",
    "Store",
    "damaged",
]
