"""`portraits-exact`: the closed-form optimal denoiser of a fixed picture set.

The best denoiser of a finite set is known (Karras et al. 2022, appendix B.3):

    D(x, sigma) = sum_i softmax_i(-|x - x_i|^2 / (2 sigma^2)) x_i

over the pictures that match the caption, all of them when unconditional. Nothing was trained, so
what a sampler makes of it is the sampler's doing alone. The state is the vector of coordinates on
the set's principal components: a linear latent, in which noise, denoiser and picture are exact
images of their pixel selves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from catoptric.models.pca import Basis
from catoptric.world import Condition

# Weights under e^-60 = 9e-27 are made exactly 0: they are far below the rounding of the sum, and
# as denormal numbers they slowed products twelvefold (measured at sigma 5: 221 ms, then 18 ms).
VANISHES = -60.0
# Columns of one product: 2048 keep a block of pictures (5 MB) near the cache; whole-set products
# ran at a third of the rate.
BLOCK = 2048

NoiseSource = Callable[[int, str, tuple[int, ...]], np.ndarray]


class _Rows:
    """The pictures of one condition, in blocks, with their squared norms."""

    def __init__(self, points: torch.Tensor) -> None:
        self.blocks = torch.split(points, BLOCK)
        self.half_norms = [b.square().sum(1, dtype=torch.float64) / 2 for b in self.blocks]
        self.half_norms = [h.to(points.dtype) for h in self.half_norms]


class ExactDenoiser:
    """Closed-form denoiser on principal coordinates; rows are independent of one another."""

    def __init__(
        self,
        points: torch.Tensor,
        matching: Callable[[Condition], np.ndarray],
        *,
        sigma_min: float,
        sigma_max: float,
    ) -> None:
        self.sigma_min = sigma_min
        self.sigma_max = sigma_max
        self._points = points
        self._all = _Rows(points)
        self._matching = matching
        # One condition at a time: a cache around a method would hold the model in a cycle, and
        # 70 MB of tensors are not what wakes the collector.
        self._selected: tuple[Condition, _Rows] | None = None

    def _rows(self, condition: Condition) -> _Rows:
        if self._selected is None or self._selected[0] != condition:
            chosen = np.flatnonzero(self._matching(condition))
            self._selected = condition, _Rows(self._points[torch.from_numpy(chosen)])
        return self._selected[1]

    def __call__(
        self, x: torch.Tensor, sigma: torch.Tensor, condition: Condition | None
    ) -> torch.Tensor:
        """Mean of the pictures given x = picture + sigma * noise.

        Args:
            x: [B, d], principal coordinates in pixel units.
            sigma: [B], noise standard deviation, pixel units.
            condition: which pictures there are; None for all.

        Returns:
            [B, d], the dtype of x.
        """
        rows = self._all if condition is None else self._rows(condition)
        precision = sigma.to(x.dtype).pow(-2).unsqueeze(1)
        logits = [
            torch.addmm(half.neg(), x, block.T).mul_(precision)
            for block, half in zip(rows.blocks, rows.half_norms, strict=True)
        ]
        tops = torch.stack([block.amax(1) for block in logits])
        top = tops.amax(0)
        vanishing = (tops - top).amax(1) < VANISHES
        total = torch.zeros_like(top)
        mean = torch.zeros_like(x)
        for block, logit, empty in zip(rows.blocks, logits, vanishing.tolist(), strict=True):
            if empty:  # adds exact zeros to every row, so leaving it out changes no bit
                continue
            weights = logit.sub_(top.unsqueeze(1)).clamp_(min=VANISHES - 1.0).exp_()
            torch.threshold_(weights, math.exp(VANISHES), 0.0)
            total += weights.sum(1)
            mean.addmm_(weights, block)
        return mean / total.unsqueeze(1)


class Latent:
    """Between pixels and principal coordinates, in calls of a fixed number of rows.

    A float32 product depends on how many rows stand in the call (measured: 1, 2 and 7 differ from
    8 and more), so every call is padded to `rows` and a picture never depends on its company.
    """

    def __init__(self, basis: Basis, shape: tuple[int, ...], rows: int = 64) -> None:
        self.basis = basis
        self.shape = shape
        self.rows = rows

    def _apply(
        self, flat: torch.Tensor, product: Callable[[torch.Tensor], torch.Tensor]
    ) -> torch.Tensor:
        done = []
        for start in range(0, len(flat), self.rows):
            chunk = flat[start : start + self.rows]
            padded = torch.zeros(self.rows, flat.shape[1], dtype=flat.dtype)
            padded[: len(chunk)] = chunk
            done.append(product(padded)[: len(chunk)])
        return torch.cat(done) if done else product(flat)

    def project(self, flat: torch.Tensor) -> torch.Tensor:
        """Coordinates of directions, without taking the mean away: float32 [n, P] -> [n, d]."""
        return self._apply(flat, lambda block: block @ self.basis.components.T)

    def encode(self, pictures: np.ndarray) -> torch.Tensor:
        """Coordinates of pictures: uint8 [n, H, W, 3] -> float32 [n, d]."""
        coordinates = [self.project(torch.empty(0, self.basis.mean.numel()))]
        for start in range(0, len(pictures), self.rows):  # 12,000 as float32 would take 590 MB
            part = torch.tensor(pictures[start : start + self.rows], dtype=torch.float32)
            flat = part.reshape(len(part), -1).mul_(2 / 255).sub_(1.0).sub_(self.basis.mean)
            coordinates.append(self.project(flat))
        return torch.cat(coordinates)

    def decode(self, x: torch.Tensor) -> np.ndarray:
        """Pictures of coordinates: float32 [n, d] -> uint8 [n, H, W, 3]; NaN becomes grey."""
        pixels = self._apply(x, lambda block: block @ self.basis.components) + self.basis.mean
        pixels = torch.nan_to_num(pixels, nan=0.0, posinf=0.0, neginf=0.0)
        levels = pixels.add_(1.0).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)
        return levels.reshape(len(x), *self.shape).numpy()

    def noise(self, source: NoiseSource) -> Callable[[Sequence[int], Any], torch.Tensor]:
        """Keyed noise in coordinates: drawn in pixels, channels first, and projected once.

        Its purpose is one for all seeds, or a list of one per seed.
        """
        height, width, channels = self.shape

        def draw(seeds: Sequence[int], purpose: str | Sequence[str]) -> torch.Tensor:
            purposes = [purpose] * len(seeds) if isinstance(purpose, str) else purpose
            pixels = np.stack(
                [
                    np.asarray(source(seed, name, (channels, height, width)))
                    for seed, name in zip(seeds, purposes, strict=True)
                ]
            )
            flat = pixels.transpose(0, 2, 3, 1).reshape(len(seeds), -1)
            return self.project(torch.from_numpy(np.ascontiguousarray(flat)))

        return draw
