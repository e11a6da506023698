"""Tuning: its space, its choices, its verdicts, and that an interruption changes nothing."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from catoptric.audit import Request
from catoptric.audit.interface import load_interface
from catoptric.errors import InputError
from catoptric.lab import search as searching
from catoptric.lab.fitting import base_tables, fit
from catoptric.lab.painter import overshoot
from catoptric.lab.preset import preset_text
from catoptric.lab.push import BINS, PushProfile
from catoptric.lab.scores import Goal, Scores, choose, verdict
from catoptric.lab.search import open_study, ranked, search
from catoptric.lab.space import (
    DIAL_TRIALS,
    FIRST_RTOL,
    LEAST_PUSH,
    balanced,
    dial,
    forms,
    next_dial,
    settings_of,
    suggest,
)
from catoptric.lab.tune_request import TuneRequest
from catoptric.lab.tuning import tune
from catoptric.report.tune_terminal import named, sentence
from catoptric.sampling import Guidance, Settings

N = 64


def base(guidance: float = 8.0, **more: Any) -> Settings:
    reference = load_interface("reference")
    tables, _ = base_tables(load_interface("comfyui"), reference)
    tables["guidance"] |= {"scale": guidance, **more}
    return fit(tables | {"sampler": dict(reference.tables["sampler"])})[0]


def profile() -> PushProfile:
    """All push where a picture is decided: a bump in the middle of the range."""
    bump = np.exp(-0.5 * ((np.arange(BINS) - BINS / 2) / 5) ** 2)
    return PushProfile(14.614642, bump / bump.sum())


class Dice:
    """A trial that draws its values at random."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        return self.random.uniform(low, high)

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        return self.random.choice(list(choices))


def scores(error: float, nfe: float, skew: float = 0.0, *, seed: int = 0) -> Scores:
    rng = np.random.default_rng(seed)
    noise = rng.normal(0.0, 0.002, N)
    flips = np.zeros(N)
    flips[: round(N * abs(skew))] = np.sign(skew)
    return Scores(
        error=np.abs(error + noise),
        nfe=nfe + rng.normal(0.0, 0.5, N),
        overshoot=np.full(N, 0.1),
        outcome=np.where(flips > 0, 1.0, 0.0),
        reference=np.where(flips < 0, 1.0, 0.0),
        obeyed=np.ones(N),
    )


def test_an_interval_keeps_the_share_of_the_push_it_was_given() -> None:
    for width in (0.25, 0.5, 0.9):
        parameters = dict(suggest(Dice(0), keep_guidance=True))
        parameters |= {"form": "interval", "width": width, "place": 0.4}
        found = settings_of(parameters, base(), profile())
        assert profile().kept(found.guidance) == pytest.approx(width, abs=0.01)


def test_guidance_where_the_picture_is_decided_keeps_no_push() -> None:
    late = Guidance.from_dict({"form": "interval", "scale": 8.0, "low": 0.021, "high": 0.05})
    assert profile().kept(late) < 0.01
    assert profile().kept(Guidance.from_dict({"scale": 8.0})) == pytest.approx(1.0)


def test_every_proposal_is_a_setting_that_can_be_drawn_and_keeps_the_scale() -> None:
    for seed in range(200):
        parameters = suggest(Dice(seed), keep_guidance=False)
        found = settings_of(parameters, base(), profile())
        assert found.guidance.scale == 8.0
        assert Settings.from_dict(found.to_dict()) == found


def test_keeping_guidance_keeps_it() -> None:
    found = settings_of(suggest(Dice(1), keep_guidance=True), base(), profile())
    assert found.guidance == base().guidance


def test_the_dial_closes_in_on_the_goal() -> None:
    seen: list[tuple[float, float]] = []
    for _ in range(DIAL_TRIALS):
        rtol = next_dial(seen)
        assert rtol is not None
        seen.append((rtol, 0.005 / rtol - 1.0))  # meets the goal from 0.005 on
    assert abs(np.log(seen[-1][0] / 0.005)) < 0.3


@pytest.mark.parametrize(("meets", "end"), [(0.07, 0.1), (5.0, 0.1), (2e-4, 1e-4)])
def test_the_dial_goes_as_far_as_the_search_where_the_goal_lies_beyond(
    meets: float, end: float
) -> None:
    seen: list[tuple[float, float]] = []
    while len(seen) < DIAL_TRIALS and (rtol := next_dial(seen)) is not None:
        seen.append((rtol, meets / rtol - 1.0))  # an error goal, met from there on
    assert end in [rtol for rtol, _ in seen]
    if 1e-4 < meets < 0.1:
        assert abs(np.log(min(rtol / meets for rtol, missed in seen if missed <= 0))) < 0.4
    else:
        assert len(seen) == len(FIRST_RTOL) + 1  # even there it is out of reach


WHOLE = (
    {"form": "interval", "low": 1.0, "high": 6.0, "rescale": 0.7},
    {"mix": "apg", "norm": 2.5, "parallel": 0.3},
    {"mix": "zero_star", "zero_above": 12.0},
)


@pytest.mark.parametrize("own", WHOLE)
def test_the_first_trials_and_the_rivals_keep_the_whole_guidance(own: dict[str, Any]) -> None:
    mine = base(**own)
    assert mine.guidance != base().guidance
    assert settings_of(dial(1e-3), mine, profile()) == balanced(mine)
    assert balanced(mine).guidance == mine.guidance


@pytest.mark.parametrize("own", WHOLE)
def test_another_form_keeps_how_the_estimates_are_put_together(own: dict[str, Any]) -> None:
    mine = base(**own)
    seen = set()
    for seed in range(60):
        found = settings_of(suggest(Dice(seed), keep_guidance=False), mine, profile()).guidance
        seen.add(found.form)
        for name in ("mix", "parallel", "norm", "zero_above", "rescale"):
            assert getattr(found, name) == getattr(mine.guidance, name)
    assert seen == {"constant", "interval", "exponential", "linear", "cosine"}


def test_ramps_end_anywhere_and_all_but_hopeless_ones_keep_the_least_push() -> None:
    ends, kept = [], []
    for seed in range(120):
        parameters = suggest(Dice(seed), keep_guidance=False, choices=("linear", "cosine"))
        found = settings_of(parameters, base(), profile()).guidance
        ends.append(found.end or 0.0)
        kept.append(profile().kept(found))
    assert min(ends) < 0.75
    assert max(ends) == pytest.approx(1.0, abs=0.05)
    assert min(kept) > LEAST_PUSH - 0.05


def test_a_form_is_chosen_from_once() -> None:
    assert "constant" not in forms(base().guidance)
    assert "constant" in forms(base(**WHOLE[0]).guidance)


def test_momentum_and_perp_neg_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    for override, says in (("mix=apg", "with momentum"), ("mix=perp_neg", "no command takes one")):
        wanted = (f"guidance.{override}", "guidance.momentum=0.5")[: 1 + ("apg" in override)]
        request = TuneRequest(base=Request(prompt="a nurse", overrides=wanted), goal=Goal(40, None))
        with pytest.raises(InputError, match=says):
            tune(request, tmp_path / "run", workers=1, progress=lambda *_: None)
    assert not list(tmp_path.iterdir())


def test_a_rival_that_breaks_the_goal_is_marked() -> None:
    rival = {"name": "balanced", "meets_goal": False}
    assert named(rival, {"budget": 40.0, "error": None}) == "balanced (over budget)"
    told = {"verdict": "same settings", "against": "balanced", "rival_meets_goal": False}
    assert sentence(told).startswith("Against balanced, which misses the goal:")


def test_overshoot_is_how_far_an_estimate_exceeds_the_end() -> None:
    end = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    rows = torch.tensor([0, 1])
    seen = [
        (rows, torch.tensor([[5.0, 1.0], [0.0, 0.5]])),
        (rows[:0], torch.zeros(0, 2)),
        (rows, torch.tensor([[2.0, 0.0], [0.0, 1.0]])),
    ]
    assert overshoot(seen, end).tolist() == [1.5, 0.0]


def test_the_goal_comes_before_the_figure_chased() -> None:
    goal = Goal(40, None)
    assert choose(goal, [scores(0.00, 60), scores(0.05, 38), scores(0.10, 30)]) == 1
    assert choose(Goal(None, 0.06), [scores(0.00, 60), scores(0.05, 38), scores(0.10, 30)]) == 1


def test_of_equals_the_less_skewed_is_taken() -> None:
    pair = [scores(0.02, 38, 0.3), scores(0.02, 38, 0.0, seed=1)]
    assert choose(Goal(40, None), pair) == 1


def test_where_nothing_meets_the_goal_the_nearest_is_taken() -> None:
    assert choose(Goal(20, None), [scores(0.0, 60), scores(0.2, 25)]) == 1


def test_verdicts_say_won_lost_traded_and_undecided() -> None:
    rival = scores(0.05, 40)
    assert verdict(scores(0.05, 30, seed=1), rival)[0] == "won"
    assert verdict(scores(0.05, 50, seed=1), rival)[0] == "lost"
    assert verdict(scores(0.40, 30, seed=1), rival)[0] == "traded"
    assert verdict(rival, rival)[0] == "undecided"


def test_fewer_evaluations_at_the_cost_of_skew_is_no_win() -> None:
    word, differences = verdict(scores(0.05, 30, 0.5, seed=1), scores(0.05, 40, 0.1))
    assert word == "traded"
    assert differences["skew"].low > 0


def test_a_preset_is_an_interface_with_the_same_settings(tmp_path: Path) -> None:
    found = settings_of(suggest(Dice(3), keep_guidance=False), base(), profile())
    text = preset_text(found, 'tuned "for"\n me', ["a remark\nin two lines"])
    (tmp_path / "mine.toml").write_text(text)
    read = load_interface(str(tmp_path / "mine.toml"))
    assert fit(base_tables(read, load_interface("reference"))[0]) == (found, ())


@pytest.mark.parametrize(
    ("budget", "error", "says"),
    [
        (None, None, "give one goal"),
        (40, 0.1, "give one goal"),
        (1, None, "--budget"),
        (float("nan"), None, "--budget"),
        (None, 0.0, "--error"),
        (None, 3.0, "--error"),
    ],
)
def test_a_goal_that_cannot_be_met_is_refused(
    budget: float | None, error: float | None, says: str
) -> None:
    with pytest.raises(InputError, match=says):
        Goal(budget, error)


class Bench:
    """Scores made up from the settings; stops where it is told to."""

    def __init__(self, stop: int = 10_000) -> None:
        self.left = stop

    def scores(self, wanted: list[Settings], seeds: list[int]) -> list[Scores]:
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        options = wanted[0].sampler.options
        return [scores(10 * options.rtol, 10 - 10 * np.log10(options.rtol))]  # type: ignore[attr-defined]


def searched(folder: Path, trials: int, stop: int = 10_000) -> list[dict[str, Any]]:
    request = TuneRequest(base=Request(prompt="a nurse"), goal=Goal(40, None), trials=trials)
    study = open_study(request, base(), load_interface("reference"), folder, "judge")
    return search(
        request,
        study,
        Bench(stop),  # type: ignore[arg-type]
        lambda parameters: settings_of(parameters, base(), profile()),
        profile(),
        base().guidance,
        False,
        lambda *_: None,
    )


def test_an_interrupted_search_proposes_what_an_undisturbed_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "RANDOM_TRIALS", 9)
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    undisturbed = searched(tmp_path / "whole", 12)
    with pytest.raises(KeyboardInterrupt):
        searched(tmp_path / "cut", 12, stop=4)
    with pytest.raises(KeyboardInterrupt):
        searched(tmp_path / "cut", 12, stop=7)
    assert searched(tmp_path / "cut", 12) == undisturbed
    assert searched(tmp_path / "cut", 12, stop=0) == undisturbed  # nothing left to draw


def test_the_first_trials_are_balanced_with_another_tolerance(tmp_path: Path) -> None:
    found = searched(tmp_path, DIAL_TRIALS + 1)
    first = settings_of(found[0]["parameters"], base(), profile())
    assert first == balanced(base())
    assert sum(trial["is_dial"] for trial in found) == DIAL_TRIALS


def test_settings_that_give_up_guidance_are_not_taken() -> None:
    parameters = [dict(suggest(Dice(k), keep_guidance=True)) for k in range(2)]
    trials = [
        {"push": 0.1, "error": 0.0, "nfe": 20.0, "overshoot": 0.0, "skew": 0.0},
        {"push": LEAST_PUSH, "error": 0.1, "nfe": 30.0, "overshoot": 0.0, "skew": 0.0},
    ]
    trials = [t | {"parameters": p} for t, p in zip(trials, parameters, strict=True)]
    found = ranked(Goal(40, None), trials, lambda p: settings_of(p, base(), profile()))
    assert found == [settings_of(parameters[1], base(), profile())]
