"""An effect of noise as plain JSON values."""

from __future__ import annotations

from typing import Any

from catoptric.randomness.effect import OBEYED, RATE, Arm, Comparison, Effect
from catoptric.randomness.picture_figures import FIGURES

FIGURE_NAMES = (RATE, OBEYED, *FIGURES)


def effect_json(effect: Effect) -> dict[str, Any]:
    """One JSON object: the yardstick, the sources, every comparison with its numbers."""
    base = effect.request.base
    return {
        "schema": 1,
        "prompt": base.prompt,
        "model": base.model,
        "interface": base.interface,
        "settings": effect.settings.to_dict(),
        "attribute": base.attribute,
        "level": 0.95,
        "margin": base.margin,
        "consecutive": effect.request.consecutive,
        "figures": list(FIGURE_NAMES),
        "yardstick": _arm(effect.yardstick),
        "sources": [
            _arm(arm)
            | {
                "verdict": arm.verdict,
                "power": arm.power,
                "comparisons": [_comparison(c) for c in arm.comparisons],
            }
            for arm in effect.arms
        ],
        "pictures": effect.yardstick.pictures + sum(arm.pictures for arm in effect.arms),
        "drawn": effect.drawn,
        "seconds": effect.seconds,
        "run": str(effect.folder),
    }


def _arm(arm: Arm) -> dict[str, Any]:
    return {
        "source": arm.source,
        "pictures": arm.pictures,
        "independent_units": arm.units,
        "unclear": arm.unclear,
        "distinct": arm.distinct,
        "means": {name: float(values.mean()) for name, values in arm.figures.items()},
    }


def _comparison(c: Comparison) -> dict[str, Any]:
    return {
        "figure": c.figure,
        "value": c.value,
        "points": c.difference.value,
        "low": c.difference.low,
        "high": c.difference.high,
        "method": c.difference.method,
        "p": c.p,
        "p_holm": c.p_holm,
        "p_equivalence": c.equivalence.p,
        "power": c.equivalence.power,
        "verdict": c.verdict,
        "reason": c.equivalence.reason or c.difference.reason,
    }
