"""What every solver's step needs: levels as rows, the ancestral split, noise, what is shown."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from catoptric.sampling.denoiser import checked
from catoptric.sampling.result import Denoise, DenoisePair, Step, Watch

StepNoise = Callable[[float, float], Tensor]
"""`(sigma_from, sigma_to) -> standard normal [B, ...]`."""


def level(x: Tensor, sigma: float) -> Tensor:
    """`sigma` for every row of x: [B], in its dtype."""
    return torch.full((x.shape[0],), sigma, dtype=x.dtype, device=x.device)


def estimate(denoise: Denoise, x: Tensor, sigma: float) -> Tensor:
    """D(x, sigma), the same sigma in every row.

    Raises:
        ValueError: for another shape or dtype than that of x.
    """
    return checked(denoise(x, level(x, sigma)), x)


def estimates(denoise: DenoisePair, x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """The guided and the unconditional estimate, as `estimate`."""
    denoised, free = denoise(x, level(x, sigma))
    return checked(denoised, x), checked(free, x)


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


def needed(noise: StepNoise | None, solver: str, where: str = "eta > 0") -> StepNoise:
    """The noise, refused where it is missing.

    Raises:
        ValueError: without noise.
    """
    if noise is None:
        raise ValueError(f"{solver} needs noise where {where}")
    return noise


def churn(
    noise: StepNoise | None,
    solver: str,
    steps: int,
    s_churn: float,
    s_tmin: float,
    s_tmax: float,
    s_noise: float,
) -> Callable[[Tensor, float], tuple[Tensor, float]]:
    """`(x, sigma) -> (x, sigma)` lifted by noise to a higher level, from which the step is taken.

    Where s_tmin <= s <= s_tmax: s^ = s (1 + min(s_churn / steps, sqrt(2) - 1)),
    x^ = x + s_noise sqrt(s^^2 - s^2) z. Without churn neither is touched.

    Raises:
        ValueError: without noise where s_churn > 0.

    Source: Karras et al. 2022, algorithm 2, lines 4 to 6.
    """
    gain = min(s_churn / steps, math.sqrt(2.0) - 1.0)
    draw = needed(noise, solver, "s_churn > 0") if s_churn > 0.0 else None

    def lift(x: Tensor, sigma: float) -> tuple[Tensor, float]:
        if draw is None or not s_tmin <= sigma <= s_tmax:
            return x, sigma
        high = sigma * (1.0 + gain)
        spread = s_noise * math.sqrt(high**2 - sigma**2)
        return x + draw(sigma, high).to(x.dtype) * spread, high

    return lift


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
