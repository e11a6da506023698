"""Seeds crossed with prompts, end to end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from catoptric.audit import Request
from catoptric.cli.app import BAD_INPUT, run
from catoptric.randomness.polarity_request import PolarityRequest
from catoptric.randomness.seeds import Seeds, SeedsRequest, default_prompts, measure_seeds
from catoptric.randomness.seeds_result import seeds_json
from catoptric.report.seeds_terminal import lead, print_seeds
from catoptric.studio.making import make
from catoptric.studio.portraits import ExactPortraits
from catoptric.world import parse_prompt

PROMPTS = ("a doctor", "a nurse", "a teacher")


def silent(stage: str, done: int, total: int, left: float | None) -> None:
    pass


def request() -> SeedsRequest:
    base = Request(PROMPTS[0], interface="reference")
    return SeedsRequest(PROMPTS, PolarityRequest(base, guidance=(1.0,), seeds=32))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, small_world: None) -> Seeds:
    return measure_seeds(
        request(), tmp_path_factory.mktemp("seeds") / "run", workers=1, progress=silent
    )


def test_rates_are_those_of_pictures_drawn_by_hand(
    found: Seeds, small_model: ExactPortraits
) -> None:
    condition, settings = parse_prompt("a nurse"), found.settings[0]
    pictures, result = make(small_model, condition, settings, request().inner.drawn_seeds)
    labels = small_model.judge(condition, pictures, result.status.tolist())
    women = np.mean([one["levels"]["presentation"] == "woman" for one in labels])
    assert found.rates.shape == (3, 1)
    assert found.rates[1, 0] == pytest.approx(women)


def test_the_same_command_again_draws_nothing(found: Seeds) -> None:
    again = measure_seeds(request(), found.folder, workers=1, progress=silent)
    assert (found.pictures, again.pictures) == (96, 0)
    assert seeds_json(again)["components"] == seeds_json(found)["components"]


def test_what_is_printed_is_what_was_found(found: Seeds) -> None:
    result = json.loads(json.dumps(seeds_json(found), allow_nan=False))
    console = Console(record=True, width=100, file=open("/dev/null", "w"))  # noqa: SIM115
    print_seeds(result, console)
    text = " ".join(console.export_text().split())
    assert lead(result) in text
    assert str(result["tendencies"][0]["seed"]) in text
    shares = result["components"][0]["shares"]
    assert sum(one["value"] for one in shares.values()) == pytest.approx(1)


def test_prompts_that_decide_the_attribute_leave_nothing_to_split(
    tmp_path: Path, small_world: None
) -> None:
    prompts = ("a woman doctor", "a man doctor")
    base = Request(prompts[0], interface="reference")
    asked = SeedsRequest(prompts, PolarityRequest(base, guidance=(1.0,), seeds=6))
    result = seeds_json(measure_seeds(asked, tmp_path, workers=1, progress=silent))
    json.dumps(result, allow_nan=False)
    assert lead(result) == (
        "There is too little of presentation to split: every seed gives the same under each "
        "prompt and setting."
    )
    print_seeds(result, Console(file=open("/dev/null", "w")))  # noqa: SIM115


def test_estimates_of_nothing_are_printed_as_nothing(found: Seeds) -> None:
    result = json.loads(json.dumps(seeds_json(found)))
    for component in result["components"]:
        component["shares"]["seed"] = {"value": -0.001, "low": -0.004, "high": 0.52}
    console = Console(record=True, width=100, file=open("/dev/null", "w"))  # noqa: SIM115
    print_seeds(result, console)
    text = console.export_text()
    assert "0 to 52" in text
    assert "\u22120" not in text


def test_the_prompts_are_every_occupation_unless_named() -> None:
    assert len(default_prompts()) == 10
    assert "a portrait of an engineer" in default_prompts()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["a doctor"], "at least two prompts"),
        (["a doctor", "a doctor"], "twice"),
        (["a doctor", "A  doctor."], "asks for what 'a doctor' does"),
        (["a doctor", "a unicorn"], "unicorn"),
        (["--seeds", "2"], "--seeds must be at least 3"),
        (["--guidance", "x"], "--guidance"),
        (["--attribute", "presentation:womn"], "woman"),
        (["--workers", "0"], "--workers"),
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
    assert run(["seeds", *arguments]) == BAD_INPUT
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1, captured.err
    assert says in captured.err
    assert not list(tmp_path.iterdir()), "something was written"
