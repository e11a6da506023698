"""Draws that end unfinished, and settings refused before a model is loaded: what users are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from catoptric.cli.app import BAD_INPUT, run

NURSE = "a nurse"
EXACT = ["--model", "portraits-exact"]
SHORT = ["--set", "sampler.max_steps=5"]
ADVICE = "loosen rtol and atol, or raise max_steps"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("small_world")
def test_draw_says_why_a_picture_is_unfinished_and_what_helps(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["draw", NURSE, "-n", "2", *EXACT, *SHORT]) == 0
    captured = capsys.readouterr()
    assert captured.out.count("unclear (max steps), 6 evaluations") == 2
    assert f"2 of 2 pictures did not finish (max steps): too many steps: {ADVICE}" in captured.err


@pytest.mark.usefixtures("small_world")
def test_a_trace_of_unfinished_runs_claims_no_picture(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trace", NURSE, "-n", "2", *SHORT, "--report", "page.html"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "did not reach a picture of \u201ca nurse\u201d: no seed finished (max steps)" in told
    assert ADVICE in told
    assert "without overshoot" not in told
    assert run(["trace", NURSE, "-n", "2", *SHORT, "--json"]) == 0
    (side,) = json.loads(capsys.readouterr().out)["traces"]
    assert [(row["status"], row["n"]) for row in side["unfinished"]] == [("max_steps", 2)]
    assert side["summary"]["bands"][-1]["overshoot"]["value"] is None


@pytest.mark.usefixtures("small_world")
def test_a_grid_counts_what_did_not_finish(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--x", "sampler.max_steps=5,1000", "--interface", "reference", "--set"]
    small = ["sampler.rtol=0.01", "--measure", "2", "--seeds", "1", "--workers", "1"]
    assert run(["grid", NURSE, *asked, *small, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [cell["reasons"] for cell in found["cells"]] == [{"max_steps": 2}, {}]
    assert any("2 of 4 pictures did not finish" in n and ADVICE in n for n in found["notes"])


@pytest.mark.usefixtures("small_world")
def test_an_audits_note_says_what_helps(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--interface", "reference", "--set", "sampler.solver=pid", *SHORT]
    small = ["--seeds", "2", "--workers", "1", "--no-remedy", "--json"]
    assert run(["audit", NURSE, *asked, *small]) == 0
    notes = json.loads(capsys.readouterr().out)["notes"]
    assert any(ADVICE in note for note in notes), notes


@pytest.mark.usefixtures("small_world")
def test_a_negative_coefficient_is_allowed_and_says_what_it_does(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = ["--set", "sampler.p=-0.5", "--set", "sampler.rtol=0.05"]
    assert run(["draw", NURSE, "-n", "1", *EXACT, *asked]) == 0
    assert "p = -0.5 in [sampler] pushes against the trend" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("sampler.norm=channel", "flat ones"),
        ("sampler.rtol=1e-8", "below what float32 can resolve"),
        ("guidance.mix=perp_neg", "no command takes one"),
    ],
)
@pytest.mark.parametrize("command", ["draw", "trace", "grid", "tune"])
def test_what_cannot_be_drawn_is_refused_before_the_model_loads(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str,
    override: str, says: str,
) -> None:  # fmt: skip
    from catoptric.studio.portraits import ExactPortraits

    def load(*_: object) -> None:
        raise AssertionError("the model was loaded")

    monkeypatch.setattr(ExactPortraits, "of", load)
    key, _, value = override.partition("=")
    asked = {
        "draw": ["--set", override, *EXACT],
        "trace": ["--set", override],
        "grid": ["--interface", "reference", "--x", f"{key}={value}"],
        "tune": ["--budget", "40", "--reference", "mine.toml"],
    }[command]
    if command == "tune":
        table, name = key.split(".")
        text = Path(__file__).parents[2] / "src/catoptric/interfaces/reference.toml"
        changed = f"[{table}]\n{name} = {value if 'e-' in value else json.dumps(value)}"
        read = text.read_text().replace("rtol = 1e-4\n", "" if "rtol" in key else "rtol = 1e-4\n")
        Path("mine.toml").write_text(read.replace(f"[{table}]", changed))
    assert run([command, NURSE, *asked]) == BAD_INPUT
    captured = capsys.readouterr()
    assert says in captured.err
    assert [p.name for p in Path.cwd().iterdir()] == ["mine.toml"] * (command == "tune")


def test_a_trace_refuses_a_solver_that_goes_back_up(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--interface", "comfyui", "--set", "sampler.solver=restart"]
    assert run(["trace", NURSE, *asked]) == BAD_INPUT
    assert "'restart' goes back up" in capsys.readouterr().err


def test_the_clock_tells_how_many_pictures_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    import torch

    from catoptric.audit import step_clock

    told: list[tuple[str, int, int, float | None]] = []
    monkeypatch.setattr(step_clock, "PATIENCE_SECONDS", 0.0)
    clock = step_clock.StepClock(2, 0.1, lambda *said: told.append(said))
    clock._told -= 2.0
    rows, sigma = torch.tensor([0, 1]), torch.tensor([10.0, 10.0])
    after, accepted = torch.tensor([0.1, 1.0]), torch.tensor([True, True])
    clock(SimpleNamespace(rows=rows, sigma=sigma, sigma_next=after, accepted=accepted))  # type: ignore[arg-type]
    ((stage, done, total, left),) = told
    assert (stage, done, total) == ("pictures", 1, 2)
    assert left is not None
    clock(SimpleNamespace(rows=rows, sigma=sigma, sigma_next=after, accepted=accepted))  # type: ignore[arg-type]
    assert len(told) == 1  # at most once a second
