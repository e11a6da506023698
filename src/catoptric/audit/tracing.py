"""What `trace` does: a prompt traced under one interface, or under two on the same seeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from catoptric import __version__
from catoptric.audit.advice import advice
from catoptric.audit.interface import load_interface
from catoptric.audit.knobs import KNOBS, make_cells
from catoptric.audit.request import Request
from catoptric.errors import InputError
from catoptric.sampling import Settings

if TYPE_CHECKING:
    from catoptric.studio.contract import Studio
    from catoptric.tracing import SampleTrace, Trace

SCHEMA = 1
MOST = 256
LARGEST_SEED = 2**32 - 1
FRAMES = 9
# Rows of pictures in the filmstrip; a page of more is a contact sheet, not a trace.
FILM_SEEDS = 4


@dataclass(frozen=True)
class Frame:
    """One picture of a filmstrip.

    Attributes:
        sigma: noise level of the state it was estimated from; 0 for the finished picture.
        picture: uint8 [H, W, 3].
    """

    sigma: float
    picture: np.ndarray


@dataclass(frozen=True)
class Traced:
    """One side of a trace.

    Attributes:
        name: the interface.
        settings: every knob.
        trace: its numbers.
        films: seed -> its frames, the first seeds only.
    """

    name: str
    settings: Settings
    trace: Trace
    films: Mapping[int, tuple[Frame, ...]]


@dataclass(frozen=True)
class Tracing:
    """What `trace` found.

    Attributes:
        prompt, model: what was traced.
        seeds: one per sample.
        sides: one, or two with the same seeds.
    """

    prompt: str
    model: str
    seeds: tuple[int, ...]
    sides: tuple[Traced, ...]


def trace_prompt(
    prompt: str,
    *,
    number: int,
    seed: int,
    interface: str,
    overrides: Sequence[str],
    against: str | None,
    against_overrides: Sequence[str],
    rates: str | None,
    model: str,
) -> Tracing:
    """Trace a prompt.

    Args:
        prompt: what to draw.
        number: how many seeds.
        seed: the first; the others follow.
        interface: whose settings, a name or a file.
        overrides: "table.key=value" on top.
        against: another interface to trace on the same seeds.
        against_overrides: on top of `against`; without it, on top of the first side.
        rates: a rates file, or None.
        model: what draws.

    Raises:
        InputError: anything the user can mend.
    """
    if not 1 <= number <= MOST:
        raise InputError(f"-n must lie between 1 and {MOST}, not {number}")
    if not 0 <= seed <= LARGEST_SEED - number + 1:
        raise InputError(
            f"--seed must lie between 0 and {LARGEST_SEED:,} for all seeds, not {seed}"
        )
    request = Request(prompt=prompt, model=model, rates=rates, overrides=tuple(overrides))
    chosen = [_settings(interface, overrides)]
    if against is not None:
        chosen.append(_settings(against, against_overrides))
    elif against_overrides:
        chosen.append(_settings(interface, overrides, against_overrides))
    if len(chosen) == 2 and chosen[0][1] == chosen[1][1]:
        raise InputError(
            "both sides have the same settings, so there is nothing to lay over each other: "
            "change one with --against-set TABLE.KEY=VALUE"
        )
    from catoptric.audit.subject import open_subject
    from catoptric.studio.rehearsal import check_drawable
    from catoptric.tracing import check_traceable

    for _, settings in chosen:  # before the model is loaded
        check_traceable(settings)
        check_drawable(settings, model)
    subject = open_subject(request)
    seeds = tuple(range(seed, seed + number))
    traces = [_trace(subject.model, subject.condition, settings, seeds) for _, settings in chosen]
    sides = [
        Traced(name, settings, trace, _films(subject.model, trace, traces))
        for (name, settings), trace in zip(chosen, traces, strict=True)
    ]
    return Tracing(prompt=prompt, model=model, seeds=seeds, sides=tuple(sides))


def _settings(
    interface: str, overrides: Sequence[str], then: Sequence[str] = ()
) -> tuple[str, Settings]:
    loaded = load_interface(interface, overrides, then)
    return loaded.name, make_cells(loaded, load_interface("reference"), KNOBS).deployed


def _trace(model: Studio, condition: Any, settings: Settings, seeds: Sequence[int]) -> Trace:
    import torch

    from catoptric.tracing import trace_sampling

    torch.set_num_threads(1)
    return trace_sampling(
        model.denoiser_of(settings),
        settings,
        model.noise(settings.noise.drawn()),
        seeds,
        condition=condition,
        picture=model.picture,
        microbatch=model.microbatch,
    )


def _films(model: Studio, trace: Trace, traces: Sequence[Trace]) -> dict[int, tuple[Frame, ...]]:
    """Estimates at noise levels that both sides share as nearly as their steps allow."""
    found = {}
    for i, sample in enumerate(trace.samples[:FILM_SEEDS]):
        if not len(sample.points.sigma):
            continue
        levels = frame_levels([other.samples[i] for other in traces])
        index = _nearest(np.log(sample.points.sigma), np.log(levels))
        pictures = model.decode(sample.points.estimate[index])
        end = model.decode(sample.end[None])[0]
        frames = [
            Frame(float(sample.points.sigma[k]), picture)
            for k, picture in zip(index, pictures, strict=True)
        ]
        found[sample.seed] = (*frames, Frame(0.0, end))
    return found


def _nearest(known: np.ndarray, wanted: np.ndarray) -> list[int]:
    """For each place wanted the nearest known one that is still free, in order."""
    free = list(range(len(known)))
    found = []
    for place in wanted[: len(free)]:
        best = min(free, key=lambda i: abs(known[i] - place))
        free.remove(best)
        found.append(best)
    return sorted(found)


def frame_levels(samples: Sequence[SampleTrace], count: int = FRAMES) -> np.ndarray:
    """Noise levels at which a filmstrip shows most: evenly spaced in what changes.

    A fifth of the spacing is by lambda, so that a long wait is seen as one; the rest by how far
    the estimate moves.

    Args:
        samples: the same seed under each setting.
        count: how many levels.

    Returns:
        float64 [count], falling.
    """
    usable = [sample for sample in samples if len(sample.points.sigma)]
    low = min(float(sample.points.lambda_[0]) for sample in usable)
    high = max(float(sample.points.lambda_[-1]) for sample in usable)
    grid = np.linspace(low, high, 400)
    way = 0.2 * (grid - low) / (high - low)
    for sample in usable:
        flat = sample.points.estimate.reshape(len(sample.points.sigma), -1)
        moved = np.concatenate([[0.0], flat.diff(dim=0).norm(dim=1).double().cumsum(0).numpy()])
        if moved[-1] > 0:
            share = 0.8 / len(usable)
            way += share * np.interp(grid, sample.points.lambda_, moved / moved[-1])
    places = np.linspace(way[0], way[-1], count)
    levels: np.ndarray = np.exp(-np.interp(places, way, grid))
    return levels


def to_json(found: Tracing) -> dict[str, Any]:
    """The object that `trace --json` prints; see docs/trace.md."""
    import torch

    sides = [_side_json(side) for side in found.sides]
    return {
        "schema": SCHEMA,
        "kind": "trace",
        "prompt": found.prompt,
        "model": found.model,
        "seeds": list(found.seeds),
        "level": 0.95,
        "bands": [
            *({"label": band.label, "low": band.low, "high": band.high} for band in _bands(found)),
            {"label": "whole", "low": None, "high": None},
        ],
        "traces": sides,
        "comparison": _comparison(found),
        "versions": {"catoptric": __version__, "torch": torch.__version__},
    }


def _bands(found: Tracing) -> Any:
    return found.sides[0].trace.bands


def _side_json(side: Traced) -> dict[str, Any]:
    trace = side.trace
    return {
        "interface": side.name,
        "settings": side.settings.to_dict(),
        "sigma_min": trace.sigma_min,
        "sigma_max": trace.sigma_max,
        "jumps": list(trace.jumps),
        "guidance": {"sigma": trace.guide_sigma.tolist(), "weight": trace.guide_weight.tolist()},
        "measured": trace.measured,
        "unfinished": _unfinished(trace),
        "summary": _summary(trace),
        "samples": [_sample_json(sample) for sample in trace.samples],
    }


def _unfinished(trace: Trace) -> list[dict[str, Any]]:
    """How samples ended that did not finish, how many, and what would help."""
    from catoptric.sampling import Status

    ended = Counter(Status(sample.status).name.lower() for sample in trace.samples)
    return [
        {"status": status, "n": n, "advice": told}
        for status, n in sorted(ended.items())
        if (told := advice(status)) is not None
    ]


def _sample_json(sample: SampleTrace) -> dict[str, Any]:
    from catoptric.sampling import Status

    steps, points = sample.steps, sample.points
    columns = ("sigma", "sigma_next", "h", "error", "accepted", "weight")
    return {
        "seed": sample.seed,
        "status": Status(sample.status).name.lower(),
        "nfe": sample.nfe,
        "accepted": int(steps.accepted.sum()),
        "rejected": int((~steps.accepted).sum()),
        "steps": {name: getattr(steps, name).tolist() for name in columns},
        "points": {
            "sigma": points.sigma.tolist(),
            "weight": points.weight.tolist(),
            "settled": points.settled.tolist(),
            "response": points.response.T.tolist(),
        },
        "waveforms": [_waveform_json(w) for w in sample.waveforms],
        "estimate_path": asdict(sample.estimate_path) | {"detour": sample.estimate_path.detour},
        "state_path": asdict(sample.state_path) | {"detour": sample.state_path.detour},
    }


def _waveform_json(waveform: Any) -> dict[str, Any]:
    table = asdict(waveform)
    for name in ("peak", "settled"):
        at = table.pop(f"{name}_lambda")
        table[f"{name}_sigma"] = None if at is None else float(np.exp(-at))
    return table


FIGURES = ("overshoot", "undershoot", "rise", "settling", "peak_lambda", "settled_lambda")


def _summary(trace: Trace) -> dict[str, Any]:
    """Means over seeds with intervals; places in lambda averaged, given as sigma."""
    from catoptric.tracing import mean_over_seeds, sigma_where_settled

    def settled(share: float) -> dict[str, Any]:
        known = [s for s in sigma_where_settled(trace, share) if s is not None]
        return _places([-float(np.log(s)) for s in known])

    def paths(which: str, name: str) -> dict[str, Any]:
        return asdict(mean_over_seeds([getattr(getattr(s, which), name) for s in trace.samples]))

    bands = []
    for band in range(len(trace.bands) + 1):
        row: dict[str, Any] = {}
        for name in FIGURES:
            values = [getattr(sample.waveforms[band], name) for sample in trace.samples]
            if name.endswith("_lambda"):
                row[name.replace("_lambda", "_sigma")] = _places(values)
            else:
                row[name] = asdict(mean_over_seeds(values))
        bands.append(row)
    shape = ("length", "straight", "detour", "turning", "dimension")
    return {
        "nfe": asdict(mean_over_seeds([s.nfe for s in trace.samples])),
        "accepted": asdict(mean_over_seeds([int(s.steps.accepted.sum()) for s in trace.samples])),
        "rejected": asdict(
            mean_over_seeds([int((~s.steps.accepted).sum()) for s in trace.samples])
        ),
        "bands": bands,
        "settled": {"half": settled(0.5), "most": settled(0.9)},
        "estimate_path": {name: paths("estimate_path", name) for name in shape},
        "state_path": {name: paths("state_path", name) for name in shape},
    }


def _places(values: Sequence[float | None]) -> dict[str, Any]:
    """Mean of places in lambda, as sigmas: low is the lower noise level."""
    from catoptric.tracing import mean_over_seeds

    mean = mean_over_seeds(values)
    at = {"value": mean.value, "low": mean.high, "high": mean.low}
    return {k: None if v is None else float(np.exp(-v)) for k, v in at.items()} | {"n": mean.n}


def _comparison(found: Tracing) -> list[dict[str, Any]] | None:
    """Second side minus first, seed by seed, one row per band."""
    from catoptric.tracing import mean_over_seeds

    if len(found.sides) < 2:
        return None
    first, second = (side.trace for side in found.sides)
    rows = []
    for band in range(len(first.bands) + 1):
        row = {}
        for name in ("overshoot", "undershoot", "rise", "settling"):
            pairs = [
                (getattr(a.waveforms[band], name), getattr(b.waveforms[band], name))
                for a, b in zip(first.samples, second.samples, strict=True)
            ]
            changes = [None if a is None or b is None else b - a for a, b in pairs]
            row[name] = asdict(mean_over_seeds(changes))
        rows.append(row)
    return rows
