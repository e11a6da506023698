"""CFG++: the guided estimate denoises, the unconditional one noises again."""

import math
from typing import Any

import pytest
import torch
from sampling_problems import Mixture, noise, settings, starts

from catoptric.sampling import (
    Guidance,
    dpmpp_2s_ancestral_cfg_pp,
    euler_cfg_pp,
    guided,
    res_multistep_cfg_pp,
    sample,
)

TABLE = {"schedule": "karras", "steps": 6}


def test_a_step_is_denoised_by_one_and_noised_by_the_other() -> None:
    model = Mixture(torch.float64)
    denoise = guided(model, 1, Guidance.from_dict({"scale": 0.6})).pair
    x, sigmas = starts(4, 3.0), torch.tensor([3.0, 1.2], dtype=torch.float64)
    sigma = torch.full((4,), 3.0, dtype=torch.float64)
    u, c = model(x, sigma, None), model(x, sigma, 1)
    expected = u + 0.6 * (c - u) + 1.2 * (x - u) / 3.0
    torch.testing.assert_close(euler_cfg_pp(denoise, x, sigmas), expected)


@pytest.mark.parametrize(
    ("mine", "plain"),
    [
        ("euler_cfg_pp", "euler"),
        ("euler_ancestral_cfg_pp", "euler_ancestral"),
        ("dpmpp_2m_cfg_pp", "dpmpp_2m"),
        ("dpmpp_2s_ancestral_cfg_pp", "dpmpp_2s_ancestral"),
        ("res_multistep_cfg_pp", "res_multistep"),
    ],
)
def test_without_a_condition_it_is_the_plain_solver(mine: str, plain: str) -> None:
    ends = [
        sample(
            Mixture(),
            settings({"solver": name, **TABLE}),
            noise,
            [1, 2],
            condition=None,
            microbatch=8,
        )
        for name in (mine, plain)
    ]
    torch.testing.assert_close(ends[0].x, ends[1].x, rtol=0.0, atol=2e-5)
    assert torch.equal(ends[0].nfe, ends[1].nfe)


def test_the_midpoint_of_2s_starts_from_the_shifted_state() -> None:
    model = Mixture(torch.float64)
    denoise = guided(model, 1, Guidance.from_dict({"scale": 0.6})).pair
    x, sigmas = starts(4, 3.0), torch.tensor([3.0, 1.2], dtype=torch.float64)

    def at(state: torch.Tensor, level: float) -> tuple[torch.Tensor, torch.Tensor]:
        return denoise(state, torch.full((4,), level, dtype=torch.float64))

    x0, u = at(x, 3.0)
    m, shifted = (3.0 * 1.2) ** 0.5, x + x0 - u
    middle, _ = at(m / 3.0 * shifted + (1 - m / 3.0) * x0, m)
    expected = 0.4 * shifted + 0.6 * middle
    mine = dpmpp_2s_ancestral_cfg_pp(denoise, x, sigmas, eta=0.0)
    torch.testing.assert_close(mine, expected)


def test_res_multistep_extrapolates_the_unconditional_estimates() -> None:
    levels = [3.0, 1.5, 0.6]
    model = Mixture(torch.float64)
    denoise = guided(model, 1, Guidance.from_dict({"scale": 0.6})).pair
    x, sigmas = starts(4, 3.0), torch.tensor(levels, dtype=torch.float64)
    x0, u = denoise(x, torch.full((4,), 3.0, dtype=torch.float64))
    x1 = x0 + 0.5 * (x - u)
    x01, u1 = denoise(x1, torch.full((4,), 1.5, dtype=torch.float64))
    h, back = math.log(2.5), math.log(2.0)
    # ComfyUI's weights: phi1(-h) = (1 - e^-h) / h, phi2(-h) = (phi1 - 1) / -h, c2 = -back / h.
    phi1 = -math.expm1(-h) / h
    phi2, c2 = (phi1 - 1.0) / -h, -back / h
    slopes = (phi1 - phi2 / c2) * u1 + phi2 / c2 * u
    expected = math.exp(-h) * (x1 + x01 - u1) + h * slopes
    torch.testing.assert_close(res_multistep_cfg_pp(denoise, x, sigmas), expected)


def test_comfyuis_ancestral_name_is_the_same_with_noise() -> None:
    def end(solver: str, **more: float) -> torch.Tensor:
        chosen = settings({"solver": solver, **TABLE, **more}, guidance={"scale": 0.6})
        return sample(Mixture(), chosen, noise, [1], condition=1, microbatch=8).x

    loud = end("res_multistep_ancestral_cfg_pp")
    assert torch.equal(loud, end("res_multistep_cfg_pp", eta=1.0))
    assert not torch.equal(loud, end("res_multistep_cfg_pp"))


def test_both_passes_are_run_and_counted_even_at_weight_one() -> None:
    def cost(guidance: dict[str, Any]) -> int:
        chosen = settings({"solver": "euler_cfg_pp", **TABLE}, guidance=guidance)
        model = Mixture()
        result = sample(model, chosen, noise, [1], condition=1, microbatch=8)
        assert len(model.shapes) == int(result.nfe[0])
        return int(result.nfe[0])

    assert cost({"scale": 1.0}) == 12
    assert cost({"scale": 0.0}) == 6


def test_weight_one_still_differs_from_no_guidance() -> None:
    chosen = settings({"solver": "euler_cfg_pp", **TABLE})
    plain = settings({"solver": "euler", **TABLE})
    a, b = (sample(Mixture(), s, noise, [1], condition=1, microbatch=8) for s in (chosen, plain))
    assert not torch.allclose(a.x, b.x)
