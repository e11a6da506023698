"""Parts as pixels: SVG sources rasterised once, recoloured exactly, kept in the cache folder."""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catoptric.world.parts import FAMILIES, PALETTES, Family, axis_levels
from catoptric.world.storage import Arrays, cache_folder, read_arrays, write_arrays

SIDE = 64
"""Pixels along a side of a portrait."""
OVERSAMPLING = 4
"""Drawn at 256 x 256 and averaged over 4 x 4: exact area coverage, unlike direct drawing at 64."""

UInt8 = NDArray[np.uint8]


@dataclass(frozen=True)
class Layer:
    """One family's parts, cropped to the smallest box that holds them all."""

    family: Family
    top: int
    left: int
    colour: UInt8
    """uint8 [parts, h, w, 3], colour times coverage."""
    keep: UInt8
    """uint8 [parts, h, w, 3], 255 - coverage: what remains of the layers below."""
    drawn: NDArray[np.bool_]
    """bool [parts], False for parts that are empty."""


@dataclass(frozen=True)
class Layers:
    """The whole stack, back to front."""

    stack: tuple[Layer, ...]
    hash: str
    """sha256 of the sources and of the versions of what draws them, hex."""


def load_layers() -> Layers:
    """The rasterised parts, from the cache folder or drawn anew (about two seconds)."""
    return _load(cache_folder())


@lru_cache(maxsize=1)
def _load(folder: Path) -> Layers:
    key = sources_hash()
    path = folder / "parts.bin"
    arrays = read_arrays(path, key)
    if arrays is None:
        arrays = _rasterise_all()
        write_arrays(path, key, arrays)
    return Layers(tuple(_layer(family, arrays) for family in FAMILIES), key)


def sources_hash() -> str:
    """sha256 of every SVG that is drawn, every palette, and the versions that draw them."""
    from importlib.metadata import version  # 20 ms to import: not for every command

    digest = hashlib.sha256(f"1 {SIDE} {OVERSAMPLING} {version('vl-convert-python')}".encode())
    for family in FAMILIES:
        for levels, svg in _sources(family):
            palette = PALETTES[family.tint] if family.tint else {}
            digest.update(repr((family.name, levels, svg, sorted(palette.items()))).encode())
    return digest.hexdigest()


def _sources(family: Family) -> Iterator[tuple[tuple[str, ...], str | None]]:
    axes = family.axes[:-1] if family.tint else family.axes
    for levels in itertools.product(*(axis_levels(axis) for axis in axes)):
        yield levels, family.source(*levels)


def _layer(family: Family, arrays: Arrays) -> Layer:
    top, left = (int(v) for v in arrays[f"{family.name}.corner"])
    keep = 255 - arrays[f"{family.name}.coverage"]
    return Layer(
        family,
        top,
        left,
        arrays[f"{family.name}.colour"],
        np.repeat(keep[..., None], 3, axis=-1),  # so that one multiplication does all channels
        np.asarray((keep < 255).any(axis=(1, 2)), dtype=np.bool_),
    )


def _rasterise_all() -> Arrays:
    arrays: dict[str, NDArray[Any]] = {}
    for family in FAMILIES:
        parts = np.concatenate([_variants(family, svg) for _, svg in _sources(family)])
        ys, xs = np.nonzero(parts[..., 3].any(axis=0))
        box = slice(ys.min(), ys.max() + 1), slice(xs.min(), xs.max() + 1)
        parts = parts[:, box[0], box[1]]
        arrays[f"{family.name}.corner"] = np.array([ys.min(), xs.min()], dtype=np.int64)
        arrays[f"{family.name}.colour"] = np.ascontiguousarray(parts[..., :3])
        arrays[f"{family.name}.coverage"] = np.ascontiguousarray(parts[..., 3])
    return arrays


def _variants(family: Family, svg: str | None) -> UInt8:
    """One source in each of its colours: uint8 [colours, SIDE, SIDE, 4], premultiplied.

    Compositing is affine in the one colour that varies, so a drawing in black and one in white
    give every other: colour(c) = black + c / 255 (white - black). Two drawings, not six.
    """
    tints = list(PALETTES[family.tint].values()) if family.tint else ["#000000"]
    if svg is None:
        return np.zeros((len(tints), SIDE, SIDE, 4), dtype=np.uint8)
    black = rasterise(svg, "#000000")
    white = rasterise(svg, "#ffffff") if family.tint else black
    variants = []
    for tint in tints:
        c = np.array([int(tint[i : i + 2], 16) for i in (1, 3, 5)] + [0]) / 255
        exact = black + c * (white - black)
        rounded = np.floor(exact + 0.5).clip(0, 255)
        # colour <= coverage, or a bright edge would overflow where layers are added
        rounded[..., :3] = np.minimum(rounded[..., :3], rounded[..., 3:])
        variants.append(rounded.astype(np.uint8))
    return np.stack(variants)


def rasterise(svg: str, colour: str) -> NDArray[np.float64]:
    """Draw an SVG with `currentColor` = colour.

    Returns: float64 [SIDE, SIDE, 4], premultiplied red, green, blue, coverage, 0 to 255.
    """
    import vl_convert
    from PIL import Image

    side = SIDE * OVERSAMPLING
    sized = svg.replace("<svg ", f'<svg width="{side}" height="{side}" ', 1)
    sized = sized.replace("currentColor", colour)
    png = vl_convert.svg_to_png(sized, scale=1.0, ppi=72.0)
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"), dtype=np.float64)
    assert pixels.shape[:2] == (side, side), pixels.shape
    pixels[..., :3] *= pixels[..., 3:] / 255
    fine = pixels.reshape(SIDE, OVERSAMPLING, SIDE, OVERSAMPLING, 4)
    mean: NDArray[np.float64] = fine.mean(axis=(1, 3))
    return mean
