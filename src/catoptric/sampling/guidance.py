"""Guidance as a function of the noise level: x0 = u + w(sigma) (c - u).

u and c are the unconditional and the conditional estimate. Where w = 1 the unconditional pass is
not needed, where w = 0 the conditional one is not. Progress runs over the *model's* range,
p = (ln smax - ln sigma) / (ln smax - ln smin), clipped to [0, 1]. Other ways to put u and c
together (`mix`, `rescale`) are in `combine`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from catoptric.errors import InputError
from catoptric.sampling.combine import (
    perpendicular_negative,
    projected,
    rescaled,
    zero_star,
)
from catoptric.sampling.denoiser import Denoiser, checked
from catoptric.sampling.settings import Guidance

Weight = Callable[[Guidance, Tensor, Tensor], Tensor]
"""`(guidance, sigma, progress) -> w`, all float64 [B]."""


def _constant(guidance: Guidance, sigma: Tensor, progress: Tensor) -> Tensor:
    return torch.full_like(sigma, guidance.scale)


def _interval(guidance: Guidance, sigma: Tensor, progress: Tensor) -> Tensor:
    """w0 in (low, high], 1 elsewhere. Source: Kynkaanniemi et al. 2024."""
    assert guidance.low is not None
    assert guidance.high is not None
    inside = (sigma > guidance.low) & (sigma <= guidance.high)
    return torch.where(inside, guidance.scale, 1.0)


def _ramp(guidance: Guidance, progress: Tensor, shape: Callable[[Tensor], Tensor]) -> Tensor:
    """w = 1 + (w0 - 1) shape(p / e) for p <= e, 1 after; p is 1 - p where the direction falls."""
    assert guidance.end is not None
    p = 1.0 - progress if guidance.direction == "falling" else progress
    w = 1.0 + (guidance.scale - 1.0) * shape(p / guidance.end)
    return torch.where(p <= guidance.end, w, 1.0)


def _linear(guidance: Guidance, sigma: Tensor, progress: Tensor) -> Tensor:
    return _ramp(guidance, progress, lambda q: q)


def _cosine(guidance: Guidance, sigma: Tensor, progress: Tensor) -> Tensor:
    return _ramp(guidance, progress, lambda q: 0.5 - 0.5 * torch.cos(math.pi * q))


def _exponential(guidance: Guidance, sigma: Tensor, progress: Tensor) -> Tensor:
    """shape(q) = (e^(k e q) - 1) / (e^(k e) - 1); its limit q at k = 0."""
    assert guidance.steepness is not None
    assert guidance.end is not None
    power = guidance.steepness * guidance.end
    if power == 0.0:
        return _ramp(guidance, progress, lambda q: q)
    return _ramp(guidance, progress, lambda q: torch.expm1(power * q) / math.expm1(power))


WEIGHTS: Mapping[str, Weight] = {
    "constant": _constant,
    "interval": _interval,
    "linear": _linear,
    "cosine": _cosine,
    "exponential": _exponential,
}


def weight(guidance: Guidance, sigma: Tensor, sigma_min: float, sigma_max: float) -> Tensor:
    """The guidance weight w(sigma).

    Args:
        guidance: form and values.
        sigma: float [B], noise levels.
        sigma_min, sigma_max: the model's range, over which progress is measured.

    Returns:
        float64 [B]; 1 = the conditional estimate as it is.

    Source: DESIGN 2; interval from Kynkaanniemi et al. 2024.
    """
    sigma = sigma.double()
    span = math.log(sigma_max) - math.log(sigma_min)
    progress = ((math.log(sigma_max) - torch.log(sigma)) / span).clamp(0.0, 1.0)
    # The lowest level itself comes out a rounding error above or below p = 1 in float32.
    return WEIGHTS[guidance.form](guidance, sigma, progress)


def jumps(guidance: Guidance, sigma_min: float, sigma_max: float) -> tuple[float, ...]:
    """Where the guided estimate is not continuous, as falling sigmas inside the model's range.

    Args:
        guidance: form and values.
        sigma_min, sigma_max: the model's range.

    Returns:
        Sigmas strictly between the two; empty where it is continuous.
    """
    if guidance.scale == 1.0:
        return ()
    levels: tuple[float, ...] = ()
    if guidance.form == "interval":
        assert guidance.low is not None
        assert guidance.high is not None
        levels = (guidance.high, guidance.low)
    elif guidance.form != "constant":
        assert guidance.end is not None
        p = 1.0 - guidance.end if guidance.direction == "falling" else guidance.end
        span = math.log(sigma_max) - math.log(sigma_min)
        levels = (math.exp(math.log(sigma_max) - p * span),)
    if guidance.zero_above is not None:
        levels = tuple(sorted({*levels, guidance.zero_above}, reverse=True))
    return tuple(s for s in levels if sigma_min * (1 + 1e-9) < s < sigma_max * (1 - 1e-9))


class Guided:
    """A denoiser with its condition and guidance: the callable `(x, sigma) -> x0` of a solver.

    The conditional and the unconditional pass are two calls of the model with all rows each; a
    pass is skipped only when no row needs it. What one row needs is `passes`, whatever its
    batch-mates need. With momentum it remembers one change per row between its calls: the rows
    must be the same samples until `forget`, or until `open` says which are new. A call's change is
    kept at once; where a solver may throw a call's estimates away, it says so by `undo`.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        condition: Any | None,
        guidance: Guidance,
        negative: Any | None = None,
    ) -> None:
        if guidance.mix == "perp_neg" and negative is None and condition is not None:
            raise InputError(
                "mix 'perp_neg' in [guidance] needs a negative condition: hand one to `sample`, or "
                "take another mix"
            )
        self._denoiser = denoiser
        self._negative = negative
        self._condition = condition
        self._guidance = guidance
        self._change: Tensor | None = None
        self._before: Tensor | None = None
        self.model_calls = 0

    def weight(self, sigma: Tensor) -> Tensor:
        """w(sigma), float64 [B]; 1 everywhere without a condition."""
        if self._condition is None:
            return torch.ones_like(sigma, dtype=torch.float64)
        model = self._denoiser
        return weight(self._guidance, sigma, model.sigma_min, model.sigma_max)

    def passes(self, sigma: Tensor) -> Tensor:
        """Model passes each row needs at its sigma: int64 [B], 0 to 2, or 3 with a negative."""
        w = self.weight(sigma)
        one = (w == 1.0) | self._is_free(w)
        return torch.where(self._is_still(sigma), 0, torch.where(one, 1, self._full))

    def pair_passes(self, sigma: Tensor) -> Tensor:
        """The same for `pair`, which always needs the unconditional pass."""
        if self._condition is None:
            return torch.ones_like(sigma, dtype=torch.int64)
        one = self._is_free(self.weight(sigma))
        return torch.where(self._is_still(sigma), 0, torch.where(one, 1, self._full))

    @property
    def _full(self) -> int:
        return 3 if self._guidance.mix == "perp_neg" else 2

    @property
    def jumps(self) -> tuple[float, ...]:
        """Sigmas at which the estimate jumps, falling."""
        if self._condition is None:
            return ()
        return jumps(self._guidance, self._denoiser.sigma_min, self._denoiser.sigma_max)

    def forget(self) -> None:
        """Drops the momentum of the last samples."""
        self._change = self._before = None

    def open(self, rows: Sequence[int]) -> None:
        """New samples sit in these rows: they have no momentum."""
        if self._change is not None and len(rows):
            index = torch.tensor(rows, device=self._change.device)
            self._change = self._change.index_fill(0, index, 0.0)

    def undo(self, rows: Tensor) -> None:
        """The last call led these rows nowhere: their momentum is what it was before it.

        Args:
            rows: bool [B].
        """
        if self._change is not None:
            column = rows.view(-1, *(1,) * (self._change.ndim - 1))
            before = torch.zeros_like(self._change) if self._before is None else self._before
            self._change = torch.where(column, before, self._change)

    def _is_free(self, w: Tensor) -> Tensor:
        """Rows whose estimate is u itself: w = 0 on the plain line."""
        line = self._guidance.mix is None and self._guidance.rescale is None
        return (w == 0.0) & line

    def _is_still(self, sigma: Tensor) -> Tensor:
        """Rows that do not move: CFG-Zero*'s zero-init, x0 = x, without a pass."""
        above = self._guidance.zero_above
        if above is None or self._condition is None:
            return torch.zeros_like(sigma, dtype=torch.bool)
        return sigma > above

    def _pass(self, x: Tensor, sigma: Tensor, condition: Any | None) -> Tensor:
        self.model_calls += 1
        return checked(self._denoiser(x, sigma, condition), x)

    def _both(self, x: Tensor, sigma: Tensor, free: Tensor) -> tuple[Tensor, Tensor]:
        """c and u; c only means something unless all rows are free of it.

        A model that pairs its passes is asked for both at once where every row always needs both:
        otherwise a row's last bits would depend on what its batch-mates need.
        """
        g = self._guidance
        pair = getattr(self._denoiser, "pair", None)
        if pair is not None and g.form == "constant" and g.scale not in (0.0, 1.0):
            self.model_calls += 2
            c, u = pair(x, sigma, self._condition)
            return checked(c, x), checked(u, x)
        u = self._pass(x, sigma, None)
        return (u if bool(free.all()) else self._pass(x, sigma, self._condition)), u

    def _mixed(self, x: Tensor, sigma: Tensor, c: Tensor, u: Tensor, w: Tensor) -> Tensor:
        """c and u put together as the guidance says; w [B, 1, ...] in the dtype of x."""
        g = self._guidance
        if g.mix == "apg":
            assert g.parallel is not None
            assert g.norm is not None
            change = c - u
            if g.momentum:
                change = self._carried(change, w == 1.0)
            x0 = projected(c, change, w, parallel=g.parallel, norm=g.norm)
        elif g.mix == "zero_star":
            x0 = zero_star(x, c, u, w)
        elif g.mix == "perp_neg":
            assert g.negative_scale is not None
            n = self._pass(x, sigma, self._negative)
            x0 = perpendicular_negative(c, u, n, w, scale=g.negative_scale)
        else:
            x0 = u + w * (c - u)
        if g.rescale is not None:
            x0 = rescaled(x, c, x0, sigma.to(x.dtype).view(w.shape), g.rescale)
        return x0

    def _carried(self, change: Tensor, plain: Tensor) -> Tensor:
        """The change with what is left of the last one, which it replaces but in plain rows."""
        before = self._change
        if before is not None:
            assert self._guidance.momentum is not None
            change = change + self._guidance.momentum * before
        self._change = change
        if bool(plain.any()) and not bool(plain.all()):
            # A plain row was passed along by its batch-mates: alone it would have kept its own.
            kept = torch.zeros_like(change) if before is None else before
            self._change = torch.where(plain, kept, change)
        return change

    def _estimates(self, x: Tensor, sigma: Tensor, *, both: bool) -> tuple[Tensor, Tensor]:
        """The guided estimate and u; u only means something where `both` is asked for."""
        self._before = self._change
        w, still = self.weight(sigma), self._is_still(sigma)
        plain, free = w == 1.0, self._is_free(w)
        column = (-1, *(1,) * (x.ndim - 1))
        if bool(still.all()):
            return x, x
        if self._condition is None or (bool(plain.all()) and not both):
            x0 = u = self._pass(x, sigma, self._condition)
        else:
            c, u = self._both(x, sigma, free)
            x0 = u
            if not bool(free.all()):
                x0 = self._mixed(x, sigma, c, u, w.to(x.dtype).view(column))
                # A row with w = 1 takes c itself: c - u + u differs from it in the last bit, and
                # would make the row depend on whether a batch-mate needed the unconditional pass.
                x0 = torch.where(plain.view(column), c, x0)
                x0 = torch.where(free.view(column), u, x0)
        if bool(still.any()):
            x0, u = (torch.where(still.view(column), x, estimate) for estimate in (x0, u))
        return x0, u

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """The guided estimate.

        Args:
            x: [B, ...], noisy samples.
            sigma: [B], noise levels.

        Returns:
            x0: [B, ...].

        Raises:
            ValueError: when the denoiser returns another shape or dtype than it was given.
        """
        return self._estimates(x, sigma, both=False)[0]

    def pair(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """The guided and the unconditional estimate, for CFG++ solvers.

        Args, Raises: as a call.

        Returns:
            (x0, u), both [B, ...]; the same tensor without a condition.
        """
        return self._estimates(x, sigma, both=True)


def guided(
    denoiser: Denoiser, condition: Any | None, guidance: Guidance, negative: Any | None = None
) -> Guided:
    """The callable `(x, sigma) -> x0` that a solver works on.

    Args:
        denoiser: the model.
        condition: what the pictures are to show; None = unconditional, guidance has no effect.
        guidance: form and values.
        negative: what they are not to show; `perp_neg` only.

    Returns:
        A `Guided`, which also knows the passes a row needs and the jumps of w.

    Raises:
        InputError: for `perp_neg` without a negative condition.
    """
    return Guided(denoiser, condition, guidance, negative)
