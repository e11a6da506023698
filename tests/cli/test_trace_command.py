"""`catoptric trace`: what it prints and writes, and how it refuses."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from catoptric.cli.app import BAD_INPUT, INTERRUPTED, run
from catoptric.studio.making import make

DOCTOR = "a portrait of a doctor"
COMFY = ["--interface", "comfyui"]
EXPONENTIAL = ["--against-set", "guidance.form=exponential"]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def _small(small_model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command on the small model."""
    from catoptric.audit import subject
    from catoptric.world import load_rates, parse_prompt

    def open_subject(request: Any) -> subject.Subject:
        condition = parse_prompt(request.prompt)
        return subject.Subject(small_model, condition, load_rates(request.rates))

    monkeypatch.setattr(subject, "open_subject", open_subject)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that must succeed prints."""
    assert run(["trace", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def keys(value: Any) -> Any:
    """The shape of an object: its keys, and those of the first of each list."""
    if isinstance(value, dict):
        return {key: keys(inner) for key, inner in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict | list):
        return [keys(value[0])]
    return None


@pytest.mark.usefixtures("_small")
def test_json_is_one_object_with_the_documented_keys(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(printed(capsys, DOCTOR, *COMFY, *EXPONENTIAL, "-n", "2", "--json"))
    page = (Path(__file__).parents[2] / "docs/trace.md").read_text()

    def named(node: Any) -> set[str]:
        if isinstance(node, dict):
            return set(node).union(*(named(v) for k, v in node.items() if k != "settings"))
        return set().union(*(named(v) for v in node)) if isinstance(node, list) else set()

    assert not [
        key for key in named(keys(found)) if f"`{key}`" not in page and f'"{key}"' not in page
    ]
    assert found["kind"] == "trace"
    assert len(found["bands"]) == 8
    sides = found["traces"]
    assert [len(side["samples"]) for side in sides] == [2, 2]
    assert sides[1]["settings"]["guidance"]["form"] == "exponential"
    assert sides[1]["settings"]["sampler"] == sides[0]["settings"]["sampler"]
    for side in sides:
        for sample in side["samples"]:
            steps, points = sample["steps"], sample["points"]
            assert len({len(column) for column in steps.values()}) == 1
            assert {len(column) for column in points["response"]} == {len(points["sigma"])}
            for column, waveform in zip(points["response"], sample["waveforms"], strict=True):
                # Between the points: the parabola's top is at least the highest of them.
                assert max(column) - 1 <= waveform["overshoot"] <= 1.1 * max(column) - 1
    changes = found["comparison"][-1]["overshoot"]
    whole = [[s["waveforms"][-1]["overshoot"] for s in side["samples"]] for side in sides]
    assert changes["value"] == pytest.approx((sum(whole[1]) - sum(whole[0])) / 2)
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.usefixtures("_small")
def test_a_trace_is_of_the_pictures_that_draw_makes(
    capsys: pytest.CaptureFixture[str], small_model: Any
) -> None:
    from catoptric.audit.interface import load_interface
    from catoptric.audit.knobs import KNOBS, make_cells
    from catoptric.world import parse_prompt

    found = json.loads(printed(capsys, DOCTOR, *COMFY, "-n", "3", "--seed", "5", "--json"))
    settings = make_cells(load_interface("comfyui"), load_interface("reference"), KNOBS).deployed
    _, result = make(small_model, parse_prompt(DOCTOR), settings, [5, 6, 7])
    samples = found["traces"][0]["samples"]
    assert [s["nfe"] for s in samples] == result.nfe.tolist()
    assert found["seeds"] == [5, 6, 7]
    assert all(s["waveforms"][-1]["overshoot"] > 0 for s in samples)


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("more", [[], EXPONENTIAL, ["--against", "reference", "-n", "1"]])
def test_the_terminal_is_at_most_80_wide_and_in_ascii_where_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, more: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = printed(capsys, DOCTOR, *COMFY, "-n", "2", *more).splitlines()
    assert all(len(line) <= 80 for line in lines), max(lines, key=len)
    text = "\n".join(lines)
    for word in ("Response of the whole picture", "steps", "settled", "overshoot", "32+ cycles"):
        assert word in text
    for word in ("step size", "paths: estimate length", "consecutive and no"):
        assert word in text
    # Fixed solvers measure no error; the reference's adaptive one does.
    assert any(line.startswith("error") for line in lines) == ("--against" in more)
    assert ("One seed: no interval" in text) == ("-n" in more)


def test_a_steps_figure_stands_over_the_levels_that_it_leads_across() -> None:
    import numpy as np

    from catoptric.report.trace_terminal import stepwise

    steps = {
        "sigma": [8.0, 8.0, 4.0],
        "sigma_next": [2.0, 4.0, 0.0],
        "accepted": [False, True, True],
        "h": [1.4, 0.7, None],
    }
    found = stepwise(steps, "h", np.array([9.0, 8.0, 5.0, 4.0, 1.0]))
    assert np.array_equal(found, [np.nan, 0.7, 0.7, np.nan, np.nan], equal_nan=True)


@pytest.mark.usefixtures("_small")
def test_the_page_is_written_where_asked_and_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = printed(capsys, DOCTOR, *COMFY, "-n", "2", "--report", "deep/trace.html")
    assert "deep/trace.html" in out
    assert [str(p) for p in Path().rglob("*") if p.is_file()] == ["deep/trace.html"]


@pytest.mark.usefixtures("_small")
def test_ctrl_c_leaves_nothing_half_written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("catoptric.tracing.trace_sampling", interrupt)
    assert run(["trace", DOCTOR, "-n", "1", "--report", "trace.html"]) == INTERRUPTED
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.usefixtures("_small")
def test_a_second_side_copies_the_first_with_its_changes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = ["--set", "guidance.scale=3", "--against-set", "guidance.scale=2", "-n", "1"]
    one, two = json.loads(printed(capsys, DOCTOR, *COMFY, *asked, "--json"))["traces"]
    assert [side["settings"]["guidance"]["scale"] for side in (one, two)] == [3.0, 2.0]
    both = ["--set", "guidance.scale=3", "--against", "comfyui", "-n", "1"]
    _, other = json.loads(printed(capsys, DOCTOR, *COMFY, *both, "--json"))["traces"]
    assert other["settings"]["guidance"]["scale"] == 8.0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([""], "the prompt is empty"),
        (["a unicorn"], "unicorn"),
        (["<script>alert(1)</script>"], "script"),
        ([DOCTOR, "-n", "0"], "-n must lie between"),
        ([DOCTOR, "-n", "257"], "-n must lie between"),
        ([DOCTOR, "--seed", "-1"], "--seed must lie between"),
        ([DOCTOR, "--seed", "4294967295", "-n", "2"], "--seed must lie between"),
        ([DOCTOR, "--interface", "confyui"], "did you mean 'comfyui'"),
        ([DOCTOR, "--against", "confyui"], "did you mean 'comfyui'"),
        ([DOCTOR, "--set", "guidance.scal=3"], "did you mean 'scale'"),
        ([DOCTOR, "--against-set", "guidance.scal=3"], "did you mean 'scale'"),
        ([DOCTOR, "--against-set", "guidance"], "TABLE.KEY=VALUE"),
        ([DOCTOR, "--against", "reference"], "the same settings"),
        ([DOCTOR, "--set", "sampler.rtol=0"], "rtol"),
        ([DOCTOR, "--set", "start.sigma=1e9"], "outside the model's range"),
        ([DOCTOR, "--against-set", "start.sigma=1e9"], "outside the model's range"),
        ([DOCTOR, "--model", "portrait-exact"], "did you mean 'portraits-exact'"),
        ([DOCTOR, "--rates", "missing.toml"], "missing.toml"),
        ([DOCTOR, "--agianst", "comfyui"], "--agianst"),
    ],
)
@pytest.mark.usefixtures("_small")
def test_bad_input_is_one_sentence_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    code = run(["trace", *arguments, "--report", "trace.html"])
    captured = capsys.readouterr()
    assert code == BAD_INPUT, captured
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1, captured.err
    assert captured.err.startswith("catoptric: ")
    assert says in captured.err
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.usefixtures("_small")
def test_a_page_that_cannot_be_written_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    assert run(["trace", DOCTOR, "-n", "1", "--report", "file/trace.html"]) == BAD_INPUT
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "file/trace.html" in captured.err


def test_frame_levels_follow_what_changes() -> None:
    from types import SimpleNamespace

    import numpy as np
    import torch

    from catoptric.audit.tracing import frame_levels

    sigma = np.exp(-np.linspace(0.0, 10.0, 101))
    moving = torch.zeros(101, 4)
    moving[40:61] = torch.linspace(0.0, 1.0, 21)[:, None]
    moving[61:] = 1.0
    points = SimpleNamespace(sigma=sigma, lambda_=-np.log(sigma), estimate=moving)
    levels = -np.log(frame_levels([SimpleNamespace(points=points)], 11))  # type: ignore[list-item]
    assert levels[0] == pytest.approx(0.0)
    assert levels[-1] == pytest.approx(10.0)
    assert sum(4.0 <= level <= 6.0 for level in levels) >= 8
    assert all(not math.isnan(level) for level in levels)
