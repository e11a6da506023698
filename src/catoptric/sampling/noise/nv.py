"""A1111's "NV" source: Philox4x32-10 with Box-Muller, as a CUDA card draws it."""

import numpy as np
import numpy.typing as npt

from catoptric.sampling.noise.keys import typed

_ROUNDS = 10
_MULTIPLY = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)

Words = npt.NDArray[np.uint64]


def philox4x32(counter: tuple[Words, Words, Words, Words], number: int) -> tuple[Words, ...]:
    """Ten rounds of Philox4x32 over many counters under one key.

    Args:
        counter: four arrays [n] of 32-bit words, held in uint64.
        number: the 64-bit key, low word first.

    Returns:
        Four arrays [n] of random 32-bit words.

    Source: Salmon et al. 2011, section 4.3.
    """
    c0, c1, c2, c3 = counter
    k0, k1 = number & 0xFFFFFFFF, number >> 32
    for _ in range(_ROUNDS):
        product0, product1 = c0 * _MULTIPLY[0], c2 * _MULTIPLY[1]
        c0, c1, c2, c3 = (
            (product1 >> _HALF) ^ c1 ^ np.uint64(k0),
            product1 & _LOW,
            (product0 >> _HALF) ^ c3 ^ np.uint64(k1),
            product0 & _LOW,
        )
        k0, k1 = (k0 + _WEYL[0]) & 0xFFFFFFFF, (k1 + _WEYL[1]) & 0xFFFFFFFF
    return c0, c1, c2, c3


def nv_philox(seed: int, purpose: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Standard normal noise: element i is the first Box-Muller output of counter (0, 0, i, 0).

    z = sqrt(-2 ln u) sin v, u = (w0 + 1/2) 2^-32, v = (w1 + 1/2) 2 pi 2^-32.

    Args:
        seed: 0 .. 2^64 - 1, the key of the start noise.
        purpose: any other purpose than "start" has the key hash(seed, purpose).
        shape: of one picture.

    Returns:
        float32 array of that shape.

    Raises:
        InputError: for a seed out of range.

    Source: A1111, modules/rng_philox.py (its printed vector is our test); like it, this has no
        grid wrap, so it imitates a card's noise only below one launch wave (`cuda.py`).
    """
    number = typed(seed, purpose)
    count = int(np.prod(shape))
    zero = np.zeros(count, dtype=np.uint64)
    words = philox4x32((zero, zero, np.arange(count, dtype=np.uint64), zero), number)
    # In float64: only so does the printed vector come out to its last digit.
    u = (words[0].astype(np.float64) + 0.5) * 2.0**-32
    v = (words[1].astype(np.float64) + 0.5) * (2.0**-32 * 2.0 * np.pi)
    return (np.sqrt(-2.0 * np.log(u)) * np.sin(v)).astype(np.float32).reshape(shape)
