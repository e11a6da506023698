"""Where an adaptive solver must land, and on which side of a jump it looks."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from catoptric.errors import InputError

Passes = Callable[[Tensor], Tensor]
"""`sigma [B] -> int64 [B]`: model passes that one evaluation costs a row."""

SIDE = 1e-6
"""At a jump, sigma is read this share above it (end of the step before) or below it (start of the
step after): more than float32's rounding, far less than any model's smoothness."""


def one_pass(sigma: Tensor) -> Tensor:
    """One model pass for every row."""
    return torch.ones(sigma.shape, dtype=torch.int64, device=sigma.device)


def check_range(sigma_start: float, sigma_end: float) -> None:
    """Refuses a range that cannot be walked.

    Raises:
        InputError: unless 0 < sigma_end < sigma_start < infinity.
    """
    if not 0.0 < sigma_end < sigma_start < math.inf:
        raise InputError(
            "an adaptive solver needs 0 < last sigma < first sigma, "
            f"not {sigma_end:g} and {sigma_start:g}"
        )


def check_resolvable(rtol: float, dtype: torch.dtype, tighten: float = 1.0) -> None:
    """Refuses a tolerance that rounding alone would exceed.

    Args:
        rtol: relative tolerance.
        dtype: of the states.
        tighten: by how much the tolerance is divided somewhere.

    Raises:
        InputError: for an rtol, at its tightest, under eight times the dtype's last place.
    """
    floor = 8.0 * torch.finfo(dtype).eps
    if rtol / tighten < floor:
        said = f"rtol {rtol:g}" + (f", tightened {tighten:g} times," if tighten > 1.0 else "")
        raise InputError(
            f"{said} is below what {str(dtype).removeprefix('torch.')} can resolve: "
            f"take at least {tighten * floor:.1g}"
        )


def stops_between(
    sigma_start: float, sigma_end: float, jumps: Sequence[float], device: torch.device
) -> Tensor:
    """Landing points in lambda = -ln sigma: the jumps inside the range, then its end.

    Args:
        sigma_start, sigma_end: range.
        jumps: sigmas, in any order.
        device: where the result lives.

    Returns:
        float64 [legs], rising.
    """
    # A jump within SIDE of either end would leave a leg too short to walk.
    inside = [s for s in jumps if sigma_end * (1 + 1e-5) < s < sigma_start * (1 - 1e-5)]
    lambdas = [-math.log(s) for s in [*sorted(set(inside), reverse=True), sigma_end]]
    return torch.tensor(lambdas, dtype=torch.float64, device=device)
