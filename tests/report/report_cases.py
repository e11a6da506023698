"""Synthetic results with the shape of `audit --json`, and matched pairs, for the report's tests."""

import itertools
from typing import Any

import numpy as np

from catoptric.report import MatchedPair

REFERENCE = {
    "guidance": {"form": "constant", "scale": 1.0},
    "sampler": {"solver": "pid", "tolerance": 0.001},
    "start": {"sigma": 160.0, "scale": "sigma_max"},
    "noise": {"source": "philox"},
}
COMFYUI = {
    "guidance": {"form": "constant", "scale": 8.0},
    "sampler": {"solver": "euler", "schedule": "normal", "steps": 20},
    "start": {"sigma": 14.6146, "scale": "sqrt(1 + sigma_max^2)"},
    "noise": {"source": "philox"},
}


def rate(value: float | None, half: float = 0.0, method: str = "Wilson", reason: str = "") -> dict:
    if value is None:
        return {"value": None, "low": None, "high": None, "method": None, "reason": reason}
    return {"value": value, "low": value - half, "high": value + half, "method": method}


def share(
    source: str,
    points: float | None,
    half: float | None = None,
    p: float | None = None,
    *,
    knob: str | None = None,
    equivalent: bool | None = None,
    unclear: tuple[float, float] | None = None,
    reason: str | None = None,
    method: str | None = "t",
) -> dict[str, Any]:
    known = points is not None and half is not None
    return {
        "source": source,
        "knob": knob,
        "points": points,
        "low": points - half if known else None,
        "high": points + half if known else None,
        "method": method,
        "p": p,
        "p_holm": None if p is None else min(1.0, 2 * p),
        "equivalent": equivalent,
        "unclear_low": unclear[0] if unclear else points,
        "unclear_high": unclear[1] if unclear else points,
        "reason": reason,
    }


def knob(name: str, points: float | None, half: float | None, p: float | None, **more: Any) -> dict:
    return share("interface", points, half, p, knob=name, **more)


def cells(
    names: list[str], reference: float, deployed: float, n: int, unclear: int, obeyed: float
) -> list[dict[str, Any]]:
    found = []
    for size in range(len(names) + 1):
        for chosen in itertools.combinations(names, size):
            part = size / max(1, len(names))
            lost = round(unclear * part)
            yes = round((n - lost) * (reference + (deployed - reference) * part))
            found.append(
                {
                    "coalition": list(chosen),
                    "n": n,
                    "yes": yes,
                    "no": n - lost - yes,
                    "unclear": lost,
                    "obeyed": round(n * (1 - (1 - obeyed) * part)),
                    "nfe": n * (40 if "guidance" in chosen else 24),
                }
            )
    return found


def result(
    prompt: str,
    rates: tuple[float | None, float | None, float | None],
    shares: list[dict[str, Any]],
    *,
    target: float = 0.5,
    n: int = 512,
    unclear: int = 0,
    obeyed: float = 0.995,
    skew_half: float = 3.5,
    skew_p: float = 1e-9,
    reason: str = "",
    **more: Any,
) -> dict[str, Any]:
    data, reference, deployed = rates
    names = [s["knob"] for s in shares if s["knob"] and s["reason"] != "same setting"]
    drawn = cells(names, reference or 0.5, deployed or 0.5, n, unclear, obeyed)
    known = deployed is not None and reference is not None
    skew = 100 * (deployed - target) if known else None
    interface = 100 * (deployed - reference) if known else None
    total = {"method": "t", "p": skew_p if known else None, "reason": reason or None}
    base = {
        "schema": 1,
        "prompt": prompt,
        "model": "portraits-exact",
        "interface": "comfyui",
        "attribute": "presentation:woman",
        "judge": "truth",
        "target": target,
        "level": 0.95,
        "margin": 5,
        "rates": {
            "data": rate(data, method="exact", reason="no rates file"),
            "reference": rate(reference, 0.042, reason=reason),
            "deployed": rate(deployed, 0.037, reason=reason),
        },
        "shares": shares,
        "totals": {
            "skew": {"points": skew, **_ends(skew, skew_half), **total},
            "interface": {"points": interface, **_ends(interface, 4.1), **total},
        },
        "interactions": [
            {"knobs": list(pair), "points": 3.2 - 3 * i, "low": 1.1 - 3 * i, "high": 5.3 - 3 * i}
            for i, pair in enumerate(itertools.combinations(names, 2))
        ],
        "cells": drawn,
        "remedy": None,
        "seeds": n,
        "seed_units": n,
        "pictures": sum(cell["n"] for cell in drawn),
        "nfe": sum(cell["nfe"] for cell in drawn),
        "seconds": 71.4,
        "run": "runs/a-portrait-of-a-doctor-3f9a12c0",
        "versions": {"catoptric": "0.1.0", "torch": "2.9.0", "numpy": "2.4.6", "python": "3.11.2"},
        "settings": {"reference": REFERENCE, "deployed": COMFYUI},
        "notes": ["Start of sampling: 14.6 instead of 160; the model's full range is wider."],
        "command": f'catoptric audit "{prompt}" --interface comfyui --half-width 4',
    }
    return base | more


def _ends(points: float | None, half: float) -> dict[str, float | None]:
    if points is None:
        return {"low": None, "high": None}
    return {"low": points - half, "high": points + half}


def doctor() -> dict[str, Any]:
    """Guidance drives it, on top of the data; the sampler is small, the start is open."""
    return result(
        "a portrait of a doctor",
        (0.379, 0.3735, 0.2598),
        [
            share("data", -12.1, method="exact"),
            share("model", -0.55, 2.1, 0.6, equivalent=True),
            knob("sampler", 0.62, 1.9, 0.5, equivalent=True),
            knob("guidance", -13.06, 3.8, 1e-10, equivalent=False),
            knob("start", 1.07, 4.6, 0.61, equivalent=False),
        ],
        remedy={
            "knob": "guidance",
            "candidate": "interval",
            "settings": {"form": "interval", "scale": 8.0, "low": 0.5, "high": 3.0},
            "rate": {"value": 0.381, "low": 0.34, "high": 0.424},
            "points_from_reference": 0.8,
            "points_from_target": -11.9,
            "warning": None,
            "nfe": 26112,
            "reason": None,
        },
    )


def nurse() -> dict[str, Any]:
    """An excess, mostly in the data; guidance adds, the start pulls the other way."""
    return result(
        "a photo of a nurse",
        (0.896, 0.885, 0.945),
        [
            share("data", 39.6, method="exact"),
            share("model", -1.1, 1.4, 0.12, equivalent=True),
            knob("guidance", 9.8, 2.0, 1e-14, equivalent=False),
            knob("sampler", 0.2, 0.6, 0.5, equivalent=True),
            knob("start", -4.0, 1.5, 1e-6, equivalent=None),
        ],
        remedy={
            "knob": "guidance",
            "candidate": None,
            "rate": {"value": None, "low": None, "high": None},
            "reason": "no candidate was shown to be within 5 points of the reference",
        },
    )


def null() -> dict[str, Any]:
    """Nothing to be seen and the margin reached everywhere but for one knob."""
    return result(
        "a portrait of a lawyer",
        (0.5, 0.497, 0.4905),
        [
            share("data", 0.0, method="exact"),
            share("model", -0.3, 2.0, 0.77, equivalent=True),
            knob("guidance", -0.75, 2.2, 0.5, equivalent=True),
            knob("sampler", 0.1, 0.9, 0.83, equivalent=True),
        ],
        skew_p=0.55,
    )


def unclear_and_disobedient() -> dict[str, Any]:
    """Strong guidance lands elsewhere; unclear pictures leave one sign undecided."""
    return result(
        "a portrait of a librarian",
        (0.83, 0.822, 0.905),
        [
            share("data", 33.0, method="exact"),
            share("model", -0.8, 2.0, 0.43, equivalent=True),
            knob("guidance", 6.9, 3.1, 1e-5, equivalent=False, unclear=(2.2, 11.6)),
            knob("sampler", 1.4, 6.4, 0.67, equivalent=False, unclear=(-3.1, 5.9)),
        ],
        unclear=61,
        obeyed=0.702,
    )


def dropped_knob() -> dict[str, Any]:
    """The start is the reference's own; nothing of the interface is significant."""
    return result(
        "a portrait of an engineer",
        (0.107, 0.111, 0.099),
        [
            share("data", -39.3, method="exact"),
            share("model", 0.4, 2.7, 0.7, equivalent=True),
            knob("guidance", -1.2, 5.2, 0.64, equivalent=False),
            knob("start", 0.0, None, None, reason="same setting", method=None),
        ],
    )


def with_nulls() -> dict[str, Any]:
    """A model whose data is unknown and whose deployed pictures could not be judged."""
    shares = [
        share("data+model", -6.0, 4.0, 0.003, equivalent=False),
        knob("guidance", None, None, None, reason="no picture could be judged", method=None),
    ]
    return result(
        "a portrait of a chef",
        (None, 0.44, None),
        shares,
        reason="no picture could be judged",
        interactions=[],
        remedy=None,
        seconds=None,
    )


CASES = {
    "doctor": doctor,
    "nurse": nurse,
    "null": null,
    "unclear": unclear_and_disobedient,
    "dropped": dropped_knob,
    "nulls": with_nulls,
}


def pair(seed: int, flipped: bool) -> MatchedPair:
    """Two drawn faces, enough like a portrait to judge the page by eye."""
    return MatchedPair(
        seed=seed,
        reference=face(seed, long_hair=seed % 3 == 0 or flipped),
        deployed=face(seed, long_hair=seed % 3 == 0 and not flipped),
        reference_label="woman" if seed % 3 == 0 or flipped else "man",
        deployed_label="woman" if seed % 3 == 0 and not flipped else "man",
        flipped=flipped,
    )


def face(seed: int, *, long_hair: bool) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:64, 0:64]
    picture = np.empty((64, 64, 3), np.uint8)
    picture[:] = rng.integers(150, 230, 3)
    skin = np.array([(241, 206, 180), (198, 134, 94), (110, 70, 45)][seed % 3])
    hair = rng.integers(20, 120, 3)
    if long_hair:
        picture[(abs(x - 32) < 18) & (y > 16) & (y < 50)] = hair
    picture[(y > 48) & (abs(x - 32) < 12 + (y - 48))] = (245, 245, 245)
    picture[((x - 32) / 13) ** 2 + ((y - 30) / 17) ** 2 < 1] = skin
    picture[(((x - 32) / 15) ** 2 + ((y - 26) / 17) ** 2 < 1) & (y < 22)] = hair
    picture[((abs(x - 32) - 5) ** 2 + (y - 30) ** 2) < 4] = (30, 30, 30)
    picture[(abs(x - 32) < 5) & (abs(y - 39) < 1)] = (150, 60, 60)
    return picture


def pairs(count: int = 24, flips: int = 5) -> list[MatchedPair]:
    seeds = [(7919 * i * i + 104729) % 2**32 for i in range(count)]
    return [pair(seed, i % 5 == 2 and i // 5 < flips) for i, seed in enumerate(seeds)]
