"""Error norms, summed so that a row's bits depend on nothing but the row."""

from collections.abc import Callable, Mapping
from functools import reduce

import torch
from torch import Tensor
from torch.nn.functional import pad

from catoptric.errors import InputError

ErrorNorm = Callable[[Tensor, Tensor, Tensor, float, float], Tensor]
"""`(error, before, after, atol, rtol) -> float64 [B]`, 1 = within tolerance by a hair; all [B, ...]
but the tolerances."""


def row_rms(values: Tensor) -> Tensor:
    """Root mean square of each row, in float64: sqrt(sum v^2 / D).

    Summed by halving: elements are padded to a power of two with zeros and the halves added until
    one is left. Only exactly rounded elementwise additions occur, in an order fixed by D, so the
    result cannot depend on the row's place, the other rows or the number of threads.

    Args:
        values: [B, ...].

    Returns:
        float64 [B]; not finite where a value is not.
    """
    return torch.sqrt(_squares(values) / values[0].numel())


def _squares(values: Tensor) -> Tensor:
    flat = values.double()
    return row_sum(flat * flat)


def row_sum(values: Tensor) -> Tensor:
    """Sum of each row's elements, float64 [B], added by halving as `row_rms` says.

    Args:
        values: [B, ...].
    """
    total = values.reshape(values.shape[0], -1).double()
    count = total.shape[1]
    width = 1 << (count - 1).bit_length()
    total = pad(total, (0, width - count))
    while width > 1:
        width //= 2
        total = total[:, :width] + total[:, width:]
    return total[:, 0]


def by_element(error: Tensor, before: Tensor, after: Tensor, atol: float, rtol: float) -> Tensor:
    """rms(e / (atol + rtol max(|x|, |x'|))) over all elements of a row: k-diffusion's norm.

    Elements near 0 are held to atol, so it is stricter than a norm of the whole row, the more so
    the higher sigma. That is what branching needs (benchmarks/work_precision.txt).
    """
    return row_rms(error / (atol + rtol * torch.maximum(before.abs(), after.abs())))


def by_channel(error: Tensor, before: Tensor, after: Tensor, atol: float, rtol: float) -> Tensor:
    """The worst channel's `by_element`: one channel's error cannot hide among the others'.

    Raises:
        InputError: for states without channels.
    """
    _check_grid(error, "channel")
    parts = [
        by_element(error[:, c], before[:, c], after[:, c], atol, rtol)
        for c in range(error.shape[1])
    ]
    return reduce(torch.maximum, parts)


def by_band(error: Tensor, before: Tensor, after: Tensor, atol: float, rtol: float) -> Tensor:
    """The worst octave of spatial frequency: max_b rms(e_b) / (atol + rtol rms(x_b)).

    Fine detail, small beside the whole, is held to its own size. Its size is read before the step
    only: as sigma falls states shrink, so it is the larger of the two.

    Raises:
        InputError: for states without channels and a grid.
    """
    _check_grid(error, "band")
    return (octave_rms(error) / (atol + rtol * octave_rms(before))).max(dim=1).values


def octave_rms(values: Tensor) -> Tensor:
    """RMS of the detail in each octave of spatial frequency, finest first, the mean last.

    One level of Haar's orthonormal wavelet after another, while both sides are even. The squares of
    a level's detail are what its means lack of the squares before, so only means are made: sums of
    four elements in a fixed order. (An FFT's bits may depend on the row's place in the batch.)

    Args:
        values: [B, C, H, W].

    Returns:
        float64 [B, levels + 1].
    """
    rest = values.double()
    total, found = _squares(rest), []
    while rest.shape[-1] % 2 == 0 and rest.shape[-2] % 2 == 0:
        tall = rest[..., ::2, :] + rest[..., 1::2, :]
        mean = 0.5 * (tall[..., ::2] + tall[..., 1::2])
        kept = _squares(mean)
        count = rest[0].numel() - mean[0].numel()
        found.append(torch.sqrt((total - kept).clamp(min=0.0) / count))
        rest, total = mean, kept
    return torch.stack([*found, torch.sqrt(total / rest[0].numel())], dim=1)


def _check_grid(values: Tensor, name: str) -> None:
    if values.ndim != 4:
        raise InputError(
            f"norm {name!r} needs states of channels, height and width; this model's are "
            f"{list(values.shape[1:])}: use norm 'element'"
        )


NORMS: Mapping[str, ErrorNorm] = {"element": by_element, "channel": by_channel, "band": by_band}
"""How `pid` measures the error of a step."""
