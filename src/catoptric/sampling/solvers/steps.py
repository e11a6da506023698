"""What every solver's step needs: levels as rows, the ancestral split, noise, what is shown."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from catoptric.sampling.result import Step, Watch

StepNoise = Callable[[float, float], Tensor]
"""`(sigma_from, sigma_to) -> standard normal [B, ...]`."""


def level(x: Tensor, sigma: float) -> Tensor:
    """`sigma` for every row of x: [B], in its dtype."""
    return torch.full((x.shape[0],), sigma, dtype=x.dtype, device=x.device)


def show(watch: Watch | None, sigma: float, after: float, x: Tensor, denoised: Tensor) -> None:
    """Tells the watcher of a step from `sigma` to `after` that led to x."""
    if watch is None:
        return
    rows = torch.arange(x.shape[0], device=x.device)
    levels = torch.full((x.shape[0],), sigma, dtype=torch.float64, device=x.device)
    watch(
        Step(
            rows=rows,
            sigma=levels,
            sigma_next=torch.full_like(levels, after),
            x=x,
            denoised=denoised,
            error=torch.full_like(levels, math.nan),
            accepted=torch.ones_like(rows, dtype=torch.bool),
        )
    )


def needed(noise: StepNoise | None, solver: str) -> StepNoise:
    """The noise, refused where it is missing.

    Raises:
        ValueError: without noise.
    """
    if noise is None:
        raise ValueError(f"{solver} needs noise where eta > 0")
    return noise


def ancestral_levels(sigma: float, after: float, eta: float) -> tuple[float, float]:
    """The level to step down to and the noise to add: down^2 + up^2 = after^2.

    up = min(after, eta after sqrt(1 - after^2 / sigma^2)).

    Source: k-diffusion, get_ancestral_step; the split is that of DDPM's posterior.
    """
    up = min(after, eta * math.sqrt(after**2 * (sigma**2 - after**2) / sigma**2))
    return math.sqrt(after**2 - up**2), up


def lagrange(nodes: Sequence[float], at: np.ndarray) -> np.ndarray:
    """Lagrange's basis on the nodes: float64 [nodes, points], 1 at its own node, 0 at others."""
    rows = []
    for j, own in enumerate(nodes):
        row = np.ones_like(at)
        for k, other in enumerate(nodes):
            if k != j:
                row = row * (at - other) / (own - other)
        rows.append(row)
    return np.stack(rows)


def quadrature(start: float, end: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre points and weights from start to end; exact to degree 2 count - 1."""
    points, weights = np.polynomial.legendre.leggauss(count)
    half = (end - start) / 2
    return half * points + (start + end) / 2, half * weights
