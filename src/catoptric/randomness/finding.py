"""What one test of noise found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """A statistic and its chance.

    Attributes:
        value: the statistic, in its own units; None where the test does not apply.
        expected: what sound noise gives on average.
        p: chance of as unusual a value from sound noise; None where the test does not apply.
        reason: why it does not apply.
    """

    value: float | None
    expected: float | None
    p: float | None
    reason: str | None = None


@dataclass(frozen=True)
class Finding:
    """One test's result among the others.

    Attributes:
        test: its name.
        looks_at: what it looks at.
        measured: statistic and p-value.
        p_holm: p adjusted over all tests (Holm); None where the test does not apply.
        failed: whether p_holm is below the level.
        meaning: what a failure means for a picture.
    """

    test: str
    looks_at: str
    measured: Measured
    p_holm: float | None
    failed: bool
    meaning: str
