"""Which seeds, and how many: asked for, or fixed once after a pilot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from catoptric.attribution import (
    PILOT_SEEDS,
    contrast_bounds,
    sample_size,
    seed_sample,
    shapley_contrasts,
)
from catoptric.audit.coding import Coding
from catoptric.audit.gallery import Gallery
from catoptric.audit.knobs import Cells
from catoptric.audit.request import DEFAULT_HALF_WIDTH, Request
from catoptric.hashing import content_hash
from catoptric.runs import damaged

# Blocks of one keyed order of all seeds: disjoint, so a remedy is measured on seeds nobody saw.
AUDIT_BLOCK = 0
FRESH_BLOCK = 1
FEWEST_PILOT_SEEDS = 64


def seeds_of(n: int, key: int, block: int) -> list[int]:
    """The first n seeds of a block of a keyed random order of 0 .. 2^32-1."""
    return [int(seed) for seed in seed_sample(n, key, block=block)]


def pilot_seeds(half_width: float) -> int:
    """Seeds of the pilot: all of PILOT_SEEDS, or for wider shares than usual as many fewer.

    A number that must do for 10 points is near 64 itself: a pilot of 256 would be the audit.

    Args:
        half_width: points.
    """
    share = (DEFAULT_HALF_WIDTH / half_width) ** 2
    return int(min(PILOT_SEEDS, max(FEWEST_PILOT_SEEDS, 8 * round(PILOT_SEEDS * share / 8))))


def fix_seeds(
    request: Request, cells: Cells, gallery: Gallery, coding: Coding
) -> tuple[list[int], bool]:
    """The seeds of every cell, fixed once and kept with the run.

    Args:
        request: a number of seeds, or the half-width that decides it.
        cells: the game.
        gallery: draws and reads the pilot.
        coding: what outcomes count.

    Returns:
        The seeds, one per independent unit, and whether the cap cut them short.
    """
    size = request.unit_size
    if request.seeds is not None:
        return seeds_of(request.seeds // size, request.seed_key, AUDIT_BLOCK), False
    half_width = request.half_width or DEFAULT_HALF_WIDTH
    # Plans of plain seeds bear the name they had before there were designs.
    design: dict[str, Any] = {} if size == 1 else {"seed_design": request.seed_design}
    if coding.judge is not None:
        design["judge_error"] = coding.judge.matrices.tolist()
    plan = "plan-" + content_hash(
        design
        | {
            "cells": [settings.to_dict() for settings in cells.settings],
            "attribute": request.attribute,
            "half_width": half_width,
            "max_seeds": request.max_seeds,
            "seed_key": request.seed_key,
            "judge": gallery.judge,
        }
    )
    kept = gallery.store.meta(plan)
    if kept is None:
        first = min(pilot_seeds(half_width), request.max_seeds) // size
        pilot = seeds_of(first, request.seed_key, AUDIT_BLOCK)
        kept = _planned(request, cells, gallery, pilot, half_width, coding)
        gallery.store.set_meta(plan, kept)
    if not isinstance(kept, dict) or not isinstance(kept.get("seeds"), int):
        raise damaged(gallery.store.path)
    seeds = seeds_of(int(kept["seeds"]) // size, request.seed_key, AUDIT_BLOCK)
    return seeds, bool(kept.get("is_capped"))


def _planned(
    request: Request,
    cells: Cells,
    gallery: Gallery,
    pilot: Sequence[int],
    half_width: float,
    coding: Coding,
) -> dict[str, int | bool]:
    gallery.ensure(cells.settings, pilot, "pilot")
    outcomes = np.stack([gallery.read(s, pilot).outcomes for s in cells.settings], axis=1)
    contrasts = shapley_contrasts(cells.game.n_players)
    ranges = np.tile(coding.bounds, (outcomes.shape[1], 1))
    size = sample_size(
        [coding.of(outcomes) @ contrast for contrast in contrasts],
        bounds=[contrast_bounds(contrast, ranges) for contrast in contrasts],
        half_width_points=half_width,
        max_seeds=request.max_seeds,
        units=gallery.units(pilot),
        exempt=[k for k, name in enumerate(cells.game.players) if name == "noise"],
    )
    return {"seeds": size.seeds, "is_capped": size.is_capped}
