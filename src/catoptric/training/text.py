"""What the text encoder learns before the denoiser: to keep all that a caption says.

Trained with the denoiser alone it told occupations apart and little else: glasses are three pixels
in a hundred, and their share of the loss is no larger. Here a linear reading of the pooled vector
must name every attribute's level, or that nothing was said of it.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from catoptric.models.spectral.text import TextEncoder, TextShape, tokens
from catoptric.training.given import check_given
from catoptric.training.held_out import training_caption
from catoptric.training.loop import Recipe, Run
from catoptric.world import ATTRIBUTES, Codes, draw_portraits, load_rates, parse_prompt
from catoptric.world.lexicon import vocabulary

MATRICES = ("inward", "outward", "widen", "narrow")


class TextReader(nn.Module):
    """A text encoder, and a linear reading of each attribute: its levels, "nothing said" last."""

    def __init__(self, shape: TextShape) -> None:
        super().__init__()
        self.text = TextEncoder(shape)
        self.heads = nn.ModuleList(
            nn.Linear(shape.width, len(about.levels) + 1) for about in ATTRIBUTES
        )

    def forward(self, words: Tensor) -> list[Tensor]:
        """Logits by attribute: [B, levels + 1] each."""
        pooled = self.text(words)
        return [head(pooled) for head in self.heads]


class ReadingLoss:
    """Mean cross-entropy of what a caption says, over all attributes."""

    def __init__(self, batch: int, key: int, known: tuple[str, ...]) -> None:
        self._batch, self._key, self._known = batch, key, known
        self._rates = load_rates(None)

    def __call__(self, model: nn.Module, step: int) -> tuple[Tensor, dict[str, float]]:
        """The loss of batch `step`, and the share of attributes read right."""
        words, said = self.batch(step)
        device = next(model.parameters()).device
        logits = model(words.to(device))
        said = said.to(device)
        losses = [functional.cross_entropy(part, said[:, i]) for i, part in enumerate(logits)]
        loss = torch.stack(losses).mean()
        right = [(part.argmax(1) == said[:, i]).float().mean() for i, part in enumerate(logits)]
        return loss, {"loss": float(loss.detach()), "right": float(torch.stack(right).mean())}

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Captions and what they say: int64 [B, WORDS] and [B, attributes]."""
        codes = draw_portraits(self._rates, (self._key << 32) + step, self._batch)
        first = (self._key << 64) + step * self._batch
        captions = [training_caption(row, first + i) for i, row in enumerate(codes)]
        words = torch.tensor([tokens(caption, self._known) for caption in captions])
        return words, torch.from_numpy(_said(captions, codes))


def _said(captions: list[str], codes: Codes) -> np.ndarray:
    """Level index of what each caption says, the number of levels where it says nothing."""
    found = np.tile([len(about.levels) for about in ATTRIBUTES], (len(codes), 1))
    for row, caption in enumerate(captions):
        levels = parse_prompt(caption).levels
        for i, about in enumerate(ATTRIBUTES):
            if about.name in levels:
                found[row, i] = codes[row, i]
    return found.astype(np.int64)


def train_text(given: Namespace, tell: Callable[[str], None]) -> None:
    """Train the text encoder as the command line asks; `denoiser --text` begins with it.

    Raises:
        InputError: for settings that cannot work, or a folder that is no run of ours.
    """
    check_given(given)
    torch.manual_seed(given.key)  # the one place where weights are drawn
    known = vocabulary()
    reader = TextReader(TextShape(known)).to(given.device)
    loss = ReadingLoss(given.batch, given.key, known)
    recipe = Recipe(given.steps, matrices=MATRICES, shares=((".filter", 0.1),))
    Run(reader, loss, recipe, given.out, {"batch": given.batch, "key": given.key}).go(
        tell, lambda run: None
    )
