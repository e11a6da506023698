"""numpy's generators: keyed by a hash as `philox` is, and one seeded as people seed it."""

import numpy as np
import numpy.typing as npt

from catoptric.errors import InputError
from catoptric.sampling.noise.keys import NoiseSource, key, typed

LARGEST_LEGACY_SEED = 2**32 - 1


def keyed_numpy(kind: type[np.random.BitGenerator]) -> NoiseSource:
    """Standard normal noise from one of numpy's bit generators under hash(seed, purpose).

    Args:
        kind: numpy.random.PCG64DXSM, SFC64 or MT19937.

    Returns:
        The source.
    """

    def draw(seed: int, purpose: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        generator = np.random.Generator(kind(key(seed, purpose, 128)))
        return generator.standard_normal(shape, dtype=np.float32)

    return draw


def numpy_legacy(seed: int, purpose: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Standard normal noise as `np.random.seed(seed); np.random.randn(...)`: nothing is hashed.

    Args:
        seed: 0 .. 2^32 - 1, which is all that numpy's RandomState takes.
        purpose: any other than "start" is seeded with 32 bits of hash(seed, purpose).
        shape: of one picture.

    Returns:
        float32 array of that shape.

    Raises:
        InputError: for a seed out of range.

    Source: numpy.random.RandomState (MT19937, polar Box-Muller in float64).
    """
    number = typed(seed, purpose)
    if seed > LARGEST_LEGACY_SEED:
        raise InputError(f"numpy's own seeds lie in 0 .. 2^32 - 1, not {seed}")
    old = np.random.RandomState(number & LARGEST_LEGACY_SEED)
    return old.standard_normal(shape).astype(np.float32)
