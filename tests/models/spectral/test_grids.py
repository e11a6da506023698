"""Cropping a spectrum and undoing it: exact, for any pair of grids."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from catoptric.models.spectral.denoiser import PromptedDenoiser, SpectralDenoiser
from catoptric.models.spectral.filters import crop, grow
from catoptric.models.spectral.network import NetworkShape
from catoptric.models.spectral.text import TextShape

PAIRS = [(8, 16), (32, 64), (8, 64), (6, 10)]


def white(seed: int, side: int, rows: int = 4) -> Tensor:
    made = torch.Generator().manual_seed(seed)
    return torch.randn(rows, side, side, 3, generator=made, dtype=torch.float64)


@pytest.mark.parametrize(("small", "big"), PAIRS)
def test_growing_keeps_what_was_there(small: int, big: int) -> None:
    x, sigma = crop(white(0, big), small), torch.tensor([0.5, 1.0, 20.0, 0.0], dtype=torch.float64)
    assert torch.allclose(crop(grow(x, white(1, big), sigma), small), x, atol=1e-12)


@pytest.mark.parametrize(("small", "big"), PAIRS)
def test_growing_undoes_cropping(small: int, big: int) -> None:
    x0 = grow(crop(white(0, big), small), white(1, big), torch.zeros(4, dtype=torch.float64))
    noise, sigma = white(2, big), torch.tensor([0.1, 1.0, 7.0, 80.0], dtype=torch.float64)
    x = x0 + sigma.view(-1, 1, 1, 1) * noise
    assert torch.allclose(grow(crop(x, small), noise, sigma), x, atol=1e-12)


def test_the_nyquist_frequency_is_left_out_going_down_and_new_going_up() -> None:
    columns = torch.tensor([1.0, -1.0]).repeat(8).view(1, 1, 16, 1).expand(1, 16, 16, 1)
    noise, sigma = white(0, 32, 1)[..., :1].float(), torch.ones(1)
    for stripes in (columns, columns.transpose(1, 2), columns * columns.transpose(1, 2)):
        nothing = torch.zeros(1, 16, 16, 1)
        assert torch.allclose(grow(stripes, noise, sigma), grow(nothing, noise, sigma), atol=1e-6)
        fine = stripes.repeat_interleave(2, dim=1).repeat_interleave(2, dim=2)
        assert float(crop(fine, 16).abs().max()) < 1e-6


def test_noise_scales_as_it_is_said_to() -> None:
    fine = white(0, 64, rows=40)
    # All but 2 M - 1 of M^2 frequencies, the dropped ones, carry the noise.
    kept = ((32 - 1) / 32) ** 2
    assert float(crop(fine, 32).std()) == pytest.approx(0.5 * kept**0.5, rel=0.01)
    whole = grow(crop(3.0 * fine, 32), fine, torch.full((40,), 3.0, dtype=torch.float64))
    assert torch.allclose(whole, 3.0 * fine, atol=1e-12)


def test_the_prompted_denoiser_goes_down_and_up() -> None:
    torch.manual_seed(0)
    shape = NetworkShape((16, 32, 32), (1, 1, 1), text_width=16, condition_width=16, level_width=8)
    model = SpectralDenoiser(shape, TextShape(("a",), width=16, layers=6)).requires_grad_(False)
    denoise = PromptedDenoiser(model)
    x = white(0, 64).float()
    assert denoise.coarse_scale * 64 == denoise.down(x).shape[1] == 32
    assert torch.allclose(denoise.grow(denoise.down(x), x, torch.ones(4)), x, atol=1e-4)
    assert denoise(denoise.down(x), torch.full((4,), 5.0), None).shape == (4, 32, 32, 3)
