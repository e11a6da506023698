"""Interface files and the cells they make."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from catoptric.audit.interface import BUILT_IN, load_interface
from catoptric.audit.knobs import make_cells
from catoptric.audit.remedy import candidates, pairs
from catoptric.errors import InputError

REFERENCE = load_interface("reference")


def file(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_interfaces_load_and_name_their_sources(name: str) -> None:
    interface = load_interface(name)
    cells = make_cells(interface, REFERENCE)
    assert interface.name
    if name == "reference":
        assert cells.game.players == ()
        assert cells.same == ("guidance", "sampler", "start")
    else:
        ours = name == "quick"  # imitates nobody
        assert set(interface.sources) == (set() if ours else set(interface.tables))
        assert cells.game.players == ("guidance", "sampler", "start")
        assert len(cells.settings) == 8


def test_a_layer_is_the_same_however_an_interface_numbers_it() -> None:
    skipped = make_cells(load_interface("clip-skip-2"), REFERENCE, ("encoder",)).deployed.encoder
    assert skipped.layer == -2
    for option in ("stop_at_clip_layer=-2", "clip_skip=1", "layer=-2"):
        asked = load_interface("comfyui", [f"encoder.{option}"])
        assert make_cells(asked, REFERENCE, ("encoder",)).deployed.encoder == skipped
    twice = load_interface("comfyui", ["encoder.clip_skip=1", "encoder.layer=-2"])
    with pytest.raises(InputError, match="twice"):
        make_cells(twice, REFERENCE, ("encoder",))
    plain = make_cells(load_interface("comfyui"), REFERENCE, ("guidance", "encoder"))
    assert plain.same == ("encoder",)


def test_cells_change_one_table_per_player() -> None:
    cells = make_cells(load_interface("comfyui"), REFERENCE)
    for coalition, settings in enumerate(cells.settings):
        for bit, knob in enumerate(cells.game.players):
            side = cells.deployed if coalition >> bit & 1 else cells.reference
            assert getattr(settings, knob) == getattr(side, knob)
        assert settings.noise == cells.reference.noise


def test_a_table_left_out_is_the_references(tmp_path: Path) -> None:
    cells = make_cells(load_interface(file(tmp_path, "[guidance]\nscale = 3.0\n")), REFERENCE)
    assert cells.game.players == ("guidance",)
    assert cells.same == ("sampler", "start")


def test_an_adaptive_solver_leaves_the_old_grid_behind() -> None:
    interface = load_interface("comfyui", ["sampler.solver=pid", "sampler.rtol=0.01"])
    cells = make_cells(interface, REFERENCE)
    assert cells.deployed.sampler.solver == "pid"
    assert cells.deployed.sampler.steps is None
    with pytest.raises(InputError, match="takes no steps"):
        make_cells(load_interface("comfyui", ["sampler.solver=pid", "sampler.steps=9"]), REFERENCE)


def test_knobs_left_out_are_told() -> None:
    assert make_cells(load_interface("comfyui"), REFERENCE).held == ("noise",)
    cells = make_cells(load_interface("comfyui"), REFERENCE, ("guidance",))
    assert cells.held == ("sampler", "start", "noise")
    assert make_cells(REFERENCE, REFERENCE, ("guidance",)).held == ()


def test_overrides_change_one_value() -> None:
    interface = load_interface("comfyui", ["guidance.scale=4", "sampler.solver=heun"])
    assert interface.tables["guidance"]["scale"] == 4
    assert interface.tables["sampler"]["solver"] == "heun"
    assert load_interface("comfyui").tables["guidance"]["scale"] == 8.0


def test_noise_that_cannot_be_imitated_names_the_substitute() -> None:
    with pytest.raises(InputError, match=r"--set noise\.source=a1111-nv"):
        make_cells(load_interface("a1111"), REFERENCE, ("noise",))
    cells = make_cells(load_interface("a1111", ["noise.source=a1111-nv"]), REFERENCE, ("noise",))
    assert cells.game.players == ("noise",)


def test_split_sampler_makes_solver_and_schedule_two_players() -> None:
    cells = make_cells(load_interface("comfyui"), REFERENCE, ("sampler",), split_sampler=True)
    assert cells.game.players == ("solver", "schedule")
    seen = [(s.sampler.solver, s.sampler.schedule, s.sampler.steps) for s in cells.settings]
    assert seen == [
        ("dpmpp_2m", "exponential", 160),
        ("euler", "exponential", 160),
        ("dpmpp_2m", "normal", 20),
        ("euler", "normal", 20),
    ]


def test_split_sampler_needs_schedules(tmp_path: Path) -> None:
    mine = load_interface(file(tmp_path, '[sampler]\nsolver = "pid"\n'))
    with pytest.raises(InputError, match="needs a schedule on both sides"):
        make_cells(mine, REFERENCE, ("sampler",), split_sampler=True)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[guidence]\nscale = 2.0\n", "did you mean 'guidance'"),
        ("[guidance]\nscall = 2.0\n", "did you mean 'scale'"),
        ('[sampler]\nsolver = "eulr"\nschedule = "normal"\nsteps = 2\n', "did you mean 'euler'"),
        ("guidance = 4\n", "must be a table"),
        ("[guidance\n", "not valid TOML"),
        ("[guidance]\nscale = 'much'\n", "must be a number"),
        ("[start]\nsigma = -1\n", "must be a number above 0"),
    ],
)
def test_mistakes_in_a_file_are_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        make_cells(load_interface(file(tmp_path, text)), REFERENCE)


def test_unknown_interfaces_and_knobs_name_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'comfyui'"):
        load_interface("confyui")
    with pytest.raises(InputError, match="did you mean 'guidance'"):
        make_cells(load_interface("comfyui"), REFERENCE, ("guidnce",))


@pytest.mark.parametrize("override", ["scale=4", "guidance.scale", "guidanc.scale=4", "=", ""])
def test_overrides_that_cannot_be_read_are_refused(override: str) -> None:
    with pytest.raises(InputError, match="--set"):
        load_interface("comfyui", [override])


@hypothesis_settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_an_interface_or_one_sentence(tmp_path_factory, text: str) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "f.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    said = ""
    try:
        make_cells(load_interface(str(path)), REFERENCE)
    except InputError as error:
        said = str(error)
    assert "\n" not in said


@pytest.mark.parametrize("knob", ["guidance", "sampler", "solver", "start", "noise"])
def test_every_knob_has_candidates_that_differ_in_that_knob_only(knob: str) -> None:
    every = ("guidance", "sampler", "start", "noise")
    deployed = make_cells(load_interface("comfyui"), REFERENCE, every).deployed
    found = candidates(knob, deployed)
    assert found
    table = "sampler" if knob == "solver" else knob
    for candidate in found:
        before, after = deployed.to_dict(), candidate.settings.to_dict()
        assert {k for k in before if before[k] != after[k]} == {table}
    if knob == "guidance":
        assert {c.settings.guidance.scale for c in found} == {8.0, 2.0, 1.0}


def test_pairs_change_both_knobs_and_fill_in_the_deployed_values() -> None:
    deployed = make_cells(load_interface("comfyui"), REFERENCE).deployed
    found = pairs("start", "guidance", deployed)
    assert len(found) == len(candidates("start", deployed)) * len(candidates("guidance", deployed))
    for candidate in found:
        assert set(candidate.changed) == {"start", "guidance"}
        assert candidate.settings.start != deployed.start
        assert candidate.settings.guidance != deployed.guidance
        assert candidate.settings.sampler == deployed.sampler
    assert pairs("solver", "schedule", deployed) == []


def test_a_preset_set_by_hand_replaces_what_the_file_says_and_nothing_else() -> None:
    fast = load_interface("reference", ["sampler.preset=fast"]).tables["sampler"]
    assert (fast["rtol"], fast["atol"], fast["tighten"]) == (2e-2, 6e-4, 4.0)
    own = load_interface("reference", ["sampler.preset=fast", "sampler.rtol=0.5"]).tables["sampler"]
    assert (own["rtol"], own["atol"]) == (0.5, 6e-4)
    assert "preset" not in own
    with pytest.raises(InputError, match="presets are for solver 'pid'"):
        load_interface("comfyui", ["sampler.preset=fast"])


def test_what_a_file_writes_out_wins_over_its_preset(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[sampler]\nsolver = "pid"\npreset = "precise"\nrtol = 0.25\n')
    table = load_interface(str(path)).tables["sampler"]
    assert (table["rtol"], table["atol"]) == (0.25, 3e-6)


FIXED = ["sampler.schedule=karras", "sampler.steps=8"]


def deployed(name: str, overrides: list[str], then: list[str] | None = None) -> dict[str, object]:
    loaded = load_interface(name, overrides, then or [])
    return make_cells(loaded, REFERENCE, ("guidance", "sampler")).deployed.sampler.to_dict()


def test_a_fixed_solver_leaves_the_adaptive_ones_options_behind() -> None:
    assert deployed("reference", ["sampler.solver=dpmpp_2m", *FIXED]) == {
        "solver": "dpmpp_2m", "schedule": "karras", "steps": 8, "rho": 7.0,
    }  # fmt: skip
    with pytest.raises(InputError, match="unknown key"):
        deployed("reference", ["sampler.solver=dpmpp_2m", *FIXED, "sampler.rtol=0.1"])


def test_a_second_change_of_solver_does_not_inherit_the_firsts_options() -> None:
    found = deployed(
        "comfyui", ["sampler.solver=pid", "sampler.rtol=0.1"], ["sampler.solver=heun", *FIXED]
    )
    assert (found["solver"], "rtol" in found) == ("heun", False)


def test_a_solvers_other_name_brings_its_schedule_unless_another_is_asked_for() -> None:
    named = deployed("comfyui", ["sampler.solver=DPM++ 2M Karras"])
    assert (named["solver"], named["schedule"], named["steps"]) == ("dpmpp_2m", "karras", 20)
    told = ["sampler.solver=DPM++ 2M Karras", "sampler.schedule=exponential"]
    assert deployed("comfyui", told)["schedule"] == "exponential"
    adaptive = deployed("comfyui", ["sampler.solver=DPM adaptive"])
    assert (adaptive["solver"], adaptive["eta"]) == ("dpm_adaptive", 1.0)
