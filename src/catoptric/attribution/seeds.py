"""A keyed random order of all 2^32 seeds, cut into disjoint samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from catoptric.errors import InputError

#: Seeds in one block, and how many blocks there are.
BLOCK_SEEDS = 1 << 20
BLOCKS = 1 << 12
_ROUNDS = 8


def seed_sample(n: int, key: int, *, block: int = 0) -> NDArray[np.uint32]:
    """n distinct seeds, a keyed random sample of 0 .. 2^32 - 1.

        seed_i = pi_key(block 2^20 + i),   pi_key a keyed permutation of 32-bit numbers

    A permutation makes three promises at once: no seed comes twice, the first 256 of a larger
    sample are the pilot's, and different blocks of one key are disjoint (the audit's own seeds,
    fresh seeds for a remedy, one block per prompt).  Blocks of *different* keys may share seeds.

    Args:
        n: how many, up to 2^20.
        key: which order of the seeds.
        block: which disjoint sample of that order, 0 .. 4095.

    Returns:
        uint32 [n].

    Raises:
        InputError: n or block out of range.

    Source: Luby and Rackoff, How to construct pseudorandom permutations, 1988 (a Feistel network).
    """
    if not 0 <= n <= BLOCK_SEEDS:
        raise InputError(f"a sample holds 0 to {BLOCK_SEEDS} seeds, got {n}")
    if not 0 <= block < BLOCKS:
        raise InputError(f"seed blocks are numbered 0 to {BLOCKS - 1}, got {block}")
    round_keys = np.random.Generator(np.random.Philox(key=key)).integers(
        0, 1 << 64, size=_ROUNDS, dtype=np.uint64
    )
    position = np.arange(n, dtype=np.uint64) + np.uint64(block * BLOCK_SEEDS)
    left, right = position >> np.uint64(16), position & np.uint64(0xFFFF)
    for round_key in round_keys:
        left, right = right, left ^ (_mix(right + round_key) & np.uint64(0xFFFF))
    return (left << np.uint64(16) | right).astype(np.uint32)


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser: every output bit depends on every input bit (Steele et al. 2014)."""
    x = (x ^ x >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ x >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return x ^ x >> np.uint64(31)
