"""What the denoiser learns: to undo noise of every level, on both grids, with and without text.

Source: Karras et al. 2022, section 5 and table 1 (loss, weights, distribution of levels).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from catoptric.models.spectral.denoiser import (
    SIDE,
    SIGMA_DATA,
    SIGMA_MAX,
    SIGMA_MIN,
    SpectralDenoiser,
)
from catoptric.models.spectral.filters import crop
from catoptric.training.data import Portraits

LEVEL_MEAN, LEVEL_SPREAD = -0.4, 1.4
"""Of ln sigma, on the finer grid."""
COARSE_MEAN, COARSE_SPREAD = 1.5, 1.2
"""Of ln sigma of the finer grid, where the coarser one is trained: only high levels use it."""
COARSE_MIN = 1.0
EVENLY = 0.15
"""Share of levels spread evenly in ln sigma up to SIGMA_MAX: a draw begins there, and the
log-normal would never have come by."""
COARSE_SHARE = 0.3
WITHOUT_TEXT = 0.1


class DenoisingLoss:
    """Weighted squared error of the estimate: E lambda(sigma) |D(x0 + sigma eps, sigma) - x0|^2."""

    def __init__(self, portraits: Portraits, key: int, coarse: int) -> None:
        self._portraits, self._key, self._coarse = portraits, key, coarse

    def __call__(self, model: nn.Module, step: int) -> tuple[Tensor, dict[str, float]]:
        """The loss of batch `step`, and what to log of it."""
        assert isinstance(model, SpectralDenoiser)
        batch = self._portraits.batch(step)
        random = np.random.Generator(np.random.Philox(key=[self._key, step]))
        device = model.nothing.device
        x0 = batch.pictures.to(device) - model.mean
        count = len(x0)
        on_coarse = random.random() < COARSE_SHARE
        sigma = _tensor(levels(random, count, coarse=on_coarse), device)
        noise = _tensor(random.standard_normal(x0.shape, dtype=np.float32), device)
        x = x0 + sigma.view(-1, 1, 1, 1) * noise
        if on_coarse:  # as a draw goes down: with the noise, and without its highest frequencies
            x, x0 = crop(x, self._coarse), crop(x0, self._coarse)
            sigma = sigma * (self._coarse / SIDE)
        dropped = _tensor(random.random(count) < WITHOUT_TEXT, device).bool()
        text = model.encode(batch.words.to(device), count)
        text = torch.where(dropped[:, None], model.nothing, text)
        column = sigma.view(-1, 1, 1, 1)
        with torch.autocast(device.type, torch.bfloat16):
            estimate = model(x, sigma, text)
        weight = (column.square() + SIGMA_DATA**2) / (column * SIGMA_DATA).square()
        loss = (weight * (estimate - x0).square()).mean()
        name = "coarse" if on_coarse else "loss"
        return loss, {name: float(loss.detach())}


def levels(random: np.random.Generator, count: int, *, coarse: bool) -> np.ndarray:
    """Noise levels to train at: float64 [count], sigma of the finer grid."""
    mean, spread = (COARSE_MEAN, COARSE_SPREAD) if coarse else (LEVEL_MEAN, LEVEL_SPREAD)
    low = COARSE_MIN if coarse else SIGMA_MIN
    usual = np.clip(mean + spread * random.standard_normal(count), np.log(low), np.log(SIGMA_MAX))
    even = random.uniform(np.log(low), np.log(SIGMA_MAX), count)
    return np.exp(np.where(random.random(count) < EVENLY, even, usual))


def _tensor(values: np.ndarray, device: torch.device) -> Tensor:
    return torch.from_numpy(np.asarray(values, dtype=np.float32)).to(device)
