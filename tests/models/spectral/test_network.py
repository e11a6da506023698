"""The network: its cost, its independence of company, its grids, its texts."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from catoptric.errors import InputError
from catoptric.models.spectral.denoiser import (
    PromptedDenoiser,
    SpectralDenoiser,
    coarse,
)
from catoptric.models.spectral.network import NetworkShape
from catoptric.models.spectral.text import PAD, UNKNOWN, WORDS, TextEncoder, TextShape, tokens

VOCABULARY = ("a", "doctor", "nurse", "glasses", "without", "with")
SMALL = NetworkShape((16, 32, 32), (1, 1, 1), text_width=16, condition_width=16, level_width=8)


@pytest.fixture(scope="module")
def model() -> SpectralDenoiser:
    torch.manual_seed(0)
    made = SpectralDenoiser(SMALL, TextShape(VOCABULARY, width=16, layers=6))
    for weight in made.parameters():  # zeros at the start would hide what is tested
        torch.nn.init.normal_(weight, std=0.05)
    return made.requires_grad_(False)


def words(text: str) -> torch.Tensor:
    return torch.tensor(tokens(text, VOCABULARY))


def test_an_evaluation_costs_at_most_its_budget() -> None:
    whole = SpectralDenoiser(NetworkShape(), TextShape(VOCABULARY)).requires_grad_(False)
    with FlopCounterMode(display=False) as counted:
        whole(torch.zeros(1, 64, 64, 3), torch.ones(1), whole.encode(None, 1))
    assert counted.get_total_flops() <= 1.2e9


def test_a_row_does_not_depend_on_the_others(model: SpectralDenoiser) -> None:
    made = torch.Generator().manual_seed(1)
    x, sigma = torch.randn(8, 64, 64, 3, generator=made), torch.rand(8, generator=made) + 0.1
    denoise = PromptedDenoiser(model)
    with torch.inference_mode():
        together = denoise(x, sigma, words("a doctor"))
        turned = denoise(x.flip(0), sigma.flip(0), words("a doctor")).flip(0)
    assert torch.equal(together, turned)


def test_text_and_level_matter(model: SpectralDenoiser) -> None:
    x, denoise = torch.randn(1, 64, 64, 3), PromptedDenoiser(model)
    one = torch.ones(1)
    doctor = denoise(x, one, words("a doctor"))
    assert not torch.equal(doctor, denoise(x, one, words("a nurse")))
    assert not torch.equal(doctor, denoise(x, one, None))
    assert not torch.equal(doctor, denoise(x, 2 * one, words("a doctor")))


def test_at_little_noise_the_estimate_is_the_picture(model: SpectralDenoiser) -> None:
    x = torch.randn(1, 64, 64, 3)
    found = PromptedDenoiser(model)(x, torch.full((1,), 1e-4), None)
    assert torch.allclose(found, x, atol=1e-3)


def test_the_coarser_grid_is_told_the_same_level(
    model: SpectralDenoiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = []
    monkeypatch.setattr(
        model.network, "forward", lambda x, noise, text: heard.append(noise) or torch.zeros_like(x)
    )
    x, sigma = torch.randn(2, 64, 64, 3), torch.tensor([3.0, 9.0])
    nothing = model.encode(None, 2)
    fine = model(x, sigma, nothing)
    rough = model(*coarse(x, sigma), nothing)
    assert torch.equal(heard[0], heard[1])
    assert fine.shape[1:3] == (64, 64)
    assert rough.shape[1:3] == (32, 32)


def test_padding_and_the_layer_read_change_what_they_should(model: SpectralDenoiser) -> None:
    batch = torch.stack([words("a doctor with glasses"), words("a nurse")])
    alone = model.text(batch[1:])
    assert torch.allclose(model.text(batch)[1:], alone, atol=1e-6)
    assert not torch.allclose(model.text(batch, layer=-2), model.text(batch))
    assert not torch.allclose(model.text(batch, pooling="first"), model.text(batch))


def test_a_layer_or_pooling_there_is_none_of_is_refused(model: SpectralDenoiser) -> None:
    for wrong in ({"layer": 0}, {"layer": -7}, {"pooling": "max"}):
        with pytest.raises(InputError, match="encoder"):
            model.text(words("a doctor")[None], **wrong)


def test_the_end_of_a_sentence_does_not_wrap_to_its_beginning() -> None:
    torch.manual_seed(0)
    encoder = TextEncoder(TextShape(VOCABULARY, width=16, layers=1)).requires_grad_(False)
    layer = encoder.layers[0]
    layer.filter.zero_()
    layer.filter[1] = 1.0  # each place hears the one before it
    said = torch.zeros(1, WORDS, 16)
    still, said[0, -2] = layer(said), torch.randn(16)
    heard = (layer(said) - still).abs().amax(-1)[0]
    assert float(heard[0]) < 1e-6
    assert float(heard[-1]) > 1e-3


def test_words_become_numbers() -> None:
    found = tokens("A doctor, with a plumber!", VOCABULARY)
    assert found[:7] == [0, 3, 4, 8, 3, UNKNOWN, PAD]
    assert len(found) == WORDS
    with pytest.raises(InputError, match="shorten"):
        tokens("a " * WORDS, VOCABULARY)
