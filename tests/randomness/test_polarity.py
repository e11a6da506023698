"""A test of polarity end to end: what it draws, what it keeps, what it says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from catoptric.audit import Request
from catoptric.audit.gallery import arranged_settings
from catoptric.cli.app import BAD_INPUT, run
from catoptric.randomness.polarity import Polarity, measure_polarity
from catoptric.randomness.polarity_request import PolarityRequest
from catoptric.randomness.polarity_result import polarity_json
from catoptric.report.polarity_page import polarity_html
from catoptric.report.polarity_terminal import print_polarity
from catoptric.report.polarity_words import headline
from catoptric.studio.making import make
from catoptric.studio.portraits import ExactPortraits
from catoptric.world import parse_prompt

DOCTOR = "a portrait of a doctor"


def silent(stage: str, done: int, total: int, left: float | None) -> None:
    pass


def request(**changes: Any) -> PolarityRequest:
    given = {"parts": ("whole", "dc"), "guidance": (1.0,), "seeds": 24} | changes
    return PolarityRequest(Request(DOCTOR, interface="reference"), **given)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, small_world: None) -> Polarity:
    folder = tmp_path_factory.mktemp("polarity") / "run"
    return measure_polarity(request(), folder, workers=1, progress=silent)


def test_every_arm_is_drawn_once(found: Polarity) -> None:
    assert found.pictures == request().pictures == 24 * 5
    assert [(arm.guidance, arm.part) for arm in found.arms] == [(1.0, "whole"), (1.0, "dc")]
    assert all(arm.opposite.table.counts.n == 24 for arm in found.arms)


def test_the_figures_are_those_of_pictures_drawn_by_hand(
    found: Polarity, small_model: ExactPortraits
) -> None:
    condition, seeds = parse_prompt(DOCTOR), request().drawn_seeds
    women = {}
    for arrange in ("plain", "opposite", "fresh:whole"):
        settings = arranged_settings(found.settings[0], arrange)
        pictures, result = make(small_model, condition, settings, seeds)
        labels = small_model.judge(condition, pictures, result.status.tolist())
        women[arrange] = np.array([one["levels"]["presentation"] == "woman" for one in labels])
    arm = found.arms[0]
    counts = arm.opposite.table.counts
    plain, opposite = women["plain"], women["opposite"]
    assert counts.both == (plain & opposite).sum()
    assert counts.first == (plain & ~opposite).sum()
    flips = [(plain != women[a]).mean() for a in ("opposite", "fresh:whole")]
    assert arm.excess.points == pytest.approx(100 * (flips[0] - flips[1]))


def test_the_same_command_again_draws_nothing_and_finds_the_same(found: Polarity) -> None:
    again = measure_polarity(request(), found.folder, workers=1, progress=silent)
    assert again.pictures == 0
    left, right = polarity_json(again), polarity_json(found)
    assert left["arms"] == right["arms"]


def test_an_interrupted_test_goes_on_where_it_stopped(tmp_path: Path, small_world: None) -> None:
    def stop(stage: str, done: int, total: int, left: float | None) -> None:
        if stage == "pictures" and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_polarity(request(), tmp_path, workers=1, progress=stop)
    rest = measure_polarity(request(), tmp_path, workers=1, progress=silent)
    assert 0 < rest.pictures < request().pictures


def test_an_audit_of_the_prompt_may_share_the_run(found: Polarity) -> None:
    another = request(parts=("light",))
    more = measure_polarity(another, found.folder, workers=1, progress=silent)
    assert more.pictures == 24 * 2  # the plain arm was there


def test_the_json_is_plain_and_complete(found: Polarity) -> None:
    result = json.loads(json.dumps(polarity_json(found), allow_nan=False))
    assert result["kind"] == "polarity"
    assert result["settings"][0]["sampler"]["solver"] == "dpmpp_2m"
    whole = result["arms"][0]
    assert set(whole["opposite"]["counts"].values()) >= {0}
    for key in ("phi", "tetrachoric", "odds_ratio", "flips", "pictures"):
        interval = whole["opposite"][key]
        assert interval["value"] is None or interval["low"] <= interval["value"]
    assert {one["attribute"] for one in whole["carried"]} >= {"presentation", "skin"}


def test_opposite_pictures_are_less_alike_than_fresh_ones(found: Polarity) -> None:
    whole = found.arms[0]
    assert whole.opposite.pictures.high < whole.fresh.pictures.low  # type: ignore[operator]


def printed(found: Polarity, width: int) -> str:
    console = Console(record=True, width=width, file=open("/dev/null", "w"))  # noqa: SIM115
    print_polarity(polarity_json(found), console)
    return console.export_text()


def test_terminal_and_page_say_the_same(found: Polarity) -> None:
    result = polarity_json(found)
    text = " ".join(printed(found, width=100).split())
    page = polarity_html(result, found.strips)
    for sentence in headline(result):
        assert sentence in text
    assert str(result["arms"][0]["verdict"]) in page
    assert page.count("<img") == 6 * 3


def test_the_page_counts_every_part_and_the_terminal_says_how_to_read_them(found: Polarity) -> None:
    page = polarity_html(polarity_json(found), found.strips)
    for part in ("whole noise", "mean (dc)"):
        for side in ("opposite", "fresh"):
            assert f'<th scope="row">{part}, {side}, guidance 1</th>' in page
    assert "yes-yes yes-no | no-yes no-no" in printed(found, width=100)


def test_nothing_is_cut_in_a_terminal_of_eighty_columns(found: Polarity) -> None:
    assert "\u2026" not in printed(found, width=80)


def test_a_ceiling_within_the_margin_is_told(found: Polarity) -> None:
    result = json.loads(json.dumps(polarity_json(found)))
    result["arms"][0]["verdict"] = "cannot show"
    result["arms"][0]["excess"]["attainable"] = 2.2
    assert (
        "perfect opposition would add about 2 points, within the margin of 5" in headline(result)[0]
    )


def test_the_page_runs_nothing_and_asks_for_nothing(found: Polarity) -> None:
    page = polarity_html(polarity_json(found), found.strips)
    assert "<script" not in page
    assert "default-src 'none'" in page
    without_data = re.sub(r"data:[a-z/]+;base64,[A-Za-z0-9+/=]+", "", page)
    assert not re.search(r"https?:|//\w+\.\w+|@import|url\(", without_data)


def test_hostile_text_is_shown_not_run(found: Polarity) -> None:
    evil = "</style><script>alert(1)</script>"
    result = json.loads(json.dumps(polarity_json(found))) | {"prompt": evil, "model": evil}
    page = polarity_html(result, found.strips)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--parts", "whole,dk"], "did you mean 'dc'"),
        (["--parts", "dc,dc"], "twice"),
        (["--parts", ""], "at least one part"),
        (["--parts", ","], "item missing"),
        (["--guidance", "1,x"], "--guidance takes numbers"),
        (["--guidance", "nan"], "must be a number"),
        (["--guidance", "1,1"], "twice"),
        (["--seeds", "1"], "--seeds"),
        (["--seeds", "100000"], "pictures"),
        (["--attribute", "woman"], "NAME:LEVEL"),
        (["--margin", "0"], "--margin"),
        (["--set", "noise.arrange=opposite"], "noise.arrange"),
        (["--set", "guidance.scale=3", "--guidance", "1"], "leave it out of --set"),
        (["--set", "noise.source=entropy:tape"], "needs a keyed source"),
        (["--set", "noise.source=pilox"], "did you mean 'philox'"),
        (["--interface", "confyui"], "did you mean 'comfyui'"),
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
    assert run(["polarity", DOCTOR, *arguments]) == BAD_INPUT
    captured = capsys.readouterr()
    assert captured.out == ""
    said = captured.err.strip().splitlines()
    assert len(said) == 1, captured.err
    assert says in said[0]
    assert not list(tmp_path.iterdir()), "something was written"
