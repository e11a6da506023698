"""Errors are counted by hand-made verdicts; margins balance errors and unclear; files keep both."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from catoptric.attribution import JudgeError
from catoptric.errors import InputError
from catoptric.judges import Confusion, ZeroShotJudge, stored
from catoptric.judges.calibration import calibrate, confusion, margins
from catoptric.judges.degrade import MEASURED, TRAINED, augmented, degraded
from catoptric.judges.even import even_rates
from catoptric.judges.zero_shot import Scores
from catoptric.training.data import to_signed
from catoptric.world import AUDITABLE, column, draw_portraits, render


def test_counts_are_those_of_the_verdicts() -> None:
    table = confusion("glasses", np.array([0, 0, 0, 1, 1]), np.array([0, 1, -1, 1, 1]))
    assert table.counts.tolist() == [[1, 1, 1], [0, 2, 0]]
    assert (table.right, table.unclear, table.pictures) == (3, 1, 5)


def test_one_level_against_the_rest_is_what_the_correction_takes() -> None:
    counts = np.array([[90, 6, 4, 7], [3, 95, 2, 0], [1, 5, 94, 9]])
    table = Confusion("expression", counts)
    two = table.one_against_rest("neutral")
    assert two.tolist() == [[90 + 4 + 1 + 94, 6 + 5], [3 + 2, 95]]
    error = JudgeError(two, positive=1)
    assert error.probabilities[0, 1, 1] == pytest.approx(0.95)
    with pytest.raises(InputError):
        table.one_against_rest("happy")


def test_margins_withhold_as_many_as_they_let_err() -> None:
    n, skin = 200, AUDITABLE.index("skin")
    truth = np.zeros((n, 10), np.uint8)
    best = np.zeros((n, len(AUDITABLE)), np.int64)
    wide = np.tile(np.linspace(0, 1, n, dtype=np.float32)[:, None], (1, len(AUDITABLE)))
    best[[0, 2, 4, 6, 30, 60], skin] = 1
    scores = Scores(best, wide, np.ones_like(wide))
    found = margins(scores, truth)
    said = scores.clear(found)[:, skin]
    # Withholding the three least margins takes two errors back and leaves four; four leave four.
    assert (said < 0).sum() == 4
    assert (said == 1).sum() == 4
    # Nothing else is wrong: one in 500 is withheld, none of 200.
    for i, name in enumerate(AUDITABLE):
        assert name == "skin" or found[name] == 0.0
        assert ((scores.clear(found)[:, i] < 0).sum() == 0) == (name != "skin")


def test_one_verdict_in_500_is_withheld_where_none_is_wrong() -> None:
    wide = np.tile(np.arange(1000, 2000, dtype=np.float32)[:, None], (1, len(AUDITABLE)))
    scores = Scores(np.zeros((1000, len(AUDITABLE)), np.int64), wide, np.ones_like(wide))
    found = margins(scores, np.zeros((1000, 10), np.uint8))
    assert set(found.values()) == {1002.0}
    assert (scores.clear(found) < 0).sum() == 2 * len(AUDITABLE)


def test_a_file_keeps_its_margins_and_its_errors(tiny_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "judge.safetensors"
    shutil.copy(tiny_file, path)
    assert stored(ZeroShotJudge.load(path)) == {}
    calibrate(path, key=0, margin_pictures=48, table_pictures=64)
    judge = ZeroShotJudge.load(path)
    assert judge.about["pictures"] == 0
    tables = stored(judge)
    assert list(tables) == list(MEASURED)
    assert all(t.pictures == 64 for by_name in tables.values() for t in by_name.values())
    # Untrained, so wrong often: margins must be at work.
    assert min(judge.least.values()) >= 0 < max(judge.least.values())
    assert sum(t.unclear for t in tables["clean"].values()) > 0


def test_counts_of_another_world_are_refused(tiny_file: Path) -> None:
    judge = ZeroShotJudge.load(tiny_file)
    for wrong in ({"clean": {}}, {"clean": {name: [[1, 2]] for name in AUDITABLE}}, {"clean": 3}):
        judge.about = {"calibration": wrong}
        with pytest.raises(InputError, match="of this world"):
            stored(judge)


def test_degradations_change_pictures_and_strength_0_does_not() -> None:
    codes = draw_portraits(even_rates(), 8, 8)
    drawn = render(codes)
    for kind in MEASURED:
        changed = degraded(drawn, kind, 1)
        assert np.array_equal(changed, degraded(drawn, kind, 1))
        assert np.array_equal(changed, drawn) == (kind == "clean"), kind
        gap = np.abs(changed.astype(float) - drawn).mean()
        assert gap < 60, kind
    x = to_signed(drawn)
    random = np.random.Generator(np.random.Philox(key=2))
    for function, _, least, greatest in TRAINED:
        assert (function(x, x.new_zeros(8), random) - x).abs().max() < 2e-3, function.__name__
        assert (function(x, x.new_full((8,), greatest), random) - x).abs().max() > 0.02
        assert least < greatest
    many = x.repeat(8, 1, 1, 1)
    seen = augmented(many, random)
    same = (seen == many).flatten(1).all(1).float().mean()
    assert 0.2 < same < 0.6
    assert seen.abs().max() <= 1


def test_truth_is_read_from_the_right_column() -> None:
    codes = draw_portraits(even_rates(), 3, 50)
    assert confusion("skin", codes[:, column("skin")], codes[:, column("skin")]).right == 50
