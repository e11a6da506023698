"""Dense output: states between the steps, from the polynomials that the steps were made of."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from catoptric.errors import InputError
from catoptric.sampling.multistep import inside


class Dense:
    """Collects each sample's state at given sigmas while it walks past them."""

    def __init__(
        self, x: Tensor, at: Sequence[float], sigma_start: float, sigma_end: float, *, noisy: bool
    ) -> None:
        """Room for the states; that at sigma_start itself is known.

        Args:
            x: [n, ...], states at sigma_start.
            at: sigmas, in any order.
            sigma_start, sigma_end: range.
            noisy: whether steps carry noise, which has no polynomial.

        Raises:
            InputError: for noise, or a sigma outside the range.
        """
        wrong = [s for s in at if not sigma_end <= s <= sigma_start]
        if wrong:
            raise InputError(
                f"states are wanted at sigma {wrong[0]:g}, outside the range "
                f"{sigma_end:g} to {sigma_start:g}"
            )
        if len(at) and noisy:
            raise InputError("dense output needs eta = 0: between its steps noise is not known")
        self._places = torch.tensor(
            [-math.log(s) for s in at], dtype=torch.float64, device=x.device
        )
        self._states = x.new_full((x.shape[0], len(at), *x.shape[1:]), torch.nan)
        for index, sigma in enumerate(at):
            if sigma == sigma_start:
                self._states[:, index] = x

    def add(
        self,
        rows: Tensor,
        accepted: Tensor,
        before: Tensor,
        h: Tensor,
        h1: Tensor,
        known: Tensor,
        of: tuple[Tensor, Tensor, Tensor, Tensor],
    ) -> None:
        """Fill in what lies in the steps just accepted.

        Args:
            rows: int64 [B], samples.
            accepted: bool [B].
            before, h: float64 [B], where each step began, in lambda, and its length.
            h1, known: as `multistep.inside`.
            of: state, newest estimate, d0 and d1, each [B, ...].
        """
        state, newest, d0, d1 = of
        for index, place in enumerate(self._places.tolist()):
            # A hair more, for the last place of all.
            hit = accepted & (before < place) & (place <= before + h * (1.0 + 1e-12))
            if bool(hit.any()):
                tau = torch.where(hit, place - before, 0.0)
                found = inside(tau, h, h1, known).of(state, newest, d0, d1, d1)
                self._states[rows[hit.cpu()], index] = found[hit]

    def result(self) -> Tensor | None:
        """[n, len(at), ...], NaN where a sample never came so far; None where none was asked."""
        return self._states if len(self._places) else None
