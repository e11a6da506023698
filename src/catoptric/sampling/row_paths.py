"""Brownian paths asked for at another sigma in every row: what an adaptive solver needs."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from catoptric.sampling.brownian import DEPTH, GRID

RowNoise = Callable[[Sequence[int], Sequence[str]], Tensor]
"""`(seeds, purposes) -> float32 [n, ...]`: row i from seeds[i] and purposes[i] alone."""


class RowPaths:
    """The paths of `BrownianBridge`, one per seed, each read at a place of its own.

    Every call walks down the tree from its root, one round of draws per level: two nodes are in
    memory per row whatever the number of steps, at 14 draws a reading.

    Source: as `BrownianBridge`, whose keys it shares.
    """

    def __init__(self, noise: RowNoise, sigma_min: float, sigma_max: float, *, eta: float) -> None:
        """Lay the paths out; nothing is drawn yet.

        Args:
            noise: keyed standard normal noise, a purpose per row.
            sigma_min, sigma_max: range within which sigma will be asked for.
            eta: rate of the noise, > 0.
        """
        self._noise = noise
        self._first = -math.log(sigma_max)
        self._span = math.log(sigma_max) - math.log(sigma_min)
        self._eta = eta

    def _clock(self, place: Tensor) -> Tensor:
        """u = sigma^(-2 eta) at places in [0, 1] of the range."""
        return torch.exp(2.0 * self._eta * (self._first + place * self._span))

    def at(self, seeds: Sequence[int], sigma: Tensor) -> Tensor:
        """B(u(sigma)) of each seed's path; 0 at sigma_max.

        Args:
            seeds: n of them.
            sigma: float64 [n], within the range.

        Returns:
            float64 [n, ...].
        """
        place = (-torch.log(sigma.double()) - self._first) / self._span
        fine = (place * GRID).round().clamp(0, GRID).long()
        leaf = (fine // (GRID >> DEPTH)).clamp(max=2**DEPTH - 1)
        right = self._draw(seeds, ["end"] * len(seeds))
        column = (-1, *(1,) * (right.ndim - 1))
        zero, one = torch.zeros_like(place), torch.ones_like(place)
        right = torch.sqrt(self._clock(one) - self._clock(zero)).view(column) * right
        left, low, high = torch.zeros_like(right), zero, one
        for level in range(1, DEPTH + 1):
            # The interval that holds the leaf, and its middle.
            node = 2 * (leaf >> (DEPTH - level + 1)) + 1
            middle = node.double() * 2.0**-level
            names = [f"{level}:{index}" for index in node.tolist()]
            value = self._between(seeds, (low, left), (high, right), middle, names)
            goes_right = (leaf >> (DEPTH - level)) & 1 == 1
            low, high = torch.where(goes_right, middle, low), torch.where(goes_right, high, middle)
            side = goes_right.view(column)
            left, right = torch.where(side, value, left), torch.where(side, right, value)
        names = [f"at:{index}" for index in fine.tolist()]
        return self._between(seeds, (low, left), (high, right), fine.double() / GRID, names)

    def _between(
        self,
        seeds: Sequence[int],
        left: tuple[Tensor, Tensor],
        right: tuple[Tensor, Tensor],
        place: Tensor,
        names: Sequence[str],
    ) -> Tensor:
        """B at places, given B at two places around each."""
        ua, um, ub = self._clock(left[0]), self._clock(place), self._clock(right[0])
        drawn = self._draw(seeds, names)
        column = (-1, *(1,) * (drawn.ndim - 1))
        share = ((um - ua) / (ub - ua)).view(column)
        spread = torch.sqrt((um - ua) * (ub - um) / (ub - ua)).view(column)
        return left[1] + share * (right[1] - left[1]) + spread * drawn

    def _draw(self, seeds: Sequence[int], names: Sequence[str]) -> Tensor:
        return self._noise(seeds, [f"bridge:{self._eta:g}:{name}" for name in names]).double()


class LaterPaths(RowPaths):
    """The same paths, counted from a level inside their range: 0 there, read only below it."""

    def __init__(
        self,
        noise: RowNoise,
        sigma_min: float,
        sigma_max: float,
        *,
        eta: float,
        since: float,
        seeds: Sequence[int],
        rows: int,
    ) -> None:
        """Read every path once, where it is to begin.

        Args:
            noise, sigma_min, sigma_max, eta: as `RowPaths`.
            since: the level, within the range.
            seeds: all that will be asked for.
            rows: of every call of the noise.
        """
        super().__init__(noise, sigma_min, sigma_max, eta=eta)
        origins = []
        for offset in range(0, len(seeds), rows):
            part = list(seeds[offset : offset + rows])
            full = part + [part[-1]] * (rows - len(part))
            level = torch.full((rows,), since, dtype=torch.float64)
            origins.append(super().at(full, level)[: len(part)])
        self._origin = torch.cat(origins)
        self._index = {seed: index for index, seed in enumerate(seeds)}

    def at(self, seeds: Sequence[int], sigma: Tensor) -> Tensor:
        """As `RowPaths.at`, less the path at the level that it is counted from."""
        origin = self._origin[[self._index[seed] for seed in seeds]]
        return super().at(seeds, sigma) - origin


class Increments:
    """What each slot's path adds from the last accepted place to another.

    A rejected step leaves the path where it was: the next attempt reads the same path.
    """

    def __init__(
        self,
        paths: RowPaths | None,
        seeds: Sequence[int],
        x: Tensor,
        slots: int,
        sigma_start: float,
        *,
        wanted: bool,
    ) -> None:
        """At the start of every path.

        Args:
            paths: of the range, or None where no noise is wanted.
            seeds: one per sample.
            x: [n, ...], the samples, for their shape.
            slots: rows of every reading.
            sigma_start: where the paths begin.
            wanted: whether the solver adds noise.

        Raises:
            ValueError: for paths without noise, or noise without paths.
        """
        if wanted != (paths is not None):
            raise ValueError("paths and their seeds are for eta > 0, and needed there")
        self._paths, self._seeds, self._start = paths, list(seeds), sigma_start
        self._before = x.new_zeros((slots, *x.shape[1:]), dtype=torch.float64)
        self._after = self._before

    def open(self, seats: list[int]) -> None:
        """New samples sit in these slots; every path begins at 0."""
        self._before[seats] = 0.0

    def to(self, rows: list[int], sigma: Tensor, stepping: Tensor) -> Tensor | None:
        """B(u(sigma)) - B(u before), float64 [slots, ...]; None where no noise is wanted.

        Args:
            rows: the sample in each slot, -1 for none.
            sigma: float64 [slots], where the steps lead.
            stepping: bool [slots]; other slots' increments mean nothing.
        """
        if self._paths is None:
            return None
        seeds = [self._seeds[max(row, 0)] for row in rows]
        self._after = self._paths.at(seeds, torch.where(stepping, sigma, self._start))
        return self._after - self._before

    def keep(self, accept: Tensor) -> None:
        """These steps were taken."""
        column = (-1, *(1,) * (self._before.ndim - 1))
        self._before = torch.where(accept.view(column), self._after, self._before)
