"""A fixed number of slots worked through by a queue of samples."""

import torch
from torch import Tensor


class Slots:
    """Which sample sits in which slot; a finished sample's slot is given to the next one waiting.

    Every model call has exactly `count` rows. Slots without a sample (only at the tail) are still
    evaluated, and ignored.
    """

    def __init__(self, samples: int, count: int) -> None:
        self._samples = samples
        self._waiting = 0
        self._row = [-1] * count

    @property
    def busy(self) -> bool:
        """Whether any sample is unfinished."""
        return self._waiting < self._samples or any(row >= 0 for row in self._row)

    @property
    def taken(self) -> Tensor:
        """Slots that hold a sample, bool [count]."""
        return torch.tensor([row >= 0 for row in self._row])

    @property
    def rows(self) -> Tensor:
        """The sample in each slot, int64 [count]; -1 where there is none."""
        return torch.tensor(self._row)

    def fill(self) -> tuple[list[int], list[int]]:
        """Seat waiting samples in free slots.

        Returns:
            The slots newly taken and the samples put there.
        """
        slots: list[int] = []
        rows: list[int] = []
        for slot, row in enumerate(self._row):
            if row < 0 and self._waiting < self._samples:
                self._row[slot] = self._waiting
                slots.append(slot)
                rows.append(self._waiting)
                self._waiting += 1
        return slots, rows

    def release(self, ended: Tensor) -> tuple[list[int], list[int]]:
        """Free the slots in `ended` (bool [count]).

        Returns:
            The slots freed and the samples that sat there.
        """
        slots = [int(s) for s in torch.nonzero(ended).flatten()]
        rows = [self._row[s] for s in slots]
        for slot in slots:
            self._row[slot] = -1
        return slots, rows
