"""One run of the sampler: what is drawn, cut into chunks of exactly so many rows."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from catoptric.sampling.brownian import BrownianBridge, KeyedNoise
from catoptric.sampling.denoiser import Denoiser
from catoptric.sampling.guidance import Guided
from catoptric.sampling.options import Options
from catoptric.sampling.result import SampleResult, Status, Step, Watch
from catoptric.sampling.settings import Settings
from catoptric.sampling.solvers import StepNoise


@dataclass(frozen=True)
class Run:
    """The arguments of `sample`, checked, and the sigma that its range starts from."""

    denoiser: Denoiser
    settings: Settings
    noise: KeyedNoise
    seeds: Sequence[int]
    condition: Any | None
    negative: Any | None
    first: float
    microbatch: int
    watch: Watch | None
    at: Sequence[float]

    @property
    def last(self) -> float:
        """The sigma that its range ends at: the model's lowest."""
        return float(self.denoiser.sigma_min)

    def scale(self, sigma: float) -> float:
        """The factor on the noise that a state at sigma starts as."""
        by_sigma = self.settings.start.scale == "sigma"
        return sigma if by_sigma else math.sqrt(1.0 + sigma**2)

    def chunks(self) -> list[tuple[int, int, list[int]]]:
        """(offset, how many are real, exactly `microbatch` seeds) for each chunk."""
        chunks = []
        for offset in range(0, len(self.seeds), self.microbatch):
            part = list(self.seeds[offset : offset + self.microbatch])
            chunks.append((offset, len(part), part + [part[-1]] * (self.microbatch - len(part))))
        return chunks


def drawn(noise: KeyedNoise, seeds: Sequence[int], purpose: str) -> Tensor:
    """One row of noise per seed.

    Raises:
        ValueError: when the noise returns another number of rows.
    """
    found = noise(seeds, purpose)
    if found.shape[0] != len(seeds):
        raise ValueError(f"noise returned {found.shape[0]} rows for {len(seeds)} seeds")
    return found


def step_noise(
    noise: KeyedNoise, seeds: Sequence[int], options: Options, bottom: float, top: float
) -> StepNoise | None:
    """What a fixed solver's steps are given for noise; None where they take none.

    Args:
        noise: keyed.
        seeds: one per row.
        options: the solver's.
        bottom, top: range in sigma of the path.
    """
    if options.noise_clock is not None:
        return BrownianBridge(noise, seeds, bottom, top, eta=options.noise_clock).normal
    if options.fresh_noise is not None:
        return _fresh(noise, seeds, options.fresh_noise)
    return None


def _fresh(noise: KeyedNoise, seeds: Sequence[int], name: str) -> StepNoise:
    """Noise for going up: the n-th draw under a key of its own, whatever the levels."""
    count = 0

    def draw(low: float, high: float) -> Tensor:
        nonlocal count
        count += 1
        return drawn(noise, seeds, f"{name}:{count}")

    return draw


def path_end(sigmas: Tensor, sigma_min: float) -> float:
    """Where the noise path ends: the model's range, or lower where the schedule goes lower."""
    lowest = float(sigmas[sigmas > 0.0].min())
    # Schedules end at sigma_min up to rounding, which must not move the path's nodes.
    return lowest if lowest < sigma_min * (1 - 1e-6) else sigma_min


def counting(denoise: Guided, nfe: Tensor, *, paired: bool) -> Callable[[Tensor, Tensor], Any]:
    """`denoise`, adding each row's passes to `nfe`; both estimates where the solver is paired."""
    ask, passes = (
        (denoise.pair, denoise.pair_passes) if paired else (denoise.__call__, denoise.passes)
    )

    def counted(x: Tensor, sigma: Tensor) -> Any:
        nfe.add_(passes(sigma).to(nfe.device))
        return ask(x, sigma)

    return counted


class StepCounter:
    """Counts the steps walked, and passes them on."""

    def __init__(self, watch: Watch | None) -> None:
        self.count = 0
        self.watch = watch

    def __call__(self, step: Step) -> None:
        self.count += 1
        if self.watch is not None:
            self.watch(step)


def shifted(watch: Watch | None, offset: int, real: int) -> Watch | None:
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


def fixed_result(x: Tensor, nfe: Tensor, steps: Tensor) -> SampleResult:
    """What a solver that walks a schedule gives back: a row is done, or not finite."""
    finite = x.reshape(x.shape[0], -1).isfinite().all(dim=1)
    status = torch.where(finite, int(Status.DONE), int(Status.NOT_FINITE))
    return SampleResult(x, nfe, steps, torch.zeros_like(nfe), status)
