"""The battery: every test of a source's noise, adjusted together, with a verdict."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from catoptric.attribution import holm
from catoptric.randomness import picture_tests, seed_tests, value_tests
from catoptric.randomness.finding import Finding, Measured
from catoptric.randomness.noise_sample import (
    NoiseSample,
    check_size,
    draw_sample,
    draws_of,
    probe_seeds,
)
from catoptric.sampling.noise import QUASI, check_passing_room, entry, passing_source

LEVEL = 0.05
# A sound source fails by chance once in twenty batteries, and one in ten thousand times as badly
# as this.
BEYOND_CHANCE = 1e-4
DEFAULT_SEEDS = 64
DEFAULT_SHAPE = (4, 64, 64)

Progress = Callable[[str, int, int], None]
"""`(stage, done, total)`."""


@dataclass(frozen=True)
class Test:
    """One test of the battery.

    Attributes:
        measure: from a sample to statistic and p-value.
        looks_at: what it looks at.
        meaning: what a failure means for a picture.
    """

    measure: Callable[[NoiseSample], Measured]
    looks_at: str
    meaning: str


TESTS: Mapping[str, Test] = {
    "mean": Test(value_tests.mean, "mean of all values", "every picture is lighter or darker"),
    "variance": Test(
        value_tests.variance,
        "mean square",
        "pictures start with more or less noise than the schedule says: busier, or washed out",
    ),
    "skewness": Test(
        value_tests.skewness, "mean x^3 - 3x", "light and dark details are not equally likely"
    ),
    "kurtosis": Test(
        value_tests.kurtosis, "mean x^4 - 6x^2 + 3", "too few or too many strong details"
    ),
    "tails": Test(
        value_tests.tails,
        "values beyond |z| = 4",
        "the rarest starts, and the rarest pictures, are missing or too common",
    ),
    "law": Test(value_tests.law, "256 slices: chi^2", "values are not normal noise"),
    "triples": Test(
        value_tests.triples,
        "threes, cube: chi^2",
        "neighbouring pixels follow a formula: textures may come and go with the seed",
    ),
    "duplicates": Test(
        value_tests.duplicates,
        "equal runs of 4",
        "noise repeats: the same detail within a picture, or the same picture under two seeds",
    ),
    "norms": Test(
        picture_tests.norms,
        "spread of lengths",
        "some seeds start with more noise than others, or all with suspiciously the same",
    ),
    "channel means": Test(
        picture_tests.channel_means,
        "spread of means",
        "brightness and colour cast are pushed, or vary too much or too little, from seed to seed",
    ),
    "radial": Test(
        picture_tests.radial,
        "power of worst ring",
        "coarse layout or fine texture is over- or underfed",
    ),
    "rows": Test(picture_tests.rows, "power of worst row", "bands that lie flat"),
    "columns": Test(picture_tests.columns, "power of worst column", "upright stripes"),
    "periods": Test(
        picture_tests.periods,
        "strongest period",
        "a pattern that comes again every so many pixels",
    ),
    "channels": Test(
        picture_tests.channels,
        "largest correlation",
        "colours cannot vary freely against each other",
    ),
    "neighbours": Test(
        seed_tests.neighbours,
        "mean correlation",
        "the next seed is not another picture: consecutive seeds must not be counted apart",
    ),
    "rank": Test(
        seed_tests.rank,
        "seeds they are worth",
        "a set of seeds has less variety, or is more evenly spread, than its number says",
    ),
    "likest": Test(
        seed_tests.likest,
        "largest corr. of two",
        "two seeds make nearly the same picture, or each other's negative",
    ),
    "evenness": Test(
        seed_tests.evenness,
        "spread of means",
        "all seeds share a pattern, or are balanced against each other",
    ),
    "steps": Test(
        seed_tests.steps,
        "largest correlation",
        "a stochastic sampler adds the same noise again: overdone contrast, or blur",
    ),
}


@dataclass(frozen=True)
class Battery:
    """What the battery found.

    Attributes:
        source: the source's name.
        seeds: how many, and how they were chosen.
        consecutive: a run of neighbours instead of random pairs.
        shape: of one latent.
        findings: one per test, in the order of TESTS.
        seconds: how long it took.
    """

    source: str
    seeds: int
    consecutive: bool
    shape: tuple[int, int, int]
    findings: tuple[Finding, ...]
    seconds: float

    @property
    def values(self) -> int:
        """Values of start noise that were tested."""
        return self.seeds * self.shape[0] * self.shape[1] * self.shape[2]

    @property
    def failed(self) -> tuple[Finding, ...]:
        """What failed, most certain first."""
        return tuple(sorted((f for f in self.findings if f.failed), key=lambda f: f.p_holm or 0.0))

    @property
    def verdict(self) -> str:
        """One sentence."""
        how = "consecutive seeds" if self.consecutive else "random pairs of neighbouring seeds"
        amount = f"{self.values:,} values ({self.seeds} {how})"
        if not self.failed:
            return f"{self.source}: no defect found in {amount}; smaller ones may remain"
        said = f"{self.source}: not sound noise; {len(self.failed)} of {len(self.findings)} "
        said += f"tests failed on {amount}"
        if entry(self.source).group == QUASI:
            said += "; its seeds are spread out together on purpose, so they are not independent"
        least = self.failed[0].p_holm or 0.0
        if least > BEYOND_CHANCE:
            said += (
                f" (adjusted p {least:.2g}: one sound source in twenty fails so, try another "
                "--seed-key)"
            )
        return said


def examine(sample: NoiseSample, progress: Progress = lambda *_: None) -> tuple[Finding, ...]:
    """Every test on one sample, with p-values adjusted over all of them (Holm).

    Args:
        sample: the noise.
        progress: told of each test.

    Returns:
        One finding per test, in the order of TESTS.
    """
    measured = []
    for done, test in enumerate(TESTS.values()):
        progress("tests", done, len(TESTS))
        measured.append(test.measure(sample))
    progress("tests", len(TESTS), len(TESTS))
    adjusted = holm([m.p for m in measured])
    return tuple(
        Finding(name, test.looks_at, found, p, p is not None and p < LEVEL, test.meaning)
        for (name, test), found, p in zip(TESTS.items(), measured, adjusted, strict=True)
    )


def run_battery(
    name: str,
    *,
    seeds: int = DEFAULT_SEEDS,
    shape: tuple[int, int, int] = DEFAULT_SHAPE,
    seed_key: int = 0,
    consecutive: bool = False,
    progress: Progress = lambda *_: None,
) -> Battery:
    """Put a source to the test.

    Args:
        name: of the source.
        seeds: latents drawn, even.
        shape: [C, H, W] of one.
        seed_key: which random sample of seeds.
        consecutive: one run of neighbouring seeds instead of random pairs.
        progress: told how far it is.

    Raises:
        InputError: an unknown source, a size out of range, what the source itself refuses.
    """
    began = time.monotonic()
    check_size(seeds, shape)
    source = passing_source(name)
    check_passing_room(name, draws_of(seeds), shape)
    sample = draw_sample(
        source,
        probe_seeds(seeds, key=seed_key, consecutive=consecutive),
        shape,
        consecutive=consecutive,
        progress=lambda done, total: progress("draws", done, total),
    )
    found = examine(sample, progress)
    return Battery(name, seeds, consecutive, shape, found, time.monotonic() - began)


def battery_json(battery: Battery) -> dict[str, Any]:
    """Plain JSON values, the raw p-values among them."""
    return {
        "schema": 1,
        "source": battery.source,
        "group": entry(battery.source).group,
        "seeds": battery.seeds,
        "consecutive": battery.consecutive,
        "shape": list(battery.shape),
        "values": battery.values,
        "level": LEVEL,
        "sound": not battery.failed,
        "verdict": battery.verdict,
        "tests": [
            {
                "test": f.test,
                "looks_at": f.looks_at,
                "value": f.measured.value,
                "expected": f.measured.expected,
                "p": f.measured.p,
                "p_holm": f.p_holm,
                "failed": f.failed,
                "meaning": f.meaning,
                "reason": f.measured.reason,
            }
            for f in battery.findings
        ],
        "seconds": battery.seconds,
    }
