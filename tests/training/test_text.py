"""The text encoder learns to keep what is said, and a denoiser can be given another one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from catoptric.errors import InputError
from catoptric.models.spectral.denoiser import SpectralDenoiser
from catoptric.models.spectral.network import NetworkShape
from catoptric.models.spectral.text import TextShape
from catoptric.training.checkpoint import save
from catoptric.training.graft import graft
from catoptric.training.loop import Recipe, Run, optimisers
from catoptric.training.text import MATRICES, ReadingLoss, TextReader
from catoptric.world import ATTRIBUTES
from catoptric.world.lexicon import vocabulary

SMALL = NetworkShape((16, 32, 32), (1, 1, 1), text_width=16, condition_width=16, level_width=8)
TEXT = TextShape(vocabulary(), width=16, layers=2)


def test_a_batch_says_what_its_captions_say() -> None:
    measure = ReadingLoss(32, 3, vocabulary())
    words, said = measure.batch(7)
    again, same = measure.batch(7)
    assert torch.equal(words, again)
    assert torch.equal(said, same)
    silent = torch.tensor([len(about.levels) for about in ATTRIBUTES])
    assert said.shape == (32, len(ATTRIBUTES))
    assert bool((said <= silent).all())
    assert 0 < int((said < silent).sum()) < said.numel()


def test_a_small_reader_learns_to_read(tmp_path: Path) -> None:
    torch.manual_seed(0)
    measure = ReadingLoss(48, 3, vocabulary())
    reader = TextReader(TextShape(vocabulary(), width=32, layers=2))
    before = measure(reader, 10_000)[1]
    recipe = Recipe(120, matrix_rate=0.02, rate=5e-3, warm_up=10, matrices=MATRICES)
    Run(reader, measure, recipe, tmp_path).go(lambda line: None, lambda run: None)
    after = measure(reader, 10_000)[1]
    assert after["loss"] < 0.6 * before["loss"]
    assert after["right"] > before["right"]


def test_a_graft_of_its_own_encoder_changes_nothing(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = SpectralDenoiser(SMALL, TEXT)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    path = tmp_path / "text.safetensors"
    save(path, {f"average.text.{k}": t for k, t in model.text.state_dict().items()}, {})
    words = torch.randint(3, 60, (4, 32))
    x, sigma = torch.randn(4, 64, 64, 3), torch.ones(4)
    with torch.inference_mode():
        before = model(x, sigma, model.encode(words, 4))
    graft(model, path)
    with torch.inference_mode():
        after = model(x, sigma, model.encode(words, 4))
    assert torch.allclose(before, after, atol=0.02 * float(before.abs().max()))


def test_a_graft_of_another_shape_is_refused(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = SpectralDenoiser(SMALL, TEXT)
    save(tmp_path / "other.safetensors", {"average.text.place": torch.zeros(3)}, {})
    with pytest.raises(InputError, match="no text encoder"):
        graft(model, tmp_path / "other.safetensors")


def test_muon_never_gets_the_text_and_nobody_what_is_frozen() -> None:
    """Muon's steps have one size however faint the gradient: it wiped a trained encoder out."""
    model = SpectralDenoiser(SMALL, TEXT)
    text = {id(weight) for weight in model.text.parameters()}

    def held(which: int) -> set[int]:
        optimiser = optimisers(model, Recipe(1, gentle=("text.",)))[which]
        return {id(w) for group in optimiser.param_groups for w in group["params"]}

    assert not held(0) & text
    assert text <= held(1)
    model.text.requires_grad_(False)
    assert not (held(0) | held(1)) & text
    assert held(0)
