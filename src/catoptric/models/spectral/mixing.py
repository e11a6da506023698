"""One operation: y = IFFT(gain G FFT(x)), channel by channel, with its derivatives.

It is linear in the picture, in the filter and in the gains, so its forward derivative is the sum of
three applications, and its gradient in the picture is the operation with the conjugate filter.

Two paths stand behind it, held to each other by the tests: torch's FFT, ten lines, and the compiled
kernel where it serves (CPU, float32, sides 8 to 64, channels in whole vectors).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx

from catoptric.models.spectral.filters import BANDS, band_of
from catoptric.models.spectral.native import SIZES, Kernel, kernel, run


def packed(filter: Tensor, lanes: int) -> Tensor:
    """A filter in slabs of channels, as the kernel reads it.

    Args:
        filter: [N/2 + 1, N, 2, C]: kx, ky (`filters.half_plane`), re and im, channel.
        lanes: channels in a slab; C itself for the reference path.

    Returns:
        [C / lanes, N/2 + 1, N, 2, lanes], contiguous.
    """
    slabs = filter.reshape(*filter.shape[:3], -1, lanes)
    return slabs.permute(3, 0, 1, 2, 4).contiguous()


# Raised when the kernel's source begins to round otherwise.
KERNEL_VERSION = 1


def implementation() -> str:
    """Which path serves: it decides the last bits of a picture, so it enters a draw's key."""
    found = kernel()
    return "torch.fft" if found is None else f"kernel/{found.name}/{KERNEL_VERSION}"


def lanes_for(channels: int) -> int:
    """Channels in a slab: the kernel's where it serves, all of them elsewhere."""
    found = kernel()
    return channels if found is None or channels % found.lanes else found.lanes


def spectral_mix(x: Tensor, filter: Tensor, gains: Tensor, *, paired: bool = False) -> Tensor:
    """Filter every channel of every picture over the whole picture (circularly).

    y = irfft2(gain[band] G rfft2(x)); a picture's bits depend on nothing but the picture.

    Args:
        x: float32 [B, N, N, C].
        filter: packed, [C / lanes, N/2 + 1, N, 2, lanes]; that of a real kernel, G(-k) = conj G(k).
        gains: [B, BANDS, C], or [B / 2, BANDS, C] where paired.
        paired: pictures i and i + B/2 share their gains (the conditional and unconditional pass of
            one sample), and so one complex transform.

    Returns:
        [B, N, N, C].

    Raises:
        ValueError: for shapes that do not fit, or dtypes that differ.

    Source: Rao et al. 2021 (GFNet), with gains on radial bands.
    """
    pictures, n, width, channels = x.shape
    slabs, lanes = filter.shape[0], filter.shape[-1]
    rows = pictures // 2 if paired else pictures
    if width != n or filter.shape != (slabs, n // 2 + 1, n, 2, lanes) or slabs * lanes != channels:
        raise ValueError(f"a filter {list(filter.shape)} for pictures {list(x.shape)}")
    if gains.shape != (rows, BANDS, channels) or (paired and pictures % 2):
        raise ValueError(f"gains {list(gains.shape)} for {pictures} pictures, paired {paired}")
    if not x.dtype == filter.dtype == gains.dtype:  # the kernel reads bits, whatever they mean
        raise ValueError(f"pictures, filter and gains of {x.dtype}, {filter.dtype}, {gains.dtype}")
    if torch.is_inference_mode_enabled():  # what may be differentiated costs 0.1 ms more to call
        return _mix(x, filter, gains, paired)
    mixed: Tensor = _Mix.apply(x, filter, gains, paired)  # type: ignore[no-untyped-call]
    return mixed


def mixed_by_reference(x: Tensor, filter: Tensor, gains: Tensor, *, paired: bool = False) -> Tensor:
    """`spectral_mix` by torch's FFT, differentiable by torch: what the kernel is held to."""
    n = x.shape[1]
    plain = filter.permute(2, 1, 3, 0, 4).flatten(-2)  # ky, kx, 2, C
    response = torch.complex(plain[..., 0, :], plain[..., 1, :])
    by_frequency = gains[:, band_of(n).T.long().to(gains.device)]
    if paired:
        by_frequency = torch.cat([by_frequency, by_frequency])
    spectrum = torch.fft.rfft2(x, dim=(1, 2)) * response * by_frequency
    mixed: Tensor = torch.fft.irfft2(spectrum, s=(n, n), dim=(1, 2))
    return mixed


def _serves(x: Tensor, filter: Tensor) -> Kernel | None:
    """The kernel, where it can take these."""
    if x.device.type != "cpu" or x.dtype != torch.float32 or x.shape[1] not in SIZES:
        return None
    found = kernel()
    return found if found is not None and filter.shape[-1] == found.lanes else None


# Opaque to the compiler, which cannot read complex numbers: real in, real out, with meta functions.
_library = torch.library.Library("catoptric", "DEF")
_library.define("spectral_mix(Tensor x, Tensor filter, Tensor gains, bool paired) -> Tensor")
_library.define(
    "spectral_correlate(Tensor x, Tensor dy, Tensor filter, Tensor gains) -> (Tensor, Tensor)"
)


def _mix(x: Tensor, filter: Tensor, gains: Tensor, paired: bool) -> Tensor:
    found = _serves(x, filter)
    if found is None:
        return mixed_by_reference(x, filter, gains, paired=paired).contiguous()
    x, filter, gains = x.contiguous(), filter.contiguous(), gains.contiguous()
    pictures = gains.shape[0]
    y = torch.empty_like(x)
    run(
        found.pair if paired else found.single,
        (x, filter, gains, band_of(x.shape[1]), y),
        (x.shape[1], x.shape[3], pictures, BANDS),
        pictures * filter.shape[0],
    )
    return y


def _correlate(x: Tensor, dy: Tensor, filter: Tensor, gains: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of filter and gains: sum_pictures gain conj(X) Y, and Re(conj(X G) Y) by band."""
    found = _serves(x, filter)
    if found is None:
        with torch.enable_grad():
            f, g = filter.detach().requires_grad_(), gains.detach().requires_grad_()
            y = mixed_by_reference(x.detach(), f, g)
            d_filter, d_gains = torch.autograd.grad(y, (f, g), dy)
        return d_filter.contiguous(), d_gains.contiguous()
    x, dy, filter, gains = x.contiguous(), dy.contiguous(), filter.contiguous(), gains.contiguous()
    d_filter, d_gains = torch.zeros_like(filter), torch.zeros_like(gains)
    run(
        found.correlate,
        (x, dy, filter, gains, band_of(x.shape[1]), d_filter, d_gains),
        (x.shape[1], x.shape[3], x.shape[0], BANDS),
        filter.shape[0],
    )
    return d_filter, d_gains


_library.impl("spectral_mix", _mix, "CompositeExplicitAutograd")
_library.impl("spectral_correlate", _correlate, "CompositeExplicitAutograd")


def _mix_shape(x: Tensor, filter: Tensor, gains: Tensor, paired: bool) -> Tensor:
    return torch.empty_like(x, memory_format=torch.contiguous_format)


def _correlate_shape(x: Tensor, dy: Tensor, filter: Tensor, gains: Tensor) -> tuple[Tensor, Tensor]:
    return (
        torch.empty_like(filter, memory_format=torch.contiguous_format),
        torch.empty_like(gains, memory_format=torch.contiguous_format),
    )


torch.library.register_fake("catoptric::spectral_mix", _mix_shape, lib=_library)
torch.library.register_fake("catoptric::spectral_correlate", _correlate_shape, lib=_library)


class _Mix(torch.autograd.Function):
    """The derivatives, backward and forward."""

    @staticmethod
    def forward(x: Tensor, filter: Tensor, gains: Tensor, paired: bool) -> Tensor:
        return torch.ops.catoptric.spectral_mix(x, filter, gains, paired)  # type: ignore[no-any-return]

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        x, filter, gains, ctx.paired = inputs
        ctx.save_for_backward(x, filter, gains)
        ctx.save_for_forward(x, filter, gains)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
        x, filter, gains = ctx.saved_tensors
        d_x = d_filter = d_gains = None
        if ctx.needs_input_grad[0]:
            mirror = filter.new_tensor([1.0, -1.0])[:, None]
            d_x = spectral_mix(dy, filter * mirror, gains, paired=ctx.paired)
        if ctx.needs_input_grad[1] or ctx.needs_input_grad[2]:
            each = torch.cat([gains, gains]) if ctx.paired else gains
            d_filter, d_gains = torch.ops.catoptric.spectral_correlate(x, dy, filter, each)
            if ctx.paired:
                d_gains = d_gains[: len(gains)] + d_gains[len(gains) :]
        return d_x, d_filter, d_gains, None

    @staticmethod
    def jvp(ctx: FunctionCtx, *tangents: Any) -> Tensor:
        inputs = ctx.saved_tensors  # type: ignore[attr-defined]
        total = torch.zeros_like(inputs[0])
        for place, tangent in enumerate(tangents[:3]):
            if tangent is not None:
                moved = [*inputs[:place], tangent, *inputs[place + 1 :]]
                total = total + spectral_mix(*moved, paired=ctx.paired)  # type: ignore[attr-defined]
        return total
