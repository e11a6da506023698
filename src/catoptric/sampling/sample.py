"""From settings and seeds to pictures."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from catoptric.errors import InputError
from catoptric.sampling.adaptive import solve_adaptive
from catoptric.sampling.brownian import KeyedNoise
from catoptric.sampling.denoiser import Denoiser
from catoptric.sampling.fixed import FIXED_SOLVERS, PAIRED
from catoptric.sampling.guidance import Guided, guided
from catoptric.sampling.noise.keys import START
from catoptric.sampling.options import PidOptions
from catoptric.sampling.result import SampleResult, Watch
from catoptric.sampling.row_paths import RowPaths
from catoptric.sampling.run import (
    Run,
    StepCounter,
    counting,
    drawn,
    fixed_result,
    path_end,
    shifted,
    step_noise,
)
from catoptric.sampling.schedules import SCHEDULES
from catoptric.sampling.settings import Sampler, Settings
from catoptric.sampling.two_grids import adaptive_on_two_grids, fixed_on_two_grids


def start_sigma(settings: Settings, denoiser: Denoiser) -> float:
    """The sigma that the range of a run starts from.

    Raises:
        InputError: for a start outside the model's range.
    """
    sigma = settings.start.sigma
    if isinstance(sigma, str):
        return float(denoiser.sigma_max)
    # Interfaces quote sigma_max in float32; a rounding above the model's own is the model's own.
    if denoiser.sigma_max < sigma <= denoiser.sigma_max * (1 + 1e-6):
        return float(denoiser.sigma_max)
    if not denoiser.sigma_min < sigma <= denoiser.sigma_max:
        raise InputError(
            f"the start sigma {sigma:g} lies outside the model's range "
            f"{denoiser.sigma_min:g} to {denoiser.sigma_max:g}: choose one inside, or 'model'"
        )
    return sigma


def schedule(sampler: Sampler, sigma_min: float, sigma_max: float) -> Tensor:
    """The sigmas that a fixed solver walks, float64 [steps + 1]."""
    assert sampler.schedule is not None
    make = SCHEDULES[sampler.schedule]
    if sampler.rho is not None:
        return make(sampler.steps, sigma_min, sigma_max, rho=sampler.rho)
    return make(sampler.steps, sigma_min, sigma_max)


def sample(
    denoiser: Denoiser,
    settings: Settings,
    noise: KeyedNoise,
    seeds: Sequence[int],
    *,
    condition: Any | None,
    negative: Any | None = None,
    microbatch: int = 64,
    watch: Watch | None = None,
    at: Sequence[float] = (),
) -> SampleResult:
    """Draw one picture per seed.

    x = scale(s) noise(seed, "start") with s the first sigma walked, then the solver down to the
    model's sigma_min (and to 0 where the schedule or `final_denoise` says so); with `coarse_above`
    the solver begins on the model's coarse grid (`two_grids`). Model and noise are always asked for
    exactly `microbatch` rows, the tail padded with its last seed, so a picture is the same bit for
    bit alone, in any company, in any order.

    Args:
        denoiser: the model.
        settings: all knobs; the caller's `noise` is to be of the source they name.
        noise: `(seeds, purpose) -> float32 [n, ...]`, standard normal in the model's space, row i a
            function of seeds[i] alone when n = microbatch.
        seeds: one per picture.
        condition: what the pictures are to show, in the model's terms; None = unconditional.
        negative: what they are not to show; for guidance's `mix = "perp_neg"`.
        microbatch: rows of every model call, a multiple of 8.
        watch: called with each step; its rows are indices into seeds.
        at: sigmas at which each picture's state is wanted too (`SampleResult.dense`); `pid` only.

    Returns:
        The pictures in model space and their cost, in the order of the seeds.

    Raises:
        InputError: for no seeds, a microbatch that is no multiple of 8, a start outside the model's
            range, dense output from another solver than `pid`, or a switch of grids that the model
            or the range does not have.
    """
    if microbatch < 8 or microbatch % 8:
        raise InputError(f"microbatch must be a multiple of 8, not {microbatch}")
    if not len(seeds):
        raise InputError("at least one seed is needed")
    seeds = [int(seed) for seed in seeds]
    first = start_sigma(settings, denoiser)
    sampler = settings.sampler
    if len(at) and not isinstance(sampler.options, PidOptions):
        raise InputError(_DENSE)
    run = Run(
        denoiser, settings, noise, seeds, condition, negative, first, microbatch, watch, tuple(at)
    )
    with torch.no_grad():
        if sampler.coarse_above is not None:
            if sampler.is_adaptive:
                return adaptive_on_two_grids(run)
            return fixed_on_two_grids(run, schedule(sampler, run.last, first))
        denoise = guided(denoiser, condition, settings.guidance, negative)
        if sampler.is_adaptive:
            return _adaptive(run, denoise)
        return _fixed(run, denoise, schedule(sampler, run.last, first))


_DENSE = "states between the steps are known to `pid` alone: choose it, or leave `at` empty"


def _adaptive(run: Run, denoise: Guided) -> SampleResult:
    parts = [drawn(run.noise, part, START)[:real] for _, real, part in run.chunks()]
    options = run.settings.sampler.options
    paths = None
    if options.noise_clock is not None:
        paths = RowPaths(run.noise, run.last, run.first, eta=options.noise_clock)
    return solve_adaptive(
        denoise,
        run.scale(run.first) * torch.cat(parts),
        run.first,
        run.last,
        options=options,
        slots=run.microbatch,
        watch=run.watch,
        at=run.at,
        paths=paths,
        seeds=run.seeds,
    )


def _fixed(run: Run, denoise: Guided, sigmas: Tensor) -> SampleResult:
    sampler = run.settings.sampler
    solver, options = FIXED_SOLVERS[sampler.solver], sampler.options
    top, bottom = float(sigmas[0]), path_end(sigmas, run.last)
    ends, counts, walked = [], [], []
    for offset, real, part in run.chunks():
        nfe = torch.zeros(run.microbatch, dtype=torch.int64)
        x = run.scale(top) * drawn(run.noise, part, START)
        noise = step_noise(run.noise, part, options, bottom, top)
        denoise.forget()
        counter = StepCounter(shifted(run.watch, offset, real))
        counted = counting(denoise, nfe, paired=sampler.solver in PAIRED)
        end = solver(counted, x, sigmas, noise=noise, watch=counter, **asdict(options))
        ends.append(end[:real])
        counts.append(nfe[:real])
        walked.append(torch.full((real,), counter.count))
    return fixed_result(torch.cat(ends), torch.cat(counts), torch.cat(walked))
