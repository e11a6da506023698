"""The names of ComfyUI, A1111 and diffusers lead to our solvers and schedules."""

from typing import Any

import pytest
from sampling_problems import settings

from catoptric.errors import InputError
from catoptric.sampling import FIXED, SCHEDULES, solver_alias
from catoptric.sampling.aliases import A1111, COMFYUI, DIFFUSERS


@pytest.mark.parametrize("name", [*COMFYUI, *A1111, *DIFFUSERS])
def test_every_alias_is_a_table_that_can_be_read(name: str) -> None:
    walked = {} if solver_alias(name)["solver"] not in FIXED else {"schedule": "karras", "steps": 4}
    read = settings({"solver": name, **walked}).sampler
    told = {**solver_alias(name), **walked}
    assert told.items() <= read.to_dict().items()


@pytest.mark.parametrize("name", sorted(DIFFUSERS))
def test_diffusers_has_these_classes(name: str) -> None:
    assert hasattr(pytest.importorskip("diffusers"), name)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("DPM++ 2M Karras", {"solver": "dpmpp_2m", "schedule": "karras"}),
        ("dpm++  2m  sde exponential", {"solver": "dpmpp_2m_sde", "schedule": "exponential"}),
        ("Euler A", {"solver": "euler_ancestral"}),
        ("DPM++ 2M SDE Heun", {"solver": "dpmpp_2m_sde", "variant": "heun"}),
        ("uni_pc_bh2", {"solver": "uni_pc", "variant": "bh2"}),
        ("pid", {"solver": "pid"}),
    ],
)
def test_spelling_does_not_matter(name: str, told: dict[str, Any]) -> None:
    assert solver_alias(name) == told


def test_what_is_told_beats_what_the_name_says() -> None:
    table = {"solver": "UniPCMultistepScheduler", "order": 3, "schedule": "Karras", "steps": 5}
    read = settings(table).sampler
    assert read.to_dict() == {
        "solver": "uni_pc", "schedule": "karras", "steps": 5, "rho": 7.0, "order": 3,
        "variant": "bh2",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("DPM++ 2N", "DPM++ 2M"), ("eulr", "euler"), ("EulerDiscretScheduler", "EulerDiscrete")],
)
def test_an_unknown_solver_is_told_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(InputError, match="did you mean") as caught:
        solver_alias(name)
    assert f"did you mean '{nearest}" in str(caught.value)


@pytest.mark.parametrize("bad", [7, None, ["euler"], ""])
def test_a_solver_that_is_no_name_is_refused(bad: Any) -> None:
    with pytest.raises(InputError, match="unknown solver"):
        settings({"solver": bad})


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("SGM Uniform", "sgm_uniform"),
        ("Align Your Steps", "align_your_steps"),
        ("KL Optimal", "kl_optimal"),
        ("DDIM", "ddim_uniform"),
        ("Polyexponential", "polyexponential"),
        ("sgm-uniform", "sgm_uniform"),
        ("ddim-uniform", "ddim_uniform"),
        ("align-your-steps", "align_your_steps"),
        ("kl-optimal", "kl_optimal"),
        ("beta", "beta"),
    ],
)
def test_schedules_of_a1111_are_understood(theirs: str, ours: str) -> None:
    assert ours in SCHEDULES
    assert settings({"solver": "euler", "schedule": theirs, "steps": 4}).sampler.schedule == ours


def test_a_name_that_two_schedules_bear_is_not_guessed() -> None:
    with pytest.raises(InputError, match="'beta', A1111's is 'beta_sigmas'"):
        settings({"solver": "euler", "schedule": "Beta", "steps": 4})
