"""What the tracing tests run on: a guided Gaussian pair whose path is known, and its noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from catoptric.sampling import Settings

SIDE = 16
SIZE = SIDE * SIDE * 3


class GaussianPair:
    """N(1, .25) under its condition, N(0, 1) without, on every element, times a fixed picture."""

    sigma_min, sigma_max = 0.02, 80.0

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(7)
        self.shift = torch.randn(SIZE, generator=generator, dtype=torch.float64) + 0.4
        self.calls = 0

    def __call__(self, x: Tensor, sigma: Tensor, condition: Any | None) -> Tensor:
        self.calls += 1
        s2 = sigma.to(x.dtype).square()[:, None]
        if condition is None:
            return x / (1.0 + s2)
        shift = self.shift.to(x.dtype)
        return shift + (x - shift) * 0.25 / (0.25 + s2)

    def peak(self, w: float) -> float:
        """First over last estimate of the shift under constant guidance, by plain quadrature."""
        lambda_ = np.linspace(-math.log(self.sigma_max), -math.log(self.sigma_min), 200_001)
        s2 = np.exp(-2 * lambda_)
        log_h = (w * np.log(s2 + 0.25) + (1 - w) * np.log(s2 + 1.0)) / 2
        keep_c, keep_u = 0.25 / (0.25 + s2), 1.0 / (1.0 + s2)
        p, q = w * keep_c + (1 - w) * keep_u, w * (1 - keep_c)
        x_end = np.trapezoid(q * np.exp(log_h[-1] - log_h), lambda_)
        return float(q[0] / (p[-1] * x_end + q[-1]))


def no_noise(seeds: Sequence[int], purpose: str) -> Tensor:
    """Start at zero: every band then follows the shift alone."""
    return torch.zeros((len(seeds), SIZE), dtype=torch.float64)


def some_noise(seeds: Sequence[int], purpose: str) -> Tensor:
    """Keyed noise."""
    rows = [
        torch.randn(SIZE, generator=torch.Generator().manual_seed(int(s)), dtype=torch.float64)
        for s in seeds
    ]
    return torch.stack(rows)


def as_pictures(x: Tensor) -> Tensor:
    """[n, SIZE] -> [n, SIDE, SIDE, 3]."""
    return x.reshape(len(x), SIDE, SIDE, 3)


def settings(guidance: dict[str, Any], sampler: dict[str, Any] | None = None) -> Settings:
    """Settings with a fine pid unless told otherwise."""
    fine = {"solver": "pid", "rtol": 1e-4, "atol": 1e-4}
    return Settings.from_dict({"guidance": guidance, "sampler": sampler or fine})
