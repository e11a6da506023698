"""What a run of the sampler went through: its attempts, and the states on its path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from catoptric.sampling import Denoiser, Settings, Step, sample
from catoptric.sampling.brownian import KeyedNoise


@dataclass(frozen=True)
class Recording:
    """One sample's run.

    Attributes:
        seed: whose noise it started from.
        sigma, sigma_next: float64 [a], ends of every attempted step.
        error: float64 [a], scaled error (1 = tolerance); NaN for fixed solvers.
        accepted: bool [a].
        path_sigma: float64 [p], the start's noise level, then that after each accepted step.
        path: [p, ...], the states there.
        end: [...], the finished sample.
        nfe: model passes it needed.
        status: a `Status`.
    """

    seed: int
    sigma: Tensor
    sigma_next: Tensor
    error: Tensor
    accepted: Tensor
    path_sigma: Tensor
    path: Tensor
    end: Tensor
    nfe: int
    status: int


class _Overheard:
    """The denoiser itself, noting the very first state that it is shown."""

    def __init__(self, denoiser: Denoiser) -> None:
        self._denoiser = denoiser
        self.first: tuple[Tensor, Tensor] | None = None

    def __getattr__(self, name: str) -> Any:
        # By these a model may be shown its first state, too: both passes at once, or, where the
        # first steps run on a coarser grid, the start that goes down to it.
        found = getattr(self._denoiser, name)
        return self._heard(found) if name in ("pair", "down") else found

    def __call__(self, x: Tensor, sigma: Tensor, condition: Any | None) -> Tensor:
        made: Tensor = self._heard(self._denoiser)(x, sigma, condition)
        return made

    def _heard(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call itself, after its state is noted; `down` is not told the level."""

        def noting(x: Tensor, *rest: Any) -> Any:
            if self.first is None:
                level = rest[0] if rest else torch.full((len(x),), torch.nan)
                self.first = (x.clone(), level.double())
            return call(x, *rest)

        return noting


def record(
    denoiser: Denoiser,
    settings: Settings,
    noise: KeyedNoise,
    seeds: Sequence[int],
    *,
    condition: Any | None,
    microbatch: int = 64,
) -> tuple[Recording, ...]:
    """Sample as `catoptric.sampling.sample` does, and keep what each sample went through.

    Args, Raises: as `sample`.

    Returns:
        One recording per seed; the finished samples equal those of `sample` bit for bit.
    """
    found: list[Recording] = []
    # Never more samples than rows in a call, so that row i of the first call is sample i.
    for offset in range(0, len(seeds), microbatch):
        part = list(seeds[offset : offset + microbatch])
        found += _record_some(denoiser, settings, noise, part, condition, microbatch)
    return tuple(found)


def _record_some(
    denoiser: Denoiser,
    settings: Settings,
    noise: KeyedNoise,
    seeds: list[int],
    condition: Any | None,
    microbatch: int,
) -> list[Recording]:
    overheard = _Overheard(denoiser)
    attempts: list[list[tuple[float, float, float, bool]]] = [[] for _ in seeds]
    paths: list[list[tuple[float, Tensor]]] = [[] for _ in seeds]

    def watch(step: Step) -> None:
        columns = (step.rows, step.sigma, step.sigma_next, step.error, step.accepted)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        for i, (row, sigma, after, error, accepted) in enumerate(rows):
            attempts[row].append((sigma, after, error, accepted))
            if accepted:
                paths[row].append((after, step.x[i].clone()))

    result = sample(
        overheard,
        settings,
        noise,
        seeds,
        condition=condition,
        microbatch=microbatch,
        watch=watch,
    )
    assert overheard.first is not None
    states, levels = overheard.first
    found = []
    for i, seed in enumerate(seeds):
        table = torch.tensor([a[:3] for a in attempts[i]], dtype=torch.float64).reshape(-1, 3)
        # Where guidance holds the state still at first, the model is asked only further down: the
        # state it is shown is the start's, the level is not.
        first = attempts[i][0][0] if attempts[i] else float(levels[i])
        walked = [(first, states[i]), *paths[i]]
        found.append(
            Recording(
                seed=int(seed),
                sigma=table[:, 0],
                sigma_next=table[:, 1],
                error=table[:, 2],
                accepted=torch.tensor([a[3] for a in attempts[i]], dtype=torch.bool),
                path_sigma=torch.tensor([sigma for sigma, _ in walked], dtype=torch.float64),
                path=torch.stack([x for _, x in walked]),
                end=result.x[i],
                nfe=int(result.nfe[i]),
                status=int(result.status[i]),
            )
        )
    return found
