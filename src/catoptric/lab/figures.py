"""The numbers of one cell, from its stored pictures and judgements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catoptric.attribution import Interval, mean_interval, rate_interval
from catoptric.audit.gallery import Reading
from catoptric.studio.painting import unpack

Floats = NDArray[np.float64]

LEVEL = 0.95
# Pixels lie in [-1, 1], so no two pictures are further apart than this.
FARTHEST = 2.0


@dataclass(frozen=True)
class Figures:
    """What was measured in one cell, and the raw numbers per seed it rests on.

    Attributes:
        rate: of the level asked for; unclear pictures count half.
        obeyed: fraction of the clear pictures that show what the prompt asked for.
        nfe: mean model evaluations of a picture.
        error: mean RMS distance of a picture to the converged one of its seed, pixels in [-1, 1].
        elsewhere: fraction of the seeds that ended on another picture than the converged one.
        flips: fraction of the seeds clear in both whose label differs from the reference's.
        n, unclear: pictures, and how many the judge could not read.
        reasons: why those are unclear, with counts.
        outcomes, errors, changed: float64 [n] each, per seed; nan where undefined.
    """

    rate: Interval
    obeyed: Interval
    nfe: float
    error: Interval
    elsewhere: Interval
    flips: Interval
    n: int
    unclear: int
    reasons: Mapping[str, int]
    outcomes: Floats
    errors: Floats
    changed: Floats


_NOT_SEPARATE = "this model's pictures pass into one another, so none is another one"


def pixel_rms(
    pictures: Mapping[int, bytes], others: Mapping[int, bytes], seeds: Sequence[int]
) -> Floats:
    """RMS distance between two pictures of each seed, pixels in [-1, 1].

        e(s) = sqrt(mean((a_s - b_s)^2))

    Args:
        pictures, others: stored pictures by seed.
        seeds: in the order wanted.

    Returns:
        float64 [n].
    """
    found = np.empty(len(seeds))
    for i, seed in enumerate(seeds):
        a, b = (unpack(side[int(seed)]).astype(np.float64) for side in (pictures, others))
        found[i] = np.sqrt(np.mean(np.square((a - b) / 127.5)))
    return found


def measure(
    reading: Reading,
    reference: Reading,
    errors: Floats | None,
    why_no_error: str,
    apart: float | None,
) -> Figures:
    """The figures of one cell.

    Args:
        reading: what the judge said in it.
        reference: the same of reference sampling, row by row the same seeds.
        errors: float64 [n] from `pixel_rms`, or None where no converged picture belongs to a seed.
        why_no_error: the reason, where None.
        apart: RMS distance beyond which two results are two pictures; None where a model's pictures
            are no separate ones.
    """
    outcomes = reading.outcomes
    clear = ~np.isnan(outcomes)
    changed = np.array(
        [
            np.nan if "unclear" in (a, b) else float(a != b)
            for a, b in zip(reading.words, reference.words, strict=True)
        ]
    )
    return Figures(
        rate=_rate(outcomes),
        obeyed=_share(reading.obeyed),
        nfe=float(reading.nfe.mean()),
        error=_undefined(why_no_error)
        if errors is None
        else mean_interval(errors, bounds=(0.0, FARTHEST), level=LEVEL),
        elsewhere=_undefined(why_no_error or _NOT_SEPARATE)
        if errors is None or apart is None
        else _share((errors > apart).astype(np.float64)),
        flips=_share(changed),
        n=len(outcomes),
        unclear=int((~clear).sum()),
        reasons=reading.reasons,
        outcomes=outcomes,
        errors=np.full(len(outcomes), np.nan) if errors is None else errors,
        changed=changed,
    )


def _undefined(reason: str) -> Interval:
    return Interval(None, None, None, None, reason)


def _share(values: Floats) -> Interval:
    known = values[~np.isnan(values)]
    return rate_interval(int(known.sum()), len(known), level=LEVEL)


def _rate(outcomes: Floats) -> Interval:
    if np.isnan(outcomes).any():
        return mean_interval(
            np.where(np.isnan(outcomes), 0.5, outcomes), bounds=(0.0, 1.0), level=LEVEL
        )
    return _share(outcomes)
