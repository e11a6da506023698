"""One Brownian path per seed, the same whatever steps ask for it."""

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from catoptric.errors import InputError

KeyedNoise = Callable[[Sequence[int], Any], Tensor]
"""`(seeds, purpose) -> float32 [n, ...]`, standard normal; row i depends on seeds[i] alone.

`purpose` is a string, or, from `pid` with noise only, a list of them: one per row."""

DEPTH = 12
"""Levels of the tree of nodes."""
GRID = 2**40
"""Places that a path can be read at."""
_KEPT = 64


class BrownianBridge:
    """The noise path B(u) of a batch, u = sigma^(-2 eta), sampled at any sigma.

    Nodes lie evenly in lambda = -ln sigma and are filled by halving: given B(u_a) and B(u_b),
    B(u_m) ~ N(B_a + (u_m - u_a)/(u_b - u_a) (B_b - B_a), (u_m - u_a)(u_b - u_m)/(u_b - u_a)).
    The normal of each node is keyed by its place in the tree. Below the last level a point is drawn
    under its own key, so two points in one leaf (the range / 2^12, far below any step) share the
    leaf's ends but not each other.

    Noise of a step: sigma_t^(1 + eta) (B(u_t) - B(u_s)). Since B is a function of sigma, increments
    add up exactly however a step is split.

    Source: Kelly, Li & Kidger (virtual Brownian tree), Li et al. 2020; clock from DESIGN 2.
    """

    def __init__(
        self,
        noise: KeyedNoise,
        seeds: Sequence[int],
        sigma_min: float,
        sigma_max: float,
        *,
        eta: float = 1.0,
    ) -> None:
        """Lay the path out; nothing is drawn yet.

        Args:
            noise: keyed standard normal noise.
            seeds: one per row.
            sigma_min, sigma_max: range within which sigma will be asked for.
            eta: rate of the noise, > 0.

        Raises:
            InputError: for an empty range or eta <= 0.
        """
        if not (0.0 < sigma_min < sigma_max < math.inf) or eta <= 0.0:
            raise InputError(
                "a Brownian bridge needs 0 < sigma_min < sigma_max and eta > 0, not "
                f"{sigma_min:g}, {sigma_max:g} and {eta:g}"
            )
        self._noise = noise
        self._seeds = tuple(seeds)
        self._first = -math.log(sigma_max)
        self._span = math.log(sigma_max) - math.log(sigma_min)
        self._eta = eta
        # The latest nodes: neighbouring queries share most of their way down the tree.
        self._nodes: OrderedDict[tuple[int, int], Tensor] = OrderedDict()

    def _clock(self, place: float) -> float:
        """u at a place in [0, 1] of the range."""
        return math.exp(2.0 * self._eta * (self._first + place * self._span))

    def _draw(self, purpose: str) -> Tensor:
        return self._noise(self._seeds, f"bridge:{self._eta:g}:{purpose}").double()

    def _node(self, level: int, index: int) -> Tensor:
        """B at place index / 2^level, index odd (or the root's end: level 0, index 1)."""
        known = self._nodes.get((level, index))
        if known is not None:
            self._nodes.move_to_end((level, index))
            return known
        if level == 0:
            value = math.sqrt(self._clock(1.0) - self._clock(0.0)) * self._draw("end")
        else:
            size = 2.0**-level
            value = self._between(
                ((index - 1) * size, self._at_grid(level, index - 1)),
                ((index + 1) * size, self._at_grid(level, index + 1)),
                index * size,
                f"{level}:{index}",
            )
        self._nodes[(level, index)] = value
        if len(self._nodes) > _KEPT:
            self._nodes.popitem(last=False)
        return value

    def _at_grid(self, level: int, index: int) -> Tensor:
        """B at place index / 2^level, any index."""
        if index == 0:
            return torch.zeros_like(self._node(0, 1))
        while index % 2 == 0 and level > 0:
            level, index = level - 1, index // 2
        return self._node(level, index)

    def _between(
        self, left: tuple[float, Tensor], right: tuple[float, Tensor], place: float, purpose: str
    ) -> Tensor:
        """B at a place, given B at two around it."""
        ua, um, ub = self._clock(left[0]), self._clock(place), self._clock(right[0])
        share = (um - ua) / (ub - ua)
        spread = math.sqrt((um - ua) * (ub - um) / (ub - ua))
        return left[1] + share * (right[1] - left[1]) + spread * self._draw(purpose)

    def at(self, sigma: float) -> Tensor:
        """B(u(sigma)), float64 [n, ...]; 0 at sigma_max.

        Raises:
            InputError: for a sigma outside the range.
        """
        place = (-math.log(sigma) - self._first) / self._span
        if not -1e-9 <= place <= 1.0 + 1e-9:
            raise InputError(f"sigma {sigma:g} lies outside the Brownian bridge's range")
        # On a fine grid, so that rounding in the caller's sigma cannot ask for another point.
        fine = min(max(round(place * GRID), 0), GRID)
        leaves, inside = divmod(fine, GRID >> DEPTH)
        if inside == 0:
            return self._at_grid(DEPTH, leaves)
        size = 2.0**-DEPTH
        return self._between(
            (leaves * size, self._at_grid(DEPTH, leaves)),
            ((leaves + 1) * size, self._at_grid(DEPTH, leaves + 1)),
            fine / GRID,
            f"at:{fine}",
        )

    def increment(self, sigma_from: float, sigma_to: float) -> Tensor:
        """B(u(sigma_to)) - B(u(sigma_from)), float64 [n, ...], variance u_to - u_from."""
        return self.at(sigma_to) - self.at(sigma_from)

    def normal(self, sigma_from: float, sigma_to: float) -> Tensor:
        """The increment scaled to variance 1: what a step from one sigma to the other is given.

        Args:
            sigma_from, sigma_to: within the range, falling.

        Returns:
            float64 [n, ...].

        Raises:
            InputError: for a sigma outside the range.
        """
        spread = sigma_to ** (-2.0 * self._eta) - sigma_from ** (-2.0 * self._eta)
        return self.increment(sigma_from, sigma_to) / math.sqrt(spread)
