"""What goes wrong with a picture: the ways in which a generator's pictures are not renders.

Each is a pure function of pictures and keyed random numbers, row by row, with a strength for each
picture; 0 leaves it as it is. The judge is trained through random ones and measured under fixed
ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

_Random = np.random.Generator
Degradation = Callable[[Tensor, Tensor, _Random], Tensor]
"""(pictures float32 [n, 64, 64, 3] in [-1, 1], strength float32 [n], random) -> pictures."""


def blur(pictures: Tensor, strength: Tensor, random: _Random) -> Tensor:
    """Gaussian blur, strength its standard deviation in pixels."""
    reach = torch.arange(-4, 5, dtype=torch.float32)
    weights = torch.exp(-reach.square() / (2 * strength.clamp(min=1e-3)[:, None].square()))
    weights = (weights / weights.sum(1, keepdim=True)).repeat_interleave(3, 0)
    n, height, width, _ = pictures.shape
    planes = pictures.permute(0, 3, 1, 2).reshape(1, 3 * n, height, width)
    planes = functional.pad(planes, (4, 4, 4, 4), mode="replicate")
    planes = functional.conv2d(planes, weights[:, None, :, None], groups=3 * n)
    planes = functional.conv2d(planes, weights[:, None, None, :], groups=3 * n)
    return planes.reshape(n, 3, height, width).permute(0, 2, 3, 1)


def noise(pictures: Tensor, strength: Tensor, random: _Random) -> Tensor:
    """White noise, strength its standard deviation (black to white is 2)."""
    white = torch.from_numpy(random.standard_normal(pictures.shape, dtype=np.float32))
    return pictures + strength[:, None, None, None] * white


def saturation(pictures: Tensor, strength: Tensor, random: _Random) -> Tensor:
    """Colours away from grey and contrast with them, by 1 + strength (below 0: towards grey)."""
    factor = 1.0 + strength[:, None, None, None]
    grey = pictures.mean(3, keepdim=True)
    return grey + factor * (pictures - grey)


def contrast(pictures: Tensor, strength: Tensor, random: _Random) -> Tensor:
    """Away from the picture's mean colour, by 1 + strength, as overdone guidance does."""
    mean = pictures.mean((1, 2), keepdim=True)
    return mean + (1.0 + strength[:, None, None, None]) * (pictures - mean)


def low_steps(pictures: Tensor, strength: Tensor, random: _Random) -> Tensor:
    """As too few steps leave it: another portrait shines through, coarse noise stays, edges ring.

    A coarse step ends on the mean of several portraits plus noise that was not taken away, mostly
    of low frequency; strength is the other portrait's share.
    """
    share = strength[:, None, None, None]
    mixed = (1.0 - share) * pictures + share * pictures.roll(1, 0)
    coarse = random.standard_normal((len(pictures), 3, 16, 16), dtype=np.float32)
    left = functional.interpolate(
        torch.from_numpy(coarse), size=pictures.shape[1:3], mode="bicubic"
    )
    mixed = mixed + 0.5 * share * left.permute(0, 2, 3, 1)
    return mixed + 2.0 * share * (mixed - blur(mixed, torch.full_like(strength, 1.0), random))


def resized(pictures: Tensor, strength: Tensor, random: _Random) -> Tensor:
    """Made smaller and back, by one factor in [1, 1 + 1.5 of the greatest strength]; in part."""
    side = round(pictures.shape[1] / float(1.0 + 1.5 * strength.max() * random.random()))
    planes = pictures.permute(0, 3, 1, 2)
    small = functional.interpolate(planes, size=(side, side), mode="bilinear", antialias=True)
    back = functional.interpolate(small, size=planes.shape[2:], mode="bicubic")
    share = (strength > 0).float()[:, None, None, None]
    return pictures + share * (back.permute(0, 2, 3, 1) - pictures)


def blocks(pictures: Tensor, strength: Tensor, random: _Random) -> Tensor:
    """As JPEG does it: cosine coefficients of 8 x 8 blocks, rounded; strength the coarsest step."""
    n, height, width, channels = pictures.shape
    i = torch.arange(8, dtype=torch.float32)
    cosine = torch.cos(torch.pi * (i[None] + 0.5) * i[:, None] / 8) / 2
    cosine[0] /= 2**0.5
    tiles = pictures.reshape(n, height // 8, 8, width // 8, 8, channels)
    found = torch.einsum("nayxwc,uy,vw->nauxvc", tiles, cosine, cosine)
    # Fine structure is rounded most, as in JPEG's tables.
    step = strength.clamp(min=1e-4).view(-1, 1, 1, 1, 1, 1)
    step = step * (0.25 + (i[:, None] + i[None]) / 14).view(1, 1, 8, 1, 8, 1)
    found = torch.round(found / step) * step
    back = torch.einsum("nauxvc,uy,vw->nayxwc", found, cosine, cosine)
    return back.reshape(pictures.shape)


def moved(pictures: Tensor, strength: Tensor, random: _Random) -> Tensor:
    """Shifted by up to that many pixels each way, edges repeated."""
    reach = int(strength.max())
    if reach == 0:
        return pictures
    padded = functional.pad(pictures.permute(0, 3, 1, 2), (reach,) * 4, mode="replicate")
    n, height, width, _ = pictures.shape
    most = strength.numpy().astype(np.int64)
    down, right = (reach + random.integers(-most, most + 1) for _ in range(2))
    rows = torch.from_numpy(down)[:, None] + torch.arange(height)
    columns = torch.from_numpy(right)[:, None] + torch.arange(width)
    who = torch.arange(n)[:, None, None]
    return padded.permute(0, 2, 3, 1)[who, rows[:, :, None], columns[:, None, :]]


#: How strong each may be in training: (function, chance, least, greatest).
TRAINED: tuple[tuple[Degradation, float, float, float], ...] = (
    (low_steps, 0.25, 0.0, 0.3),
    (blur, 0.25, 0.2, 1.3),
    (resized, 0.15, 0.2, 1.0),
    (saturation, 0.3, -0.5, 0.7),
    (contrast, 0.25, -0.25, 0.4),
    (noise, 0.3, 0.0, 0.3),
    (blocks, 0.2, 0.05, 0.6),
    (moved, 0.3, 1.0, 2.99),
)
UNTOUCHED = 0.3
"""Share of the pictures in training that stay as they were rendered."""

#: Those that the judge's errors are measured under, at fixed strength.
MEASURED: Mapping[str, tuple[tuple[Degradation, float], ...]] = {
    "clean": (),
    "blur": ((blur, 1.0),),
    "noise": ((noise, 0.25),),
    "saturation": ((saturation, 0.6), (contrast, 0.3)),
    "low steps": ((low_steps, 0.25),),
}


def augmented(pictures: Tensor, random: _Random) -> Tensor:
    """Pictures as the towers see them in training: each through a few degradations, or none."""
    n = len(pictures)
    touched = random.random(n) >= UNTOUCHED
    for function, chance, least, greatest in TRAINED:
        chosen = np.flatnonzero(touched & (random.random(n) < chance))
        if len(chosen):
            rows = torch.from_numpy(chosen)
            strength = random.uniform(least, greatest, len(chosen)).astype(np.float32)
            changed = function(pictures[rows], torch.from_numpy(strength), random)
            pictures = pictures.index_copy(0, rows, changed)
    return pictures.clamp(-1.0, 1.0)


def degraded(pictures: np.ndarray, kind: str, key: int) -> np.ndarray:
    """Pictures under one of MEASURED: uint8 [n, 64, 64, 3] -> the same.

    Args:
        pictures: as rendered.
        kind: a name of MEASURED.
        key: of the random numbers.
    """
    random = np.random.Generator(np.random.Philox(key=key))
    x = torch.from_numpy(pictures.astype(np.float32)) / 127.5 - 1.0
    for function, strength in MEASURED[kind]:
        x = function(x, torch.full((len(x),), strength), random)
    bytes_ = torch.round((x.clamp(-1.0, 1.0) + 1.0) * 127.5).to(torch.uint8)
    return np.asarray(bytes_.numpy())
