"""Seeds in pairs of opposite noise: drawn, counted and told as what they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from catoptric.attribution import mean_interval
from catoptric.audit import Audit, Request, audit, last_request, to_json
from catoptric.audit.gallery import arranged_settings
from catoptric.cli.app import BAD_INPUT
from catoptric.cli.app import run as command
from catoptric.report.words import seeds_phrase
from catoptric.studio.making import make

DOCTOR = "a portrait of a doctor"
# One knob: two cells are enough to see how starts are drawn.
ONE = {"knobs": ("start",), "remedy": False}


def run(request: Request, folder: Path) -> Audit:
    return audit(request, folder, workers=1, progress=lambda *_: None)


def pairs(seeds: int = 48) -> Request:
    return Request(DOCTOR, seeds=seeds, seed_design="antithetic", **ONE)  # type: ignore[arg-type]


def test_recorded_noise_is_sent_to_the_plain_design(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = ["--set", "noise.source=entropy:tape", "--knobs", "noise"]
    assert command(["audit", DOCTOR, *asked, "--seed-design", "antithetic"]) == BAD_INPUT
    said = capsys.readouterr().err
    assert "entropy:tape" in said
    assert "--seed-design plain" in said
    assert "arrange" not in said
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    return run(pairs(), tmp_path_factory.mktemp("runs") / "doctor")


def test_every_seed_is_drawn_under_both_signs(found: Audit) -> None:
    assert len(found.seeds) == 24
    assert found.pictures == 2 * 48
    result = to_json(found)
    assert (result["seeds"], result["seed_design"]) == (48, "antithetic")
    assert all(cell["n"] == 48 for cell in result["cells"])
    assert found.decomposition.n_units == 24


def test_the_second_half_are_the_opposites_pictures(found: Audit) -> None:
    model, condition = found.subject.model, found.subject.condition
    settings = arranged_settings(found.cells.deployed, "opposite")
    pictures, result = make(model, condition, settings, found.seeds)
    labels = model.judge(condition, pictures, result.status.tolist())
    women = [float(one["levels"]["presentation"] == "woman") for one in labels]
    assert found.readings[-1].outcomes[24:].tolist() == women


def test_the_pair_is_the_unit_of_every_interval(found: Audit) -> None:
    outcomes = found.readings[-1].outcomes
    expected = mean_interval((outcomes[:24] + outcomes[24:]) / 2, bounds=(0.0, 1.0))
    deployed = found.decomposition.deployed
    assert (deployed.low, deployed.high) == pytest.approx((expected.low, expected.high))
    share = found.decomposition.shares[0]
    values = found.readings[-1].outcomes - found.readings[0].outcomes
    unit = mean_interval((values[:24] + values[24:]) / 2, bounds=(-1.0, 1.0))
    assert share.low == pytest.approx(100 * unit.low)  # type: ignore[operator]


def test_plain_seeds_of_the_run_are_used_again(found: Audit) -> None:
    plain = run(Request(DOCTOR, seeds=24, seed_design="plain", **ONE), found.folder)  # type: ignore[arg-type]
    assert plain.pictures == 0
    assert np.array_equal(plain.readings[0].outcomes, found.readings[0].outcomes[:24])
    assert run(pairs(), found.folder).pictures == 0


def test_two_stages_plan_whole_pairs(tmp_path: Path) -> None:
    request = Request(
        DOCTOR,
        half_width=30.0,
        max_seeds=41,
        seed_design="antithetic",
        **ONE,  # type: ignore[arg-type]
    )
    found = run(request, tmp_path / "run")
    assert len(found.seeds) == 20
    assert run(request, tmp_path / "run").pictures == 0


def test_a_run_from_before_there_were_designs_has_plain_seeds(tmp_path: Path) -> None:
    values = Request(DOCTOR, seeds=24).to_dict()
    del values["seed_design"]
    assert Request.from_dict(values).seed_design == "plain"


def test_the_design_is_kept_and_asked_for_again(found: Audit) -> None:
    run(pairs(), found.folder)
    assert last_request(found.folder) == pairs()
    if Request(DOCTOR).seed_design != "antithetic":
        assert "--seed-design antithetic" in pairs().command()


def test_words_tell_pairs_from_seeds() -> None:
    assert seeds_phrase({"seeds": 256, "seed_design": "antithetic"}) == (
        "128 seeds and their opposites"
    )
    assert seeds_phrase({"seeds": 256}) == "256 seeds"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--seed-design", "antithetik"], "did you mean 'antithetic'"),
        (["--seeds", "49"], "take 50"),
        (["--seeds", "2"], "at least 4"),
        (["--max-seeds", "3"], "--max-seeds"),
        (["--knobs", "noise", "--set", "noise.arrange=opposite:dc"], "--seed-design plain"),
    ],
)
def test_bad_input_is_one_sentence(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    design = [] if "--seed-design" in arguments else ["--seed-design", "antithetic"]
    assert command(["audit", DOCTOR, *design, *arguments]) == BAD_INPUT
    captured = capsys.readouterr()
    assert len(captured.err.strip().splitlines()) == 1, captured.err
    assert says in captured.err
    assert not list(tmp_path.iterdir()), "something was written"
