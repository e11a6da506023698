"""A run put together: world, model, loss, and a sheet of pictures after each checkpoint."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import Tensor

from catoptric.errors import InputError
from catoptric.models.spectral.denoiser import COARSE, SIDE, PromptedDenoiser, SpectralDenoiser
from catoptric.models.spectral.network import NetworkShape
from catoptric.models.spectral.text import TextShape, tokens
from catoptric.sampling import Settings, noise_source, sample
from catoptric.training.checkpoint import load
from catoptric.training.data import SHELF, Portraits, mean_picture
from catoptric.training.denoiser import DenoisingLoss
from catoptric.training.given import check_given
from catoptric.training.graft import graft
from catoptric.training.loop import Recipe, Run
from catoptric.world import attribute, contact_sheet, load_rates
from catoptric.world.lexicon import vocabulary

SHEET_SIGMA = 80.0
SHEET_STEPS = 18
# A response is the sum of all points of its kernel, 225 of a picture's and 64 of a sentence's: at
# the full rate a step moves it by a tenth, and the finest grid's filters were mostly noise.
SHARES = (
    ("mixer.filter", 0.03),
    (".filter", 0.1),
    ("gains", 0.3),
    ("level", 0.3),
    ("text.", 0.1),
    ("modulation", 0.3),
)
EACH = 4
"""Pictures of each occupation on a sheet."""


def train_denoiser(given: Namespace, tell: Callable[[str], None]) -> None:
    """Train the denoiser as the command line asks.

    Raises:
        InputError: for settings that cannot work, or a folder or file that is no run of ours.
    """
    check_given(given, SHELF)
    rates, words = load_rates(given.rates), vocabulary()
    torch.manual_seed(given.key)  # the one place where weights are drawn
    model = SpectralDenoiser(NetworkShape(), TextShape(words)).to(given.device)
    model.mean.copy_(mean_picture(rates, given.key))
    average = None if given.begin_with is None else begin(model, given.begin_with)
    if given.text is not None:
        if average is not None:  # raw weights and average are both those of the average then
            model.load_state_dict(average)
        graft(model, given.text)
        model.text.requires_grad_(False)
        average = None
    tell(f"{sum(p.numel() for p in model.parameters()):,} parameters: {asdict(NetworkShape())}")
    loss = DenoisingLoss(
        Portraits(rates, words, batch=given.batch, key=given.key), given.key, COARSE
    )
    about = {"batch": given.batch, "key": given.key, "rates": rates.hash}
    run = Run(model, loss, Recipe(given.steps, gentle=("text.",), shares=SHARES), given.out, about)
    if average is not None and run.step == 0:
        run.average = average
    run.go(tell, draw_sheet)


def begin(model: SpectralDenoiser, path: Any) -> dict[str, Tensor]:
    """Another run's weights, as it stored them in half precision.

    Returns:
        Its average; the model gets its raw ones.

    Raises:
        InputError: for a file that holds others.
    """
    tensors, _ = load(path)
    device = model.nothing.device

    def part(prefix: str) -> dict[str, Tensor]:
        own = {name: t for name, t in tensors.items() if name.startswith(prefix)}
        return {name.removeprefix(prefix): t.float().to(device) for name, t in own.items()}

    raw, average = part("raw."), part("average.")
    try:
        model.load_state_dict(average or raw)
        model.load_state_dict(raw)
    except RuntimeError as error:
        raise InputError(f"{path} holds another network: {str(error).splitlines()[0]}") from error
    return average or {name: t.clone() for name, t in model.state_dict().items()}


def draw_sheet(run: Run) -> None:
    """Every occupation, EACH times, by the averaged weights: `sheet.png` in the run's folder."""
    model = run.averaged()
    assert isinstance(model, SpectralDenoiser)
    occupations = attribute("occupation").levels
    philox, device = noise_source("philox"), model.nothing.device

    def noise(seeds: Any, purpose: str) -> Tensor:
        drawn = np.stack([philox(s, purpose, (SIDE, SIDE, 3)) for s in seeds])
        return torch.from_numpy(drawn).to(device)

    plain = Settings.from_dict(
        {
            "sampler": {"solver": "dpmpp_2m", "schedule": "karras", "steps": SHEET_STEPS},
            "start": {"sigma": SHEET_SIGMA},
        }
    )
    made = []
    try:
        for name in occupations:
            numbers = tokens(f"a portrait of a {name}", model.text.shape.vocabulary)
            prompt = torch.tensor(numbers, device=device)
            with torch.inference_mode():
                found = sample(
                    PromptedDenoiser(model),
                    plain,
                    noise,
                    range(EACH),
                    condition=prompt,
                    microbatch=8,
                )
                made.append(model.pictures(found.x).cpu().numpy())
    finally:
        run.restore()
    labels = [name for name in occupations for _ in range(EACH)]
    contact_sheet(np.concatenate(made), 2 * EACH, labels, 2).save(run.folder / "sheet.png")
