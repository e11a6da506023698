"""Portraits in which nothing says anything of anything else: the judge's own world.

A judge that learnt from the world's rates would learn them, too: "a nurse, so a woman". Here every
level is as frequent as another and attributes are independent, but for what this world never
draws: hair styles belong to one presentation and facial hair is drawn on men.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from catoptric.world.attributes import ATTRIBUTES, MAN_HAIR, WOMAN_HAIR, Attribute, attribute
from catoptric.world.rates import Rates, Table, rates_of


def even_rates() -> Rates:
    """The rates of that world."""
    return rates_of(tuple(_table(about) for about in ATTRIBUTES))


def _table(about: Attribute) -> Table:
    bound: Mapping[str, Mapping[str, tuple[str, ...]]] = {
        "hair_style": {"woman": WOMAN_HAIR, "man": MAN_HAIR},
        "facial_hair": {"woman": ("none",), "man": about.levels},
    }
    allowed = bound.get(about.name)
    if allowed is None:
        return Table(about.name, (), np.full(len(about.levels), 1.0 / len(about.levels)))
    rows = [
        [float(level in allowed[presentation]) for level in about.levels]
        for presentation in attribute("presentation").levels
    ]
    values = np.array(rows)
    return Table(about.name, ("presentation",), values / values.sum(axis=1, keepdims=True))
