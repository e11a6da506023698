"""A trace: recordings, with the estimate of the final picture measured along each path."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from catoptric.errors import InputError
from catoptric.sampling import Denoiser, Guided, Settings, Status, guided
from catoptric.sampling.bands import Band
from catoptric.sampling.brownian import KeyedNoise
from catoptric.sampling.options import RestartOptions
from catoptric.sampling.stops import SIDE
from catoptric.tracing.bands import BandSplit
from catoptric.tracing.path import PathShape, path_shape
from catoptric.tracing.record import Recording, record
from catoptric.tracing.waveform import Waveform, waveform

Floats = NDArray[np.float64]
Picture = Callable[[Tensor], Tensor]
"""`x [n, ...] -> float [n, H, W, C]`: a linear picture of states, the model's zero being 0."""

SETTLED_WITHIN = 0.1
"""A pixel is settled once no channel strays further from its final value: 5 % of -1 .. 1."""


@dataclass(frozen=True)
class Steps:
    """Every attempted step of one sample, in order.

    Attributes:
        sigma, sigma_next: float64 [a], noise levels it leads from and to.
        h: float64 [a], its length in lambda = -ln sigma; infinite for a step to sigma 0.
        error: float64 [a], scaled error (1 = tolerance); NaN for fixed solvers.
        accepted: bool [a].
        weight: float64 [a], guidance weight at its start.
    """

    sigma: Floats
    sigma_next: Floats
    h: Floats
    error: Floats
    accepted: NDArray[np.bool_]
    weight: Floats


@dataclass(frozen=True)
class Points:
    """The guided estimate at every state on one sample's path.

    Attributes:
        sigma: float64 [p], falling; twice the same where guidance jumps: above it and below.
        weight: float64 [p], guidance weight.
        settled: float64 [p], share of pixels that have their final colour from here on.
        response: float64 [p, bands + 1], r of each band, the whole picture last.
        estimate: [p, ...], the estimates in the model's space.
    """

    sigma: Floats
    weight: Floats
    settled: Floats
    response: Floats
    estimate: Tensor

    @property
    def lambda_(self) -> Floats:
        """-ln sigma, float64 [p]."""
        return -np.log(self.sigma)


@dataclass(frozen=True)
class SampleTrace:
    """One sample's trace.

    Attributes:
        seed, nfe, status, end: as in its `Recording`.
        steps: every attempt.
        points: the estimates along the path; none where the sample did not finish.
        waveforms: one per band, the whole picture last.
        estimate_path, state_path: shapes of the path of the estimate and of the noisy state.
    """

    seed: int
    nfe: int
    status: int
    end: Tensor
    steps: Steps
    points: Points
    waveforms: tuple[Waveform, ...]
    estimate_path: PathShape
    state_path: PathShape


@dataclass(frozen=True)
class Trace:
    """Traces of several seeds under one setting.

    Attributes:
        bands: radial frequency bands.
        samples: one per seed.
        sigma_min, sigma_max: the model's range.
        jumps: sigmas at which guidance jumps, falling.
        guide_sigma, guide_weight: float64 [m], the guidance weight over the range walked, both
            sides of every jump.
        measured: guided estimates taken for the trace itself, beside those of the sampler.
    """

    bands: tuple[Band, ...]
    samples: tuple[SampleTrace, ...]
    sigma_min: float
    sigma_max: float
    jumps: tuple[float, ...]
    guide_sigma: Floats
    guide_weight: Floats
    measured: int


def check_traceable(settings: Settings) -> None:
    """Refuse a solver whose path has no single place at a noise level.

    Raises:
        InputError: `restart`, which goes back up to noise levels it has left.
    """
    options = settings.sampler.options
    if isinstance(options, RestartOptions) and options.times > 0:
        raise InputError(
            "a trace follows noise levels as they fall, and 'restart' goes back up: trace another "
            "solver, or set times to 0"
        )


def trace_sampling(
    denoiser: Denoiser,
    settings: Settings,
    noise: KeyedNoise,
    seeds: Sequence[int],
    *,
    condition: Any | None,
    picture: Picture,
    microbatch: int = 64,
) -> Trace:
    """Sample, and measure the guided estimate D(x, sigma) at every state on each accepted path.

    Solvers look at the model at different points of a step; here all are measured alike, at the
    states they accepted. The sampler runs untouched: its pictures are those of `sample`.

    Args:
        denoiser, settings, noise, seeds, condition, microbatch: as `sample`.
        picture: linear picture of states; its zero is what responses are measured from.

    Returns:
        The trace.

    Raises:
        InputError: as `sample` and `check_traceable`.
    """
    check_traceable(settings)
    recordings = record(
        denoiser, settings, noise, seeds, condition=condition, microbatch=microbatch
    )
    denoise = guided(denoiser, condition, settings.guidance)
    wanted = [_points_of(recording, denoise) for recording in recordings]
    sizes = [len(index) for index, _ in wanted]
    states = torch.cat([r.path[i] for r, (i, _) in zip(recordings, wanted, strict=True)])
    levels = torch.cat([sigma for _, sigma in wanted])
    with torch.no_grad():
        if settings.guidance.momentum:
            estimates = _estimates_in_order(denoise, states, levels, sizes, microbatch)
        else:
            estimates = _estimates(denoise, states, levels, microbatch)
    shown = picture(recordings[0].end[None])
    split = BandSplit(int(shown.shape[1]), int(shown.shape[2]))
    side = SIDE if settings.sampler.is_adaptive else 0.0
    samples = [
        _measured(recording, sigma, estimate, denoise, split, picture, side)
        for recording, sigma, estimate in zip(
            recordings, torch.split(levels, sizes), torch.split(estimates, sizes), strict=True
        )
    ]
    guide = _guide_levels(recordings, float(denoiser.sigma_min), denoise.jumps)
    return Trace(
        bands=split.bands,
        samples=tuple(samples),
        sigma_min=float(denoiser.sigma_min),
        sigma_max=float(denoiser.sigma_max),
        jumps=denoise.jumps,
        guide_sigma=guide.numpy(),
        guide_weight=denoise.weight(guide).numpy(),
        measured=len(levels),
    )


def _guide_levels(
    recordings: Sequence[Recording], sigma_min: float, jumps: Sequence[float], count: int = 120
) -> Tensor:
    """Noise levels to read the guidance weight at, float64 [m], falling."""
    top = max(float(recording.path_sigma[0]) for recording in recordings)
    even = torch.logspace(math.log10(top), math.log10(sigma_min), count, dtype=torch.float64)
    sides = [jump * (1.0 + side) for jump in jumps if jump < top for side in (SIDE, -SIDE)]
    both = torch.cat([even, torch.tensor(sides, dtype=torch.float64)])
    return both.sort(descending=True).values


def _points_of(recording: Recording, denoise: Guided) -> tuple[Tensor, Tensor]:
    """(index of the state, sigma to look at it with), both sides where guidance jumps.

    Levels at which guidance holds the state still are left out: nothing is estimated there.
    """
    index, sigma, jumps = [], [], denoise.jumps
    for i, level in enumerate(recording.path_sigma.tolist()):
        if level <= 0.0 or not bool(recording.path[i].isfinite().all()):
            continue
        on_jump = any(abs(level / jump - 1.0) < SIDE for jump in jumps)
        for side in (SIDE, -SIDE) if on_jump else (0.0,):
            index.append(i)
            sigma.append(level * (1.0 + side))
    states = torch.tensor(index, dtype=torch.int64)
    levels = torch.tensor(sigma, dtype=torch.float64)
    asked = denoise.passes(levels) > 0
    return states[asked], levels[asked]


def _estimates(denoise: Guided, states: Tensor, sigma: Tensor, rows: int) -> Tensor:
    """The guided estimate of every state, in calls of exactly `rows` rows."""
    found = []
    for start in range(0, len(states), rows):
        part = torch.arange(start, start + rows).clamp(max=len(states) - 1)
        estimate = denoise(states[part], sigma[part].to(states.dtype))
        found.append(estimate[: len(states) - start])
    return torch.cat(found) if found else torch.empty_like(states)


def _estimates_in_order(
    denoise: Guided, states: Tensor, sigma: Tensor, sizes: Sequence[int], rows: int
) -> Tensor:
    """The same, sample by sample in a row of its own: momentum remembers along each path."""
    found = torch.empty_like(states)
    first = [sum(sizes[:i]) for i in range(len(sizes))]
    for start in range(0, len(sizes), rows):
        part = list(zip(first, sizes, strict=True))[start : start + rows]
        part += [part[-1]] * (rows - len(part))
        denoise.forget()
        for k in range(max(size for _, size in part)):
            # A sample that has no more points repeats its last one.
            at = torch.tensor([begin + min(k, max(size - 1, 0)) for begin, size in part])
            at = at.clamp(max=max(len(states) - 1, 0))
            estimate = denoise(states[at], sigma[at].to(states.dtype))
            new = [i for i, (_, size) in enumerate(part[: len(sizes) - start]) if k < size]
            found[at[new]] = estimate[new]
    return found


def _measured(
    recording: Recording,
    sigma: Tensor,
    estimate: Tensor,
    denoise: Guided,
    split: BandSplit,
    picture: Picture,
    side: float,
) -> SampleTrace:
    if recording.status != Status.DONE:
        # Without a final picture there is nothing to measure an estimate against.
        sigma, estimate = sigma[:0], estimate[:0]
    lambda_ = -torch.log(sigma)
    if len(sigma):
        pictures, end = picture(estimate), picture(recording.end[None])[0]
        response = split.response(pictures, end)
        settled = _settled(pictures, end)
    else:
        response = torch.empty((0, len(split.bands) + 1), dtype=torch.float64)
        settled = torch.empty(0, dtype=torch.float64)
    levels = recording.sigma
    walked = (recording.path_sigma > 0) & recording.path.flatten(1).isfinite().all(dim=1)
    state_lambda = -torch.log(recording.path_sigma[walked])
    return SampleTrace(
        seed=recording.seed,
        nfe=recording.nfe,
        status=recording.status,
        end=recording.end,
        steps=Steps(
            sigma=levels.numpy(),
            sigma_next=recording.sigma_next.numpy(),
            h=(torch.log(levels) - torch.log(recording.sigma_next)).numpy(),
            error=recording.error.numpy(),
            accepted=recording.accepted.numpy(),
            # A step that starts on a jump is guided as below it.
            weight=denoise.weight(levels * (1.0 - side)).numpy(),
        ),
        points=Points(
            sigma=sigma.numpy(),
            weight=denoise.weight(sigma).numpy(),
            settled=settled.numpy(),
            response=response.numpy(),
            estimate=estimate,
        ),
        waveforms=tuple(
            waveform(lambda_.numpy(), response[:, band].numpy())
            for band in range(response.shape[1])
        ),
        estimate_path=path_shape(estimate, lambda_),
        state_path=path_shape(recording.path[walked], state_lambda),
    )


def _settled(pictures: Tensor, end: Tensor) -> Tensor:
    """Share of pixels whose colour is final from each point on: float64 [p]."""
    near = ((pictures - end).abs().amax(dim=-1) <= SETTLED_WITHIN).flatten(1)
    stays = near.flip(0).long().cumprod(dim=0).flip(0)
    return stays.double().mean(dim=1)
