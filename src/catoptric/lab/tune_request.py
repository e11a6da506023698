"""What a tuning is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from catoptric.audit.request import MOST_SEEDS, Request
from catoptric.audit.seeds import seeds_of
from catoptric.errors import InputError
from catoptric.lab.scores import Goal
from catoptric.lab.space import DIAL_TRIALS

# Disjoint from the seeds of an audit (blocks 0 and 1), so a preset may be audited afterwards.
TRAIN_BLOCK, SHORTLIST_BLOCK, HELD_OUT_BLOCK = 2, 3, 4
DEFAULT_TRIALS = 32


@dataclass(frozen=True)
class TuneRequest:
    """A tuning as asked for.

    Attributes:
        base: prompt, model, rates, interface, reference, overrides, attribute, seed key.
        goal: the budget or the error asked for.
        trials: how many settings are tried, the fixed first ones among them.
        train, held_out: seeds of the search and of the report.
        keep_guidance: whether the interface's guidance stays as it is.
    """

    base: Request
    goal: Goal
    trials: int = DEFAULT_TRIALS
    train: int = 64
    held_out: int = 256
    keep_guidance: bool = False

    def __post_init__(self) -> None:
        if not DIAL_TRIALS + 1 <= self.trials <= 10_000:
            raise InputError(
                f"--trials must lie between {DIAL_TRIALS + 1} and 10,000, not {self.trials}: "
                f"the first {DIAL_TRIALS} are `balanced` at several tolerances"
            )
        for option, value in (("--seeds", self.train), ("--held-out", self.held_out)):
            if not 16 <= value <= MOST_SEEDS:
                raise InputError(f"{option} must lie between 16 and {MOST_SEEDS:,}, not {value}")

    def block(self, count: int, block: int) -> list[int]:
        """Seeds of one purpose."""
        return seeds_of(count, self.base.seed_key, block)
