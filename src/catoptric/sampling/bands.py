"""Radial frequency bands of a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Band:
    """Frequencies of one radial band, in cycles per picture.

    Attributes:
        low: first radius, included; 0 for the band of the mean alone.
        high: where the next band begins, or infinity.
    """

    low: float
    high: float

    @property
    def label(self) -> str:
        """The radii that the band holds: "0", "1", "2-3", "32+"."""
        if math.isinf(self.high):
            return f"{self.low:g}+"
        last = self.high - 1
        return f"{self.low:g}" if last <= self.low else f"{self.low:g}-{last:g}"
