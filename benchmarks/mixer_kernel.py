"""The FFT kernel against torch's FFT, layer by layer, with the rates of the machine beside it.

Pictures lie channels last, 256 channels. Three ways through torch: transforms over the middle axes;
permuted to channels first and back; and channels first all along, which no matrix product wants but
which flatters torch. The fastest of the three, chosen cell by cell, is the rival. Rivals and kernel
take turns; medians. The rival multiplies by one response, ours by response and gains.

Run: python benchmarks/mixer_kernel.py
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from statistics import median

from tables import printed

CHANNELS = 256
SIDES = (8, 16, 32, 64)
BATCHES = (1, 2, 8, 32)
BARS = {16: 3.0, 32: 2.5, 64: 1.8}
UNPAIRED_BAR = 1.3
LEAST_SECONDS = 0.25


def medians(calls: dict[str, Callable[[], object]], rounds: int = 7) -> dict[str, float]:
    """Seconds a call, every name in turn; a round repeats a call until it can be timed."""
    repeats = {}
    for name, call in calls.items():
        call()
        began = time.perf_counter()
        call()
        once = time.perf_counter() - began
        repeats[name] = max(1, int(LEAST_SECONDS / rounds / max(once, 1e-7)))
    found: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            began = time.perf_counter()
            for _ in range(repeats[name]):
                call()
            found[name].append((time.perf_counter() - began) / repeats[name])
    return {name: median(times) for name, times in found.items()}


def cell(side: int, batch: int) -> dict[str, float]:
    """Every way to mix `batch` pictures."""
    import torch

    from catoptric.models.spectral import BANDS, packed, spectral_mix
    from catoptric.models.spectral.native import kernel

    found = kernel()
    assert found is not None, "the kernel is not built"
    x = torch.randn(batch, side, side, CHANNELS)
    first = x.permute(0, 3, 1, 2).contiguous()
    shape = (side, side)
    response = torch.fft.rfft2(torch.randn(*shape, CHANNELS) / side, dim=(0, 1))
    response_first = response.permute(2, 0, 1).contiguous()
    pairs = torch.view_as_real(response).permute(1, 0, 3, 2)
    slabs = packed(pairs, found.lanes)
    gains = torch.ones(batch, BANDS, CHANNELS)

    def channels_first(z: torch.Tensor) -> torch.Tensor:
        return torch.fft.irfft2(torch.fft.rfft2(z) * response_first, s=shape)

    calls: dict[str, Callable[[], object]] = {
        "first": lambda: channels_first(first),
        "permuted": lambda: (
            channels_first(x.permute(0, 3, 1, 2).contiguous()).permute(0, 2, 3, 1).contiguous()
        ),
        "last": lambda: torch.fft.irfft2(
            torch.fft.rfft2(x, dim=(1, 2)) * response, s=shape, dim=(1, 2)
        ).contiguous(),
        "single": partial(spectral_mix, x, slabs, gains),
    }
    if batch % 2 == 0:
        calls["paired"] = partial(spectral_mix, x, slabs, gains[: batch // 2], paired=True)
    with torch.inference_mode():
        return medians(calls)


def beside(side: int) -> dict[str, float]:
    """Other mixers of two pictures, and a 1x1 channel mixing."""
    import torch
    from torch.nn import functional

    x = torch.randn(2, side, side, CHANNELS)
    first = x.permute(0, 3, 1, 2).contiguous()
    rows = x.reshape(-1, CHANNELS)
    square = torch.randn(CHANNELS, CHANNELS)
    kernel = torch.randn(CHANNELS, 1, 7, 7)
    heads = x.reshape(2, side * side, 4, CHANNELS // 4).transpose(1, 2).contiguous()
    with torch.inference_mode():
        return medians(
            {
                "depthwise 7x7": lambda: functional.conv2d(
                    first, kernel, padding=3, groups=CHANNELS
                ),
                "attention, 4 heads": lambda: functional.scaled_dot_product_attention(
                    heads, heads, heads
                ),
                "linear": lambda: rows @ square,
            },
            rounds=5,
        )


def rates() -> tuple[float, float]:
    """GFLOP/s of a large product, GB/s of a large copy (read and write)."""
    import torch

    a, b = torch.randn(2048, 1024), torch.randn(1024, 1024)
    big = torch.randn(32 << 20)
    to = torch.empty_like(big)
    found = medians({"product": lambda: a @ b, "copy": lambda: to.copy_(big)}, rounds=5)
    return 2 * 2048 * 1024 * 1024 / found["product"] / 1e9, 8 * big.numel() / found["copy"] / 1e9


def report(threads: int, say: Callable[[str], None]) -> tuple[bool, bool]:
    """The lines of one number of threads; whether the paired and the unpaired bar held."""
    import torch

    torch.set_num_threads(threads)
    product, copy = rates()
    say(f"{threads} thread(s): products {product:.0f} GFLOP/s, copies {copy:.1f} GB/s")
    heads = ("side", "pictures", "torch first", "permuted", "last", "kernel", "gain", "paired")
    say("{:>4}{:>10}{:>13}{:>10}{:>10}{:>10}{:>7}{:>10}{:>7}".format(*heads, "gain"))
    paired_held = single_held = True
    for side in SIDES:
        for batch in BATCHES:
            found = cell(side, batch)
            rival = min(found[name] for name in ("first", "permuted", "last"))
            gain = rival / found["single"]
            single_held &= gain >= UNPAIRED_BAR
            row = f"{side:>4}{batch:>10}" + "".join(
                f"{1e6 * found[name]:>{width}.0f}"
                for name, width in (("first", 13), ("permuted", 10), ("last", 10), ("single", 10))
            )
            row += f"{gain:>7.1f}"
            if "paired" in found:
                both = rival / found["paired"]
                paired_held &= both >= BARS.get(side, 0.0)
                row += f"{1e6 * found['paired']:>10.0f}{both:>7.1f}"
            say(row)
    say("two pictures:")
    for side in SIDES:
        found = beside(side)
        row = "   ".join(f"{name} {1e6 * seconds:,.0f}" for name, seconds in found.items())
        say(f"{side:>4}   {row}")
    say("")
    return paired_held, single_held


def main() -> None:
    from catoptric.models.spectral.native import kernel

    found = kernel()
    with printed(__file__) as say:
        say(f"kernel {'none' if found is None else found.name}, {CHANNELS} channels")
        say("microseconds a call; gain: over the fastest of torch's three")
        say("")
        verdicts = [report(threads, say) for threads in (1, 2)]
        held = ["held" if all(v[i] for v in verdicts) else "MISSED" for i in (0, 1)]
        say(f"bar, paired: 3 at side 16, 2.5 at 32, 1.8 at 64: {held[0]}")
        say(f"bar, unpaired: {UNPAIRED_BAR} everywhere: {held[1]}")


if __name__ == "__main__":
    main()
