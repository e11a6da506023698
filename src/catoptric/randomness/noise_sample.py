"""The noise that the tests look at: latents of neighbouring seeds, and step noise of some."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.special import ndtr

from catoptric.attribution import seed_sample
from catoptric.errors import InputError
from catoptric.sampling.noise import NoiseSource
from catoptric.sampling.noise.keys import START

Floats = NDArray[np.float32]
Exact = NDArray[np.float64]

# What the Brownian path of a stochastic solver asks for first.
STEPS = ("bridge:1:end", "bridge:1:1:1")
STEP_SEEDS = 16
"""Seeds whose step noise is drawn too."""

FEWEST_SEEDS, MOST_SEEDS = 8, 4096
FEWEST_VALUES, MOST_VALUES = 64, 1 << 24
MOST_IN_ALL = 1 << 24
LARGEST_SEED = 2**32 - 1
_CHUNK = 16
"""Latents of one Fourier transform."""


@dataclass(frozen=True)
class NoiseSample:
    """Noise of one source.

    Attributes:
        seeds: one per latent; 2 i and 2 i + 1 are neighbours, all of them where `consecutive`.
        latents: float32 [n, C, H, W], start noise.
        steps: float32 [STEPS, m, C, H, W], step noise of the first m seeds.
        consecutive: whether the seeds are a run of neighbours.
    """

    seeds: tuple[int, ...]
    latents: Floats
    steps: Floats
    consecutive: bool

    @property
    def values(self) -> int:
        """Values of start noise."""
        return int(self.latents.size)

    @cached_property
    def flat(self) -> Exact:
        """All values of start noise in the order of drawing: float64 [N]."""
        return self.latents.ravel().astype(np.float64)

    @cached_property
    def uniform(self) -> Exact:
        """All values as Phi(z), uniform on [0, 1]: float64 [N]."""
        return np.asarray(ndtr(self.flat))

    @cached_property
    def directions(self) -> Exact:
        """Latents as unit vectors, whose cosines are independent of each other: float64 [n, d]."""
        return unit_vectors(self.latents)

    @cached_property
    def power(self) -> Exact:
        """Squared Hartley coefficients, summed over latents and channels: float64 [H, W].

        The transform Re F - Im F is orthogonal, so for white noise each entry is a sum of n C
        squared independent normals: exact where Fourier coefficients come in pairs.
        """
        total = np.zeros(self.latents.shape[-2:])
        for start in range(0, len(self.latents), _CHUNK):
            spectrum = fft.fft2(self.latents[start : start + _CHUNK])
            total += np.square(spectrum.real - spectrum.imag, dtype=np.float64).sum((0, 1))
        return np.asarray(total / total.size)

    @property
    def neighbours(self) -> NDArray[np.int64]:
        """Index of the first of each pair of neighbouring seeds."""
        return np.arange(0, len(self.seeds) - 1, 1 if self.consecutive else 2)


def unit_vectors(noise: Floats) -> Exact:
    """Latents as unit vectors: float32 [..., C, H, W] -> float64 [..., d]."""
    flat = noise.reshape(*noise.shape[:-3], -1).astype(np.float64)
    return np.asarray(flat / np.linalg.norm(flat, axis=-1, keepdims=True))


def check_latent(shape: Sequence[int]) -> None:
    """Refuses a latent that is none, or too large.

    Raises:
        InputError: with the limits.
    """
    if len(shape) != 3 or min(shape) < 1 or not FEWEST_VALUES <= math.prod(shape) <= MOST_VALUES:
        raise InputError(
            "--shape takes CHANNELSxHEIGHTxWIDTH, as in 4x64x64, with "
            f"{FEWEST_VALUES} to {MOST_VALUES:,} values, not {'x'.join(map(str, shape))}"
        )


def check_size(seeds: int, shape: Sequence[int]) -> None:
    """Refuses what the tests cannot use or the machine could not hold.

    Raises:
        InputError: with the limits.
    """
    if not FEWEST_SEEDS <= seeds <= MOST_SEEDS or seeds % 2:
        raise InputError(
            f"--seeds must be even and lie between {FEWEST_SEEDS} and {MOST_SEEDS:,}, not {seeds}"
        )
    check_latent(shape)
    if seeds * math.prod(shape) > MOST_IN_ALL:
        raise InputError(
            f"{seeds:,} latents of {math.prod(shape):,} values are more than {MOST_IN_ALL:,} in "
            "all; lower --seeds or --shape"
        )


def probe_seeds(count: int, *, key: int, consecutive: bool) -> tuple[int, ...]:
    """Seeds to test: a run from a random one on, or random pairs of neighbours.

    Args:
        count: how many, even.
        key: which random sample.
        consecutive: one run of neighbours instead of pairs.

    Returns:
        Seeds in 0 .. 2^32 - 1.
    """
    if consecutive:
        first = int(seed_sample(1, key)[0]) % (LARGEST_SEED - count)
        return tuple(range(first, first + count))
    # Even ones, so that no pair overlaps another and the second is in range.
    firsts = dict.fromkeys(int(s) & ~1 for s in seed_sample(count, key))
    return tuple(seed for first in list(firsts)[: count // 2] for seed in (first, first + 1))


def draws_of(seeds: int) -> int:
    """Draws of a sample: start noise of every seed, step noise of some."""
    return seeds + len(STEPS) * min(seeds, STEP_SEEDS)


def draw_sample(
    source: NoiseSource,
    seeds: Sequence[int],
    shape: tuple[int, int, int],
    *,
    consecutive: bool,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> NoiseSample:
    """Draw the noise to be tested.

    Args:
        source: what is tested.
        seeds: from `probe_seeds`.
        shape: [C, H, W] of one latent.
        consecutive: how the seeds were chosen.
        progress: told how many draws are done, of how many.

    Raises:
        InputError: where the source refuses a seed or shape.
    """
    some = list(seeds)[:STEP_SEEDS]
    total, done = draws_of(len(seeds)), 0

    def drawn(seed: int, purpose: str) -> Floats:
        nonlocal done
        noise = source(seed, purpose, shape)
        done += 1
        progress(done, total)
        return noise

    return NoiseSample(
        seeds=tuple(seeds),
        latents=np.stack([drawn(seed, START) for seed in seeds]),
        steps=np.stack([[drawn(seed, purpose) for seed in some] for purpose in STEPS]),
        consecutive=consecutive,
    )


def parse_shape(text: str) -> tuple[int, int, int]:
    """A latent's shape from text such as "4x64x64".

    Raises:
        InputError: text that is no shape; sizes out of range.
    """
    parts = text.lower().split("x")
    if len(parts) != 3 or not all(p.isdecimal() and len(p) < 8 for p in parts):
        raise InputError(f"--shape takes CHANNELSxHEIGHTxWIDTH, as in 4x64x64, not {text[:40]!r}")
    shape = (int(parts[0]), int(parts[1]), int(parts[2]))
    check_latent(shape)
    return shape
