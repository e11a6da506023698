"""The fixed draw of portraits behind the model `portraits-exact`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from catoptric.errors import InputError
from catoptric.world.attributes import Codes, attribute, column
from catoptric.world.condition import Condition
from catoptric.world.layers import sources_hash
from catoptric.world.rates import Conditional, Rates, draw_portraits
from catoptric.world.renderer import render
from catoptric.world.storage import cache_folder, keep_newest, read_arrays, write_arrays

SIZE = 12_000
SEED = 20_150_101
KEPT_SETS = 3
"""Picture sets left in the cache folder: each takes 150 MB and two seconds to draw again."""


@dataclass(frozen=True)
class PictureSet:
    """Portraits with their truth; a function of (rates, seed, size) and of the drawing."""

    pictures: NDArray[np.uint8] = field(repr=False, compare=False)
    """uint8 [N, 64, 64, 3]."""
    codes: Codes = field(repr=False, compare=False)
    """uint8 [N, n_attributes]."""
    rates_hash: str
    seed: int
    sha256: str
    """Of rates hash, codes and pictures, hex."""

    def __len__(self) -> int:
        return len(self.codes)

    def rate(self, attribute_name: str, level: str, condition: Conditional = None) -> float:
        """The frequency of a level among the portraits that meet a condition, counted.

        Returns: fraction in [0, 1].
        Raises: InputError when no portrait meets the condition.
        """
        met = _condition(condition).matches(self.codes)
        if not met.any():
            raise InputError(
                f"None of the {len(self):,} portraits is {_condition(condition)}; ask for less, "
                "or raise its rate in the rates file."
            )
        index = attribute(attribute_name).index(level)
        return float(np.mean(self.codes[met, column(attribute_name)] == index))


def picture_set(
    rates: Rates, *, size: int = SIZE, seed: int = SEED, cached: bool = True
) -> PictureSet:
    """Draw the set, or read it from the cache folder.

    Args:
        rates: what to draw from.
        size: portraits.
        seed: 0 to 2^128 - 1.
        cached: False neither reads nor writes the set (for many sets that are used once).
    """
    key = f"{rates.hash} {sources_hash()} {size} {seed}"
    name = hashlib.sha256(key.encode()).hexdigest()[:24]
    path = cache_folder() / f"pictures-{name}.bin"
    arrays = read_arrays(path, key) if cached else None
    if arrays is None:
        codes = draw_portraits(rates, seed, size)
        pictures = render(codes)
        digest = hashlib.sha256(rates.hash.encode())
        digest.update(codes.tobytes())
        digest.update(pictures.data)
        content = np.frombuffer(digest.digest(), dtype=np.uint8)
        arrays = {"codes": codes, "pictures": pictures, "sha256": content}
        if cached:
            write_arrays(path, key, arrays)
            keep_newest(path.parent, "pictures-*.bin", KEPT_SETS)
    for array in arrays.values():
        array.setflags(write=False)
    return PictureSet(
        arrays["pictures"], arrays["codes"], rates.hash, seed, arrays["sha256"].tobytes().hex()
    )


def _condition(condition: Conditional) -> Condition:
    if condition is None:
        return Condition()
    return condition if isinstance(condition, Condition) else Condition.of(condition)
