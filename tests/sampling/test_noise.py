"""Keyed noise and the Brownian path."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor

from catoptric.errors import InputError
from catoptric.sampling import SOURCES, BrownianBridge, noise_source
from catoptric.sampling.noise.nv import philox4x32


@pytest.mark.parametrize("name", SOURCES)
def test_noise_is_a_pure_function_of_seed_and_purpose(name: str) -> None:
    source, shape = noise_source(name), (4, 33, 31)
    before = torch.get_rng_state()
    one = source(7, "start", shape)
    source(8, "start", shape)
    assert one.dtype == np.float32
    assert one.shape == shape
    assert np.array_equal(one, source(7, "start", shape))
    assert torch.equal(before, torch.get_rng_state())
    others = [source(8, "start", shape), source(7, "bridge:1", shape), source(7, "bridge:2", shape)]
    for other in others:
        assert abs(float(np.corrcoef(one.ravel(), other.ravel())[0, 1])) < 0.06
    assert abs(float(one.mean())) < 0.06
    assert float(one.std()) == pytest.approx(1.0, abs=0.04)


def test_philox_keeps_its_values() -> None:
    # Stored draws rest on these; numpy does not promise them for ever.
    expected = [-0.20364396, -0.5513387, 0.57655114]
    np.testing.assert_allclose(noise_source("philox")(5, "start", (3,)), expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["comfyui", "diffusers"])
def test_cpu_sources_draw_what_the_interfaces_draw(name: str) -> None:
    for seed in (0, 42, 2**32 - 1, 2**64 - 1):
        torch.manual_seed(seed if seed < 2**63 else seed - 2**64)
        theirs = torch.randn(1, 4, 8, 8)
        assert np.array_equal(noise_source(name)(seed, "start", (4, 8, 8)), theirs[0].numpy())


def test_nv_source_gives_the_printed_vector() -> None:
    drawn = noise_source("a1111-nv")(0, "start", (3, 4))
    expected = np.array([-0.92466259, -0.42534415, -2.6438457, 0.14518388], dtype=np.float32)
    np.testing.assert_allclose(drawn.ravel()[:4], expected, rtol=2e-7)


def test_philox4x32_gives_the_published_vectors() -> None:
    # Random123's known answers: counter and key all zero, all ones.
    zero, ones = np.zeros(1, np.uint64), np.full(1, 0xFFFFFFFF, np.uint64)
    words = [int(w[0]) for w in philox4x32((zero,) * 4, 0)]
    assert words == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    words = [int(w[0]) for w in philox4x32((ones,) * 4, 2**64 - 1)]
    assert words == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]


def test_bad_names_and_seeds_are_told() -> None:
    with pytest.raises(InputError, match="did you mean 'philox'"):
        noise_source("philx")
    for name in SOURCES:
        with pytest.raises(InputError, match="seed"):
            noise_source(name)(-1, "start", (2,))


def keyed(size: int):  # type: ignore[no-untyped-def]
    source = noise_source("philox")

    def noise(seeds: Sequence[int], purpose: str) -> Tensor:
        return torch.from_numpy(np.stack([source(s, purpose, (size,)) for s in seeds]))

    return noise


@pytest.mark.parametrize("eta", [0.5, 1.0])
def test_increments_add_up_however_a_step_is_split(eta: float) -> None:
    def path() -> BrownianBridge:
        return BrownianBridge(keyed(6), [1, 2], 0.03, 40.0, eta=eta)

    whole = path().increment(7.3, 0.4)
    walked, levels = path(), [7.3, 3.1, 1.0, 0.99, 0.4]
    parts = sum(walked.increment(a, b) for a, b in pairwise(levels))
    torch.testing.assert_close(parts, whole, rtol=1e-10, atol=1e-12)
    # The order of questions does not matter, nor what was asked in between.
    other = path()
    other.at(0.05)
    assert torch.equal(other.increment(7.3, 0.4), whole)


def test_path_of_a_seed_knows_nothing_of_its_company() -> None:
    alone = BrownianBridge(keyed(6), [2], 0.03, 40.0).normal(2.0, 1.0)
    company = BrownianBridge(keyed(6), [9, 2, 5], 0.03, 40.0).normal(2.0, 1.0)
    assert torch.equal(alone[0], company[1])


def test_covariance_is_brownian_in_the_clock() -> None:
    count = 40_000
    path = BrownianBridge(keyed(count), [3], 0.03, 40.0)
    levels = [40.0, 9.0, 2.0, 1.9, 0.5, 0.03]
    steps = torch.stack([path.normal(a, b)[0] for a, b in pairwise(levels)])
    covariance = steps @ steps.T / count
    torch.testing.assert_close(
        covariance, torch.eye(5, dtype=torch.float64), rtol=0.0, atol=5 / count**0.5
    )


def test_bridge_refuses_levels_outside_its_range() -> None:
    path = BrownianBridge(keyed(2), [1], 0.03, 40.0)
    with pytest.raises(InputError, match="outside"):
        path.at(0.01)
    with pytest.raises(InputError, match="bridge needs"):
        BrownianBridge(keyed(2), [1], 0.0, 40.0)
