"""Independent units: a seed, an antithetic pair, or all seeds of a prompt."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from catoptric.errors import InputError

Floats = NDArray[np.float64]


def unit_means(values: Floats, units: ArrayLike | None) -> Floats:
    """The mean of each unit's rows.

    Equal sizes are asked for because then the mean of unit means is the mean of rows, so shares
    still add up, and the units are identically distributed.

    Args:
        values: float64 [n].
        units: [n] ids, or None when each row is its own unit.

    Returns:
        float64 [units], in the order of the sorted ids (of the rows, without ids).

    Raises:
        InputError: ids of another length, or units of different sizes.
    """
    if units is None:
        return values
    ids = np.asarray(units)
    if ids.shape != values.shape:
        raise InputError(f"one unit id per row is needed: {ids.size} ids, {values.size} rows")
    if values.size == 0:
        return values
    _, position, sizes = np.unique(ids, return_inverse=True, return_counts=True)
    if sizes.min() != sizes.max():
        raise InputError(
            f"every unit needs the same number of rows, got {sizes.min()} to {sizes.max()}"
        )
    return np.asarray(np.bincount(position, weights=values) / sizes[0], dtype=np.float64)
