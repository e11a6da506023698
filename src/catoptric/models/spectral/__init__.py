"""Networks that mix a picture's tokens by FFT. So far the mixing itself, with its CPU kernel.

`filters` says what a filter is on every grid, `mixing` applies it (one differentiable operation
with a reference path), `native` holds the compiled kernel, `mixer` is the layer that mixes tokens,
`block` what a network is built of.
"""

from catoptric.models.spectral.block import Block
from catoptric.models.spectral.filters import BANDS, FilterShape, band_of, crop, grow
from catoptric.models.spectral.mixer import SpectralMixer
from catoptric.models.spectral.mixing import mixed_by_reference, packed, spectral_mix

__all__ = [
    "BANDS",
    "Block",
    "FilterShape",
    "SpectralMixer",
    "band_of",
    "crop",
    "grow",
    "mixed_by_reference",
    "packed",
    "spectral_mix",
]
