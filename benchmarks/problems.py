"""The problems that solvers are measured on, with closed-form denoisers, and how error is read.

Everything is float64 and ends with one plain denoise at the last sigma, which is counted.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from catoptric.sampling import PidOptions, pid

Denoise = Callable[[Tensor, Tensor], Tensor]
Run = Callable[[Denoise, Tensor, Any], tuple[Tensor, float]]

LEVELS = (3e-3, 1e-3, 3e-4)
SIGMA_MAX, SIGMA_MIN = 40.0, 0.02
OFF_BRANCH = 0.1
SAMPLES = 64
BLUR = 0.15
BRANCHLESS = "one Gaussian, 64-d"
"""The problem on which all samples share one branch: off it means no more than far off."""


@dataclass(frozen=True)
class Problem:
    """A denoiser, starts and what they lead to."""

    name: str
    denoise: Denoise
    x: Tensor
    reference: Tensor


@dataclass(frozen=True)
class Point:
    """One run: mean evaluations, median error, share off branch, 90th percentile of the error.

    `seconds`: of the processor for the whole batch, its denoiser included; on one thread the time
    that passes on a machine with nothing else to do."""

    nfe: float
    error: float
    off: float
    tail: float
    seconds: float


def mixture(dimensions: int, parts: int, widths: tuple[float, float], seed: int) -> Denoise:
    """The exact denoiser of a Gaussian mixture: centres N(0, 1), widths even in a range."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(parts, dimensions, generator=generator, dtype=torch.float64)
    spread = torch.rand(parts, generator=generator, dtype=torch.float64)
    widths2 = (widths[0] + spread * (widths[1] - widths[0])) ** 2
    log_share = torch.randn(parts, generator=generator, dtype=torch.float64).mul(0.5).log_softmax(0)

    def denoise(x: Tensor, sigma: Tensor) -> Tensor:
        variance = widths2 + sigma[:, None] ** 2
        distance2 = (x * x).sum(1, keepdim=True) - 2 * x @ centres.T + (centres * centres).sum(1)
        logits = log_share - 0.5 * distance2 / variance - 0.5 * dimensions * variance.log()
        share = torch.softmax(logits, dim=1)
        keep = widths2 / variance
        return (share * keep).sum(1, keepdim=True) * x + (share * (1 - keep)) @ centres

    return denoise


def blurred(points: Tensor) -> Denoise:
    """The exact denoiser of points that are each blurred by a Gaussian of std BLUR."""
    norms = (points * points).sum(1)

    def denoise(x: Tensor, sigma: Tensor) -> Tensor:
        variance = sigma[:, None] ** 2 + BLUR**2
        share = torch.softmax((x @ points.T - 0.5 * norms) / variance, dim=1)
        keep = BLUR**2 / variance
        return keep * x + (1 - keep) * (share @ points)

    return denoise


def portraits() -> tuple[Denoise, Denoise]:
    """Denoisers of 6,000 portraits in 256 PCA dimensions: of all, and of the doctors among them."""
    from catoptric.world import load_rates, parse_prompt, picture_set

    drawn = picture_set(load_rates(None), size=12_000)
    pixels = torch.from_numpy(np.array(drawn.pictures[:6_000])).flatten(1).float() / 127.5 - 1.0
    pixels -= pixels.mean(0)
    # The 6,000 x 6,000 Gram matrix would do; a randomised range finder costs a twentieth of it.
    generator = torch.Generator().manual_seed(0)
    basis = pixels.T @ torch.randn(len(pixels), 288, generator=generator)
    for _ in range(2):
        basis = pixels.T @ (pixels @ torch.linalg.qr(basis).Q)
    basis = torch.linalg.qr(basis).Q
    _, _, turn = torch.linalg.svd(pixels @ basis, full_matrices=False)
    points = (pixels @ (basis @ turn[:256].T)).double()
    matches = np.asarray(parse_prompt("a portrait of a doctor").matches(drawn.codes))[:6_000]
    return blurred(points), blurred(points[torch.from_numpy(matches)])


def guide(free: Denoise, conditional: Denoise, scale: float) -> Denoise:
    """x0 = u + w (c - u); one evaluation counts once, whatever its passes."""
    if scale == 1.0:
        return conditional

    def denoise(x: Tensor, sigma: Tensor) -> Tensor:
        u = free(x, sigma)
        return u + scale * (conditional(x, sigma) - u)

    return denoise


def gaussian(x: Tensor, sigma: Tensor) -> Tensor:
    """The denoiser of N(0, 1): as smooth as a path can be."""
    return x / (1.0 + sigma[:, None] ** 2)


def all_problems() -> list[tuple[str, Denoise, int]]:
    """Name, denoiser and dimensions; the last one favours solvers with fixed steps."""
    free, doctors = portraits()
    return [
        ("mixture, 64-d, 12 broad", mixture(64, 12, (0.3, 0.8), 0), 64),
        ("mixture, 48-d, 30 tight", mixture(48, 30, (0.05, 0.15), 1), 48),
        ("portraits, guidance 1", guide(free, doctors, 1.0), 256),
        ("portraits, guidance 7.5", guide(free, doctors, 7.5), 256),
        (BRANCHLESS, gaussian, 64),
    ]


def problem(
    name: str, denoise: Denoise, dimensions: int, seed: int, samples: int = SAMPLES
) -> Problem:
    """Starts, and where they lead under `pid` at tolerance 1e-7, checked against 1e-6."""
    generator = torch.Generator().manual_seed(seed)
    x = SIGMA_MAX * torch.randn(samples, dimensions, generator=generator, dtype=torch.float64)
    fine, finer = (_converged(denoise, x, tolerance) for tolerance in (1e-6, 1e-7))
    doubt = rms(fine, finer).max().item()
    if doubt > 1e-4:
        raise RuntimeError(f"the reference of {name} is not converged: {doubt:.1e}")
    return Problem(name, denoise, x, finer)


def _converged(denoise: Denoise, x: Tensor, tolerance: float) -> Tensor:
    options = PidOptions(rtol=tolerance, atol=0.1 * tolerance, max_steps=100_000)
    return pid(denoise, x, SIGMA_MAX, SIGMA_MIN, slots=SAMPLES, options=options).x


def rms(a: Tensor, b: Tensor) -> Tensor:
    """Per-sample RMS distance."""
    return ((a - b) ** 2).mean(dim=1).sqrt()


def curve(
    given: Problem, run: Run, settings: Sequence[Any], *, until: str | None = "error"
) -> list[Point]:
    """Points from loose to tight, until the error (or its `tail`) is well under the last level.

    With `until` None all settings are run.
    """
    points = []
    for setting in settings:
        began = time.process_time()
        end, nfe = run(given.denoise, given.x, setting)
        seconds = time.process_time() - began
        error = rms(end, given.reference)
        off = (error > OFF_BRANCH).double().mean().item()
        tail = error.quantile(0.9).item()
        points.append(Point(nfe, error.median().item(), off, tail, seconds))
        if until is not None and getattr(points[-1], until) < 0.5 * LEVELS[-1]:
            break
    return points


def cost_at(points: Sequence[Point], level: float, of: str = "error", cost: str = "nfe") -> float:
    """Evaluations (or seconds) for an error (or its `tail`), log-log between runs; NaN outside.

    The first crossing is taken: a loose run that is lucky does not count for a tighter level.
    """
    for loose, tight in pairwise(points):
        above, below = getattr(loose, of), getattr(tight, of)
        if above >= level >= below:
            share = math.log(above / level) / math.log(above / below)
            return _between(getattr(loose, cost), getattr(tight, cost), share)
    return math.nan


def nfe_at(points: Sequence[Point], level: float, of: str = "error") -> float:
    """Evaluations for an error (or its `tail`): `cost_at`."""
    return cost_at(points, level, of)


def off_nfe(points: Sequence[Point], level: float) -> float:
    """Evaluations from which on no run leaves its branch more often than `level`.

    Linear in the share and in ln evaluations between the last run that does and the next; infinite
    where the dearest run still does, the cheapest run where none does (runs are to start so loose
    that this is rare: it only says how cheap a run was tried).
    """
    ordered = sorted(points, key=lambda p: p.nfe, reverse=True)
    if ordered[0].off > level:
        return math.inf
    for tight, loose in pairwise(ordered):
        if loose.off > level:
            return _between(loose.nfe, tight.nfe, (loose.off - level) / (loose.off - tight.off))
    return ordered[-1].nfe


def _between(loose: float, tight: float, share: float) -> float:
    return math.exp(math.log(loose) + share * math.log(tight / loose))


def off_at(points: Sequence[Point], nfe: float) -> float:
    """Share off branch at a number of evaluations, linear between runs, held beyond them."""
    ordered = sorted(points, key=lambda p: p.nfe)
    return float(np.interp(nfe, [p.nfe for p in ordered], [p.off for p in ordered]))


def geometric_mean(values: Sequence[float]) -> float:
    """Over the values that are known."""
    known = [math.log(v) for v in values if math.isfinite(v)]
    return math.exp(sum(known) / len(known)) if known else math.nan
