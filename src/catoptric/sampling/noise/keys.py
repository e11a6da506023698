"""From (seed, purpose) to the key of a generator."""

import hashlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from catoptric.errors import InputError

NoiseSource = Callable[[int, str, tuple[int, ...]], npt.NDArray[np.float32]]
"""`(seed, purpose, shape) -> float32 array, standard normal`: pure, one picture a call."""

START = "start"
"""The purpose of the noise a picture starts from."""


def check_seed(seed: int) -> int:
    """The seed, refused outside 0 .. 2^64 - 1.

    Raises:
        InputError: for a seed out of range.
    """
    if not 0 <= seed < 2**64:
        raise InputError(f"a seed must lie in 0 .. 2^64 - 1, not {seed}")
    return seed


def key(seed: int, purpose: str, bits: int) -> int:
    """A hash of seed and purpose: nearby seeds and other purposes share nothing.

    Args:
        seed: 0 .. 2^64 - 1.
        purpose: what the noise is for ("start", "bridge:3:5").
        bits: length of the key, a multiple of 8, at most 256.

    Returns:
        Integer in 0 .. 2^bits - 1.

    Raises:
        InputError: for a seed out of range.
    """
    text = f"{check_seed(seed)}:{purpose}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[: bits // 8], "little")


def typed(seed: int, purpose: str) -> int:
    """What an interface's generator is seeded with: the seed as typed, unhashed, for the start.

    Later draws hang on the state of a stream there, which a pure function has not; here they are
    seeded with hash(seed, purpose).

    Raises:
        InputError: for a seed out of range.
    """
    return check_seed(seed) if purpose == START else key(seed, purpose, 64)
