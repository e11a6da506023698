"""The default source: numpy's Philox, keyed."""

import numpy as np
import numpy.typing as npt

from catoptric.sampling.noise.keys import key


def philox(seed: int, purpose: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Standard normal noise from Philox4x64-10 under the key hash(seed, purpose).

    Args:
        seed: 0 .. 2^64 - 1.
        purpose: what the noise is for; other purposes are independent.
        shape: of one picture.

    Returns:
        float32 array of that shape.

    Raises:
        InputError: for a seed out of range.

    Source: Salmon et al. 2011; numpy.random.Philox.
    """
    generator = np.random.Generator(np.random.Philox(key=key(seed, purpose, 128)))
    return generator.standard_normal(shape, dtype=np.float32)
