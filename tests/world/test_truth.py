"""Truth is in the drawing: portraits that differ in an auditable attribute are far apart."""

import numpy as np
import pytest

from catoptric.world import (
    ATTRIBUTE_NAMES,
    AUDITABLE,
    Codes,
    PictureSet,
    Rates,
    attribute,
    column,
    draw_portraits,
    render,
)
from catoptric.world.attributes import WOMAN_HAIR

APART = 2.5
"""Least distance allowed, pixels in [-1, 1]; the nearest are stubble and none on deep skin."""


def varied(rates: Rates, n: int) -> Codes:
    """Drawn portraits with rare combinations made common: every skin with every hair colour."""
    codes = draw_portraits(rates, 11, n)
    random = np.random.Generator(np.random.Philox(key=5))
    for name in ("skin", "hair_colour", "clothing", "background", "glasses", "expression"):
        codes[:, column(name)] = random.integers(0, len(attribute(name).levels), n)
    return codes


def flipped(codes: Codes, name: str, level: int) -> tuple[Codes, Codes]:
    """(portraits, the same with one attribute changed), those that can be drawn."""
    other = codes.copy()
    other[:, column(name)] = level
    changed = other[:, column(name)] != codes[:, column(name)]
    if name == "presentation":  # parts of one presentation go over to the other's
        style, woman = column("hair_style"), level == 0
        other[:, style] = other[:, style] % len(WOMAN_HAIR) + (0 if woman else len(WOMAN_HAIR))
        if woman:
            other[:, column("facial_hair")] = 0
    if name == "facial_hair":
        changed &= codes[:, column("presentation")] == 1
    return codes[changed], other[changed]


def distances(a: Codes, b: Codes) -> np.ndarray:
    """L2 distances of the pictures of a and b, row by row, pixels in [-1, 1]."""
    difference = (render(a).astype(np.float32) - render(b).astype(np.float32)) / 127.5
    return np.sqrt(np.square(difference).sum(axis=(1, 2, 3)))


@pytest.mark.parametrize("name", AUDITABLE)
def test_a_change_of_one_auditable_attribute_moves_the_picture_far(rates: Rates, name: str) -> None:
    codes = varied(rates, 400)
    levels = range(len(attribute(name).levels))
    least = min(distances(*flipped(codes, name, level)).min() for level in levels)
    print(f"{name}: least distance {least:.2f}")
    assert least >= APART


def test_nearest_portraits_with_another_truth_are_far(portraits: PictureSet) -> None:
    pixels = portraits.pictures.reshape(len(portraits), -1).astype(np.float32) / 127.5
    squares = np.square(pixels).sum(axis=1)
    squared = squares[:, None] + squares - 2 * pixels @ pixels.T
    for name in AUDITABLE:
        truth = portraits.codes[:, column(name)]
        least = np.sqrt(squared[truth[:, None] != truth].min())
        print(f"{name}: least distance in the set {least:.2f}")
        assert least >= APART


def test_same_picture_implies_same_auditable_truth(portraits: PictureSet) -> None:
    columns = [ATTRIBUTE_NAMES.index(name) for name in AUDITABLE]
    seen: dict[bytes, bytes] = {}
    for picture, row in zip(portraits.pictures, portraits.codes, strict=True):
        truth = row[columns].tobytes()
        assert seen.setdefault(picture.tobytes(), truth) == truth
