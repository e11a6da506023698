"""A trained denoiser gets another text encoder, and draws at first what it drew before.

The layer that takes the text's vector is fitted anew: with old = A new + b, by least squares over
captions, W old + c = (W A) new + (W b + c). What the new encoder keeps beyond that, the denoiser
has yet to learn to use.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from catoptric.errors import InputError
from catoptric.models.spectral.denoiser import SpectralDenoiser
from catoptric.models.spectral.text import tokens
from catoptric.training.checkpoint import load
from catoptric.training.held_out import training_caption
from catoptric.world import draw_portraits, load_rates

CAPTIONS = 4096
_KEY = 0x7E << 64
RIDGE = 1e-3
"""Of the new vector's mean square: directions that are never used are not stretched."""


@torch.no_grad()
def graft(model: SpectralDenoiser, path: Path) -> None:
    """Give a denoiser the averaged text encoder of a run of `text`.

    Raises:
        InputError: a file without one that fits.
    """
    tensors, _ = load(path)
    prefix = "average.text."
    own = {k.removeprefix(prefix): t.float() for k, t in tensors.items() if k.startswith(prefix)}
    words = _captions(model)
    before = _vectors(model, words)
    try:
        model.text.load_state_dict(own)
    except RuntimeError as error:
        raise InputError(f"{path} holds no text encoder of ours: {str(error)[:80]}") from error
    after = _vectors(model, words)
    ones = torch.ones(len(after), 1, dtype=torch.float64)
    x = torch.cat([after, ones], dim=1)
    ridge = RIDGE * float(after.square().mean()) * len(x) * torch.eye(x.shape[1]).double()
    ridge[-1, -1] = 0.0
    fit = torch.linalg.solve(x.T @ x + ridge, x.T @ before)
    layer = model.network.condition[0]
    assert isinstance(layer, nn.Linear)
    level = layer.in_features - before.shape[1]
    took = layer.weight[:, level:].double()
    layer.bias.add_((took @ fit[-1]).float())
    nothing = model.nothing.double()
    layer.weight[:, level:] = (took @ fit[:-1].T).float()
    # "No text" is a vector of its own: the one that is read as the old one was.
    away = torch.linalg.pinv(fit[:-1].T, rtol=1e-3) @ (nothing - fit[-1])
    model.nothing.copy_(away.float())


def _captions(model: SpectralDenoiser) -> Tensor:
    codes = draw_portraits(load_rates(None), _KEY, CAPTIONS)
    known = model.text.shape.vocabulary
    return torch.tensor([tokens(training_caption(row, i), known) for i, row in enumerate(codes)])


def _vectors(model: SpectralDenoiser, words: Tensor) -> Tensor:
    device = model.nothing.device
    parts = [model.encode(part.to(device), len(part)).cpu() for part in words.split(256)]
    return torch.cat(parts).double()
