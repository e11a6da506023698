"""A grid as one JSON object, schema 1."""

from __future__ import annotations

import platform
from collections import Counter
from typing import Any

import numpy as np

from catoptric import __version__
from catoptric.attribution import Interval
from catoptric.audit.advice import unfinished
from catoptric.lab.figures import LEVEL, Figures
from catoptric.lab.grid import Drawn, Grid
from catoptric.models.portraits import environment

SCHEMA = 1


def grid_json(found: Grid) -> dict[str, Any]:
    """The contract of `grid --json`: undefined values are null, with a reason beside them."""
    plan = found.plan
    request, base = plan.request, plan.request.base
    return {
        "schema": SCHEMA,
        "prompts": list(request.prompts),
        "model": base.model,
        "interface": base.interface,
        "attribute": base.attribute,
        "judge": found.judge,
        "level": LEVEL,
        "axes": [
            {"name": axis.name, "label": axis.label, "values": list(axis.labels)}
            for axis in request.axes
        ],
        "cells": [_cell(found, drawn) for drawn in found.cells],
        "references": [
            {"prompt": prompt, "noise": noise, **_figures(figures)}
            for (prompt, noise), figures in found.references.items()
        ],
        "seeds": {"shown": request.seeds[: request.shown], "measured": len(request.seeds)},
        "pictures": plan.pictures,
        "drawn": found.pictures,
        "seconds": round(found.seconds, 3),
        "notes": [*plan.notes, *_unfinished(found)],
        "run": found.folder.name,
        "versions": {
            "catoptric": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            **environment(),
        },
    }


def _unfinished(found: Grid) -> list[str]:
    """What to say of pictures that did not finish, of cells and of what they are held against."""
    notes = []
    for where, each in (
        ("cells", [drawn.figures.reasons for drawn in found.cells]),
        ("cells' converged pictures", [drawn.yardstick_reasons for drawn in found.cells]),
    ):
        reasons: Counter[str] = Counter()
        for one in each:
            reasons.update(one)
        total = len(each) * len(found.plan.request.seeds)
        notes += [f"{where}: {sentence}" for sentence in unfinished(reasons, total)]
    return notes


def interval_json(interval: Interval) -> dict[str, Any]:
    """An interval as JSON; the reason only where it is undefined."""
    shown: dict[str, Any] = {
        "value": interval.value,
        "low": interval.low,
        "high": interval.high,
        "method": interval.method,
    }
    return shown if interval.reason is None else shown | {"reason": interval.reason}


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        "n": figures.n,
        "unclear": figures.unclear,
        "reasons": dict(figures.reasons),
        "rate": interval_json(figures.rate),
        "obeyed": interval_json(figures.obeyed),
        "nfe": figures.nfe,
        "error": interval_json(figures.error),
        "elsewhere": interval_json(figures.elsewhere),
        "flips": interval_json(figures.flips),
    }


def _cell(found: Grid, drawn: Drawn) -> dict[str, Any]:
    cell, axes = drawn.cell, found.plan.request.axes
    return {
        "at": {axis.name: axis.labels[i] for axis, i in zip(axes, cell.at, strict=True)},
        "prompt": cell.prompt,
        "settings": cell.settings.to_dict(),
        "dropped": list(cell.dropped),
        **_figures(drawn.figures),
    }
