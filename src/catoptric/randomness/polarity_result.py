"""A test of polarity as one JSON object, schema 1."""

from __future__ import annotations

import math
import platform
from typing import Any

import numpy as np

from catoptric import __version__
from catoptric.attribution import Interval
from catoptric.models.portraits import environment
from catoptric.randomness.excess import MEANINGS, Excess
from catoptric.randomness.polarity import Polarity
from catoptric.randomness.polarity_arms import LEVEL, Arm, Side
from catoptric.sampling import BANDS

SCHEMA = 1


def polarity_json(found: Polarity) -> dict[str, Any]:
    """The contract of `polarity --json`: undefined values are null, with a reason beside them."""
    request, base = found.request, found.request.base
    attributes = list(dict.fromkeys(c.attribute for arm in found.arms for c in arm.carried))
    return {
        "schema": SCHEMA,
        "kind": "polarity",
        "prompt": base.prompt,
        "model": base.model,
        "interface": request.interface_at(request.guidance[0]).name,
        "attribute": base.attribute,
        "judge": found.judge,
        "level": LEVEL,
        "margin": base.margin,
        "seeds": request.seeds,
        "guidance": list(request.guidance),
        "parts": list(request.parts),
        "bands": {
            name: [band.low, None if math.isinf(band.high) else band.high]
            for name, band in BANDS.items()
        },
        "attributes": attributes,
        "arms": [_arm(arm) for arm in found.arms],
        "verdicts": {verdict.value: meaning for verdict, meaning in MEANINGS.items()},
        "settings": [settings.to_dict() for settings in found.settings],
        "pictures": request.pictures,
        "drawn": found.pictures,
        "seconds": round(found.seconds, 3),
        "run": found.folder.name,
        "versions": {
            "catoptric": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            **environment(),
        },
    }


def interval_json(interval: Interval) -> dict[str, Any]:
    """An interval; an infinite end becomes null, and the reason is told where undefined."""

    def finite(value: float | None) -> float | None:
        return None if value is None or not math.isfinite(value) else value

    shown: dict[str, Any] = {
        "value": finite(interval.value),
        "low": finite(interval.low),
        "high": finite(interval.high),
        "method": interval.method,
    }
    return shown if interval.reason is None else shown | {"reason": interval.reason}


def excess_json(excess: Excess) -> dict[str, Any]:
    """The test of one part, in points."""
    return {
        "points": excess.points,
        "low": excess.low,
        "high": excess.high,
        "method": excess.method,
        "p": excess.p,
        "p_holm": excess.p_holm,
        "equivalent": excess.equivalence.equivalent,
        "power": excess.equivalence.power,
        "attainable": excess.attainable,
        "attainable_low": excess.attainable_low,
        "reason": excess.reason,
    }


def _arm(arm: Arm) -> dict[str, Any]:
    return {
        "guidance": arm.guidance,
        "part": arm.part,
        "verdict": arm.excess.verdict.value,
        "excess": excess_json(arm.excess),
        "opposite": _side(arm.opposite),
        "fresh": _side(arm.fresh),
        "carried": [
            {
                "attribute": one.attribute,
                "share": interval_json(one.share),
                "excess": interval_json(one.excess),
            }
            for one in arm.carried
        ],
    }


def _side(side: Side) -> dict[str, Any]:
    table = side.table
    counts = table.counts
    return {
        "rate": None if math.isnan(side.rate) else side.rate,
        "counts": {
            "both": counts.both,
            "first": counts.first,
            "second": counts.second,
            "neither": counts.neither,
            "unclear": counts.unclear,
        },
        "flips": interval_json(table.flips),
        "phi": interval_json(table.phi),
        "phi_lowest": table.phi_lowest,
        "tetrachoric": interval_json(table.tetrachoric),
        "odds_ratio": interval_json(table.odds_ratio),
        "pictures": interval_json(side.pictures),
    }
