"""A verdict is of one picture alone; thin margins are unclear; a bad file is told in a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from catoptric.errors import InputError
from catoptric.judges import ZeroShotJudge
from catoptric.judges.even import even_rates
from catoptric.judges.towers import Towers
from catoptric.judges.weights_file import KIND, read_towers
from catoptric.judges.zero_shot import ROWS, UNCLEAR
from catoptric.world import AUDITABLE, attribute, column, draw_portraits, render


def pictures(n: int) -> np.ndarray:
    return render(draw_portraits(even_rates(), 21, n))


def test_a_verdict_does_not_depend_on_its_company(tiny_file: Path) -> None:
    judge = ZeroShotJudge.load(tiny_file)
    many = pictures(ROWS + 9)
    whole = judge.likeness(many)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        for rows in (slice(70, 71), slice(3, 10), slice(60, 73)):
            part = judge.likeness(many[rows])
            assert all(np.array_equal(part[name], whole[name][rows]) for name in AUDITABLE)
        turned = judge.likeness(many[::-1])
        assert all(np.array_equal(turned[name][::-1], whole[name]) for name in AUDITABLE)
    finally:
        torch.set_num_threads(before)


def test_the_nearest_class_wins_unless_the_second_is_as_near(tiny_file: Path) -> None:
    towers, about = read_towers(tiny_file)
    some = pictures(12)
    plain = ZeroShotJudge(towers, about, "")
    scores = plain.scores(some)
    bound = float(np.median(scores.margins[:, AUDITABLE.index("skin")]))
    strict = ZeroShotJudge(towers, about | {"margins": {"skin": bound}}, "")
    unclear = 0
    for i, (free, held) in enumerate(zip(plain.judge(some), strict.judge(some), strict=True)):
        for name, found in plain.likeness(some[i : i + 1]).items():
            mean = found[0].mean(1)
            assert free.levels[name] == attribute(name).levels[int(mean.argmax())]
            assert free.margins[name] == pytest.approx(np.diff(np.sort(mean))[-1], abs=1e-6)
        thin = free.margins["skin"] < bound
        unclear += thin
        assert held.levels == free.levels | ({"skin": UNCLEAR} if thin else {})
    assert 0 < unclear < len(some)


def test_the_agreement_of_the_templates_is_told(tiny_file: Path) -> None:
    judge = ZeroShotJudge.load(tiny_file)
    some = pictures(40)
    found = judge.likeness(some)
    for i, verdict in enumerate(judge.judge(some)):
        for name in AUDITABLE:
            alone = found[name][i].argmax(0)
            together = found[name][i].mean(1).argmax()
            assert verdict.agreement[name] == pytest.approx(float(np.mean(alone == together)))
    assert judge.scores(some).agreement.min() < 1.0


def test_the_towers_are_called_with_one_thread_and_full_rows(
    tiny_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def see(towers: Towers, seen: torch.Tensor) -> torch.Tensor:
        calls.append((torch.get_num_threads(), len(seen)))
        return torch.zeros(len(seen), towers.shape.shared)

    monkeypatch.setattr(Towers, "see", see)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        ZeroShotJudge.load(tiny_file).scores(pictures(ROWS + 1))
    finally:
        torch.set_num_threads(before)
    assert calls == [(1, ROWS), (1, ROWS)]


def test_no_pictures_no_verdicts_and_other_arrays_are_refused(tiny_file: Path) -> None:
    judge = ZeroShotJudge.load(tiny_file)
    assert judge.judge(pictures(0)) == []
    for wrong in (np.zeros((1, 32, 32, 3), np.uint8), np.zeros((1, 64, 64, 3), np.float32)):
        with pytest.raises(InputError, match="uint8 pictures"):
            judge.judge(wrong)


def test_the_name_is_that_of_the_weights(tiny_file: Path, tmp_path: Path) -> None:
    one = ZeroShotJudge.load(tiny_file).name
    other = tmp_path / "judge.safetensors"
    rewritten(tiny_file, other, lambda tensors, about: tensors["bias"].add_(1.0))
    assert one.startswith("zero-shot/1/")
    assert len(one) == len("zero-shot/1/") + 16
    assert ZeroShotJudge.load(tiny_file).name == one != ZeroShotJudge.load(other).name


def test_the_shipped_judge_knows_the_portraits() -> None:
    judge = ZeroShotJudge.load()
    codes = draw_portraits(even_rates(), 5 << 100, 192)
    said = judge.codes(render(codes))
    for i, name in enumerate(AUDITABLE):
        assert np.mean(said[:, i] == codes[:, column(name)]) > 0.97, name


Change = Callable[[dict[str, torch.Tensor], dict[str, Any]], object]


def rewritten(source: Path, target: Path, change: Change) -> None:
    """A copy of a judge's file with something changed."""
    with safe_open(source, framework="pt") as file:
        about = json.loads(file.metadata()["about"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(tensors, about)
    save_file(tensors, target, metadata={"about": json.dumps(about)})


def shaped(**changes: object) -> Change:
    return lambda tensors, about: about["shape"].update(changes)


@pytest.mark.parametrize(
    "change",
    [
        lambda tensors, about: about.update(kind="another"),
        lambda tensors, about: about.pop("kind"),
        lambda tensors, about: about.pop("shape"),
        lambda tensors, about: about.update(margins={"skin": "wide"}),
        lambda tensors, about: about.update(margins=[1]),
        lambda tensors, about: tensors.pop("bias"),
        lambda tensors, about: tensors.update(extra=torch.zeros(1, dtype=torch.float16)),
        lambda tensors, about: tensors.update(bias=torch.zeros(2, dtype=torch.float16)),
        lambda tensors, about: tensors["log_scale"].fill_(torch.nan),
        lambda tensors, about: tensors.update(bias=tensors["bias"].float()),
        shaped(shared=4000),
        shaped(shared=-1),
        shaped(text_layers=10**9),
        shaped(widths=[8, 16]),
        shaped(groups=5),
        shaped(vocabulary=7),
        shaped(depth=3),
    ],
)
def test_a_file_that_is_no_judge_is_told_in_a_sentence(
    tiny_file: Path, tmp_path: Path, change: Change
) -> None:
    path = tmp_path / "judge.safetensors"
    rewritten(tiny_file, path, change)
    with pytest.raises(InputError) as told:
        ZeroShotJudge.load(path)
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "text", "folder", "huge"])
def test_a_damaged_file_is_told_in_a_sentence(tiny_file: Path, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "judge.safetensors"
    content = tiny_file.read_bytes()
    if damage == "folder":
        path.mkdir()
    elif damage == "huge":
        with path.open("wb") as file:
            file.truncate(1 << 32)
    elif damage != "missing":
        path.write_bytes({"empty": b"", "cut": content[:-100], "text": b"judge" * 99}[damage])
    with pytest.raises(InputError) as told:
        ZeroShotJudge.load(path)
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value)
    assert damage != "huge" or "bytes" in str(told.value)  # told before it is opened


@pytest.mark.parametrize(
    "change", [shaped(text_layers=100), shaped(blocks=[1, 1, 65]), shaped(text_width=10**9)]
)
def test_a_hostile_shape_is_refused_before_it_is_built(
    tiny_file: Path, tmp_path: Path, change: Change
) -> None:
    path = tmp_path / "judge.safetensors"
    rewritten(tiny_file, path, change)
    with pytest.raises(InputError, match="none that towers could have"):
        ZeroShotJudge.load(path)


def test_the_kind_is_written(tiny_file: Path) -> None:
    assert read_towers(tiny_file)[1]["kind"] == KIND
