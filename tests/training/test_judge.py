"""The judge's towers learn from contrast; a finished run leaves a judge that loads."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from catoptric.judges import ZeroShotJudge, stored
from catoptric.judges.towers import MATRICES, Towers, TowerShape
from catoptric.training import judge as training
from catoptric.training.__main__ import main
from catoptric.training.judge import ContrastLoss
from catoptric.training.judge_data import SHELF, JudgePortraits
from catoptric.training.loop import Recipe, Run, optimisers
from catoptric.world import AUDITABLE
from catoptric.world.lexicon import vocabulary

TINY = TowerShape(
    vocabulary(), (8, 16, 24, 24), (1, 1, 1), groups=4, text_width=24, text_layers=1, shared=24
)


def test_a_batch_is_the_same_in_any_order() -> None:
    per_shelf = SHELF // 64
    forward, back = (JudgePortraits(vocabulary(), batch=64, key=3) for _ in range(2))
    numbers = (0, per_shelf - 1, per_shelf)
    first = {n: forward.batch(n) for n in numbers}
    for n in reversed(numbers):
        again = back.batch(n)
        assert torch.equal(first[n].pictures, again.pictures)
        assert torch.equal(first[n].words, again.words)
        assert torch.equal(first[n].true, again.true)
    assert not torch.equal(first[0].true, first[numbers[1]].true)


def test_tiny_towers_learn(tmp_path: Path) -> None:
    torch.manual_seed(0)
    towers = Towers(TINY)
    loss = ContrastLoss(JudgePortraits(vocabulary(), batch=32, key=3), 3)
    before = loss.held_out(towers)
    recipe = Recipe(130, matrix_rate=0.02, rate=4e-3, warm_up=10, matrices=MATRICES)
    Run(towers, loss, recipe, tmp_path).go(lambda line: None, lambda run: None)
    after = loss.held_out(towers)
    # Colours come late; what is a shape comes first.
    assert before["right.presentation"] < 0.6 < 0.8 < after["right.presentation"]
    assert before["right.occupation"] < 0.2 < 0.4 < after["right.occupation"]


def test_muon_takes_the_kernels_and_both_optimisers_all() -> None:
    towers = Towers(TINY)
    muon, adam = optimisers(towers, Recipe(1, matrices=MATRICES))
    held = [w for o in (muon, adam) for group in o.param_groups for w in group["params"]]
    assert len(held) == len({id(w) for w in held}) == len(list(towers.parameters()))
    kernels = {id(w) for name, w in towers.named_parameters() if name.endswith("kernel")}
    assert kernels <= {id(w) for group in muon.param_groups for w in group["params"]}


def test_a_finished_run_is_a_judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "TowerShape", lambda words: TINY)
    monkeypatch.setattr(
        training,
        "calibrate",
        lambda path, key: real(path, key=key, margin_pictures=64, table_pictures=64),
    )
    arguments = ["judge", "--out", str(tmp_path), "--steps", "2", "--batch", "16"]
    assert main(arguments) == 0
    judge = ZeroShotJudge.load(tmp_path / training.JUDGE)
    assert (judge.about["steps"], judge.about["pictures"]) == (2, 32)
    assert stored(judge)["clean"][AUDITABLE[0]].pictures == 64


real = training.calibrate


@pytest.mark.parametrize(
    "extra", [["--batch", "50"], ["--steps", "0"], ["--rates", "mine.toml"], ["--begin-with", "x"]]
)
def test_bad_input_is_one_sentence(
    tmp_path: Path, extra: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["judge", "--out", str(tmp_path / "run"), *extra]) == 2
    assert capsys.readouterr().err.count("catoptric.training:") == 1
    assert not (tmp_path / "run").exists()
