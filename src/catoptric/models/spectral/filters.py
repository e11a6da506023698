"""What a filter is: a response to frequencies in cycles per picture, the same on every grid.

Low frequencies (up to LOW cycles along either axis) respond freely, as the DFT of a real kernel of
(2 LOW + 1)^2 points; what lies beyond responds by its radius alone. So a picture cropped to a
coarser grid in frequency is filtered as its low frequencies were on the finer one, and one set of
weights serves all grids.

The Nyquist frequency of a grid is its row and column N/2: it is no frequency of the next finer grid
(there k and -k are two), so it responds with 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

LOW = 7
KERNEL_SIDE = 2 * LOW + 1
# Radii at which the response beyond the low frequencies is free, in cycles per picture; linear in
# log radius between, constant outside. 45 is the corner of a grid of 64.
KNOTS = (7.0, 10.0, 14.0, 20.0, 28.0, 45.0)
BAND_EDGES = (0.5, 1.5, 2.5, 4.5, 8.5, 16.5, 32.5)
BANDS = len(BAND_EDGES) + 1
"""Radial bands with a gain of their own: the mean, then octaves."""


@dataclass(frozen=True)
class FilterShape:
    """How many numbers a filter is made of, per channel."""

    spatial: int = KERNEL_SIDE**2
    radial: int = len(KNOTS)

    @property
    def weights(self) -> int:
        """All of them."""
        return self.spatial + self.radial


def half_plane(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies kx (0 .. n/2) and ky (0 .. n/2, -n/2 + 1 .. -1) of a grid: int64 [n/2 + 1, n]."""
    kx = np.arange(n // 2 + 1)
    ky = np.fft.fftfreq(n, 1.0 / n).astype(np.int64)
    return np.broadcast_arrays(kx[:, None], np.where(ky == -n // 2, n // 2, ky)[None, :])  # type: ignore[return-value]


@cache
def band_of(n: int) -> Tensor:
    """The radial band of each frequency: uint8 [n/2 + 1, n], as `half_plane`."""
    kx, ky = half_plane(n)
    return torch.from_numpy(np.digitize(np.hypot(kx, ky), BAND_EDGES).astype(np.uint8))


@cache
def basis(n: int) -> Tensor:
    """What each weight adds to the response: float32 [n/2 + 1, n, 2, weights]; re and im.

    G(k) = sum_x w(x) e^(-2 pi i k x / KERNEL_SIDE) over the kernel's points where |kx|, |ky| are
    at most LOW; sum_j w_j hat_j(ln |k|) elsewhere; 0 on the Nyquist row and column.
    """
    kx, ky = half_plane(n)
    made = np.zeros((*kx.shape, 2, FilterShape().weights))
    low = (np.abs(kx) <= LOW) & (np.abs(ky) <= LOW)
    points = np.arange(KERNEL_SIDE)
    along_x = np.exp(-2j * np.pi * kx[..., None] * points / KERNEL_SIDE)
    along_y = np.exp(-2j * np.pi * ky[..., None] * points / KERNEL_SIDE)
    waves = (along_y[..., :, None] * along_x[..., None, :]).reshape(*kx.shape, -1)
    spatial = FilterShape().spatial
    made[low, 0, :spatial], made[low, 1, :spatial] = waves[low].real, waves[low].imag
    place = np.log(np.maximum(np.hypot(kx, ky), 1.0))
    hats = [np.interp(place, np.log(KNOTS), unit) for unit in np.eye(len(KNOTS))]
    made[~low, 0, spatial:] = np.stack(hats, axis=-1)[~low]
    made[(kx == n // 2) | (np.abs(ky) == n // 2)] = 0.0
    return torch.from_numpy(made.astype(np.float32))


def crop(x: Tensor, n: int) -> Tensor:
    """A picture on a coarser grid, by frequency: its spectrum cropped, the Nyquist ones dropped.

    What is smooth keeps its values; white noise of deviation sigma on the finer grid is white noise
    of sigma n/N on the coarser one, but for the dropped frequencies.

    Args:
        x: [B, N, N, C].
        n: even, at most N.

    Returns:
        [B, n, n, C].
    """
    big = x.shape[1]
    if n == big:
        return x
    half = n // 2
    spectrum = torch.fft.rfft2(x, dim=(1, 2))
    small = spectrum.new_zeros(x.shape[0], n, half + 1, x.shape[3])
    small[:, :half, :half] = spectrum[:, :half, :half]
    small[:, 1 - half :, :half] = spectrum[:, 1 - half :, :half]
    # The inverse divides by n^2 where the transform belongs to N^2.
    made: Tensor = torch.fft.irfft2(small, s=(n, n), dim=(1, 2)) * (n / big) ** 2
    return made


def grow(x: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
    """A picture on a finer grid, its new frequencies those of noise: what `crop` is undone by.

    crop(grow(x, noise, sigma), n) = x for x from `crop`; and for a picture x0 + sigma noise whose
    x0 has no frequency that `crop` drops, grow(crop(x0 + sigma noise, n), noise, sigma) is itself.
    The Nyquist row and column of x are not read: on the finer grid those frequencies are new ones.

    Args:
        x: [B, n, n, C].
        noise: [B, N, N, C], standard normal; n and N even, n at most N.
        sigma: [B], deviation of the noise on the finer grid.

    Returns:
        [B, N, N, C].
    """
    n, big = x.shape[1], noise.shape[1]
    if n == big:
        return x
    half = n // 2
    spectrum = torch.fft.rfft2(sigma.view(-1, 1, 1, 1) * noise, dim=(1, 2))
    small = torch.fft.rfft2(x, dim=(1, 2)) * (big / n) ** 2
    spectrum[:, :half, :half] = small[:, :half, :half]
    spectrum[:, 1 - half :, :half] = small[:, 1 - half :, :half]
    made: Tensor = torch.fft.irfft2(spectrum, s=(big, big), dim=(1, 2))
    return made
