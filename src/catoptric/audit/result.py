"""An audit as one JSON object, schema 1."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np

from catoptric import __version__
from catoptric.attribution import Interval, JudgeError, Share
from catoptric.audit.flow import LEVEL, Audit
from catoptric.audit.remedy import Remedy
from catoptric.models.portraits import environment

SCHEMA = 1


def to_json(found: Audit) -> dict[str, Any]:
    """The contract of `audit --json`: undefined values are null, with a reason beside them.

    Interface shares sum to deployed - reference, all shares to deployed - target, within 1e-9.
    """
    request, split = found.request, found.decomposition
    deployed = split.deployed.value
    return {
        "schema": SCHEMA,
        "prompt": request.prompt,
        "model": request.model,
        "interface": found.interface.name,
        "reference": found.reference.name,
        "attribute": request.attribute,
        "judge": found.subject.model.judge_name,
        "judge_error": None if found.judge is None else _judge_error(found.judge),
        "target": found.target,
        "level": LEVEL,
        "margin": request.margin,
        "rates": {
            "data": _data(found.data),
            "reference": _rate(split.reference),
            "deployed": _rate(split.deployed),
        },
        "shares": _shares(found),
        "totals": {
            "skew": _skew(found, deployed),
            "interface": _numbers(split.total),
        },
        "interactions": [
            {
                "knobs": list(pair.players),
                "points": pair.points,
                "low": pair.low,
                "high": pair.high,
            }
            for pair in split.interactions
        ],
        "cells": _cells(found),
        "remedy": None if found.remedy is None else _remedy(found.remedy),
        "seeds": len(found.seeds) * request.unit_size,
        "seed_design": request.seed_design,
        "pictures": sum(len(reading.outcomes) for reading in found.readings),
        "nfe": found.nfe,
        "seconds": round(found.seconds, 3),
        "run": found.folder.name,
        "versions": {
            "catoptric": __version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            **environment(),
        },
        "settings": {
            "reference": found.cells.reference.to_dict(),
            "deployed": found.cells.deployed.to_dict(),
        },
        "remedy_reason": found.remedy_reason or None,
        "remedy_cost": {"pictures": found.remedy_cost.pictures, "nfe": found.remedy_cost.nfe},
        "notes": list(found.notes),
        "command": request.command(),
        "request": request.to_dict(),
    }


def _judge_error(judge: JudgeError) -> dict[str, Any]:
    """What was taken back: shares of validation pictures judged right, and their counts."""
    specificity, sensitivity = judge.probabilities[0].diagonal()
    return {
        "specificity": float(specificity),
        "sensitivity": float(sensitivity),
        "counts": judge.matrices[0].astype(int).tolist(),
    }


def _data(rate: float | None) -> dict[str, Any]:
    known = {"value": rate, "low": rate, "high": rate}
    if rate is None:
        return known | {"method": None, "reason": "hidden (--hide-data)"}
    return known | {"method": "exact"}


def _rate(interval: Interval) -> dict[str, Any]:
    rate: dict[str, Any] = {
        "value": interval.value,
        "low": interval.low,
        "high": interval.high,
        "method": interval.method,
    }
    if interval.reason is not None:
        rate["reason"] = interval.reason
    return rate


def _numbers(share: Share) -> dict[str, Any]:
    return {
        "points": share.points,
        "low": share.low,
        "high": share.high,
        "method": share.method,
        "p": share.p,
        "reason": share.reason,
    }


def _measured(share: Share) -> dict[str, Any]:
    return {
        "source": share.source,
        "knob": share.player,
        **_numbers(share),
        "p_holm": share.p_holm,
        "equivalent": share.equivalent,
        "unclear_low": share.unclear_low,
        "unclear_high": share.unclear_high,
    }


def _exact(source: str, knob: str | None, points: float, reason: str) -> dict[str, Any]:
    return {
        "source": source,
        "knob": knob,
        "points": points,
        "low": points,
        "high": points,
        "method": "exact" if source == "data" else None,
        "p": None,
        "reason": reason,
        "p_holm": None,
        "equivalent": None,
        "unclear_low": points,
        "unclear_high": points,
    }


def _shares(found: Audit) -> list[dict[str, Any]]:
    split = found.decomposition
    assert split.model is not None
    model = _measured(split.model)
    if found.data is None:
        shares = [model | {"source": "data+model"}]
    else:
        shares = [_exact("data", None, 100 * (found.data - found.target), "exact"), model]
    shares += [_measured(share) for share in split.shares]
    shares += [_exact("interface", knob, 0.0, "same setting") for knob in found.cells.same]
    return shares


def _skew(found: Audit, deployed: float | None) -> dict[str, Any]:
    """Deployed - target: the deployed rate's own interval, moved by the target, in points."""
    interval = found.decomposition.deployed

    def moved(value: float | None) -> float | None:
        return None if value is None else 100 * (value - found.target)

    return {
        "points": moved(deployed),
        "low": moved(interval.low),
        "high": moved(interval.high),
        "method": interval.method,
        "p": None,
        "reason": interval.reason or "the deployed rate's interval, moved; no test is made of it",
    }


def _cells(found: Audit) -> list[dict[str, Any]]:
    cells = []
    for count, reading in zip(found.decomposition.cells, found.readings, strict=True):
        cells.append(
            {
                "coalition": list(found.cells.game.members(count.coalition)),
                "n": count.n,
                "yes": count.yes,
                "no": count.no,
                "unclear": count.unclear,
                "obeyed": int(np.nansum(reading.obeyed)),
                "obeyed_of": int((~np.isnan(reading.obeyed)).sum()),
                "nfe": int(reading.nfe.sum()),
            }
        )
    return cells


def _remedy(remedy: Remedy) -> dict[str, Any]:
    return {
        "knob": " and ".join(remedy.candidate.knobs),
        "candidate": remedy.candidate.label,
        "settings": remedy.candidate.changed,
        "rate": _rate(remedy.rate),
        "points_from_reference": remedy.points_from_reference,
        "points_from_target": remedy.points_from_target,
        "warning": remedy.warning,
        "nfe": remedy.nfe,
        "obeyed": remedy.obeyed,
        "unclear": remedy.unclear,
        "trials": [
            {
                "candidate": trial.candidate.label,
                "points_from_reference": trial.points,
                "p_holm": trial.p_holm,
                "nfe": trial.nfe,
            }
            for trial in remedy.trials
        ],
    }
