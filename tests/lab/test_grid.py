"""A grid: figures against its yardsticks, pictures shared and resumed, files that say the same."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from catoptric.audit import Request
from catoptric.lab import Grid, GridRequest, draw_grid, grid_json, parse_axis, plan_grid
from catoptric.lab.figures import pixel_rms
from catoptric.report.grid_page import grid_page_html
from catoptric.report.grid_png import PngWriter, write_grid_png
from catoptric.report.grid_script import GRID_SCRIPT
from catoptric.studio.painting import pack

DOCTOR = "a portrait of a doctor"


def request(*axes: str, prompt: str | None = DOCTOR, **base: Any) -> GridRequest:
    parsed = tuple(parse_axis(text, f"--{name}") for text, name in zip(axes, "xyz", strict=False))
    return GridRequest(
        prompt=prompt, axes=parsed, base=Request(prompt=DOCTOR, **base), shown=2, measured=6
    )


pytestmark = pytest.mark.usefixtures("small_world")


def silent(stage: str, done: int, total: int, left: float | None) -> None:
    pass


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory, small_world: None) -> Grid:
    plan = plan_grid(request("solver=euler,pid,euler_ancestral", "steps=4,12", "guidance=1"))
    return draw_grid(plan, tmp_path_factory.mktemp("grid") / "run", workers=1, progress=silent)


def cell(grid: Grid, **at: str) -> dict[str, Any]:
    result = grid_json(grid)
    return next(c for c in result["cells"] if set(at.values()) <= set(c["at"].values()))


def test_more_steps_come_nearer_to_the_converged_picture(grid: Grid) -> None:
    few, many = cell(grid, solver="euler", steps="4"), cell(grid, solver="euler", steps="12")
    assert many["error"]["value"] < few["error"]["value"]
    assert few["nfe"] == 4
    assert few["error"]["low"] < few["error"]["value"] < few["error"]["high"]


def test_a_setting_without_effect_is_drawn_once_and_named(grid: Grid) -> None:
    first, second = cell(grid, solver="pid", steps="4"), cell(grid, solver="pid", steps="12")
    assert first["settings"] == second["settings"]
    assert any(reason.startswith("sampler.steps") for reason in first["dropped"])
    # euler twice, ancestral twice, pid once, converged once, reference sampling once
    assert grid.plan.drawn_settings == 7
    assert grid.pictures == 7 * 6


def test_a_stochastic_solver_has_no_error_and_says_why(grid: Grid) -> None:
    error = cell(grid, solver="euler_ancestral", steps="4")["error"]
    assert error["value"] is None
    assert "stochastic" in error["reason"]


def test_presets_and_mixes_are_axes_like_any_other(tmp_path: Path) -> None:
    asked = request(
        "sampler.preset=fast,balanced", "guidance.mix=linear,apg", interface="reference"
    )
    asked = replace(asked, base=replace(asked.base, overrides=("guidance.scale=4",)))
    plan = plan_grid(asked)
    assert len({found.settings for found in plan.cells}) == 4
    found = grid_json(draw_grid(plan, tmp_path, workers=1, progress=silent))["cells"]
    by_preset = {c["at"]["sampler.preset"]: c["nfe"] for c in found}
    assert by_preset["fast"] < by_preset["balanced"]


def test_momentum_under_a_fixed_solver_is_drawn_without_an_error(tmp_path: Path) -> None:
    base = {"overrides": ("guidance.mix=apg", "sampler.steps=4")}
    plan = plan_grid(request("guidance.momentum=0,0.5", **base))
    plain, pushed = grid_json(draw_grid(plan, tmp_path, workers=1, progress=silent))["cells"]
    assert plain["error"]["value"] is not None
    assert pushed["error"]["value"] is None
    assert "momentum" in pushed["error"]["reason"]


def test_the_same_command_again_draws_nothing(grid: Grid) -> None:
    again = draw_grid(grid.plan, grid.folder, workers=1, progress=silent)
    assert again.pictures == 0
    left, right = grid_json(again), grid_json(grid)
    assert left["cells"] == right["cells"]


def test_what_an_interrupted_grid_drew_is_kept(tmp_path: Path) -> None:
    plan = plan_grid(request("steps=3,4", "solver=euler"))

    def stop(stage: str, done: int, total: int, left: float | None) -> None:
        if stage == "pictures" and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        draw_grid(plan, tmp_path, workers=1, progress=stop)
    rest = draw_grid(plan, tmp_path, workers=1, progress=silent)
    assert 0 < rest.pictures < plan.pictures


def test_reference_sampling_as_a_cell_has_no_error_and_no_flips(tmp_path: Path) -> None:
    plan = plan_grid(request("guidance=1", interface="reference"))
    found = grid_json(draw_grid(plan, tmp_path, workers=1, progress=silent))["cells"][0]
    assert found["error"]["value"] == 0
    assert found["flips"]["value"] == 0
    assert found["flips"]["high"] > 0.1  # six seeds show little


def test_a_prompt_axis_draws_each_prompt(tmp_path: Path) -> None:
    plan = plan_grid(request("prompt=a portrait of a doctor;a nurse", "steps=3", prompt=None))
    result = grid_json(draw_grid(plan, tmp_path, workers=1, progress=silent))
    assert [c["prompt"] for c in result["cells"]] == ["a portrait of a doctor", "a nurse"]
    assert len(result["references"]) == 2


def test_rms_of_pictures_is_in_units_of_their_range() -> None:
    black, white = np.zeros((64, 64, 3), np.uint8), np.full((64, 64, 3), 255, np.uint8)
    assert pixel_rms({7: pack(black)}, {7: pack(white)}, [7]).tolist() == [2.0]


def test_a_png_written_in_strips_is_the_picture(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (97, 131, 3), dtype=np.uint8)
    with PngWriter(tmp_path / "a.png", 131, 97, {"note": "ä"}) as writer:
        for start in range(0, 97, 10):
            writer.add(pixels[start : start + 10])
    found = Image.open(tmp_path / "a.png")
    assert np.array_equal(np.asarray(found), pixels)
    assert found.text == {"note": "ä"}  # type: ignore[attr-defined]


def test_a_png_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), PngWriter(tmp_path / "a.png", 4, 4, {}):
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_the_picture_shows_every_cells_first_seed(grid: Grid, tmp_path: Path) -> None:
    pictures = [drawn.pictures.cell.pictures for drawn in grid.cells]
    path = write_grid_png(grid_json(grid), pictures, tmp_path / "g.png", {})
    sheet = np.asarray(Image.open(path))
    corner = pictures[-1][0].repeat(2, axis=0).repeat(2, axis=1)
    windows = np.lib.stride_tricks.sliding_window_view(sheet[..., 0], (1, 128))[:, :, 0]
    row = corner[0, :, 0]
    assert (windows == row).all(axis=-1).any()


def test_the_page_runs_its_own_script_only_and_asks_for_nothing(grid: Grid) -> None:
    page = grid_page_html(grid_json(grid), [drawn.pictures for drawn in grid.cells])
    digest = base64.b64encode(hashlib.sha256(GRID_SCRIPT.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in page
    assert "default-src 'none'" in page
    without_pictures = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", page)
    assert not re.search(r"https?:|//\w+\.\w+|@import|url\(", without_pictures)
    assert "innerHTML" not in GRID_SCRIPT


def test_hostile_text_is_shown_not_run(grid: Grid) -> None:
    result = json.loads(json.dumps(grid_json(grid)))
    evil = "</script><script>alert(1)</script>"
    result["prompts"] = [evil]
    result["interface"] = evil
    result["notes"] = [evil]
    axis = result["axes"][0]
    axis["values"][0] = evil
    for found in result["cells"]:
        found["at"] = {k: evil if v == "euler" else v for k, v in found["at"].items()}
    page = grid_page_html(result, [drawn.pictures for drawn in grid.cells])
    assert "<script>alert" not in page
    assert page.count("<script") == 2


def test_the_pages_table_holds_every_cell(grid: Grid) -> None:
    page = grid_page_html(grid_json(grid), [drawn.pictures for drawn in grid.cells])
    body = page.split('<table id="figures">')[1].split("</table>")[0]
    assert body.count("<tr>") == 1 + len(grid.cells)
