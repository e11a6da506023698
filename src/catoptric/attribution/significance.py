"""Adjusted p-values, and when a null may be claimed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

from catoptric.attribution.mean_statistic import MeanStatistic
from catoptric.errors import InputError

#: Each side of the equivalence test.
EQUIVALENCE_ALPHA = 0.05
#: Below this chance of showing equivalence of a true zero, a run could not have shown it.
MIN_POWER = 0.5


def holm(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Holm's step-down adjusted p-values; undefined ones stay out of the family.

        sorted p_(1) <= ... <= p_(m):  adjusted p_(i) = max over j <= i of min(1, (m - j + 1) p_(j))

    Args:
        p_values: one per hypothesis, None where undefined.

    Returns:
        Adjusted values in the order given, None where undefined.

    Raises:
        InputError: a p-value outside [0, 1].

    Source: Holm, A simple sequentially rejective multiple test procedure, 1979.
    """
    defined = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    if any(not 0 <= p <= 1 for p, _ in defined):
        raise InputError(f"p-values must lie in [0, 1], got {list(p_values)}")
    adjusted: list[float | None] = [None] * len(p_values)
    running = 0.0
    for rank, (p, i) in enumerate(defined):
        running = max(running, min(1.0, (len(defined) - rank) * p))
        adjusted[i] = running
    return tuple(adjusted)


@dataclass(frozen=True)
class Equivalence:
    """Whether a mean was shown to lie within +-margin of zero.

    Args:
        p: the larger of the two one-sided p-values; None when undefined.
        equivalent: True when shown; False when not shown although the run had a fair chance to;
            None when undefined or when the run could not have shown it (power under 50 %).
        power: chance that such a run shows equivalence when the truth is zero.
        reason: why `equivalent` is None.
    """

    p: float | None
    equivalent: bool | None
    power: float | None
    reason: str | None = None


def tost(
    statistic: MeanStatistic | str, margin: float, *, alpha: float = EQUIVALENCE_ALPHA
) -> Equivalence:
    """Two one-sided tests of |mean| < margin.

        p = max(P-value of "mean <= -margin", P-value of "mean >= margin"), shown when p < alpha:
        the same as the interval at level 1 - 2 alpha lying inside (-margin, margin)

    Power is that of a normal mean whose standard error gives the interval's own half-width, so a
    sample without any variation is not credited with certainty.

    Args:
        statistic: the mean, or the reason why there is none.
        margin: in the units of the data, above 0.
        alpha: size of each one-sided test.

    Returns:
        p, the verdict and the power.

    Raises:
        InputError: a margin that is not above 0.

    Source: Schuirmann, A comparison of the two one-sided tests procedure, 1987.
    """
    if not margin > 0:
        raise InputError(f"an equivalence margin must be above 0, got {margin}")
    if isinstance(statistic, str):
        return Equivalence(None, None, None, statistic)
    p = max(statistic.p_one_sided(-margin)[0], statistic.p_one_sided(margin)[1])
    low, high = statistic.limits(1 - 2 * alpha)
    error = (high - low) / 2 / float(stats.norm.isf(alpha))
    power = tost_power(error, 1, margin, alpha=alpha)
    if p < alpha:
        return Equivalence(p, True, power)
    if power < MIN_POWER:
        return Equivalence(p, None, power, "this run could not have shown equivalence")
    return Equivalence(p, False, power)


def tost_power(sd: float, n: int, margin: float, *, alpha: float = EQUIVALENCE_ALPHA) -> float:
    """Chance that TOST shows equivalence when the true mean is zero.

        power = max(0, 2 Phi(margin sqrt(n) / sd - z_(1-alpha)) - 1)

    Args:
        sd: standard deviation of one unit's value, in the units of `margin`.
        n: number of units.
        margin: equivalence margin.
        alpha: size of each one-sided test.

    Returns:
        Power, a fraction.

    Raises:
        InputError: a negative sd, n under 1, or a margin that is not above 0.

    Source: Schuirmann 1987, with known variance.
    """
    if sd < 0 or n < 1 or not margin > 0:
        raise InputError(f"power needs sd >= 0, n >= 1 and margin > 0, got {sd}, {n}, {margin}")
    if sd == 0:
        return 1.0
    reach = margin * n**0.5 / sd - float(stats.norm.isf(alpha))
    return max(0.0, 2 * float(stats.norm.cdf(reach)) - 1)
