"""Seeds crossed with prompts and settings, as one JSON object, schema 1."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np

from catoptric import __version__
from catoptric.models.portraits import environment
from catoptric.randomness.polarity_arms import LEVEL
from catoptric.randomness.polarity_result import interval_json
from catoptric.randomness.seeds import Seeds

SCHEMA = 1


def seeds_json(found: Seeds) -> dict[str, Any]:
    """The contract of `seeds --json`."""
    inner = found.request.inner
    base = inner.base
    return {
        "schema": SCHEMA,
        "kind": "seeds",
        "prompts": list(found.request.prompts),
        "model": base.model,
        "interface": inner.interface_at(inner.guidance[0]).name,
        "attribute": base.attribute,
        "judge": found.judge,
        "level": LEVEL,
        "seeds": inner.seeds,
        "left_out": found.left_out,
        "guidance": list(inner.guidance),
        "components": [
            {
                "attribute": share.attribute,
                "variance": share.variance,
                "shares": {name: interval_json(one) for name, one in share.shares.items()},
                "within": interval_json(share.within),
                "p": share.p,
                "p_holm": share.p_holm,
            }
            for share in found.shares
        ],
        "tendencies": [
            {"seed": one.seed, "rate": one.rate, "points": one.points, "p": one.p}
            for one in found.tendencies
        ],
        "rates": found.rates.tolist(),
        "settings": [settings.to_dict() for settings in found.settings],
        "pictures": inner.seeds * len(found.request.prompts) * len(inner.guidance),
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
