"""A tuning as one JSON object, schema 1, and as the remarks of its preset."""

from __future__ import annotations

from typing import Any

import numpy as np

from catoptric.lab.figures import LEVEL
from catoptric.lab.grid_result import interval_json
from catoptric.lab.scores import NAMES
from catoptric.lab.tuning import Contender, Tuned

SCHEMA = 1


def tune_json(found: Tuned) -> dict[str, Any]:
    """The contract of `tune --json`: every figure but the trials' is from held-out seeds."""
    request = found.request
    contenders = (found.tuned, found.balanced, found.one_dial)
    met = {contender.name: contender.meets_goal for contender in contenders}
    return {
        "schema": SCHEMA,
        "prompt": request.base.prompt,
        "model": request.base.model,
        "interface": request.base.interface,
        "attribute": request.base.attribute,
        "level": LEVEL,
        "goal": {"budget": request.goal.budget, "error": request.goal.error},
        "is_met": found.tuned.meets_goal,
        "keep_guidance": request.keep_guidance,
        "seeds": {"train": request.train, "held_out": request.held_out},
        "contenders": [_contender(contender) for contender in contenders],
        "verdicts": [
            {
                "against": rival,
                "rival_meets_goal": met[rival],
                "verdict": word,
                "differences": {name: interval_json(d) for name, d in differences.items()},
            }
            for rival, (word, differences) in found.verdicts().items()
        ],
        "trials": [dict(trial) for trial in found.trials],
        "notes": list(found.notes),
        "seconds": round(found.seconds, 3),
        "run": found.folder.name,
    }


def _contender(contender: Contender) -> dict[str, Any]:
    obeyed = contender.scores.obeyed
    return {
        "name": contender.name,
        "settings": contender.settings.to_dict(),
        **{name: interval_json(contender.scores.interval(name)) for name in NAMES},
        "obeyed": None if np.isnan(obeyed).all() else float(np.nanmean(obeyed)),
        "kept_push": contender.push,
        "meets_goal": contender.meets_goal,
    }


def preset_remarks(found: Tuned) -> list[str]:
    """Where a preset comes from, for the head of its file."""
    request, scores = found.request, found.tuned.scores
    goal = request.goal
    asked = (
        f"the least error within {goal.budget:g} evaluations"
        if goal.budget is not None
        else f"the fewest evaluations for an error of {goal.error:g}"
    )
    error, nfe, overshoot, skew = scores.objectives()
    met = {rival.name: rival.meets_goal for rival in (found.balanced, found.one_dial)}
    words = "; ".join(
        f"against {rival}{'' if met[rival] else ', which misses the goal'}: {word}"
        for rival, (word, _) in found.verdicts().items()
    )
    return [
        f'Found by `catoptric tune` for "{request.base.prompt}" on top of '
        f"{request.base.interface}: {asked}.",
        f"On {request.held_out} held-out seeds: error {error:.3f}, {nfe:.1f} evaluations, "
        f"overshoot {overshoot:.2f}, skew {100 * skew:.1f} points. {words}.",
    ]
