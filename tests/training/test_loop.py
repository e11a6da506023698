"""A run goes on where it was stopped, to the same weights; its files are whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from catoptric.errors import InputError
from catoptric.training.__main__ import main
from catoptric.training.checkpoint import load, save
from catoptric.training.loop import STATE, WEIGHTS, Recipe, Run


class Toy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.widen = nn.Linear(4, 8)
        self.last = nn.Linear(8, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(torch.tanh(self.widen(x)))


def loss(model: nn.Module, step: int) -> tuple[Tensor, dict[str, float]]:
    x = torch.randn(16, 4, generator=torch.Generator().manual_seed(step))
    error = (model(x) - x.sum(1, keepdim=True)).square().mean()
    return error, {"loss": float(error.detach())}


def run(folder: Path, fail_at: int | None = None) -> Run:
    def failing(model: nn.Module, step: int) -> tuple[Tensor, dict[str, float]]:
        if step == fail_at:
            raise KeyboardInterrupt
        return loss(model, step)

    torch.manual_seed(0)
    made = Run(Toy(), failing, Recipe(steps=60, rate=0.05, matrix_rate=0.05, warm_up=5), folder)
    made.go(lambda line: None, lambda run: None)
    return made


def test_a_stopped_run_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "cut", fail_at=23)
    cut = run(tmp_path / "cut")
    assert cut.step == whole.step == 60
    for name, weight in whole.model.state_dict().items():
        assert torch.equal(weight, cut.model.state_dict()[name]), name
        assert torch.equal(whole.average[name], cut.average[name]), name


def test_it_learns_and_keeps_an_average(tmp_path: Path) -> None:
    done = run(tmp_path)
    torch.manual_seed(0)
    first, last = loss(Toy(), 99)[1]["loss"], loss(done.model, 99)[1]["loss"]
    assert last < 0.5 * first
    raw = {n: w.clone() for n, w in done.model.state_dict().items()}
    assert any(not torch.equal(w, raw[n]) for n, w in done.averaged().state_dict().items())
    done.restore()
    assert all(torch.equal(w, raw[n]) for n, w in done.model.state_dict().items())


def test_weights_are_kept_in_half_precision(tmp_path: Path) -> None:
    run(tmp_path)
    tensors, about = load(tmp_path / WEIGHTS)
    assert about["step"] == 60
    assert {t.dtype for t in tensors.values()} == {torch.float16}
    assert (tmp_path / STATE).is_file()


def test_a_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save(path, {"a": torch.ones(2)}, {"step": 1})
    with pytest.raises(TypeError):
        save(path, {"a": torch.zeros(2)}, {"step": object()})
    assert load(path)[1] == {"step": 1}
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"\xff" * 200])
def test_a_damaged_checkpoint_is_told_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError):
        load(path)


@pytest.mark.parametrize(
    "extra",
    [["--batch", "50"], ["--steps", "0"], ["--begin-with", "nowhere.safetensors"]],
)
def test_bad_input_is_one_sentence(
    tmp_path: Path, extra: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["denoiser", "--out", str(tmp_path / "run"), *extra]) == 2
    assert capsys.readouterr().err.count("catoptric.training:") == 1
    assert not (tmp_path / "run").exists()
