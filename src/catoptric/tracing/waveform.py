"""The figures of a step response: how far past the mark, how fast, and when at rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

TOLERANCE = 0.05
"""A response within this of 1 counts as settled."""

SAME_PLACE = 1e-4
"""Points this close in lambda are the two sides of a jump."""
STEEPER = 4.0
"""A side that falls so many times faster than the far part of the other holds a jump."""


@dataclass(frozen=True)
class Waveform:
    """A response that ends at 1, in figures; None = undefined, with the reason.

    Attributes:
        overshoot: max r - 1, a fraction of the final value.
        undershoot: min(r, 0), a fraction of the final value, <= 0.
        peak_lambda: where r is largest.
        rise: from 10 % to 90 % of the way between the first response and 1, in lambda.
        settling: from that 10 % until r stays within 5 % of 1, in lambda.
        settled_lambda: from where r stays within 5 % of 1.
        reason: why something is None.
    """

    overshoot: float | None
    undershoot: float | None
    peak_lambda: float | None
    rise: float | None
    settling: float | None
    settled_lambda: float | None
    reason: str | None = None


def waveform(lambda_: ArrayLike, response: ArrayLike, *, tolerance: float = TOLERANCE) -> Waveform:
    """Read the figures off a response.

    The peak is read off the parabola through the highest point and its neighbours, where the
    response is smooth there; the trough is that of the points given; crossings are interpolated
    linearly between them.

    Args:
        lambda_: float [p], -ln sigma, not falling.
        response: float [p], 1 = the final value.
        tolerance: what counts as settled.

    Returns:
        The figures. `rise` and `settling` are None for a response that starts settled. A response
        that starts above 1 falls: its rise is the time of that fall.

    Source: the step response of control engineering, from its first value, since an estimate
        knows the caption's mean before the first step.
    """
    at, r = np.asarray(lambda_, dtype=np.float64), np.asarray(response, dtype=np.float64)
    if at.size == 0 or not np.isfinite(r).all():
        why = (
            "the final picture has nothing in this band"
            if at.size
            else "no finite estimate of a final picture"
        )
        return Waveform(None, None, None, None, None, None, why)
    peak_at, top = _peak(at, r)
    begins_settled = abs(r[0] - 1.0) <= tolerance
    way = np.zeros_like(r) if begins_settled else (r - r[0]) / (1.0 - r[0])
    tenth, most = _first_at(at, way, 0.1), _first_at(at, way, 0.9)
    settled = _settled_from(at, r, tolerance)
    reason = None
    if begins_settled:
        reason = f"the first estimate was within {100 * tolerance:g} % of the picture"
    elif settled is None:
        reason = f"the last estimate is not within {100 * tolerance:g} % of the picture"
    return Waveform(
        overshoot=top - 1.0,
        undershoot=min(float(r.min()), 0.0),
        peak_lambda=peak_at,
        rise=None if tenth is None or most is None else most - tenth,
        settling=None if tenth is None or settled is None else max(settled - tenth, 0.0),
        settled_lambda=settled,
        reason=reason,
    )


def _peak(at: Floats, r: Floats) -> tuple[float, float]:
    """(where, how high) the response is highest.

    The parabola about the highest point P is r_P + s (t - t_P) + q (t - t_P)^2. P itself stands at
    either end, at a jump, and where a jump lies between two points: there the guidance switched,
    and nothing was smooth.
    """
    i = int(r.argmax())
    here = float(at[i]), float(r[i])
    if not 0 < i < r.size - 1:
        return here
    left, right = float(at[i] - at[i - 1]), float(at[i + 1] - at[i])
    if min(left, right) < SAME_PLACE or not (_smooth(at, r, i, 1) and _smooth(at, r, i, -1)):
        return here
    up, down = (r[i] - r[i - 1]) / left, (r[i + 1] - r[i]) / right
    curve = (down - up) / (left + right)
    if curve >= 0.0:
        return here
    slope = float(down - curve * right)
    shift = float(np.clip(-slope / (2.0 * curve), -left, right))
    return here[0] + shift, here[1] + shift * (slope + float(curve) * shift)


def _smooth(at: Floats, r: Floats, i: int, way: int) -> bool:
    """Whether the fall from i against `way` is like the one from i + way on: no jump in it."""
    near, far = i + way, i + 2 * way
    if not 0 <= far < r.size or abs(at[far] - at[near]) < SAME_PLACE:
        return False
    steep = abs((r[i - way] - r[i]) / (at[i - way] - at[i]))
    other = abs((r[far] - r[near]) / (at[far] - at[near]))
    return bool(steep <= STEEPER * other)


def _first_at(at: Floats, way: Floats, level: float) -> float | None:
    """Where the way first reaches the level; None if it never does."""
    above = np.flatnonzero(way >= level)
    return None if above.size == 0 else _crossing(at, way, int(above[0]) - 1, level)


def _settled_from(at: Floats, r: Floats, tolerance: float) -> float | None:
    """From where r never leaves 1 +- tolerance again; None if it ends outside."""
    outside = np.flatnonzero(np.abs(r - 1.0) > tolerance)
    if outside.size == 0:
        return float(at[0])
    i = int(outside[-1])
    if i == r.size - 1:
        return None
    return _crossing(at, r, i, 1.0 + np.sign(r[i] - 1.0) * tolerance)


def _crossing(at: Floats, r: Floats, i: int, level: float) -> float:
    """Where the line from point i to the next meets the level."""
    share = (level - r[i]) / (r[i + 1] - r[i])
    return float(at[i] + np.clip(share, 0.0, 1.0) * (at[i + 1] - at[i]))
