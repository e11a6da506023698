"""What the judge's towers learn, and a run of theirs put together."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from catoptric.errors import InputError
from catoptric.judges.calibration import calibrate
from catoptric.judges.even import even_rates
from catoptric.judges.templates import TEMPLATES
from catoptric.judges.towers import MATRICES, Towers, TowerShape
from catoptric.judges.weights_file import write_towers
from catoptric.models.spectral.text import tokens
from catoptric.training.data import to_signed
from catoptric.training.given import check_given
from catoptric.training.judge_data import SHELF, JudgePortraits
from catoptric.training.loop import Recipe, Run
from catoptric.world import AUDITABLE, Codes, column, draw_portraits, render
from catoptric.world.lexicon import vocabulary

CHECK_EVERY = 250
"""Steps between two looks at held-out portraits."""
CHECKED = 512
JUDGE = "judge.safetensors"
LEAST_LOGIT_SCALE, MOST_LOGIT_SCALE = 0.0, 4.6


class ContrastLoss:
    """Sigmoid loss over all pairs, and a softmax among the texts that contradict each other.

        L = mean_pairs softplus(-(2 true - 1) logit) [short texts] + the same [captions]
            + mean_attributes cross-entropy of the one true text among its attribute's

    Source: Zhai et al. 2023 (sigmoid loss); Yuksekgonul et al. 2023, "When and why vision-language
    models behave like bags-of-words" (contradicting texts as hard negatives).
    """

    def __init__(self, portraits: JudgePortraits, key: int) -> None:
        self._portraits, self._key = portraits, key
        self._held_out: tuple[Codes, Tensor] | None = None

    def __call__(self, model: nn.Module, step: int) -> tuple[Tensor, dict[str, float]]:
        """The loss of batch `step`, and what to log of it."""
        assert isinstance(model, Towers)
        batch = self._portraits.batch(step)
        device = model.bias.device
        true = batch.true.to(device)
        with torch.autocast(device.type, torch.bfloat16):
            seen = model.see(batch.pictures.to(device))
            read = model.read(batch.words.to(device))
        scale = model.log_scale.clamp(LEAST_LOGIT_SCALE, MOST_LOGIT_SCALE).exp()
        likeness = scale * (seen.float() @ read.float().T)
        pairs = functional.binary_cross_entropy_with_logits(
            likeness + model.bias, true, reduction="none"
        )
        short, captions = pairs[:, : batch.captions_from], pairs[:, batch.captions_from :]
        among = [
            functional.cross_entropy(likeness[:, columns], true[:, columns].argmax(1))
            for columns in batch.rivals.values()
        ]
        rivals = torch.stack(among).mean()
        loss = short.mean() + captions.mean() + rivals
        figures = {"loss": float(loss.detach()), "rivals": float(rivals.detach())}
        if (step + 1) % CHECK_EVERY == 0:
            figures |= self.held_out(model)
        return loss, figures

    @torch.no_grad()
    def held_out(self, model: Towers) -> dict[str, float]:
        """Share judged right of portraits that are no batch's, by attribute."""
        if self._held_out is None:
            codes = draw_portraits(even_rates(), (self._key << 32) + (1 << 31), CHECKED)
            self._held_out = codes, to_signed(render(codes))
        codes, pictures = self._held_out
        device = model.bias.device
        seen = torch.cat([model.see(part.to(device)) for part in pictures.split(64)])
        found = {}
        for name in AUDITABLE:
            texts = [text for level in TEMPLATES[name] for text in level]
            words = torch.tensor([tokens(text, model.shape.vocabulary) for text in texts])
            likeness = seen @ model.read(words.to(device)).T
            said = likeness.view(len(codes), len(TEMPLATES[name]), -1).mean(2).argmax(1)
            right = said.cpu().numpy() == codes[:, column(name)]
            found[f"right.{name}"] = float(np.mean(right))
        return found


def train_judge(given: Namespace, tell: Callable[[str], None]) -> None:
    """Train the towers as the command line asks, calibrate them, write `judge.safetensors`.

    Raises:
        InputError: for settings that cannot work, or a folder or file that is no run of ours.
    """
    check_given(given, SHELF)
    if given.rates is not None or given.begin_with is not None:
        raise InputError("the judge learns from even rates, from the beginning: leave --rates and "
                         "--begin-with out")  # fmt: skip
    torch.manual_seed(given.key)  # the one place where weights are drawn
    towers = Towers(TowerShape(vocabulary())).to(given.device)
    tell(f"{sum(p.numel() for p in towers.parameters()):,} parameters: {towers.shape.as_dict()}")
    loss = ContrastLoss(
        JudgePortraits(towers.shape.vocabulary, batch=given.batch, key=given.key), given.key
    )
    recipe = Recipe(given.steps, matrix_rate=0.02, rate=2e-3, matrices=MATRICES)
    run = Run(towers, loss, recipe, given.out)
    run.go(tell, lambda run: None)
    about = {"key": given.key, "steps": run.step, "pictures": run.step * given.batch}
    path = given.out / JUDGE
    write_towers(path, run.averaged(), about)
    run.restore()
    tell("calibrating")
    calibrate(path, key=given.key)
    tell(f"{path} is the judge, with its errors as measured")
