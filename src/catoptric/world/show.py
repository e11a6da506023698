"""What `catoptric world` shows: the rates as rows, and one sheet of examples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from catoptric.world.attributes import Codes, attribute
from catoptric.world.picture_set import SEED
from catoptric.world.rates import Rates, draw_portraits


@dataclass(frozen=True)
class RatesRow:
    """The rates of one occupation; fractions, NaN-free: undefined is None."""

    occupation: str
    share: float
    """P(occupation)."""
    woman: float | None
    glasses: float | None
    skin: dict[str, float] | None
    """Level to rate."""


def rates_rows(rates: Rates) -> list[RatesRow]:
    """One row per occupation, exact."""
    rows = []
    for occupation in attribute("occupation").levels:
        given = {"occupation": occupation}
        share = rates.probability("occupation", occupation)
        if share == 0:
            rows.append(RatesRow(occupation, 0.0, None, None, None))
            continue
        skin = {s: rates.probability("skin", s, given) for s in attribute("skin").levels}
        woman = rates.probability("presentation", "woman", given)
        glasses = rates.probability("glasses", "yes", given)
        rows.append(RatesRow(occupation, share, woman, glasses, skin))
    return rows


def example_codes(rates: Rates, per_occupation: int, seed: int = SEED) -> Codes:
    """The first portraits of each occupation that has any.

    Returns: uint8 [up to 10 * per_occupation, n_attributes], grouped by occupation.
    """
    codes = draw_portraits(rates, seed, 400 * per_occupation)
    occupations = range(len(attribute("occupation").levels))
    return np.concatenate([codes[codes[:, 0] == o][:per_occupation] for o in occupations])
