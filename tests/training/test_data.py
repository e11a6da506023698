"""Batches are numbered: the same whoever asks, in whatever order; the loss falls to the data's."""

from __future__ import annotations

import numpy as np
import torch

from catoptric.models.spectral.denoiser import COARSE, SpectralDenoiser
from catoptric.models.spectral.network import NetworkShape
from catoptric.models.spectral.text import PAD, UNKNOWN, TextShape
from catoptric.training.data import SHELF, Portraits, mean_picture, to_signed
from catoptric.training.denoiser import DenoisingLoss
from catoptric.world import load_rates
from catoptric.world.lexicon import vocabulary


def portraits(key: int = 3) -> Portraits:
    return Portraits(load_rates(None), vocabulary(), batch=48, key=key)


def test_a_batch_is_the_same_in_any_order() -> None:
    per_shelf = SHELF // 48
    forward, back = portraits(), portraits()
    numbers = (0, per_shelf - 1, per_shelf)
    first = {n: forward.batch(n) for n in numbers}
    for n in reversed(numbers):
        again = back.batch(n)
        assert torch.equal(first[n].pictures, again.pictures)
        assert torch.equal(first[n].words, again.words)
    assert not torch.equal(first[0].pictures, portraits(4).batch(0).pictures)


def test_every_word_of_a_caption_is_known() -> None:
    words = portraits().batch(0).words
    assert not bool((words == UNKNOWN).any())
    assert bool((words != PAD).sum(1).min() >= 2)  # the begin mark, and "photo" at least


def test_pictures_are_signed_and_their_mean_is_theirs() -> None:
    assert to_signed(np.array([0, 255], np.uint8)).tolist() == [-1.0, 1.0]
    far = (portraits().batch(0).pictures.mean(0) - mean_picture(load_rates(None), 3)).abs().mean()
    assert float(far) < 0.1


def test_the_loss_is_finite_on_both_grids_and_untrained_near_one() -> None:
    torch.manual_seed(0)
    shape = NetworkShape((16, 32, 32), (1, 1, 1), text_width=16, condition_width=16, level_width=8)
    model = SpectralDenoiser(shape, TextShape(vocabulary(), width=16, layers=2))
    measure = DenoisingLoss(portraits(), key=0, coarse=COARSE)
    found: dict[str, float] = {}
    for step in range(12):
        found |= measure(model, step)[1]
    assert set(found) == {"loss", "coarse"}
    # The network starts at zero, and EDM's weights make that a loss of about |x0|^2 / sigma_data^2.
    assert all(0.3 < value < 3.0 for value in found.values())
