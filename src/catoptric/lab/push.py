"""Where along the noise range guidance has anything to push at.

Guidance adds (w - 1)(c - u) to the estimate, so it acts where the conditional and the
unconditional estimate differ. Below a certain noise level the picture is decided and both agree:
guidance there costs evaluations and changes nothing. How much of constant guidance's push a form
keeps is therefore measured against the model, not against the noise range:

    kept = integral (w - 1) |c - u| dlambda / ((w0 - 1) integral |c - u| dlambda)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from catoptric.models.portraits import SIGMA_MAX, SIGMA_MIN
from catoptric.sampling import Guidance, Settings, sample
from catoptric.sampling.guidance import weight
from catoptric.sampling.result import Step
from catoptric.studio.contract import Studio

BINS = 48


@dataclass(frozen=True)
class PushProfile:
    """Mean |c - u| along unguided paths, over equal bins in lambda = -ln sigma.

    Attributes:
        first: sigma at which the bins begin.
        density: float64 [BINS], sums to 1.
    """

    first: float
    density: NDArray[np.float64]

    @property
    def edges(self) -> NDArray[np.float64]:
        """Sigma at the ends of the bins: float64 [BINS + 1], falling."""
        return np.geomspace(self.first, SIGMA_MIN, len(self.density) + 1)

    def sigma_at(self, share: float) -> float:
        """The sigma by which this share of the push has been given."""
        below = np.concatenate([[0.0], np.cumsum(self.density)])
        return float(np.exp(np.interp(share, below / below[-1], np.log(self.edges))))

    def kept(self, guidance: Guidance) -> float:
        """Share of constant guidance's push that a form keeps."""
        if guidance.scale == 1.0:
            return 1.0
        fine = 40  # points in a bin: a form may jump inside one
        lambdas = np.linspace(
            -math.log(self.first), -math.log(SIGMA_MIN), fine * len(self.density), endpoint=False
        )
        sigmas = torch.exp(-torch.from_numpy(lambdas))
        w = weight(guidance, sigmas, SIGMA_MIN, SIGMA_MAX).numpy()
        share = (w - 1.0) / (guidance.scale - 1.0)
        return float((share.reshape(len(self.density), fine).mean(1) * self.density).sum())


def measure_push(
    model: Studio, condition: Any, base: Settings, seeds: Sequence[int], first: float
) -> PushProfile:
    """The profile of one prompt, from unguided paths.

    Args:
        model: what draws.
        condition: what the prompt asks for.
        base: start and noise are its own; the sampler is any adaptive one.
        seeds: whose paths.
        first: sigma that sampling starts from.
    """
    total, count = np.zeros(BINS), np.zeros(BINS)
    span = math.log(first / SIGMA_MIN)
    denoiser = model.denoiser_of(base)

    def watch(step: Step) -> None:
        kept = step.accepted
        if not bool(kept.any()):
            return
        x, sigma = step.x[kept], step.sigma_next[kept]
        size = (-len(x)) % 8  # full rows of eight, as every call of the model
        x = torch.cat([x, x[-1:].expand(size, *x.shape[1:])])
        level = torch.cat([sigma, sigma[-1:].expand(size)]).to(x.dtype)
        gap = denoiser(x, level, condition) - denoiser(x, level, None)
        size_of_gap = gap[: len(sigma)].double().flatten(1).square().sum(1).sqrt()
        place = (BINS * np.log(first / sigma.numpy()) / span).astype(int).clip(0, BINS - 1)
        np.add.at(total, place, size_of_gap.numpy())
        np.add.at(count, place, 1.0)

    sample(
        denoiser,
        replace(base, guidance=Guidance()),
        model.noise(base.noise.drawn()),
        list(seeds),
        condition=condition,
        microbatch=model.microbatch,
        watch=watch,
    )
    middle = np.arange(BINS)
    seen = count > 0
    mean = np.interp(middle, middle[seen], total[seen] / count[seen])
    density = np.maximum(mean, 0.0) + 1e-12 * max(1.0, float(mean.max()))
    return PushProfile(first, density / density.sum())
