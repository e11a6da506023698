"""Bad input to `grid` and `tune`: one sentence, exit code 2, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from catoptric.cli.app import BAD_INPUT, run

DOCTOR = "a portrait of a doctor"
GRID = ["grid", DOCTOR]
TUNE = ["tune", DOCTOR, "--budget", "40"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (GRID, "at least one axis"),
        (["grid", "--x", "guidance=1,2"], "PROMPT"),
        (["grid", "", "--x", "guidance=1,2"], "the prompt is empty"),
        (["grid", "a unicorn", "--x", "guidance=1,2"], "unicorn"),
        (["grid", "--x", "prompt=a nurse;a unicorn"], "unicorn"),
        ([*GRID, "--x", "guidnce=1"], "did you mean 'guidance'"),
        ([*GRID, "--x", "solver=eulr"], "euler"),
        ([*GRID, "--x", "schedule=karas"], "karras"),
        ([*GRID, "--x", "steps=0"], "at least 1"),
        ([*GRID, "--x", "steps=many"], "whole number"),
        ([*GRID, "--x", "guidance=nan"], "must be a number"),
        ([*GRID, "--x", "sampler.rtol=0", "--set", "sampler.solver=pid"], "rtol"),
        ([*GRID, "--x", "start=1e9"], "outside the model's range"),
        ([*GRID, "--x", "start=-1"], "must be a number above 0"),
        ([*GRID, "--x", "noise=pilox"], "did you mean 'philox'"),
        ([*GRID, "--x", "interface=comfyui,confyui"], "did you mean 'comfyui'"),
        ([*GRID, "--x", "guidance.form=interval"], "needs a value for 'low'"),
        ([*GRID, "--x", "guidance=1,2", "--y", "guidance.scale=3"], "two axes vary"),
        ([*GRID, "--x", "guidance=1,2,..,150", "--y", "steps=1,2,..,150"], "22,500 cells"),
        ([*GRID, "--x", "guidance=1", "--seeds", "0"], "--seeds"),
        ([*GRID, "--x", "guidance=1", "--measure", "1"], "--measure"),
        ([*GRID, "--x", "guidance=1,2,..,100", "--measure", "9999"], "pictures"),
        ([*GRID, "--x", "guidance=1", "--workers", "0"], "--workers"),
        ([*GRID, "--x", "guidance=1", "--attribute", "woman"], "NAME:LEVEL"),
        ([*GRID, "--x", "guidance=1", "--seed-key", "-1"], "--seed-key"),
        ([*GRID, "--x", "guidance=4,4.0"], "as '4' and '4.0'"),
        ([*GRID, "--x", "guidance.mix=linear,perp_neg"], "no command takes one"),
        ([*GRID, "--x", "sampler.norm=element,channel", "--interface", "reference"], "flat ones"),
        ([*GRID, "--x", "rtol=1e-8", "--interface", "reference"], "can resolve"),
        ([*GRID, "--x", "guidance.mix=apgg"], "did you mean 'apg'"),
        ([*GRID, "--x", "sampler.preset=fst"], "did you mean 'fast'"),
        ([*GRID, "--x", "schedule=Beta"], "A1111's is 'beta_sigmas'"),
        (
            [
                *GRID,
                "--x",
                "guidance.momentum=0.5",
                "--set",
                "guidance.mix=apg",
                "--set",
                "sampler.solver=dpm_adaptive",
            ],
            "momentum",
        ),
        (["tune", DOCTOR], "give one goal"),
        ([*TUNE, "--error", "0.1"], "give one goal"),
        (["tune", DOCTOR, "--budget", "0"], "--budget"),
        (["tune", DOCTOR, "--error", "-1"], "--error"),
        (["tune", DOCTOR, "--error", "nan"], "--error"),
        (["tune", "", "--budget", "40"], "the prompt is empty"),
        ([*TUNE, "--trials", "0"], "--trials"),
        ([*TUNE, "--seeds", "2"], "--seeds"),
        ([*TUNE, "--held-out", "2"], "--held-out"),
        ([*TUNE, "--interface", "confyui"], "did you mean 'comfyui'"),
        ([*TUNE, "--workers", "0"], "--workers"),
    ],
)
def test_one_sentence_that_says_what_was_wrong(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == BAD_INPUT
    captured = capsys.readouterr()
    assert captured.out == ""
    said = [
        line
        for line in captured.err.strip().splitlines()
        if not line.startswith(("plan:", "note:", "model:"))
    ]
    assert len(said) == 1, captured.err
    assert said[0].startswith("catoptric: ")
    assert says in said[0]
    assert len(said[0]) < 600
    assert not list(tmp_path.iterdir()), "something was written"


def test_a_layer_the_network_lacks_is_refused_before_anything_is_drawn(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = [*GRID, "--model", "portraits", "--x", "encoder.layer=-1,-9"]
    assert run(asked) == BAD_INPUT
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "between -6 and -1" in captured.err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []
