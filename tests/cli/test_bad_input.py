"""Bad input: one sentence, exit code 2, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from catoptric.cli.app import BAD_INPUT, run

DOCTOR = "a portrait of a doctor"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that must be refused says, after checking how it says it."""
    before = set(Path.cwd().rglob("*"))
    code = run(list(arguments))
    captured = capsys.readouterr()
    assert code == BAD_INPUT, captured
    assert captured.out == ""
    lines = captured.err.strip().splitlines()
    said = [line for line in lines if not line.startswith(("model:", "pictures:", "pilot:"))]
    assert len(said) == 1, captured.err
    assert said[0].startswith("catoptric: ")
    assert len(said[0]) < 600
    assert set(Path.cwd().rglob("*")) == before, "something was written"
    return said[0]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["audit", ""], "the prompt is empty"),
        (["audit", "   "], "the prompt is empty"),
        (["audit", "a portrait of a plumber"], "plumber"),
        (["audit", "a doctor nurse"], "doctor"),
        (["audit", "a smiling sad doctor"], "sad"),
        (["audit", "x" * 10_000], "10,000 characters"),
        (["audit", "<script>alert(1)</script>"], "script"),
        (["audit", "a woman doctor"], "no choice of presentation"),
        (["audit", "a bearded doctor"], "no choice of presentation"),
        (["audit", "a bald doctor"], "no choice of presentation"),
        (
            ["audit", "a smiling doctor", "--attribute", "expression:sad", "--target", "0.3"],
            "no ch",
        ),
        (["audit", DOCTOR, "--set", "start.sigma=1e9"], "outside the model's range"),
        (["audit", DOCTOR, "--knobs", "guidnce"], "did you mean 'guidance'"),
        (["audit", DOCTOR, "--knobs", ""], "--knobs needs at least one"),
        (["audit", DOCTOR, "--knobs", "guidance,,start"], "--knobs has an item missing"),
        (["polarity", DOCTOR, "--guidance", "1,,2"], "--guidance has an item missing"),
        (["polarity", DOCTOR, "--parts", "dc,"], "--parts has an item missing"),
        (["draw", DOCTOR, "--set", "encoder.layer=-9"], "between -6 and -1"),
        (["audit", DOCTOR, "--model", "portraits", "--set", "encoder.layer=-9"], "between -6 and"),
        (["draw", DOCTOR, "--set", "encoder.layers=-2"], "did you mean 'layer'"),
        (["draw", DOCTOR, "--set", "precision.dtype=float8"], "bfloat16"),
        (["draw", DOCTOR, "--model", "portraits-exact", "--set", "encoder.layer=-2"], "no network"),
        (["draw", DOCTOR, "--model", "portraits-exact", "--set", "sampler.coarse_above=4"], "grid"),
        (["draw", "a doctor " + "and a person " * 12], "shorten it"),
        (["audit", DOCTOR, "--interface", "confyui"], "did you mean 'comfyui'"),
        (["audit", DOCTOR, "--reference", "nowhere.toml"], "no such file"),
        (["audit", DOCTOR, "--set", "guidance.scal=3"], "did you mean 'scale'"),
        (["audit", DOCTOR, "--set", "guidance.scale=x"], "must be a number"),
        (["audit", DOCTOR, "--target", "1.2"], "fraction in [0, 1]"),
        (["audit", DOCTOR, "--target", "-0.1"], "fraction in [0, 1]"),
        (["audit", DOCTOR, "--target", "50"], "did you mean 0.5"),
        (["audit", DOCTOR, "--target", "half"], 'fraction in [0, 1] or "data"'),
        (["audit", DOCTOR, "--target", "data", "--hide-data"], "--hide-data hides"),
        (["audit", DOCTOR, "--target", "nan"], "fraction in [0, 1]"),
        (["audit", DOCTOR, "--half-width", "0.04"], "did you mean 4?"),
        (["audit", DOCTOR, "--half-width", "0"], "between 0.5 and 50"),
        (["audit", DOCTOR, "--half-width", "nan"], "between 0.5 and 50"),
        (["audit", DOCTOR, "--seeds", "0"], "at least 2"),
        (["audit", DOCTOR, "--seeds", "many"], "'--seeds'"),
        (["audit", DOCTOR, "--seeds", "64", "--half-width", "4"], "give one of the two"),
        (["audit", DOCTOR, "--seeds", "99999999"], "--seeds"),
        (["audit", DOCTOR, "--max-seeds", "1"], "--max-seeds"),
        (["audit", DOCTOR, "--margin", "0.05"], "did you mean 5"),
        (["audit", DOCTOR, "--margin", "0"], "--margin"),
        (["audit", DOCTOR, "--workers", "0"], "--workers must lie between 1"),
        (["audit", DOCTOR, "--attribute", "woman"], "NAME:LEVEL"),
        (["audit", DOCTOR, "--attribute", "presentation:lady"], "lady"),
        (["audit", DOCTOR, "--attribute", "hair_style:bob"], "cannot be audited"),
        (["audit", DOCTOR, "--attribute", "glasses:yes"], "give --target"),
        (["audit", DOCTOR, "--model", "portrait-exact"], "did you mean 'portraits-exact'"),
        (["audit", DOCTOR, "--interface", "a1111", "--knobs", "noise"], "a1111-nv"),
        (["audit", DOCTOR, "--seed-key", "-1"], "--seed-key"),
        (["audit", DOCTOR, "--seed-key", str(2**128)], "--seed-key"),
        (["audit", DOCTOR, "--workers", "100000"], "--workers"),
        (["audit", DOCTOR, "--interface", "x" * 5000], "no such file"),
        (["audit", DOCTOR, "--run", "x" * 5000], "cannot be written"),
        (["audit", DOCTOR, "--run", "/proc/none"], "cannot be written"),
        (["audit", DOCTOR, "--set", "sampler.solver=['a']"], "one plain value"),
        (["audit", DOCTOR, "--set", "guidance.form={a=1}"], "one plain value"),
        (["audit", DOCTOR, "--set", "noise.source=a1111-nv"], "noise is not among the knobs"),
        (["audit", DOCTOR, "--set", "noise.sorce=philox", "--knobs", "noise"], "'source'"),
        (
            ["audit", DOCTOR, "--interface", "diffusers", "--knobs", "noise"],
            "noise.source=diffusers",
        ),
        (
            [
                *("draw", "a sad firefighter woman with braids, white hair, glasses"),
                *("--model", "portraits-exact"),
            ],
            "none of the 12,000",
        ),
        (["audit", DOCTOR, "--rates", "missing.toml"], "missing.toml"),
        (["audit", DOCTOR, "--sedes", "3"], "--sedes"),
        (["audit"], "missing argument"),
        (["adit", DOCTOR], "adit"),
        (["draw", ""], "the prompt is empty"),
        (["draw", "a unicorn"], "unicorn"),
        (["draw", DOCTOR, "-n", "0"], "-n must lie between"),
        (["draw", DOCTOR, "--seed", "-1"], "--seed must lie between"),
        (["draw", DOCTOR, "--seed", "4294967295", "-n", "2"], "--seed must lie between"),
        (["draw", DOCTOR, "--set", "start.sigma=1e9"], "outside the model's range"),
        (["draw", DOCTOR, "--set", "noise.source=philx"], "did you mean 'philox'"),
        (["draw", DOCTOR, "--set", "noise.source=file:no.bin"], "there is no file no.bin"),
        (["noise", "test", "rand"], "did you mean 'randu'"),
        (["noise", "test", "sobol", "--shape", "16x128x128"], "at most 21,201 dimensions"),
        (["noise", "test", "file:no.bin"], "there is no file no.bin"),
        (["noise", "test", "philox", "--seeds", "3"], "--seeds must be even"),
        (["noise", "test", "philox", "--shape", "64x64"], "as in 4x64x64"),
        (["noise", "test", "philox", "--bytes", "9"], "--bytes belongs to --raw"),
        (["noise", "test", "philox", "--raw", "--bytes", "0"], "--bytes must lie between"),
        (["noise", "test", "philox", "--seed-key", str(2**70)], "--seed-key"),
        (["noise", "effect", DOCTOR, "--sources", ""], "--sources takes 1 to"),
        (["noise", "effect", DOCTOR, "--sources", ","], "--sources has an item missing"),
        (["noise", "effect", DOCTOR, "--sources", "a1111-gpu:rtx-9999"], "unknown card"),
        (["noise", "effect", DOCTOR], "'--sources'"),
        (
            ["noise", "effect", DOCTOR, "--sources", "sfc64", "--set", "noise.source=comfyui"],
            "noise is what this command varies",
        ),
        (
            ["noise", "effect", DOCTOR, "--sources", "sfc64", "--set", "noise.arrange=opposite"],
            "noise is what this command varies",
        ),
        (["draw", DOCTOR, "--set", "noise.source=file:."], "is a folder"),
        (["noise", "tset"], "tset"),
        (["report", "nowhere"], "no run in nowhere"),
        (["world", "--rates", "missing.toml"], "missing.toml"),
        (["world", "--out", "sheet.unknown"], "sheet.unknown"),
    ],
)
def test_one_sentence_that_says_what_was_wrong(
    capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert says in complaint(capsys, *arguments)


def test_the_network_is_refused_other_rates(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "mine.toml").write_text("[presentation]\nwoman = 0.6\nman = 0.4\n")
    assert "trained on the shipped rates" in complaint(
        capsys, "draw", DOCTOR, "--rates", "mine.toml"
    )


def test_a_sum_of_rates_of_1_2_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("[presentation]\nwoman = 0.6\nman = 0.6\n")
    assert "1.2" in complaint(capsys, "audit", DOCTOR, "--rates", "bad.toml")


def test_an_interface_file_with_a_typo_names_the_nearest_key(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "mine.toml").write_text("[guidance]\nscael = 7.5\n")
    assert "'scale'" in complaint(capsys, "audit", DOCTOR, "--interface", "mine.toml")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[noise]\nsorce = 'philox'\n", "'source'"),  # a knob that is not even in play
        ("[cannot]\nguidance = 'no'\n", "needs `why` and `ask`"),
        ("[cannot.guidance]\nwhy = 'so'\n", "needs `why` and `ask`"),
    ],
)
def test_mistakes_outside_the_game_are_refused_too(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, says: str
) -> None:
    (tmp_path / "mine.toml").write_text(text)
    assert says in complaint(capsys, "audit", DOCTOR, "--interface", "mine.toml")


def test_a_run_folder_of_another_prompt_names_the_field(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from catoptric.audit import Request
    from catoptric.audit.subject import open_subject
    from catoptric.runs import Store

    subject = open_subject(Request(DOCTOR))
    identity = {"model": subject.model.hash, "prompt": "another", "rates": subject.rates.hash}
    Store.open(tmp_path / "run", identity).close()
    assert "another prompt" in complaint(capsys, "audit", DOCTOR, "--run", "run")


def test_a_corrupt_run_file_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.sqlite").write_bytes(b"rubbish" * 1000)
    assert "not a readable run file" in complaint(capsys, "audit", DOCTOR, "--run", "run")


def test_a_corrupt_run_file_is_not_touched(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "run").mkdir()
    path = tmp_path / "run" / "run.sqlite"
    path.write_bytes(b"rubbish" * 1000)
    complaint(capsys, "report", "run")
    assert path.read_bytes() == b"rubbish" * 1000
