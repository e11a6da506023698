"""Every schedule falls from the top of its range to 0, and follows its interface's rule."""

import math

import numpy as np
import pytest
from scipy.stats import beta as beta_distribution

from catoptric.errors import InputError
from catoptric.sampling import SCHEDULES
from catoptric.sampling.schedules import check_sigmas, table, vp

LOW, HIGH = 0.0291675, 14.614642
BELOW_THE_TOP = {"leading", "pndm_leading", "ddim_uniform", "beta"}


@pytest.mark.parametrize("steps", [1, 2, 3, 10, 20, 50])
@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize(("low", "high"), [(LOW, HIGH), (0.02, 320.0)])
def test_schedule_falls_over_its_range(name: str, steps: int, low: float, high: float) -> None:
    sigmas = check_sigmas(SCHEDULES[name](steps, low, high))
    if name not in ("beta", "ddim_uniform"):
        assert len(sigmas) == steps + 1
    assert sigmas[0] <= high * (1 + 1e-9)
    if name not in BELOW_THE_TOP:
        assert sigmas[0] == pytest.approx(high, rel=1e-9)
    assert sigmas[-1] == (pytest.approx(low, rel=1e-9) if name == "pndm_leading" else 0.0)
    assert name == "linear_quadratic" or sigmas[-2] >= low * (1 - 1e-9)


def levels() -> np.ndarray:
    return np.exp(table(LOW, HIGH).numpy())


def test_ddim_uniform_is_comfyuis() -> None:
    for steps in (7, 20, 50):
        index, stride = [], 1000 // steps
        at = 1
        while at < 1000:
            index.append(at)
            at += stride
        expected = [*levels()[index[::-1]], 0.0]
        np.testing.assert_allclose(SCHEDULES["ddim_uniform"](steps, LOW, HIGH), expected)
    assert len(SCHEDULES["ddim_uniform"](7, LOW, HIGH)) == 9


def test_beta_is_comfyuis() -> None:
    places = 1 - np.linspace(0, 1, 20, endpoint=False)
    times = np.rint(beta_distribution.ppf(places, 0.6, 0.6) * 999).astype(int)
    expected = [*levels()[times], 0.0]
    np.testing.assert_allclose(SCHEDULES["beta"](20, LOW, HIGH), expected)
    assert len(SCHEDULES["beta"](900, LOW, HIGH)) < 901


def test_linear_quadratic_is_smooth_at_its_joint() -> None:
    sigmas = SCHEDULES["linear_quadratic"](20, LOW, HIGH).numpy() / HIGH
    steps = -np.diff(sigmas)
    np.testing.assert_allclose(steps[:10], 0.0025, rtol=1e-9)
    assert bool((abs(np.diff(steps[10:], 2)) < 1e-12).all())
    assert steps[10] > steps[9]
    # Mochi's formula: quadratic and linear coefficient and constant.
    bend = (10 - 0.025 * 20) / (10 * 100)
    slope = 0.025 / 10 - 2 * (10 - 0.025 * 20) / 100
    expected = [1 - (bend * i**2 + slope * i + bend * 100) for i in range(10, 20)]
    np.testing.assert_allclose(sigmas[10:20], expected, rtol=1e-9, atol=1e-12)


def test_kl_optimal_is_even_in_the_arctangent() -> None:
    angles = np.arctan(SCHEDULES["kl_optimal"](12, LOW, HIGH).numpy()[:-1])
    np.testing.assert_allclose(np.diff(angles), (math.atan(LOW) - math.atan(HIGH)) / 11)


def test_ten_steps_align_as_published_and_keep_their_shape_elsewhere() -> None:
    published = [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.0]
    mine = SCHEDULES["align_your_steps"](10, LOW, HIGH).numpy()
    np.testing.assert_allclose(mine, published, atol=5e-3)
    wide = SCHEDULES["align_your_steps"](10, 0.02, 320.0).numpy()
    share = np.log(mine[:-1] / LOW) / math.log(HIGH / LOW)
    np.testing.assert_allclose(np.log(wide[:-1] / 0.02) / math.log(320 / 0.02), share)


def test_vp_refuses_a_range_it_cannot_walk() -> None:
    with pytest.raises(InputError, match="vp schedule cannot run"):
        vp(5, 1.0, 3.0)


@pytest.mark.parametrize("name", ["simple", "trailing", "ddim_uniform", "leading"])
def test_more_steps_than_levels_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="at most"):
        SCHEDULES[name](1001, LOW, HIGH)
