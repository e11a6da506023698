"""Simple figures of a picture, each in percent of full scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Pictures = NDArray[np.uint8]
Floats = NDArray[np.float64]

_LUMA = np.array([0.2126, 0.7152, 0.0722])


def _percent(pictures: Pictures) -> Floats:
    return pictures.astype(np.float64) * (100.0 / 255.0)


def brightness(pictures: Pictures) -> Floats:
    """Mean luma (Rec. 709 weights): uint8 [n, H, W, 3] -> float64 [n]."""
    return np.asarray((_percent(pictures) @ _LUMA).mean((1, 2)))


def contrast(pictures: Pictures) -> Floats:
    """Standard deviation of luma over the picture."""
    return np.asarray((_percent(pictures) @ _LUMA).std((1, 2)))


def colour(pictures: Pictures) -> Floats:
    """Mean distance between a pixel's strongest and weakest channel: 0 for grey pictures."""
    scaled = _percent(pictures)
    return np.asarray((scaled.max(-1) - scaled.min(-1)).mean((1, 2)))


def detail(pictures: Pictures) -> Floats:
    """RMS difference of neighbouring pixels' luma, across and down."""
    luma = _percent(pictures) @ _LUMA
    across, down = np.diff(luma, axis=2), np.diff(luma, axis=1)
    return np.asarray(np.sqrt((np.square(across).mean((1, 2)) + np.square(down).mean((1, 2))) / 2))


FIGURES: Mapping[str, Callable[[Pictures], Floats]] = {
    "brightness": brightness,
    "contrast": contrast,
    "colour": colour,
    "detail": detail,
}
