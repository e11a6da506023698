"""The judge that cannot err: which picture of the set a result landed on.

Every auditable attribute of a portrait is a function of its drawing, and no two pictures of the
set within twice the landing bound differ in one. So a result within the bound of a picture has
that picture's attributes; one that is not is unclear, and says how far away it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from catoptric.models.exact import Latent


@dataclass(frozen=True)
class Landings:
    """Where results landed.

    Attributes:
        nearest: int64 [n], the index of the nearest picture of the set.
        distance: float64 [n], Euclidean distance to it in principal coordinates, pixel units: over
            all pixels and colours, but for the share of variance that the coordinates leave out.
    """

    nearest: np.ndarray
    distance: np.ndarray

    def landed(self, bound: float) -> np.ndarray:
        """Whether each result lies within the bound: bool [n]."""
        return np.asarray(self.distance <= bound)


def land(latent: Latent, points: torch.Tensor, pictures: np.ndarray) -> Landings:
    """Nearest picture of the set for each result.

    |x - x_i|^2 is found in float32 from products, and the winner's distance again from the plain
    difference, so that a perfect landing has distance 0 and not the rounding of two large numbers.

    Args:
        latent: pixels <-> principal coordinates.
        points: float32 [N, d], the set in principal coordinates.
        pictures: uint8 [n, H, W, 3].

    Returns:
        Index and distance for each picture.
    """
    half_norms = points.square().sum(1) / 2
    nearest, distance = [], []
    for start in range(0, len(pictures), latent.rows):
        x = latent.encode(pictures[start : start + latent.rows])
        index = torch.addmm(half_norms.neg(), x, points.T).argmax(1)
        gap = (x - points[index]).double().square().sum(1).sqrt()
        nearest.append(index.numpy())
        distance.append(gap.numpy())
    if not nearest:
        return Landings(nearest=np.zeros(0, np.int64), distance=np.zeros(0))
    return Landings(nearest=np.concatenate(nearest), distance=np.concatenate(distance))
