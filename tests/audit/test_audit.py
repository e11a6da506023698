"""The audit from end to end, on few seeds."""

from __future__ import annotations

import json
import math
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from catoptric.audit import Audit, Request, audit, default_folder, last_request, to_json
from catoptric.audit.coding import Coding
from catoptric.audit.flow import _notes
from catoptric.audit.interface import load_interface
from catoptric.audit.knobs import make_cells
from catoptric.errors import InputError
from catoptric.report.headline import headline
from catoptric.report.matching import matched_pairs
from catoptric.runs import FILE

SEEDS = 48


def run(request: Request, folder: Path, workers: int = 1) -> Audit:
    return audit(request, folder, workers=workers, progress=lambda *_: None)


def doctor(**changes: Any) -> Request:
    plain: dict[str, Any] = {"seeds": SEEDS, "remedy": False}
    return Request("a portrait of a doctor", **(plain | changes))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs") / "doctor"


@pytest.fixture(scope="module")
def first(folder: Path) -> Audit:
    return run(doctor(), folder)


def test_shares_add_up(first: Audit) -> None:
    result = to_json(first)
    points = {(s["source"], s["knob"]): s["points"] for s in result["shares"]}
    interface = sum(p for (source, _), p in points.items() if source == "interface")
    rates = {name: rate["value"] for name, rate in result["rates"].items()}
    assert interface == pytest.approx(100 * (rates["deployed"] - rates["reference"]), abs=1e-9)
    whole = 100 * (rates["deployed"] - result["target"])
    assert sum(points.values()) == pytest.approx(whole, abs=1e-9)
    assert result["totals"]["skew"]["points"] == pytest.approx(whole, abs=1e-9)
    assert result["totals"]["interface"]["points"] == pytest.approx(interface, abs=1e-9)


def test_json_holds_the_contract(first: Audit) -> None:
    result = json.loads(json.dumps(to_json(first), allow_nan=False))
    assert result["schema"] == 1
    assert result["target"] == 0.5
    assert result["reference"] == "reference"
    assert result["seeds"] == SEEDS
    assert result["pictures"] == 8 * SEEDS
    assert {tuple(c["coalition"]) for c in result["cells"]} >= {(), ("guidance",)}
    for cell in result["cells"]:
        assert cell["yes"] + cell["no"] + cell["unclear"] == cell["n"] == SEEDS
        assert cell["nfe"] >= SEEDS
    for share in result["shares"]:
        assert set(share) == {
            "source", "knob", "points", "low", "high", "method", "p", "p_holm", "equivalent",
            "unclear_low", "unclear_high", "reason",
        }  # fmt: skip
        if share["p"] is not None:
            assert share["low"] < share["points"] < share["high"]
        else:
            assert share["reason"]
    assert result["remedy"] is None
    assert "--no-remedy" in result["remedy_reason"]
    assert result["remedy_cost"] == {"pictures": 0, "nfe": 0}
    assert result["totals"]["skew"]["p"] is None
    assert result["totals"]["skew"]["reason"]
    assert result["versions"]["torch"].startswith("2.")


def test_the_same_command_again_draws_nothing_and_says_the_same(first: Audit, folder: Path) -> None:
    again = run(doctor(), folder)
    assert first.pictures == 8 * SEEDS
    assert again.pictures == 0
    one, two = to_json(first), to_json(again)
    one.pop("seconds")
    two.pop("seconds")
    assert one == two


def test_two_workers_give_the_same_figures(first: Audit, tmp_path: Path) -> None:
    one, two = to_json(first), to_json(run(doctor(), tmp_path / "other", workers=2))
    for result in (one, two):
        result.pop("seconds")
        result.pop("run")
    assert one == two


def test_another_attribute_uses_the_same_pictures(first: Audit, folder: Path) -> None:
    other = run(doctor(attribute="glasses:yes", target="data"), folder)
    assert other.pictures == 0
    assert other.target == other.data
    assert to_json(other)["shares"][0]["points"] == 0.0


def test_a_hidden_data_rate_leaves_data_and_model_one_share(first: Audit, folder: Path) -> None:
    shown, hidden = to_json(first), to_json(run(doctor(hide_data=True), folder))
    data, model = shown["shares"][:2]
    assert [s["source"] for s in hidden["shares"][:2]] == ["data+model", "interface"]
    together = hidden["shares"][0]
    assert together["points"] == pytest.approx(data["points"] + model["points"], abs=1e-9)
    assert together["low"] == pytest.approx(data["points"] + model["low"], abs=0.2)
    assert together["p"] is not None
    assert hidden["rates"]["data"]["value"] is None
    assert hidden["rates"]["data"]["reason"].startswith("hidden")
    whole = sum(share["points"] for share in hidden["shares"])
    assert whole == pytest.approx(hidden["totals"]["skew"]["points"], abs=1e-9)
    assert "training data and the model together" in " ".join(
        [headline(hidden).sentence, *headline(hidden).remarks]
    )


def test_a_run_of_other_rates_says_so(first: Audit, folder: Path, tmp_path: Path) -> None:
    rates = tmp_path / "rates.toml"
    rates.write_text("[presentation]\nwoman = 0.3\n")
    with pytest.raises(InputError, match="another rates"):
        run(doctor(rates=str(rates)), folder)


def test_a_stand_in_for_the_reference_solver_is_noted() -> None:
    comfyui, reference = load_interface("comfyui"), load_interface("reference")
    request = doctor(split_sampler=True)
    cells = make_cells(comfyui, reference, split_sampler=True)
    notes = _notes(request, comfyui, reference, cells, (), None, False)
    assert "put dpmpp_2m, exponential, 160 steps in the place of the reference's pid" in notes[0]
    plain = make_cells(comfyui, reference)
    assert not any(
        "split" in n for n in _notes(doctor(), comfyui, reference, plain, (), None, False)
    )


def test_more_seeds_draw_only_what_is_missing(first: Audit, folder: Path) -> None:
    more = run(doctor(seeds=SEEDS + 16), folder)
    assert more.pictures == 8 * 16
    assert more.seeds[:SEEDS] == first.seeds


def test_an_interface_like_the_reference_has_no_game(folder: Path, first: Audit) -> None:
    found = run(doctor(interface="reference"), folder)
    result = to_json(found)
    knobs = {s["knob"]: s for s in result["shares"] if s["source"] == "interface"}
    assert set(knobs) == {"guidance", "sampler", "start"}
    assert all(s["points"] == 0.0 and s["reason"] == "same setting" for s in knobs.values())
    assert len(result["cells"]) == 1
    assert found.pictures == 0
    assert result["rates"]["deployed"]["value"] == result["rates"]["reference"]["value"]


def test_seeds_are_a_random_sample_not_the_first_numbers(first: Audit) -> None:
    assert len(set(first.seeds)) == SEEDS
    assert max(first.seeds) > 2**31
    assert min(first.seeds) < 2**31


def test_two_stages_fix_the_number_once(tmp_path: Path) -> None:
    request = doctor(seeds=None, half_width=30.0, max_seeds=40, interface="comfyui")
    found = run(request, tmp_path / "run")
    assert len(found.seeds) == 40
    again = run(request, tmp_path / "run")
    assert again.seeds == found.seeds
    assert again.pictures == 0


def test_the_request_is_kept_with_the_run(first: Audit, folder: Path) -> None:
    run(doctor(), folder)
    assert last_request(folder) == doctor()


def test_a_report_uses_the_files_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('name = "mine"\n[guidance]\nscale = 3.0\n')
    request = doctor(interface=str(mine), seeds=8)
    before = run(request, tmp_path / "run")
    mine.write_text('name = "mine"\n[guidance]\nscale = 6.0\n')
    again = run(last_request(tmp_path / "run"), tmp_path / "run")
    assert again.pictures == 0
    assert again.cells.deployed == before.cells.deployed
    mine.unlink()
    assert run(last_request(tmp_path / "run"), tmp_path / "run").pictures == 0


def test_requests_survive_json() -> None:
    assert Request.from_dict(json.loads(json.dumps(doctor().to_dict()))) == doctor()


def test_the_command_asks_for_the_same_again() -> None:
    request = doctor(target=0.25, overrides=("guidance.scale=4",), knobs=("guidance", "start"))
    assert request.command(Path("runs/x")) == (
        "catoptric audit 'a portrait of a doctor' --set guidance.scale=4 "
        "--knobs guidance,start --target 0.25 --seeds 48 --no-remedy --run runs/x"
    )


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE draws SET picture = substr(picture, 9)",
        "UPDATE draws SET picture = 7",
        "UPDATE draws SET nfe = 'many'",
        "UPDATE judgements SET label = '{'",
        "UPDATE judgements SET label = '{}'",
        "UPDATE judgements SET label = '{\"levels\": {}}'",
        "UPDATE judgements SET label = CAST(x'ff' AS TEXT)",
        "UPDATE meta SET value = '{' WHERE name = 'identity'",
        "UPDATE meta SET value = '[]' WHERE name = 'identity'",
        "UPDATE meta SET value = '{}' WHERE name = 'last_request'",
    ],
)
def test_a_damaged_row_is_told_in_one_sentence(
    first: Audit, folder: Path, tmp_path: Path, damage: str
) -> None:
    shutil.copytree(folder, tmp_path / "run")
    with sqlite3.connect(tmp_path / "run" / FILE) as connection:
        assert connection.execute(damage).rowcount > 0
    connection.close()
    with pytest.raises(InputError, match=r"run file"):
        matched_pairs(run(last_request(tmp_path / "run"), tmp_path / "run"))


def test_matched_pairs_are_the_first_seeds_unselected(first: Audit) -> None:
    pairs = matched_pairs(first, 12)
    assert [pair.seed for pair in pairs] == list(first.seeds[:12])
    for i, pair in enumerate(pairs):
        assert pair.reference.shape == (64, 64, 3)
        woman = first.readings[0].outcomes[i] == 1.0
        assert pair.reference_label == ("woman" if woman else "man")
        assert pair.flipped == (pair.reference_label != pair.deployed_label)


def test_a_remedy_is_measured_on_seeds_of_its_own(tmp_path: Path) -> None:
    """A start as low as sigma 3 is a large bias; going back to a high start must cure it."""
    mine = tmp_path / "mine.toml"
    mine.write_text('name = "mine"\n[start]\nsigma = 3.0\n')
    request = doctor(interface=str(mine), seeds=700, remedy=True, margin=8.0)
    found = run(request, tmp_path / "run", workers=2)
    result = to_json(found)
    assert found.remedy is not None, result["remedy_reason"]
    assert result["remedy"]["knob"] == "start"
    assert abs(found.remedy.points_from_reference) < 8.0
    rate = result["remedy"]["rate"]
    assert rate["low"] < rate["value"] < rate["high"]
    tried = {trial["candidate"]: trial["p_holm"] for trial in result["remedy"]["trials"]}
    assert tried[result["remedy"]["candidate"]] < 0.05
    # What was drawn beyond the cells is what the search is said to have cost.
    assert result["pictures"] + result["remedy_cost"]["pictures"] == found.pictures
    assert result["remedy_cost"]["nfe"] > result["remedy_cost"]["pictures"]


def test_a_remedy_must_hold_however_unclear_pictures_count(tmp_path: Path) -> None:
    from catoptric.audit.gallery import Reading
    from catoptric.audit.remedy import _p_equivalent

    rng = np.random.Generator(np.random.Philox(key=1))
    n = 600
    plain = (rng.random(n) < 0.5).astype(float)

    def reading(outcomes: np.ndarray, obeyed: np.ndarray) -> Reading:
        return Reading(outcomes, obeyed, np.ones(n, np.int64), {}, ())

    ones, nothing = np.ones(n), np.full(n, np.nan)
    good = reading(plain, ones)
    assert _p_equivalent(good, good, good, 0.05, Coding()) < 0.001
    blurred = reading(nothing, nothing)  # half of everything by default, and yet no picture
    assert _p_equivalent(blurred, good, good, 0.05, Coding()) > 0.5
    disobedient = reading(plain, (rng.random(n) < 0.8).astype(float))
    assert _p_equivalent(disobedient, good, good, 0.05, Coding()) > 0.5
    assert _p_equivalent(disobedient, good, disobedient, 0.05, Coding()) < 0.001


def test_folder_names_tell_the_prompt(tmp_path: Path) -> None:
    assert default_folder(doctor()).name.startswith("a-portrait-of-a-doctor-")
    assert default_folder(doctor()) != default_folder(Request("a portrait of a nurse"))
    assert "/" not in default_folder(Request("../../etc doctor")).name


def test_a_condition_without_pictures_is_refused(tmp_path: Path) -> None:
    rates = tmp_path / "rates.toml"
    rates.write_text(
        '[presentation]\ngiven = ["occupation"]\ndefault = { woman = 0.5 }\n'
        "doctor = { woman = 0.0 }\n"
    )
    request = Request("a woman doctor", rates=str(rates), seeds=8)
    with pytest.raises(InputError, match="None of the"):
        run(request, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_figures_are_finite_where_everything_is_equal(tmp_path: Path) -> None:
    """Every nurse of this world is a woman: no variation, and yet no interval of width 0."""
    rates = tmp_path / "rates.toml"
    rates.write_text(
        '[presentation]\ngiven = ["occupation"]\ndefault = { woman = 0.5 }\n'
        "nurse = { woman = 1.0 }\n"
    )
    request = Request("a nurse", rates=str(rates), seeds=32, remedy=False)
    result = to_json(run(request, tmp_path / "run"))
    for share in result["shares"]:
        if share["source"] == "interface":
            assert math.isfinite(share["points"])
            assert share["low"] < share["points"] or share["high"] > share["points"]
