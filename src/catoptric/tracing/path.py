"""The shape of a path through picture space: how long, how bent, in how many directions."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

# Segments under this share of the path's length have no direction but that of rounding.
SHORTEST = 1e-4


@dataclass(frozen=True)
class PathShape:
    """A path in figures.

    Attributes:
        length: sum of its segments, rms per element in units of x.
        straight: from its first to its last point, likewise.
        turning: its total curvature: the sum of angles between segments, degrees.
        dimension: effective number of directions it spreads in, 1 for a straight line.
    """

    length: float
    straight: float
    turning: float
    dimension: float

    @property
    def detour(self) -> float:
        """length / straight, 1 for a straight line; infinite for a closed path."""
        return self.length / self.straight if self.straight > 0 else float("inf")


def path_shape(points: Tensor, lambda_: Tensor) -> PathShape:
    """Measure a path.

    dimension = (sum_i v_i)^2 / sum_i v_i^2, v the variances along the principal axes of the points,
    each weighted by the stretch of lambda it stands for: more steps do not mean more weight.

    Args:
        points: float [p, ...], the path's points.
        lambda_: float64 [p], -ln sigma of each, not falling.

    Returns:
        The shape; of fewer than 2 points all zero, dimension 1.

    Source: participation ratio; total curvature of a polygon (Milnor 1950).
    """
    flat = points.flatten(1).double()
    if len(flat) < 2:
        return PathShape(0.0, 0.0, 0.0, 1.0)
    scale = flat.shape[1] ** -0.5
    segments = flat.diff(dim=0)
    lengths = segments.norm(dim=1)
    total = float(lengths.sum())
    whole = segments[lengths > SHORTEST * total]
    unit = whole / whole.norm(dim=1, keepdim=True)
    # atan2 of half sums: acos loses half its digits on nearly straight paths.
    bend = 2 * torch.atan2((unit[1:] - unit[:-1]).norm(dim=1), (unit[1:] + unit[:-1]).norm(dim=1))
    gaps = lambda_.double().diff()
    weight = torch.zeros(len(flat), dtype=torch.float64)
    weight[:-1] += gaps / 2
    weight[1:] += gaps / 2
    weight = weight / weight.sum() if float(weight.sum()) > 0 else weight + 1 / len(flat)
    spread = (flat - weight @ flat) * weight.sqrt()[:, None]
    # The Gram matrix has the covariance's eigenvalues at the size of the path, not the picture.
    gram = spread @ spread.T
    squares = float(gram.square().sum())
    return PathShape(
        length=total * scale,
        straight=float((flat[-1] - flat[0]).norm()) * scale,
        turning=float(torch.rad2deg(bend).sum()),
        dimension=float(gram.trace()) ** 2 / squares if squares > 0 else 1.0,
    )
