"""Quasi-random normals: pictures of one set spread out more evenly than chance would.

A set is `points` pictures under one scramble: seed s is point s mod points of the set whose
scramble is keyed by s div points. So consecutive seeds fill a set, which is what evens out; each
picture alone is standard normal noise, and pictures of different sets are independent.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri
from scipy.stats import qmc

from catoptric.errors import InputError
from catoptric.sampling.noise.keys import NoiseSource, check_seed, key

DEFAULT_POINTS = 128
MOST_POINTS = 1024
SOBOL_DIMENSIONS = int(qmc.Sobol.MAXDIM)
"""Dimensions for which Sobol' direction numbers are published (Joe and Kuo 2008)."""

_BITS = 32
Point = Callable[[int, int, int, np.random.Generator], npt.NDArray[np.float64]]
"""`(point, points, dimensions, generator of the set) -> float64 [dimensions] in (0, 1)`."""


def quasi(point_of: Point, points: int) -> NoiseSource:
    """Standard normal noise by the inverse normal of a point set.

    Args:
        point_of: which kind of set.
        points: pictures in one set.

    Returns:
        The source.
    """

    def draw(seed: int, purpose: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        group, point = divmod(check_seed(seed), points)
        scramble = np.random.Philox(key=key(group, f"set of {points}:{purpose}", 128))
        uniform = point_of(point, points, int(np.prod(shape)), np.random.Generator(scramble))
        # A coordinate may round to 0 or 1, whose normals are infinite.
        inside = np.clip(uniform, 2.0**-_BITS / 2, 1.0 - 2.0**-_BITS / 2)
        return np.asarray(ndtri(inside), dtype=np.float32).reshape(shape)

    return draw


def sobol(
    point: int, points: int, dimensions: int, generator: np.random.Generator
) -> npt.NDArray[np.float64]:
    """A point of a Sobol' set under a linear matrix scramble and a digital shift.

    Each dimension's digits d_1 d_2 .. become L d + s over GF(2), L a random lower triangular
    matrix with ones on its diagonal, s random.

    Raises:
        InputError: for more dimensions than there are direction numbers.

    Source: Matousek, On the L2-discrepancy for anchored boxes, 1998; Joe and Kuo 2008.
    """
    if dimensions > SOBOL_DIMENSIONS:
        raise InputError(
            f"a set of Sobol' points has at most {SOBOL_DIMENSIONS:,} dimensions and this noise "
            f"has {dimensions:,} values a picture: take latin or richtmyer, which have no limit"
        )
    digits = _sobol_digits(points, dimensions)[point]
    levels = (points - 1).bit_length()
    # Column k of L for all dimensions: a one at digit k + 1, anything below it.
    columns = generator.integers(0, 2**_BITS, size=(levels, dimensions), dtype=np.uint64)
    mixed = generator.integers(0, 2**_BITS, size=dimensions, dtype=np.uint64)
    for k in range(levels):
        one = np.uint64(1 << (_BITS - 1 - k))
        column = (columns[k] & (one - np.uint64(1))) | one
        mixed ^= np.where(digits & one, column, np.uint64(0))
    return (mixed.astype(np.float64) + 0.5) * 2.0**-_BITS


@lru_cache(maxsize=2)
def _sobol_digits(points: int, dimensions: int) -> npt.NDArray[np.uint64]:
    """The unscrambled set as 32-bit fractions: uint64 [points, dimensions]."""
    plain = qmc.Sobol(dimensions, scramble=False, bits=_BITS).random(points)
    return np.asarray(plain * 2.0**_BITS, dtype=np.uint64)


def latin(
    point: int, points: int, dimensions: int, generator: np.random.Generator
) -> npt.NDArray[np.float64]:
    """A point of a Latin hypercube: each value's n strata hold one picture of the set each.

    Source: McKay, Beckman and Conover 1979.
    """
    order = generator.permuted(
        np.broadcast_to(np.arange(points, dtype=np.int16), (dimensions, points)), axis=1
    )
    within = generator.random((dimensions, points))
    return (order[:, point] + within[:, point]) / points


def richtmyer(
    point: int, points: int, dimensions: int, generator: np.random.Generator
) -> npt.NDArray[np.float64]:
    """A point of a shifted Kronecker sequence: frac(i sqrt(p_j) + shift_j), p_j the j-th prime.

    Source: Richtmyer 1951; Niederreiter 1978.
    """
    return np.asarray((point * _roots(dimensions) + generator.random(dimensions)) % 1.0)


@lru_cache(maxsize=2)
def _roots(count: int) -> npt.NDArray[np.float64]:
    """Fractional parts of the square roots of the first `count` primes."""
    limit = max(16, int(count * (np.log(count + 1) + np.log(np.log(count + 2) + 1) + 1)))
    sieve = np.ones(limit + 1, dtype=bool)
    sieve[:2] = False
    for i in range(2, int(limit**0.5) + 1):
        if sieve[i]:
            sieve[i * i :: i] = False
    return np.asarray(np.sqrt(np.flatnonzero(sieve)[:count].astype(np.float64)) % 1.0)
