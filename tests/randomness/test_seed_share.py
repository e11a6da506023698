"""The seed's own share: known components, tests of the right size, intervals that cover."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from catoptric.errors import InputError
from catoptric.randomness.seed_share import (
    components,
    mean_squares,
    one_hot,
    seed_p,
    seed_share,
    tendencies,
)

RATES = np.array([0.38, 0.9, 0.2, 0.11, 0.42, 0.7])


def labels(
    generator: np.random.Generator, own: float, of_prompt: float, seeds: int = 48
) -> np.ndarray:
    """Signs of normals of which a seed shares `own` everywhere and `of_prompt` under a prompt."""
    shape = (seeds, len(RATES), 2)
    x = np.sqrt(own) * generator.standard_normal((seeds, 1, 1))
    x = x + np.sqrt(of_prompt) * generator.standard_normal((*shape[:2], 1))
    x = x + np.sqrt(1 - own - of_prompt) * generator.standard_normal(shape)
    women: np.ndarray = x > -special.ndtri(RATES)[None, :, None]
    return np.where(women, "woman", "man")


def test_components_are_those_the_numbers_were_made_from() -> None:
    generator = np.random.default_rng(1)
    s, p, k = 300, 40, 30
    parts = {
        (0,): (0.5, (s, 1, 1, 1)),
        (1,): (1.0, (1, p, 1, 1)),
        (0, 1): (0.3, (s, p, 1, 1)),
        (0, 2): (0.2, (s, 1, k, 1)),
        (0, 1, 2): (0.4, (s, p, k, 1)),
    }
    y = np.zeros((s, p, k, 1))
    for variance, shape in parts.values():
        y = y + np.sqrt(variance) * generator.standard_normal(shape)
    found = components(y)
    for group, (variance, shape) in parts.items():
        tolerance = 5 * variance * np.sqrt(2 / np.prod(shape))
        assert found[group] == pytest.approx(variance, abs=tolerance), group
    assert found[2,] == pytest.approx(0, abs=0.02)
    assert found[1, 2] == pytest.approx(0, abs=0.02)


def test_sums_of_squares_add_up_to_the_whole() -> None:
    y = np.random.default_rng(2).standard_normal((5, 4, 3, 2))
    freedom = {(0,): 4, (1,): 3, (2,): 2, (0, 1): 12, (0, 2): 8, (1, 2): 6, (0, 1, 2): 24}
    total = sum(freedom[group] * value for group, value in mean_squares(y).items())
    assert total == pytest.approx(((y - y.mean(axis=(0, 1, 2))) ** 2).sum())


def test_a_seed_that_decides_everything_has_all_the_variance() -> None:
    own = np.where(np.arange(20) % 3 == 0, "woman", "man")
    found = seed_share("presentation", np.broadcast_to(own[:, None, None], (20, 4, 2)))
    assert found is not None
    assert found.shares["seed"].value == pytest.approx(1)
    assert found.within.value == pytest.approx(1)
    assert found.p == pytest.approx(1 / 2000)


def test_one_setting_leaves_the_setting_out() -> None:
    found = seed_share("presentation", labels(np.random.default_rng(3), 0.3, 0.0)[:, :, :1])
    assert found is not None
    assert found.shares["setting"].value == 0
    assert sum(one.value or 0 for one in found.shares.values()) == pytest.approx(1)


def test_the_test_of_the_seed_has_its_size_even_where_seeds_decide_each_prompt() -> None:
    generator = np.random.default_rng(4)
    p = [seed_p(one_hot(labels(generator, 0.0, 0.9, 24)), 99) for _ in range(200)]
    assert np.mean(np.array(p) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)
    assert np.mean(np.array(p) <= 0.5) == pytest.approx(0.5, abs=0.12)


def test_the_test_of_the_seed_finds_what_is_there() -> None:
    generator = np.random.default_rng(5)
    p = [seed_p(one_hot(labels(generator, 0.3, 0.3)), 99) for _ in range(20)]
    assert np.mean(np.array(p) <= 0.05) > 0.9


@pytest.mark.parametrize(("own", "of_prompt"), [(0.0, 0.8), (0.1, 0.7), (0.4, 0.3)])
def test_intervals_cover_the_share_as_often_as_they_say(own: float, of_prompt: float) -> None:
    generator = np.random.default_rng(6)
    many = [components(one_hot(labels(generator, own, of_prompt, 3000))) for _ in range(4)]
    truth = np.mean([found[0,] / sum(found.values()) for found in many])
    repeats, hits = 120, 0
    for _ in range(repeats):
        found = seed_share("presentation", labels(generator, own, of_prompt), permutations=1)
        assert found is not None
        share = found.shares["seed"]
        hits += share.low <= truth <= share.high  # type: ignore[operator]
    # Three standard errors of 120 repeats below 94 %.
    assert hits >= 0.875 * repeats, hits


def test_a_deviant_seed_is_named_and_chance_is_not() -> None:
    generator = np.random.default_rng(7)
    chance = (generator.random((40, 10, 2)) < 0.3).astype(float)
    assert tendencies(np.arange(40), chance, 199)[0].p > 0.05
    chance[17] = 1.0
    found = tendencies(np.arange(40), chance, 199)
    assert (found[0].seed, found[0].rate) == (17, 1.0)
    assert found[0].p < 0.05
    assert found[1].p > 0.05


def one_differs(where: tuple[object, ...]) -> np.ndarray:
    found = np.full((64, 10, 3), "woman")
    found[where] = "man"
    return found


@pytest.mark.parametrize(
    ("shown", "why"),
    [
        (np.broadcast_to(np.array(["woman", "man"])[:, None], (6, 2, 1)), "every seed gives"),
        (one_differs((5, 3, 1)), "only one seed"),
        (one_differs((5, 3)), "only one seed"),
        (one_differs((5,)), "only one seed"),
    ],
)
def test_a_split_that_hangs_on_one_seed_is_undefined_with_a_reason(
    shown: np.ndarray, why: str
) -> None:
    found = seed_share("presentation", shown, permutations=99)
    assert found is not None
    for interval in (*found.shares.values(), found.within):
        assert (interval.value, interval.low, interval.high) == (None, None, None)
        assert why in (interval.reason or "")
    assert found.p is not None


def test_too_small_a_design_is_refused() -> None:
    with pytest.raises(InputError, match="at least 3 seeds and 2 prompts"):
        seed_share("presentation", np.full((2, 5, 1), "woman"))
    assert seed_share("presentation", np.full((5, 5, 1), "woman")) is None
