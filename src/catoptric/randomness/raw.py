"""A source's noise as a stream of bytes, for batteries that test bits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import ndtr

from catoptric.attribution import seed_sample
from catoptric.errors import InputError
from catoptric.randomness.noise_sample import check_latent
from catoptric.sampling.noise import passing_source
from catoptric.sampling.noise.keys import START

BYTES_A_VALUE = 2
_STEPS = 2**16
_BLOCK = 1 << 20
MOST_BYTES = 1 << 44


def stream(
    name: str,
    write: Callable[[bytes], object],
    *,
    shape: tuple[int, int, int],
    seed_key: int,
    consecutive: bool,
    limit: int | None,
) -> None:
    """Write start noise of one seed after the other, two bytes a value, until told to stop.

    A value z becomes floor(2^16 Phi(z)), low byte first: the sixteen bits of it that single
    precision holds to within a thousandth of their frequency.

    Args:
        name: of the source.
        write: takes the bytes; ends the stream by raising.
        shape: [C, H, W] of one latent.
        seed_key: which random order of seeds.
        consecutive: seeds 0, 1, 2 .. instead.
        limit: bytes in all; None = without end.

    Raises:
        InputError: an unknown source, a size out of range, what the source refuses.
    """
    check_latent(shape)
    if limit is not None and not 1 <= limit <= MOST_BYTES:
        raise InputError(f"--bytes must lie between 1 and {MOST_BYTES:,}, not {limit}")
    source = passing_source(name)
    left, place = limit, 0
    while left is None or left > 0:
        block, inside = divmod(place, _BLOCK)
        if inside == 0 and not consecutive:
            order = seed_sample(_BLOCK, seed_key, block=block)
        seed = place if consecutive else int(order[inside])
        place += 1
        uniform = ndtr(source(seed, START, shape).astype(np.float64).ravel())
        words = np.minimum(uniform * _STEPS, _STEPS - 1).astype("<u2")
        data = words.tobytes() if left is None else words.tobytes()[:left]
        write(data)
        left = None if left is None else left - len(data)
