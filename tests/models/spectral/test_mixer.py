"""Filters mean the same on every grid; the layer starts as it should and pairs what it may."""

from __future__ import annotations

import pytest
import torch

from catoptric.models.spectral import Block, SpectralMixer, crop


def mixer() -> SpectralMixer:
    torch.manual_seed(0)
    return SpectralMixer(32, level_width=8, condition_width=12)


def embeddings(samples: int) -> tuple[torch.Tensor, torch.Tensor]:
    made = torch.Generator().manual_seed(1)
    return torch.randn(samples, 8, generator=made), torch.randn(samples, 12, generator=made)


@pytest.mark.parametrize("n", [8, 16, 32])
def test_a_coarser_grid_is_filtered_as_the_finer_ones_low_frequencies(n: int) -> None:
    layer, (level, condition) = mixer(), embeddings(2)
    torch.nn.init.zeros_(layer.local.weight)  # a 3x3 kernel is as wide as its grid's points
    x = torch.randn(2, 64, 64, 32, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        layer.filter.add_(torch.randn(layer.filter.shape))
        layer.pooled.weight.zero_()  # the mean is the same but for rounding
        first = crop(layer(x, level, condition), n)
        then = layer(crop(x, n), level, condition)
    assert torch.allclose(first, then, atol=1e-5 * float(first.abs().max()))


def test_white_noise_stays_white_on_a_coarser_grid() -> None:
    x = torch.randn(64, 32, 32, 4, generator=torch.Generator().manual_seed(0))
    small = crop(x, 16)
    # The Nyquist row and column, 31 frequencies of 256, are dropped.
    expected = (16 / 32) ** 2 * (256 - 31) / 256
    assert float(small.var()) == pytest.approx(expected, rel=0.02)


def test_it_starts_near_the_identity() -> None:
    layer, (level, condition) = mixer(), embeddings(4)
    x = crop(torch.randn(4, 32, 32, 32, generator=torch.Generator().manual_seed(3)), 16)
    with torch.no_grad():
        y = layer(x, 0 * level, 0 * condition)
    assert float((y - x).square().mean() / x.square().mean()) < 0.02


def test_two_passes_of_a_sample_are_the_same_paired_and_apart() -> None:
    layer, (level, _) = mixer(), embeddings(2)
    condition = torch.randn(4, 12, generator=torch.Generator().manual_seed(4))
    x = torch.randn(4, 16, 16, 32, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        together = layer(x, level, condition, paired=True)
        apart = layer(x, torch.cat([level, level]), condition)
    assert torch.allclose(together, apart, atol=1e-5)


def test_every_weight_learns() -> None:
    layer, (level, condition) = mixer(), embeddings(2)
    layer(torch.randn(2, 16, 16, 32), level, condition).square().mean().backward()
    for name, weight in layer.named_parameters():
        assert weight.grad is not None, name
        assert bool(weight.grad.isfinite().all()), name
        assert float(weight.grad.abs().max()) > 0.0, name


def test_a_block_is_modulated_by_its_condition() -> None:
    torch.manual_seed(0)
    block = Block(mixer(), 32, 12)
    level, condition = embeddings(2)
    x = torch.randn(2, 8, 8, 32, generator=torch.Generator().manual_seed(6))
    x[1], level[1] = x[0], level[0]
    torch.nn.init.normal_(block.modulation.weight)
    with torch.no_grad():
        first, second = block(x, level, condition)
    assert not torch.allclose(first, second)


def test_channel_mixing_in_bfloat16_stays_near() -> None:
    torch.manual_seed(0)
    block = Block(mixer(), 32, 12)
    level, condition = embeddings(2)
    x = torch.randn(2, 16, 16, 32, generator=torch.Generator().manual_seed(7))
    with torch.no_grad():
        exact = block(x, level, condition)
        with torch.autocast("cpu", torch.bfloat16):
            near = block(x, level, condition)
    assert near.dtype == torch.float32
    assert float((near - exact).square().mean() / exact.square().mean()) < 1e-4
