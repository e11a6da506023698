"""What sampling gives back, and what can be watched while it runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import torch
from torch import Tensor


class Status(IntEnum):
    """How a sample ended."""

    DONE = 0
    MAX_STEPS = 1
    NOT_FINITE = 2


ADVICE = {
    Status.DONE: "reached the end of the noise range",
    Status.MAX_STEPS: "too many steps: loosen rtol and atol, or raise max_steps",
    Status.NOT_FINITE: "the model returned a value that is not finite",
}


@dataclass(frozen=True)
class SampleResult:
    """Samples and their cost, row i for seed i.

    Attributes:
        x: float32 [n, ...], final samples; the last state reached where the status is not done.
        nfe: int64 [n], model passes that this row needed (guided steps count two).
        accepted: int64 [n], steps taken.
        rejected: int64 [n], steps tried and thrown away (0 for fixed solvers).
        status: int64 [n], a `Status` per row.
        dense: [n, k, ...], states at the k sigmas that were asked for; None where none was.
    """

    x: Tensor
    nfe: Tensor
    accepted: Tensor
    rejected: Tensor
    status: Tensor
    dense: Tensor | None = None


def joined(parts: Sequence[SampleResult]) -> SampleResult:
    """Results of several calls as one, row below row; without dense output."""
    names = ("x", "nfe", "accepted", "rejected", "status")
    return SampleResult(*(torch.cat([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True)
class Step:
    """One attempted step of some rows, as a watcher sees it.

    Attributes:
        rows: int64 [B], which samples.
        sigma: float64 [B], noise level the step starts from.
        sigma_next: float64 [B], level it leads to.
        x: [B, ...], state after the step (the state before it, where rejected).
        denoised: [B, ...], the newest denoised estimate that the step used.
        error: float64 [B], scaled error (1 = tolerance); NaN for fixed solvers.
        accepted: bool [B].
    """

    rows: Tensor
    sigma: Tensor
    sigma_next: Tensor
    x: Tensor
    denoised: Tensor
    error: Tensor
    accepted: Tensor


Watch = Callable[[Step], None]
Denoise = Callable[[Tensor, Tensor], Tensor]
"""`(x [B, ...], sigma [B]) -> x0 [B, ...]`: what a solver sees of model, condition and guidance."""
DenoisePair = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""`(x [B, ...], sigma [B]) -> (x0, u)`: the guided and the unconditional estimate."""


class Memory(Protocol):
    """What an estimate carries from one call of a sample to the next: guidance with momentum."""

    def open(self, rows: Sequence[int]) -> None:
        """New samples sit in these rows."""

    def undo(self, rows: Tensor) -> None:
        """The last call led these rows (bool [B]) nowhere."""
