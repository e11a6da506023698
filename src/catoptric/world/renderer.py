"""From codes to pictures: parts laid over each other in whole numbers, many portraits at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from catoptric.world.attributes import ATTRIBUTES, Codes, column
from catoptric.world.layers import SIDE, Layer, Layers, load_layers
from catoptric.world.parts import COVER_OF, COVERS

CHUNK = 32
"""Portraits composed at once: 32 keep the working set in the second-level cache."""
WORKERS = 2
"""Threads; numpy lets go of the interpreter inside its loops."""

_COVER = np.array(
    [list(COVERS).index(COVER_OF.get(level, "bare")) for level in ATTRIBUTES[0].levels]
)


def render(codes: Codes) -> NDArray[np.uint8]:
    """Draw portraits.

        out = colour + out (255 - coverage) / 255,   rounded to nearest, layer by layer

    All arithmetic is in integers, so a picture is the same bit for bit whatever its batch.

    Args: codes: uint8 [n, n_attributes].
    Returns: uint8 [n, 64, 64, 3], red, green, blue.
    """
    from concurrent.futures import ThreadPoolExecutor

    layers = load_layers()
    pictures = np.empty((len(codes), SIDE, SIDE, 3), dtype=np.uint8)
    starts = range(0, len(codes), CHUNK)

    def draw(start: int) -> None:
        _compose(layers, codes[start : start + CHUNK], pictures[start : start + CHUNK])

    if len(starts) < 2 * WORKERS:
        for start in starts:
            draw(start)
    else:
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(draw, starts))
    return pictures


def _compose(layers: Layers, codes: Codes, out: NDArray[np.uint8]) -> None:
    for layer in layers.stack:
        part = part_index(layer, codes)
        rows = np.flatnonzero(layer.drawn[part])
        if not len(rows):
            continue
        part = part[rows]
        height, width = layer.keep.shape[1:3]
        box = (slice(layer.top, layer.top + height), slice(layer.left, layer.left + width))
        everyone = len(rows) == len(codes)
        under = out[:, *box] if everyone else out[rows, *box]
        mixed = np.multiply(under, layer.keep[part], dtype=np.uint16)
        mixed += 128  # (x + 128 + (x + 128) / 256) / 256 is x / 255 rounded, exact to 65535
        mixed += mixed >> 8
        mixed >>= 8
        mixed += layer.colour[part]
        if everyone:
            out[:, *box] = mixed
        else:
            out[rows, *box] = mixed


def part_index(layer: Layer, codes: Codes) -> NDArray[np.intp]:
    """Which part of a layer each portrait shows: intp [n]."""
    axes = [
        _COVER[codes[:, 0]] if axis == "cover" else codes[:, column(axis)].astype(np.intp)
        for axis in layer.family.axes
    ]
    index: NDArray[np.intp] = np.ravel_multi_index(tuple(axes), layer.family.shape)
    return index
