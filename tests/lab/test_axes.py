"""Axes and the settings of cells: read, filled, refused, and never silently wrong."""

from __future__ import annotations

import pytest

from catoptric.audit.interface import load_interface, with_solver
from catoptric.errors import InputError
from catoptric.lab.axes import parse_axis
from catoptric.lab.fitting import base_tables, fit, why_not_converged, with_preset
from catoptric.sampling import Settings


def test_a_short_name_means_the_setting() -> None:
    axis = parse_axis("guidance=1,2.5", "--x")
    assert (axis.name, axis.values, axis.label) == ("guidance.scale", (1, 2.5), "guidance")
    assert parse_axis("guidance.form=constant", "--x").values == ("constant",)


def test_a_range_goes_on_in_steps_of_its_last_two_values() -> None:
    assert parse_axis("steps=10,20,..,50", "--x").values == (10, 20, 30, 40, 50)
    assert parse_axis("guidance=0.1,0.2,..,0.5", "--x").labels == (
        "0.1",
        "0.2",
        "0.3",
        "0.4",
        "0.5",
    )
    assert parse_axis("guidance=8,6,..,2", "--x").values == (8, 6, 4, 2)


def test_prompts_may_hold_commas() -> None:
    axis = parse_axis("prompt=a nurse, smiling; a chef", "--z")
    assert axis.values == ("a nurse, smiling", "a chef")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("guidance", "NAME=VALUE"),
        ("guidance=", "NAME=VALUE"),
        ("=1", "NAME=VALUE"),
        ("guidnce=1", "did you mean 'guidance'"),
        ("sampler.stps=1", "did you mean 'steps'"),
        ("smpler.steps=1", "did you mean 'sampler'"),
        ("guidance=1,,2", "empty value"),
        ("guidance=1,2,1", "twice"),
        ("guidance=1,1.0", "as '1' and '1.0'"),
        ("solver=euler,Euler", "as 'euler' and 'Euler'"),
        ("schedule=sgm_uniform,SGM Uniform", "twice"),
        ("guidance=1,2,..,2", "never comes to"),
        ("guidance=1,3,..,6", "end at 5"),
        ("guidance=..,5", "two numbers before"),
        ("solver=euler,heun,..,pid", "between numbers"),
        ("guidance=1,1.0001,..,9", "at most 200"),
    ],
)
def test_an_axis_that_cannot_work_is_named(text: str, says: str) -> None:
    with pytest.raises(InputError, match="--x") as caught:
        parse_axis(text, "--x")
    assert says in str(caught.value)


def test_steps_leave_a_solver_that_chooses_its_own_and_are_named() -> None:
    tables, _ = base_tables(load_interface("comfyui"), load_interface("reference"))
    tables["sampler"]["solver"] = "pid"
    settings, dropped = fit(tables)
    assert settings.sampler.steps is None
    assert {reason.partition(":")[0] for reason in dropped} == {"sampler.steps", "sampler.schedule"}


def test_a_key_that_nothing_has_is_refused_not_dropped() -> None:
    tables, _ = base_tables(load_interface("comfyui"), load_interface("reference"))
    tables["sampler"]["stps"] = 5
    with pytest.raises(InputError, match="steps"):
        fit(tables)


def test_another_solver_does_not_inherit_the_old_ones_options() -> None:
    reference = load_interface("reference")
    tables, _ = base_tables(reference, reference)
    table, gone = with_solver(tables["sampler"], "dpm_adaptive", ())
    assert "rtol" not in table
    assert any("sampler.rtol" in reason for reason in gone)
    kept, _ = with_solver(tables["sampler"], "dpm_adaptive", {"rtol"})
    assert kept["rtol"] == tables["sampler"]["rtol"]


def test_a_solvers_other_name_brings_its_schedule() -> None:
    tables, _ = base_tables(load_interface("comfyui"), load_interface("reference"))
    tables["sampler"], _ = with_solver(tables["sampler"], "DPM++ 2M Karras", ())
    settings, _ = fit(tables)
    assert (settings.sampler.solver, settings.sampler.schedule) == ("dpmpp_2m", "karras")


def test_a_default_that_cannot_be_imitated_gives_way_and_is_named() -> None:
    tables, notes = base_tables(load_interface("a1111"), load_interface("reference"))
    assert tables["noise"] == {"source": "philox"}
    assert "a1111-nv" in notes[0]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"scale": 1, "mix": "apg", "norm": 1.0}, "at scale 1"),
        ({"scale": 4, "parallel": 0.5}, "the linear mix has none"),
        ({"scale": 4, "mix": "zero_star", "zero_above": 9.0, "norm": 1.0}, "the zero_star mix"),
    ],
)
def test_mixes_that_mean_nothing_are_left_out_and_named(table: dict, reason: str) -> None:
    tables, _ = base_tables(load_interface("comfyui"), load_interface("reference"))
    settings, dropped = fit(tables | {"guidance": table})
    assert any(reason in said for said in dropped)
    assert settings.guidance.norm is None


def test_every_setting_of_the_tables_can_be_an_axis() -> None:
    for name in ("mix", "rescale", "parallel", "norm", "momentum", "zero_above"):
        assert parse_axis(f"guidance.{name}=0", "--x").name == f"guidance.{name}"
    assert parse_axis("sampler.preset=fast,precise", "--x").values == ("fast", "precise")


def test_a_preset_replaces_every_presets_options_but_not_what_was_asked() -> None:
    reference = load_interface("reference").tables["sampler"]
    fast = with_preset(reference, "fast", ())
    assert (fast["rtol"], fast["tighten"]) == (2e-2, 4.0)
    assert with_preset(fast, "balanced", ()) == {"solver": "pid", "rtol": 1e-3, "atol": 3e-5}
    assert with_preset(reference | {"rtol": 0.5}, "fast", {"rtol"})["rtol"] == 0.5
    with pytest.raises(InputError, match="did you mean 'fast'"):
        with_preset({"solver": "euler"}, "fst", ())


@pytest.mark.parametrize(
    ("sampler", "guidance", "reason"),
    [
        ({"solver": "restart"}, {}, "stochastic"),
        ({"solver": "restart", "times": 0}, {}, None),
        ({"solver": "euler_ancestral"}, {}, "stochastic"),
        ({"solver": "heun", "s_churn": 10.0}, {}, "stochastic"),
        ({"solver": "euler_cfg_pp"}, {}, "CFG++"),
        ({"solver": "heun"}, {"mix": "apg", "momentum": -0.5}, "momentum"),
        ({"solver": "heun"}, {"mix": "apg"}, None),
    ],
)
def test_only_what_converges_has_a_converged_picture(
    sampler: dict, guidance: dict, reason: str | None
) -> None:
    walked = {"schedule": "karras", "steps": 5} | sampler
    settings = Settings.from_dict({"sampler": walked, "guidance": {"scale": 4.0} | guidance})
    found = why_not_converged(settings)
    assert found is None if reason is None else reason in str(found)
