"""UniPC: the multistep predictor and the corrector that costs no evaluation of its own."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from torch import Tensor

from catoptric.sampling.result import Denoise, Watch
from catoptric.sampling.schedules import check_sigmas
from catoptric.sampling.solvers.steps import StepNoise, estimate, show


def weights(h: float, nodes: Sequence[float], variant: str) -> tuple[float, ...]:
    """The weights rho_m of (D_m - D_0) / r_m that UniPC solves for, times B(h).

    sum_m rho_m r_m^(n-1) = n! phi_(n+1)(-h) (-h)^n / B for n = 1 .. p, with p the number of nodes.
    For one node the papers' code takes 1/2, which is the solution up to O(h); so do we, and `B` is
    what the two variants then differ by.

    Args:
        h: step in lambda.
        nodes: r_m = (lambda_m - lambda_0) / h, without 0.
        variant: "bh1": B = -h; "bh2": B = e^-h - 1.

    Returns:
        One weight per node, B(h) included.

    Source: Zhao et al. 2023, UniPC, theorem 3.1 and appendix E.
    """
    scale = -h if variant == "bh1" else math.expm1(-h)
    if len(nodes) == 1:
        return (0.5 * scale,)
    term = math.expm1(-h) / -h - 1
    factorial, sides = 1, []
    for n in range(1, len(nodes) + 1):
        sides.append(term * factorial)
        factorial *= n + 1
        term = term / -h - 1 / factorial
    rows = np.array([[r ** (n - 1) for r in nodes] for n in range(1, len(nodes) + 1)])
    return tuple(float(w) for w in np.linalg.solve(rows, np.array(sides)))


def uni_pc(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: StepNoise | None = None,
    watch: Watch | None = None,
    order: int = 3,
    variant: str = "bh1",
) -> Tensor:
    """Predict, evaluate, correct the same step with what was found, go on from there.

    Predictor and corrector: x' = e^-h x + (1 - e^-h) D_0 - sum_m w_m (D_m - D_0) / r_m, over the
    last p estimates; the corrector has the new one, r = 1, among them. Orders are lowered at the
    start and, before a step into 0, at the end.

    Args:
        denoise, x, sigmas, noise, watch: as `euler`.
        order: p, 1 .. 4; the corrector adds one.
        variant: "bh1" (ComfyUI) or "bh2" (diffusers).

    Returns, Raises: as `euler`. One evaluation a step.

    Source: Zhao et al. 2023, UniPC, algorithms 1 and 2, data prediction.
    """
    levels = check_sigmas(sigmas)
    lambdas = [-math.log(s) for s in levels if s > 0.0]
    known: list[Tensor] = []
    base, used = x, 0
    for i, (sigma, after) in enumerate(pairwise(levels)):
        denoised = estimate(denoise, x, sigma)
        if i > 0:
            h = lambdas[i] - lambdas[i - 1]
            nodes = [(lambdas[i - 1 - m] - lambdas[i - 1]) / h for m in range(1, used)]
            values = [*known[1:used], denoised]
            x = _step(base, known[0], values, [*nodes, 1.0], h, variant)
        known = [denoised, *known[: order - 1]]
        left = len(levels) - 1 - i if levels[-1] == 0.0 else order
        used = min(order, left, len(known))
        base = x
        if after == 0.0:
            x = denoised
        else:
            h = lambdas[i + 1] - lambdas[i]
            nodes = [(lambdas[i - m] - lambdas[i]) / h for m in range(1, used)]
            x = _step(x, denoised, known[1:used], nodes, h, variant)
        show(watch, sigma, after, x, denoised)
    return x


def _step(
    x: Tensor, first: Tensor, values: list[Tensor], nodes: list[float], h: float, variant: str
) -> Tensor:
    """e^-h x + (1 - e^-h) D_0 - sum_m w_m (D_m - D_0) / r_m."""
    moved = math.exp(-h) * x - math.expm1(-h) * first
    if not values:
        return moved
    for w, value, r in zip(weights(h, nodes, variant), values, nodes, strict=True):
        moved = moved - (w / r) * (value - first)
    return moved
