"""Analysis by synthesis: what a picture shows is what the nearest render shows.

Independent of any trained judge, so a judge can be measured on a generator's own pictures, whose
truth nobody wrote down. Far slower, and by distance in pixels alone: not for audits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from catoptric.hashing import content_hash
from catoptric.judges.even import even_rates
from catoptric.models.exact import Latent
from catoptric.models.pca import Basis, one_thread, principal_components
from catoptric.world.attributes import ATTRIBUTES, WOMAN_HAIR, Codes, attribute, column
from catoptric.world.layers import SIDE, sources_hash
from catoptric.world.rates import draw_portraits
from catoptric.world.renderer import render
from catoptric.world.storage import cache_folder, keep_newest, read_arrays, write_arrays

SHORTLIST = 50
"""Renders per picture whose exact distance is taken."""
LEFT_OUT = 0.1
"""Variance that the principal coordinates of the shortlist leave out."""
BASIS_OF = 6144
"""Renders that the principal directions are found from."""
CHUNK = 4096
"""Renders made at once: 50 MB as bytes, 200 MB as float32."""
PICTURES = 16
"""Pictures searched for at once: with 64 renders each, 50 MB as float32."""
ROUNDS = 12
"""Improvements at most; four or five are usual."""
_KEY = 0xA5 << 64


@dataclass(frozen=True)
class Nearest:
    """The nearest render of each picture.

    Attributes:
        codes: uint8 [n, n_attributes], what it shows.
        distance: float64 [n], root mean square over pixels and colours, in bytes (0 to 255).
        drawn_distance: float64 [n], that of the nearest among the renders drawn beforehand.
    """

    codes: Codes
    distance: np.ndarray
    drawn_distance: np.ndarray


class Renders:
    """Renders drawn beforehand: their codes and principal coordinates."""

    def __init__(self, codes: Codes, points: np.ndarray, latent: Latent) -> None:
        self.codes, self._latent = codes, latent
        self._points = torch.from_numpy(np.asarray(points))
        self._half_norms = torch.cat(
            [part.float().square().sum(1) / 2 for part in self._points.split(CHUNK)]
        )

    @one_thread()
    def shortlist(self, pictures: np.ndarray) -> Codes:
        """Codes of the renders nearest in principal coordinates: uint8 [n, SHORTLIST, attributes].

        Args:
            pictures: uint8 [n, 64, 64, 3].
        """
        x = self._latent.encode(pictures)
        kept_score = torch.empty(len(x), 0)
        kept = torch.empty(len(x), 0, dtype=torch.int64)
        for start in range(0, len(self._points), CHUNK):
            part = self._points[start : start + CHUNK].float()
            score = torch.addmm(self._half_norms[start : start + CHUNK].neg(), x, part.T)
            index = torch.arange(start, start + len(part)).expand(len(x), -1)
            scores = torch.cat([kept_score, score], 1)
            kept_score, place = scores.topk(min(SHORTLIST, scores.shape[1]), dim=1)
            kept = torch.cat([kept, index], 1).gather(1, place)
        return np.asarray(self.codes[kept.numpy()])


def drawn_renders(n: int = 200_000) -> Renders:
    """Renders of portraits in which every level is frequent; kept in the user's cache folder.

    Args:
        n: how many.
    """
    key = content_hash(["renders", 1, sources_hash(), even_rates().hash, n, BASIS_OF, LEFT_OUT])
    folder = cache_folder()
    path = folder / f"renders-{key[:16]}.bin"
    arrays = read_arrays(path, key)
    codes = draw_portraits(even_rates(), _KEY, n)
    if arrays is None:
        basis = principal_components(render(codes[:BASIS_OF]), 2 / 255, left_out=LEFT_OUT, most=256)
        latent = Latent(basis, (SIDE, SIDE, 3))
        with one_thread():
            points = np.concatenate(
                [
                    latent.encode(render(codes[start : start + CHUNK])).numpy().astype(np.float16)
                    for start in range(0, n, CHUNK)
                ]
            )
        arrays = {
            "mean": basis.mean.numpy(),
            "components": basis.components.numpy(),
            "points": points,
        }
        write_arrays(path, key, arrays)
        keep_newest(folder, "renders-*.bin", 2)
    mean, components = (torch.from_numpy(arrays[name].copy()) for name in ("mean", "components"))
    latent = Latent(Basis(mean, components, LEFT_OUT), (SIDE, SIDE, 3))
    return Renders(codes, arrays["points"], latent)


def nearest_render(pictures: np.ndarray, *, n: int = 200_000) -> Nearest:
    """The nearest render of each picture, by the sum of squared differences of pixels.

    From the nearest of `n` renders drawn beforehand (a shortlist in principal coordinates, then
    exact distances) a descent: of all renders that differ in one attribute the nearest is taken,
    until none is nearer. The drawn ones are a fraction of all portraits there are, and without the
    descent a mouth would be decided by whichever hair came nearest.

    Args:
        pictures: uint8 [m, 64, 64, 3].
        n: renders drawn beforehand.

    Returns:
        Codes and distances.
    """
    renders = drawn_renders(n)
    parts = [
        _descend(renders, pictures[start : start + PICTURES])
        for start in range(0, len(pictures), PICTURES)
    ]
    if not parts:
        return Nearest(np.zeros((0, len(ATTRIBUTES)), np.uint8), np.zeros(0), np.zeros(0))
    return Nearest(
        np.concatenate([part.codes for part in parts]),
        np.concatenate([part.distance for part in parts]),
        np.concatenate([part.drawn_distance for part in parts]),
    )


def _descend(renders: Renders, pictures: np.ndarray) -> Nearest:
    codes, drawn = _best(renders.shortlist(pictures), pictures)
    distance = drawn.copy()
    active = np.arange(len(pictures))
    for _ in range(ROUNDS):
        found, gap = _best(neighbours(codes[active]), pictures[active])
        nearer = gap < distance[active]
        active, found, gap = active[nearer], found[nearer], gap[nearer]
        if not len(active):
            break
        codes[active], distance[active] = found, gap
    return Nearest(codes, distance, drawn)


def _best(candidates: Codes, pictures: np.ndarray) -> tuple[Codes, np.ndarray]:
    """Of [n, k, attributes] codes the nearest to each picture: uint8 [n, attributes], rms [n]."""
    n, each, _ = candidates.shape
    drawn = render(candidates.reshape(n * each, -1)).reshape(n, each, -1)
    gap = drawn.astype(np.float32)
    gap -= pictures.reshape(n, 1, -1)
    squares = np.einsum("nkp,nkp->nk", gap, gap, dtype=np.float64)
    best = squares.argmin(axis=1)
    rows = np.arange(n)
    return candidates[rows, best].copy(), np.sqrt(squares[rows, best] / drawn.shape[2])


def neighbours(codes: Codes) -> Codes:
    """Every portrait that differs in one attribute: uint8 [n, k, attributes].

    A hair style brings its presentation with it. Where a change is never drawn (a beard on a
    woman), the portrait itself stands in its place, so that all rows have as many.

    Args:
        codes: uint8 [n, n_attributes].
    """
    hair, presentation = column("hair_style"), column("presentation")
    facial_hair = column("facial_hair")
    woman = attribute("presentation").index("woman")
    bare = attribute("facial_hair").index("none")
    is_womans = np.array([style in WOMAN_HAIR for style in attribute("hair_style").levels])
    found = []
    for i, about in enumerate(ATTRIBUTES):
        if i == presentation:
            continue
        for level in range(len(about.levels)):
            changed = codes.copy()
            changed[:, i] = level
            if i == hair:
                changed[:, presentation] = woman if is_womans[level] else 1 - woman
                changed[is_womans[changed[:, hair]], facial_hair] = bare
            elif i == facial_hair and level != bare:
                never = codes[:, presentation] == woman
                changed[never] = codes[never]
            found.append(changed)
    return np.stack(found, axis=1)
