"""Parts of a picture's noise: orthogonal pieces that can be flipped or redrawn on their own.

White noise stays white noise when one orthogonal piece of it is negated or replaced, so a picture
made from changed noise is as likely as any other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from catoptric.errors import InputError
from catoptric.sampling.bands import Band
from catoptric.sampling.names import unknown

Floats = npt.NDArray[np.float64]

WHOLE = "whole"
# The mean of each channel apart; then narrow bands where a picture is decided and octaves above.
_EDGES = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 32.0, math.inf)
BANDS: Mapping[str, Band] = {
    ("dc" if low == 0.0 else Band(low, high).label): Band(low, high)
    for low, high in pairwise(_EDGES)
}
# Directions in RGB: how light, red against green, yellow against blue. Orthonormal.
CHANNELS: Mapping[str, tuple[float, float, float]] = {
    "light": (1 / math.sqrt(3),) * 3,
    "red-green": (1 / math.sqrt(2), -1 / math.sqrt(2), 0.0),
    "yellow-blue": (1 / math.sqrt(6), 1 / math.sqrt(6), -2 / math.sqrt(6)),
}
PARTS: tuple[str, ...] = (WHOLE, *BANDS, *CHANNELS)


def check_part(name: str, where: str = "noise part") -> str:
    """The name, refused where there is no such part.

    Raises:
        InputError: with the nearest name; for several parts that are not of one family.
    """
    names = name.split(",")
    for each in names:
        if each not in PARTS:
            raise unknown(where, each, PARTS)
    if len(names) > 1 and not (set(names) <= set(BANDS) or set(names) <= set(CHANNELS)):
        raise InputError(
            f"{where} {name!r} overlap: name several bands, or several colour channels"
        )
    if len(set(names)) < len(names):
        raise InputError(f"{where} {name!r} names one part twice")
    return name


def part_of(noise: npt.NDArray[np.float32], name: str) -> Floats:
    """The orthogonal projection of a noise picture onto one of its parts.

    Bands add up to the whole, and so do the three colour channels.

    Args:
        noise: float32 [C, H, W].
        name: "whole", a band ("dc", "1", "4-5", "32+": cycles per picture, all channels together)
            or a colour channel ("light", "red-green", "yellow-blue": all frequencies together);
            several bands or several channels with commas.

    Returns:
        float64 [C, H, W].

    Raises:
        InputError: an unknown part, or a colour channel of noise that has other than 3 channels.
    """
    names = check_part(name).split(",")
    exact = noise.astype(np.float64)
    if name == WHOLE:
        return exact
    if names[0] in BANDS:
        kept = sum(_mask(BANDS[each], noise.shape[-2:]) for each in names)
        return np.asarray(np.fft.irfft2(np.fft.rfft2(exact) * kept, s=noise.shape[-2:]))
    if noise.shape[0] != 3:
        raise InputError(
            f"{name} is a direction in red, green and blue, and this noise has {noise.shape[0]} "
            "channels: name a frequency band"
        )
    directions = np.array([CHANNELS[each] for each in names])
    return np.asarray(np.tensordot(directions.T @ directions, exact, axes=1))


@cache
def _mask(band: Band, size: tuple[int, int]) -> Floats:
    """Which frequencies of `rfft2` lie in the band: 0 or 1, float64 [H, W // 2 + 1]."""
    height, width = size
    rows, columns = np.fft.fftfreq(height, 1 / height), np.fft.rfftfreq(width, 1 / width)
    radius = np.hypot(rows[:, None], columns[None, :])
    return np.asarray((radius >= band.low) & (radius < band.high), dtype=np.float64)
