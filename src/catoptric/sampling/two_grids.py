"""Resolution that follows the noise: steps above a sigma run on the model's coarse grid.

At high sigma only low frequencies carry signal. So the chosen solver first walks the state's low
frequencies from the start to the switch; there the missing band is put in, which the model would
have left as it came, the start's own noise at its present scale; and the same solver walks on from
there over the whole grid, its history begun anew.

The coarse state of a solver is z = (N/M) down(x), an orthonormal crop: white noise keeps its
deviation and a picture its norm. So every sigma that a solver, a schedule, guidance or a watcher
sees is one of the whole grid, and only the model is asked in the units of its coarse grid.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, cast

import torch
from torch import Tensor

from catoptric.errors import InputError
from catoptric.sampling.adaptive import solve_adaptive
from catoptric.sampling.brownian import KeyedNoise
from catoptric.sampling.denoiser import PairedDenoiser, TwoGridDenoiser, with_two_grids
from catoptric.sampling.fixed import FIXED_SOLVERS, PAIRED
from catoptric.sampling.guidance import Guided, guided
from catoptric.sampling.noise.keys import START
from catoptric.sampling.options import DpmAdaptiveOptions, PidOptions
from catoptric.sampling.result import SampleResult, Status, Step, Watch
from catoptric.sampling.row_paths import LaterPaths, RowPaths
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
from catoptric.sampling.stops import SIDE


class CoarseGrid:
    """The coarse grid of a model as a model of its own, over orthonormal states z = (N/M) x_M."""

    def __init__(self, model: TwoGridDenoiser) -> None:
        self._model, self._scale = model, float(model.coarse_scale)
        self.sigma_min, self.sigma_max = float(model.sigma_min), float(model.sigma_max)
        if hasattr(model, "pair"):  # what `Guided` looks for
            self.pair = self._pair

    def __call__(self, x: Tensor, sigma: Tensor, condition: Any | None) -> Tensor:
        """Denoise.

        Args:
            x: float32 [B, ...], coarse, orthonormal.
            sigma: float32 [B], in units of the whole grid, which are those of x.
            condition: as of the model.
        """
        scale = self._scale
        return self._model(scale * x, scale * sigma, condition) / scale

    def _pair(self, x: Tensor, sigma: Tensor, condition: Any) -> tuple[Tensor, Tensor]:
        scale = self._scale
        c, u = cast(PairedDenoiser, self._model).pair(scale * x, scale * sigma, condition)
        return c / scale, u / scale

    def down(self, x: Tensor) -> Tensor:
        """The low frequencies of a whole state; those of white noise are white noise."""
        return self._model.down(x) / self._scale

    def grow(self, z: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
        """A coarse state on the whole grid, with the missing band of sigma [B] times the noise."""
        return self._model.grow(self._scale * z, noise, sigma.to(z))

    def noise(self, fine: KeyedNoise) -> KeyedNoise:
        """The low frequencies of keyed noise."""
        return lambda seeds, purpose: self.down(fine(seeds, purpose))


class _Stretch(Guided):
    """Guidance over a stretch of sigma, read from inside it where it jumps at an end."""

    def __init__(self, run: Run, model: Any, low: float, high: float) -> None:
        super().__init__(model, run.condition, run.settings.guidance, run.negative)
        self._low, self._high = low * (1.0 + SIDE), high * (1.0 - SIDE)

    def weight(self, sigma: Tensor) -> Tensor:
        return super().weight(sigma.double().clamp(self._low, self._high))

    def _is_still(self, sigma: Tensor) -> Tensor:
        return super()._is_still(sigma.double().clamp(self._low, self._high))


def _switch(run: Run) -> tuple[CoarseGrid, float]:
    """The coarse grid, and the sigma above which it is used.

    Raises:
        InputError: for a model with one grid, or a sigma outside the range.
    """
    grid, switch = CoarseGrid(with_two_grids(run.denoiser)), run.settings.sampler.coarse_above
    assert switch is not None
    if not run.last < switch < run.first:
        raise InputError(
            f"coarse_above {switch:g} in [sampler] lies outside the range that is walked, "
            f"{run.last:g} to {run.first:g}: choose a sigma inside, or leave it out"
        )
    return grid, switch


def fixed_on_two_grids(run: Run, sigmas: Tensor) -> SampleResult:
    """Walk a schedule, the steps that end at or above `coarse_above` on the coarse grid.

    The switch is the lowest level that is not below `coarse_above`: the coarse grid is never asked
    for a level below it.

    Args:
        run: what is drawn.
        sigmas: float64 [steps + 1], the schedule.

    Raises:
        InputError: for a model with one grid, a switch outside the range, or a schedule without a
            step above it.
    """
    grid, asked = _switch(run)
    sampler = run.settings.sampler
    # A level that is the switch but for rounding is the switch.
    turn = int((sigmas >= asked * (1.0 - 1e-6)).sum()) - 1
    if turn < 1:
        raise InputError(
            f"no step of this schedule ends at or above coarse_above {asked:g}: its second level "
            f"is {float(sigmas[1]):g}; choose a lower coarse_above or more steps, or leave it out"
        )
    solver, paired = FIXED_SOLVERS[sampler.solver], sampler.solver in PAIRED
    above = guided(grid, run.condition, run.settings.guidance, run.negative)
    below = guided(run.denoiser, run.condition, run.settings.guidance, run.negative)
    first_steps, last_steps = (
        _share(asdict(sampler.options), steps / (len(sigmas) - 1))
        for steps in (turn, len(sigmas) - 1 - turn)
    )
    top, switch = float(sigmas[0]), float(sigmas[turn])
    ends, counts, walked = [], [], []
    for offset, real, part in run.chunks():
        nfe = torch.zeros(run.microbatch, dtype=torch.int64)
        start = drawn(run.noise, part, START)
        band = (run.scale(top) / top) * start
        draw = step_noise(run.noise, part, sampler.options, path_end(sigmas, run.last), top)
        above.forget()
        below.forget()
        counter = StepCounter(shifted(run.watch, offset, real))
        on_whole = counter.watch
        counter.watch = _whole(on_whole, grid, band)
        z = solver(
            counting(above, nfe, paired=paired),
            grid.down(run.scale(top) * start),
            sigmas[: turn + 1],
            noise=None if draw is None else lambda low, high, d=draw: grid.down(d(low, high)),
            watch=counter,
            **first_steps,
        )
        counter.watch = on_whole
        x = grid.grow(z, band, torch.full((len(z),), switch))
        end = solver(
            counting(below, nfe, paired=paired),
            x,
            sigmas[turn:],
            noise=draw,
            watch=counter,
            **last_steps,
        )
        # A row that was lost above the switch stays lost.
        finite = x.isfinite().flatten(1).all(dim=1).view(-1, *(1,) * (x.ndim - 1))
        ends.append(torch.where(finite, end, x)[:real])
        counts.append(nfe[:real])
        walked.append(torch.full((real,), counter.count))
    return fixed_result(torch.cat(ends), torch.cat(counts), torch.cat(walked))


def _share(options: dict[str, Any], share: float) -> dict[str, Any]:
    """A solver's options for a share of its steps: churn is shared out over all of them."""
    return options | ({"s_churn": options["s_churn"] * share} if "s_churn" in options else {})


def adaptive_on_two_grids(run: Run) -> SampleResult:
    """Let the solver choose its steps, down to `coarse_above` exactly on the coarse grid.

    A row that ends above the switch, not finite or out of steps, keeps that status and its low
    frequencies; the others walk on. `max_steps` holds for each grid on its own.

    Raises:
        InputError: for a model with one grid, or a switch outside the range; as the solver.
    """
    grid, switch = _switch(run)
    options = run.settings.sampler.options
    assert isinstance(options, PidOptions | DpmAdaptiveOptions)
    starts = [drawn(run.noise, part, START) for _, _, part in run.chunks()]
    coarse = torch.cat([grid.down(run.scale(run.first) * start) for start in starts])
    start = torch.cat(starts)[: len(run.seeds)]
    band = (run.scale(run.first) / run.first) * start
    # An error of e per pixel is one of e N/M in z, whose noise is as large as a pixel's: so a step
    # may err as much as on the whole grid.
    widen = 1.0 / float(with_two_grids(run.denoiser).coarse_scale)
    rough = solve_adaptive(
        _Stretch(run, grid, switch, torch.inf),
        coarse[: len(run.seeds)],
        run.first,
        switch,
        options=replace(
            options, rtol=widen * options.rtol, atol=widen * options.atol, final_denoise=False
        ),
        slots=run.microbatch,
        watch=_whole(run.watch, grid, band),
        at=[sigma for sigma in run.at if sigma >= switch],
        paths=_paths(run, grid.noise(run.noise)),
        seeds=run.seeds,
    )
    done = rough.status == int(Status.DONE)
    x = _grown(run, grid, rough.x, band, torch.where(done, switch, 0.0))
    rows = torch.nonzero(done).flatten()
    dense = _dense_above(run, grid, rough, band, switch)
    if len(rows) == 0:
        return replace(rough, x=x, dense=dense)
    seeds = [run.seeds[row] for row in rows.tolist()]
    fine = solve_adaptive(
        _Stretch(run, run.denoiser, 0.0, switch),
        x[rows],
        switch,
        run.last,
        options=options,
        slots=run.microbatch,
        watch=_of(run.watch, rows),
        at=[sigma for sigma in run.at if sigma < switch],
        paths=_paths(run, run.noise, since=switch, seeds=seeds),
        seeds=seeds,
    )
    if dense is not None and fine.dense is not None:
        lower = [index for index, sigma in enumerate(run.at) if sigma < switch]
        dense[rows[:, None], torch.tensor(lower)] = fine.dense
    return SampleResult(
        x.index_copy(0, rows, fine.x),
        rough.nfe.index_add(0, rows, fine.nfe),
        rough.accepted.index_add(0, rows, fine.accepted),
        rough.rejected.index_add(0, rows, fine.rejected),
        rough.status.index_copy(0, rows, fine.status),
        dense,
    )


def _paths(
    run: Run, noise: KeyedNoise, *, since: float | None = None, seeds: Sequence[int] = ()
) -> RowPaths | None:
    """The Brownian paths over the whole range, so that both grids walk on the same ones."""
    eta = run.settings.sampler.options.noise_clock
    if eta is None:
        return None
    if since is None:
        return RowPaths(noise, run.last, run.first, eta=eta)
    return LaterPaths(
        noise, run.last, run.first, eta=eta, since=since, seeds=seeds, rows=run.microbatch
    )


def _grown(run: Run, grid: CoarseGrid, z: Tensor, band: Tensor, sigma: Tensor) -> Tensor:
    """`grid.grow` in calls of exactly `microbatch` rows: an FFT's bits may depend on their number.

    Args:
        z, band: [n, ...], coarse and whole.
        sigma: [n].
    """
    parts = []
    for offset in range(0, len(z), run.microbatch):
        rows = torch.arange(offset, offset + run.microbatch).clamp(max=len(z) - 1)
        parts.append(grid.grow(z[rows], band[rows], sigma[rows])[: len(z) - offset])
    return torch.cat(parts)


def _dense_above(
    run: Run, grid: CoarseGrid, rough: SampleResult, band: Tensor, switch: float
) -> Tensor | None:
    """Room for the states asked for, those above the switch filled in; None where none was."""
    if not run.at:
        return None
    dense = band.new_full((len(band), len(run.at), *band.shape[1:]), torch.nan)
    upper = [index for index, sigma in enumerate(run.at) if sigma >= switch]
    for place, index in enumerate(upper):
        assert rough.dense is not None
        level = torch.full((len(band),), run.at[index])
        dense[:, index] = _grown(run, grid, rough.dense[:, place], band, level)
    return dense


def _whole(watch: Watch | None, grid: CoarseGrid, band: Tensor) -> Watch | None:
    """`watch` for the coarse grid: it is shown whole states, and estimates without their band.

    Args:
        watch: who is to see.
        grid: the coarse grid.
        band: [n, ...], the rows' noise, which the missing band is at sigma 1.
    """
    if watch is None:
        return None

    def shown(step: Step) -> None:
        level = torch.where(step.accepted, step.sigma_next, step.sigma)
        own, nothing = band[step.rows], torch.zeros_like(level)
        x = grid.grow(step.x, own, level)
        watch(replace(step, x=x, denoised=grid.grow(step.denoised, own, nothing)))

    return shown


def _of(watch: Watch | None, rows: Tensor) -> Watch | None:
    """`watch` for some of the samples: sample i of theirs is rows[i] of all."""
    if watch is None:
        return None
    return lambda step: watch(replace(step, rows=rows[step.rows]))
