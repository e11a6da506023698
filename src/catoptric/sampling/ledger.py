"""Where finished samples are written down."""

import torch
from torch import Tensor

from catoptric.sampling.result import SampleResult, Status
from catoptric.sampling.slots import Slots


class Ledger:
    """Counts the work of the slots and keeps the results of the samples."""

    def __init__(self, x: Tensor, count: int) -> None:
        n = x.shape[0]
        self._x = torch.zeros_like(x)
        self._final = torch.zeros((4, n), dtype=torch.int64, device=x.device)
        # nfe, accepted, rejected of the samples now in the slots
        self._count = torch.zeros((3, count), dtype=torch.int64, device=x.device)

    @property
    def attempts(self) -> Tensor:
        """Steps tried so far, int64 [count]."""
        return self._count[1] + self._count[2]

    def open(self, slots: list[int]) -> None:
        """New samples sit in these slots."""
        self._count[:, slots] = 0

    def add(self, nfe: Tensor, accepted: Tensor, rejected: Tensor) -> None:
        """One round of work, each [count]."""
        self._count += torch.stack([nfe, accepted.long(), rejected.long()])

    def close(self, queue: Slots, x: Tensor, status: Tensor) -> None:
        """Write down the samples whose status is set and free their slots.

        Args:
            queue: who sits where.
            x: [count, ...], present states.
            status: int64 [count], a `Status`, or -1 for those that go on.
        """
        slots, rows = queue.release(status >= 0)
        if slots:
            self._x[rows] = x[slots]
            self._final[:3, rows] = self._count[:, slots]
            self._final[3, rows] = status[slots]

    def result(self) -> SampleResult:
        """All samples."""
        return SampleResult(self._x, *self._final)


def verdict(done: Tensor, out_of_steps: Tensor, broken: Tensor) -> Tensor:
    """Status of each slot, -1 = goes on; broken before done before out of steps."""
    status = torch.full(done.shape, -1, dtype=torch.int64, device=done.device)
    status = torch.where(out_of_steps, int(Status.MAX_STEPS), status)
    status = torch.where(done, int(Status.DONE), status)
    return torch.where(broken, int(Status.NOT_FINITE), status)
