"""CFG++: the guided estimate denoises, the unconditional one noises again."""

from typing import Any

import pytest
import torch
from sampling_problems import Mixture, noise, settings, starts

from catoptric.sampling import Guidance, euler_cfg_pp, guided, sample

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
