"""From a run's folder to the file that is shipped: averaged weights, with how they were made."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from catoptric.errors import InputError
from catoptric.models.spectral.denoiser import SIDE, SIGMA_DATA, SpectralDenoiser
from catoptric.models.spectral.network import NetworkShape
from catoptric.models.spectral.text import TextShape
from catoptric.models.spectral.weights import shipped, store
from catoptric.training.checkpoint import load
from catoptric.training.data import Portraits
from catoptric.training.denoiser import WITHOUT_TEXT
from catoptric.training.loop import LOG, WEIGHTS
from catoptric.world import load_rates
from catoptric.world.lexicon import vocabulary

LEVELS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 80.0, 500.0)
"""Noise levels at which the loss is measured."""
HELD_OUT_KEY = 1 << 20
"""Of portraits that no run is trained on: keys of runs are small numbers."""
BATCH, BATCHES = 64, 6


def ship_denoiser(given: Namespace, tell: Callable[[str], None]) -> None:
    """Write the averaged weights of a run where the package looks for them.

    Args:
        given: `out`, the run's folder; `to`, the file to write, or None for the package's own.
        tell: told what was written.

    Raises:
        InputError: a folder that holds no run of the denoiser.
    """
    path = given.out / WEIGHTS
    if not path.is_file():
        raise InputError(
            f"{given.out} holds no run: train first, with `denoiser --out {given.out}`"
        )
    tensors, about = load(path)
    model = averaged(tensors, path)
    known: dict[str, Any] = {
        **about,
        "pictures": given.earlier
        + int(str(about["step"])) * int(str(about.get("batch", given.batch))),
        "rates": about.get("rates", load_rates(given.rates).hash),
        "without_text": WITHOUT_TEXT,
        "loss": measured_loss(model),
        "trained": _trained(given.out),
        "licence": "Apache-2.0",
    }
    target = shipped() if given.to is None else given.to
    store(model, target, known)
    said = ", ".join(f"{level:g}: {loss:.4f}" for level, loss in known["loss"].items())
    tell(f"{target} ({target.stat().st_size / 1e6:.1f} MB), weighted loss by sigma: {said}")


def averaged(tensors: dict[str, Tensor], path: Path) -> SpectralDenoiser:
    """The denoiser with a run's averaged weights.

    Raises:
        InputError: weights of another network.
    """
    model = SpectralDenoiser(NetworkShape(), TextShape(vocabulary()))
    part = {k.removeprefix("average."): t.float() for k, t in tensors.items() if k[:3] == "ave"}
    try:
        model.load_state_dict(part)
    except RuntimeError as error:
        raise InputError(f"{path} holds another network: {str(error).splitlines()[0]}") from error
    return model.eval().requires_grad_(False)


def measured_loss(model: SpectralDenoiser) -> dict[float, float]:
    """Weighted loss on portraits that were never trained on, with their captions, by sigma.

    lambda(sigma) mean |D(x0 + sigma eps) - x0|^2, lambda = (sigma^2 + sd^2) / (sigma sd)^2
    """
    held_out = Portraits(load_rates(None), vocabulary(), batch=BATCH, key=HELD_OUT_KEY)
    found = {}
    for level in LEVELS:
        total = 0.0
        for number in range(BATCHES):
            batch = held_out.batch(number)
            random = np.random.Generator(np.random.Philox(key=[HELD_OUT_KEY, number]))
            noise = torch.from_numpy(random.standard_normal((BATCH, SIDE, SIDE, 3), np.float32))
            x0 = batch.pictures - model.mean
            with torch.inference_mode():
                text = model.encode(batch.words, BATCH)
                x0_hat = model(x0 + level * noise, torch.full((BATCH,), level), text)
            total += float((x0_hat - x0).square().mean())
        weight = (level**2 + SIGMA_DATA**2) / (level * SIGMA_DATA) ** 2
        found[level] = round(weight * total / BATCHES, 5)
    return found


def _trained(folder: Path) -> list[dict[str, float]]:
    """Every tenth line or so of the run's log: enough to plot."""
    lines = [json.loads(line) for line in (folder / LOG).read_text().splitlines()]
    return lines[:: max(1, len(lines) // 40)]
