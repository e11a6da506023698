"""Seeds, and how many of them."""

import numpy as np
import pytest

from catoptric.attribution import (
    half_width_for,
    sample_size,
    sd_upper_bound,
    seed_sample,
    units_for,
)
from catoptric.errors import InputError


def test_seeds_are_distinct_and_a_larger_sample_starts_with_the_smaller() -> None:
    seeds = seed_sample(100_000, key=7)
    assert seeds.dtype == np.uint32
    assert np.unique(seeds).size == seeds.size
    assert np.array_equal(seeds[:256], seed_sample(256, key=7))


def test_blocks_of_one_key_are_disjoint_and_keys_differ() -> None:
    first, fresh = seed_sample(50_000, key=7), seed_sample(50_000, key=7, block=1)
    assert np.intersect1d(first, fresh).size == 0
    assert not np.array_equal(first[:100], seed_sample(100, key=8))


def test_seeds_spread_over_all_32_bits() -> None:
    seeds = seed_sample(65_536, key=3)
    for shift in (0, 8, 16, 24):
        counts = np.bincount(seeds >> shift & 255, minlength=256)
        assert ((counts - 256) ** 2 / 256).sum() < 360  # chi-square with 255 degrees: p = 1e-5


def test_bad_seed_requests_are_refused() -> None:
    with pytest.raises(InputError):
        seed_sample(-1, key=0)
    with pytest.raises(InputError):
        seed_sample(1, key=0, block=4096)


def test_sd_bound_holds_in_about_four_pilots_of_five() -> None:
    rng = np.random.Generator(np.random.Philox(key=4))
    for chances in ([0.1, 0.6, 0.3], [0.02, 0.95, 0.03], [0.0, 0.97, 0.03]):
        values = np.array([-1.0, 0.0, 1.0])
        mean = values @ chances
        sd = (((values - mean) ** 2) @ chances) ** 0.5
        pilots = rng.choice(values, (600, 256), p=chances)
        held = np.mean([sd_upper_bound(x, bounds=(-1, 1)) >= sd for x in pilots])
        assert 0.75 <= held <= 0.93


def test_a_pilot_without_variation_is_not_taken_for_certainty() -> None:
    assert sd_upper_bound(np.zeros(256), bounds=(-1, 1)) > 0.05


def test_size_gives_the_half_width_it_promises() -> None:
    n = units_for(0.5, 0.04)
    assert half_width_for(0.5, n) <= 0.04 < half_width_for(0.5, n - 1)


def test_number_of_seeds_is_fixed_by_the_noisiest_share_that_counts() -> None:
    rng = np.random.Generator(np.random.Philox(key=9))
    quiet, noisy = (
        rng.choice([-1.0, 0.0, 1.0], 256, p=p) for p in ([0.05, 0.9, 0.05], [0.3, 0.4, 0.3])
    )
    ranges = [(-1.0, 1.0)] * 2

    def ask(**changed):  # type: ignore[no-untyped-def]
        setting = {"half_width_points": 4.0, "max_seeds": 4096} | changed
        return sample_size([quiet, noisy], bounds=ranges, **setting)

    free = ask()
    assert free.limiting == 1
    assert free.seeds == free.wanted > 1000
    assert max(free.half_widths) <= 4.0
    assert ask(exempt=[1]).seeds == 256
    capped = ask(max_seeds=512)
    assert capped.seeds == 512
    assert capped.is_capped
    pairs = ask(units=np.repeat(np.arange(128), 2))
    assert pairs.seeds % 2 == 0


def test_a_half_width_given_as_a_fraction_is_refused() -> None:
    with pytest.raises(InputError, match="points"):
        sample_size([np.zeros(256)], bounds=[(-1, 1)], half_width_points=0.04, max_seeds=512)
