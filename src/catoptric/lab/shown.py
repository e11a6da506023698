"""The pictures of a grid's cells, as they are shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Shown:
    """The pictures of one setting.

    Args:
        pictures: uint8 [n, H, W, 3], one per seed shown.
        words: what the judge says of each, in a word.
    """

    pictures: NDArray[np.uint8]
    words: tuple[str, ...]


@dataclass(frozen=True)
class CellPictures:
    """A cell's pictures beside those of its yardsticks, the same seeds in each.

    Args:
        cell: the cell's own.
        converged: its converged pictures; None where none belongs to a seed.
        reference: those of reference sampling.
    """

    cell: Shown
    converged: Shown | None
    reference: Shown
