"""Deliberately bad noise: what a test of noise must catch, and what it then does to pictures."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from catoptric.sampling.noise.keys import key, typed
from catoptric.sampling.noise.philox import philox

Floats = npt.NDArray[np.float32]

_RANDU = 65539
_MODULUS = 2**31
# A full-period generator of 16 bits, as textbooks of the 1980s had it for small machines.
_MULTIPLIER, _INCREMENT, _PERIOD = 25173, 13849, 2**16
_HALF_BITS = 11
REPEATED = 1024
"""Values after which `repeated-block` starts again."""


def randu(seed: int, purpose: str, shape: tuple[int, ...]) -> Floats:
    """IBM's RANDU, x <- 65539 x mod 2^31, through the inverse normal.

    Three values in a row lie on 15 planes, since x'' = 6 x' - 9 x mod 2^31.

    Args:
        seed: 0 .. 2^64 - 1; the state starts at 2 seed + 1, for RANDU's must be odd.
        purpose: what the noise is for.
        shape: of one picture.

    Returns:
        float32 array of that shape.

    Source: Knuth, The Art of Computer Programming 2, section 3.3.4.
    """
    count = int(np.prod(shape))
    first = np.uint64((2 * typed(seed, purpose) + 1) % _MODULUS)
    # Products wrap modulo 2^64, of which 2^31 is a divisor.
    states = (first * _powers(count)) % np.uint64(_MODULUS)
    return np.asarray(ndtri(states / _MODULUS), dtype=np.float32).reshape(shape)


@lru_cache(maxsize=2)
def _powers(count: int) -> npt.NDArray[np.uint64]:
    """65539^1 .. 65539^count modulo 2^64."""
    return np.cumprod(np.full(count, _RANDU, dtype=np.uint64), dtype=np.uint64)


def lcg16(seed: int, purpose: str, shape: tuple[int, ...]) -> Floats:
    """A 16-bit congruential generator through the inverse normal: 65,536 values, then the same.

    Args:
        seed: 0 .. 2^64 - 1; only its last 16 bits count.
        purpose: what the noise is for.
        shape: of one picture.

    Returns:
        float32 array of that shape.
    """
    cycle, place = _cycle()
    start = place[typed(seed, purpose) % _PERIOD]
    states = cycle[(start + 1 + np.arange(int(np.prod(shape)))) % _PERIOD]
    return np.asarray(ndtri((states + 0.5) / _PERIOD), dtype=np.float32).reshape(shape)


@lru_cache(maxsize=1)
def _cycle() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """All states in the order of the generator, and the place of each in it."""
    cycle = np.empty(_PERIOD, dtype=np.int64)
    state = 0
    for i in range(_PERIOD):
        cycle[i] = state
        state = (_MULTIPLIER * state + _INCREMENT) % _PERIOD
    place = np.empty(_PERIOD, dtype=np.int64)
    place[cycle] = np.arange(_PERIOD)
    return cycle, place


def float16_tails(seed: int, purpose: str, shape: tuple[int, ...]) -> Floats:
    """Box-Muller on uniforms of half precision: 11 bits, so nothing lies beyond |z| = 3.91.

    What drawing in half precision throughout would give. torch draws in single precision and
    rounds, which keeps the tails.

    Args:
        seed: 0 .. 2^64 - 1.
        purpose: what the noise is for.
        shape: of one picture.

    Returns:
        float32 array of that shape.
    """
    count = int(np.prod(shape))
    generator = np.random.Generator(np.random.Philox(key=key(seed, f"half:{purpose}", 128)))
    pairs = (count + 1) // 2
    steps = generator.integers(0, 2**_HALF_BITS, size=(2, pairs))
    radius = np.sqrt(-2.0 * np.log(1.0 - steps[0] * 2.0**-_HALF_BITS))
    angle = 2.0 * np.pi * 2.0**-_HALF_BITS * steps[1]
    both = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:count]
    return both.astype(np.float16).astype(np.float32).reshape(shape)


def repeated_block(seed: int, purpose: str, shape: tuple[int, ...]) -> Floats:
    """Good noise of 1,024 values, repeated until the picture is full.

    Args:
        seed: 0 .. 2^64 - 1.
        purpose: what the noise is for.
        shape: of one picture.

    Returns:
        float32 array of that shape.
    """
    count = int(np.prod(shape))
    block = philox(seed, f"block:{purpose}", (REPEATED,))
    return np.resize(block, count).reshape(shape)
