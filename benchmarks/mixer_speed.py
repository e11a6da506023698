"""Mixer against mixer: the same block, only what mixes its tokens swapped, on random weights.

Two pictures (a guided evaluation: conditional and unconditional), 256 channels, one and two
threads, each mixer in float32 and with its channel mixing in bfloat16, the faster of the two taken.
Blocks take turns; medians. At equal parameters the FFT block's MLP is widened until it has as many
as the attention block.

Run: python benchmarks/mixer_speed.py
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from mixer_kernel import medians
from tables import printed

CHANNELS, WIDTH, RATIO = 256, 128, 3
SIDES = (8, 16, 32, 64)
BARS = {1024: 2.5, 4096: 5.0}
FFT_EXPONENT, ATTENTION_EXPONENT = 1.15, 1.8


def blocks() -> dict[str, tuple[Any, bool]]:
    """Name -> block, and whether it is of our mixer."""
    import torch

    from catoptric.models.spectral import Block, SpectralMixer
    from rival_mixers import AttentionMixer, ConvolutionMixer

    torch.manual_seed(0)
    attention = Block(AttentionMixer(CHANNELS), CHANNELS, WIDTH, ratio=RATIO)
    convolution = Block(ConvolutionMixer(CHANNELS, WIDTH), CHANNELS, WIDTH, ratio=RATIO)

    def ours(ratio: int) -> Any:
        return Block(SpectralMixer(CHANNELS, 32, WIDTH), CHANNELS, WIDTH, ratio=ratio)

    ratio = RATIO
    while parameters(ours(ratio)) < parameters(attention):
        ratio += 1
    return {
        "FFT": (ours(RATIO), True),
        "FFT, as many weights": (ours(ratio), True),
        "convolution 7x7": (convolution, False),
        "attention": (attention, False),
    }


def parameters(block: Any) -> int:
    return sum(weight.numel() for weight in block.parameters())


def timed(side: int, made: dict[str, tuple[Any, bool]]) -> dict[str, float]:
    """Seconds of each block in its faster dtype."""
    import torch

    x, condition = torch.randn(2, side, side, CHANNELS), torch.randn(2, WIDTH)
    level = torch.randn(1, 32)

    def once(block: Any, half: bool, how: dict[str, Any]) -> None:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half):
            block(x, level, condition, **how)

    calls: dict[str, Callable[[], object]] = {}
    for name, (block, spectral) in made.items():
        with torch.inference_mode():
            how = {"response": block.mixer.response(side), "paired": True} if spectral else {}
        for half in (False, True):
            calls[f"{name}/{half}"] = partial(once, block, half, how)
    found = medians(calls, rounds=5)
    return {name: min(found[f"{name}/{half}"] for half in (False, True)) for name in made}


def main() -> None:
    import torch

    made = blocks()
    held = True
    with printed(__file__) as say:
        for name, (block, _) in made.items():
            say(f"{name}: {parameters(block):,} parameters")
        for threads in (1, 2):
            torch.set_num_threads(threads)
            say("")
            say(f"{threads} thread(s), milliseconds a block, and how often attention takes longer")
            say("{:>7}".format("tokens") + "".join(f"{name:>28}" for name in made))
            rows = {}
            for side in SIDES:
                found = rows[side * side] = timed(side, made)
                gains = {name: found["attention"] / found[name] for name in made}
                held &= gains["FFT"] >= BARS.get(side * side, 0.0)
                say(
                    f"{side * side:>7}"
                    + "".join(f"{1e3 * found[n]:>19.2f}  ({gains[n]:>4.1f})" for n in made)
                )
            growth = {
                name: math.log(rows[4096][name] / rows[1024][name], 4.0)
                for name in ("FFT", "attention")
            }
            said = ", ".join(f"{name} {exponent:.2f}" for name, exponent in growth.items())
            say(f"growth exponent, 1,024 to 4,096 tokens: {said}")
            held &= growth["FFT"] <= FFT_EXPONENT and growth["attention"] >= ATTENTION_EXPONENT
        say("")
        say(
            "bar: FFT 2.5 times attention at 1,024 tokens, 5 at 4,096; growth at most 1.15 and at "
            f"least 1.8: {'held' if held else 'MISSED'}"
        )


if __name__ == "__main__":
    main()
