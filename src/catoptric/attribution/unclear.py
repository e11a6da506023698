"""Unclear outcomes: counted as a half, and shown at both extremes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from catoptric.errors import InputError

Floats = NDArray[np.float64]

#: What an unclear outcome counts in the headline.
UNCLEAR_HEADLINE = 0.5


def fill_unclear(outcomes: ArrayLike, unclear: float = UNCLEAR_HEADLINE) -> Floats:
    """Outcomes as numbers: yes 1, no 0, unclear (nan) the given value.

    Args:
        outcomes: float [...], 1, 0 or nan.
        unclear: what an unclear one counts, in [0, 1].

    Returns:
        float64 [...].

    Raises:
        InputError: an outcome that is not 0, 1 or nan; `unclear` outside [0, 1].
    """
    values = np.asarray(outcomes, dtype=np.float64)
    if not 0 <= unclear <= 1:
        raise InputError(f"an unclear outcome counts between 0 and 1, got {unclear}")
    if not np.isin(values[~np.isnan(values)], (0.0, 1.0)).all():
        raise InputError("outcomes are 1 (yes), 0 (no) or nan (unclear)")
    return np.where(np.isnan(values), unclear, values)


def is_undecided(at_zero: float, at_one: float) -> bool:
    """True when a share changes its sign between unclear = no and unclear = yes.

    Shares are linear in what an unclear outcome counts, so the two ends tell of all between.
    """
    return at_zero < 0 < at_one or at_one < 0 < at_zero
