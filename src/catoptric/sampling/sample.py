"""From settings and seeds to pictures."""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

import torch
from torch import Tensor

from catoptric.errors import InputError
from catoptric.sampling.brownian import BrownianBridge, KeyedNoise
from catoptric.sampling.denoiser import Denoiser
from catoptric.sampling.dpm_adaptive import dpm_adaptive
from catoptric.sampling.fixed import FIXED_SOLVERS, PAIRED
from catoptric.sampling.guidance import Guided, guided
from catoptric.sampling.noise.keys import START
from catoptric.sampling.options import DpmAdaptiveOptions, PidOptions
from catoptric.sampling.pid import pid
from catoptric.sampling.result import SampleResult, Status, Step, Watch
from catoptric.sampling.row_paths import RowPaths
from catoptric.sampling.schedules import SCHEDULES
from catoptric.sampling.settings import Sampler, Settings


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
    model's sigma_min (and to 0 where the schedule or `final_denoise` says so). Model and noise are
    always asked for exactly `microbatch` rows, the tail padded with its last seed, so a picture is
    the same bit for bit alone, in any company, in any order.

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
            range, or dense output from another solver than `pid`.
    """
    if microbatch < 8 or microbatch % 8:
        raise InputError(f"microbatch must be a multiple of 8, not {microbatch}")
    if not len(seeds):
        raise InputError("at least one seed is needed")
    seeds = [int(seed) for seed in seeds]
    denoise = guided(denoiser, condition, settings.guidance, negative)
    first = start_sigma(settings, denoiser)
    with torch.no_grad():
        if settings.sampler.is_adaptive:
            return _adaptive(
                denoiser, denoise, settings, noise, seeds, first, microbatch, watch, at
            )
        if len(at):
            raise InputError(_DENSE)
        return _fixed(denoiser, denoise, settings, noise, seeds, first, microbatch, watch)


def _scale(settings: Settings, sigma: float) -> float:
    return sigma if settings.start.scale == "sigma" else math.sqrt(1.0 + sigma**2)


def _chunks(seeds: Sequence[int], size: int) -> list[tuple[int, int, list[int]]]:
    """(offset, how many are real, exactly `size` seeds) for each chunk."""
    chunks = []
    for offset in range(0, len(seeds), size):
        part = list(seeds[offset : offset + size])
        chunks.append((offset, len(part), part + [part[-1]] * (size - len(part))))
    return chunks


def _drawn(noise: KeyedNoise, seeds: Sequence[int], purpose: str) -> Tensor:
    drawn = noise(seeds, purpose)
    if drawn.shape[0] != len(seeds):
        raise ValueError(f"noise returned {drawn.shape[0]} rows for {len(seeds)} seeds")
    return drawn


_DENSE = "states between the steps are known to `pid` alone: choose it, or leave `at` empty"


def _adaptive(
    denoiser: Denoiser,
    denoise: Guided,
    settings: Settings,
    noise: KeyedNoise,
    seeds: Sequence[int],
    first: float,
    microbatch: int,
    watch: Watch | None,
    at: Sequence[float],
) -> SampleResult:
    scale = _scale(settings, first)
    parts = [
        scale * _drawn(noise, part, START)[:real] for _, real, part in _chunks(seeds, microbatch)
    ]
    x, last, options = torch.cat(parts), float(denoiser.sigma_min), settings.sampler.options
    common: dict[str, Any] = {
        "slots": microbatch,
        "jumps": denoise.jumps,
        "passes": denoise.passes,
        "watch": watch,
    }
    if options.noise_clock is not None:
        paths = RowPaths(noise, last, first, eta=options.noise_clock)
        common |= {"paths": paths, "seeds": seeds}
    if isinstance(options, PidOptions):
        return pid(denoise, x, first, last, options=options, at=at, memory=denoise, **common)
    if len(at):
        raise InputError(_DENSE)
    assert isinstance(options, DpmAdaptiveOptions)
    return dpm_adaptive(denoise, x, first, last, options=options, **common)


def _fixed(
    denoiser: Denoiser,
    denoise: Guided,
    settings: Settings,
    noise: KeyedNoise,
    seeds: Sequence[int],
    first: float,
    microbatch: int,
    watch: Watch | None,
) -> SampleResult:
    sigmas = schedule(settings.sampler, float(denoiser.sigma_min), first)
    solver, options = FIXED_SOLVERS[settings.sampler.solver], settings.sampler.options
    paired = settings.sampler.solver in PAIRED
    top, bottom = float(sigmas[0]), _bottom(sigmas, float(denoiser.sigma_min))
    ends, counts, walked = [], [], []
    for offset, real, part in _chunks(seeds, microbatch):
        nfe = torch.zeros(microbatch, dtype=torch.int64)
        x = _scale(settings, top) * _drawn(noise, part, START)
        drawn: Callable[[float, float], Tensor] | None = None
        if options.noise_clock is not None:
            path = BrownianBridge(noise, part, bottom, top, eta=options.noise_clock)
            drawn = path.normal
        elif options.fresh_noise is not None:
            drawn = _fresh(noise, part, options.fresh_noise)
        denoise.forget()
        counter = _Steps(_shifted(watch, offset, real))
        counted = _counting(denoise, nfe, paired=paired)
        end = solver(counted, x, sigmas, noise=drawn, watch=counter, **asdict(options))
        ends.append(end[:real])
        counts.append(nfe[:real])
        walked.append(torch.full((real,), counter.count))
    x, nfe, steps = torch.cat(ends), torch.cat(counts), torch.cat(walked)
    finite = x.reshape(x.shape[0], -1).isfinite().all(dim=1)
    status = torch.where(finite, int(Status.DONE), int(Status.NOT_FINITE))
    return SampleResult(x, nfe, steps, torch.zeros_like(nfe), status)


def _bottom(sigmas: Tensor, sigma_min: float) -> float:
    """Where the noise path ends: the model's range, or lower where the schedule goes lower."""
    lowest = float(sigmas[sigmas > 0.0].min())
    # Schedules end at sigma_min up to rounding, which must not move the path's nodes.
    return lowest if lowest < sigma_min * (1 - 1e-6) else sigma_min


def _fresh(noise: KeyedNoise, seeds: Sequence[int], name: str) -> Callable[[float, float], Tensor]:
    """Noise for going up: the n-th draw under a key of its own, whatever the levels."""
    count = 0

    def draw(low: float, high: float) -> Tensor:
        nonlocal count
        count += 1
        return _drawn(noise, seeds, f"{name}:{count}")

    return draw


def _counting(denoise: Guided, nfe: Tensor, *, paired: bool) -> Callable[[Tensor, Tensor], Any]:
    """`denoise`, adding each row's passes to `nfe`; both estimates where the solver is paired."""
    ask, passes = (
        (denoise.pair, denoise.pair_passes) if paired else (denoise.__call__, denoise.passes)
    )

    def counted(x: Tensor, sigma: Tensor) -> Any:
        nfe.add_(passes(sigma).to(nfe.device))
        return ask(x, sigma)

    return counted


class _Steps:
    """Counts the steps walked, and passes them on."""

    def __init__(self, watch: Watch | None) -> None:
        self.count = 0
        self._watch = watch

    def __call__(self, step: Step) -> None:
        self.count += 1
        if self._watch is not None:
            self._watch(step)


def _shifted(watch: Watch | None, offset: int, real: int) -> Watch | None:
    """`watch` for a chunk: rows as indices into all seeds, padding left out."""
    if watch is None:
        return None

    def shown(step: Step) -> None:
        cut = {
            name: getattr(step, name)[:real]
            for name in ("sigma", "sigma_next", "x", "denoised", "error", "accepted")
        }
        watch(replace(step, rows=step.rows[:real] + offset, **cut))

    return shown
