"""Radial frequency bands of a picture, and how far each has come towards its final value."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from catoptric.sampling.bands import Band

# A band with less than this share of the final picture's energy is rounding, not picture.
LEAST_ENERGY = 1e-12


def octaves(height: int, width: int) -> tuple[Band, ...]:
    """The mean apart, then one band per octave up to the corner of the frequency plane.

    Args:
        height, width: of the pictures, in pixels.

    Returns:
        For 64 x 64: 0, 1, 2-3, 4-7, 8-15, 16-31 and 32+ cycles per picture.
    """
    corner = math.hypot(height // 2, width // 2)
    tops = [1.0]
    while 2 * tops[-1] <= corner:
        tops.append(2 * tops[-1])
    highs = [*tops[1:], math.inf]
    return (
        Band(0.0, 1.0),
        *(Band(low, high) for low, high in zip(tops, highs, strict=True)),
    )


class BandSplit:
    """Splits pictures of one size into bands."""

    def __init__(self, height: int, width: int, bands: tuple[Band, ...] | None = None) -> None:
        self.bands = octaves(height, width) if bands is None else bands
        rows = torch.fft.fftfreq(height, 1 / height, dtype=torch.float64)
        columns = torch.fft.rfftfreq(width, 1 / width, dtype=torch.float64)
        radius = torch.hypot(rows[:, None], columns[None, :]).flatten()
        # A real picture's other half plane mirrors this one: its inner columns count twice.
        twice = torch.full_like(columns, 2.0)
        twice[0] = 1.0
        if width % 2 == 0:
            twice[-1] = 1.0
        count = twice.repeat(height)
        self._weights = torch.stack(
            [((radius >= band.low) & (radius < band.high)) * count for band in self.bands], dim=1
        ) / (height * width)

    def products(self, pictures: Tensor, end: Tensor) -> Tensor:
        """<picture_b, end_b> over pixels and colour channels: float64 [n, bands].

        Args:
            pictures: float [n, H, W, C].
            end: float [H, W, C].
        """
        spectra = torch.fft.rfft2(pictures.double(), dim=(1, 2))
        final = torch.fft.rfft2(end.double(), dim=(0, 1))
        parts = (spectra * final.conj()).real.sum(dim=-1)
        products: Tensor = parts.flatten(1) @ self._weights
        return products

    def response(self, pictures: Tensor, end: Tensor) -> Tensor:
        """How far each band has come: r_b = <x_b, end_b> / |end_b|^2, the whole picture last.

        Args:
            pictures: float [n, H, W, C], estimates of the final picture, from a common zero.
            end: float [H, W, C], the final picture, from the same zero.

        Returns:
            float64 [n, bands + 1]; 1 = as in the final picture, NaN where that has nothing.

        Source: DESIGN 2 (trace).
        """
        energy = self.products(end[None], end)
        total = energy.sum(dim=1, keepdim=True)
        energy = torch.cat([energy, total], dim=1)
        parts = self.products(pictures, end)
        parts = torch.cat([parts, parts.sum(dim=1, keepdim=True)], dim=1)
        return torch.where(energy > LEAST_ENERGY * total, parts / energy, torch.nan)
