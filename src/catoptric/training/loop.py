"""A training run: steps, an average of the weights, a log, checkpoints; goes on where it stopped.

Every step is a function of the run's key and its number: a killed run, resumed, takes the same
steps on the same data.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import torch
from torch import Tensor, nn

from catoptric.errors import InputError
from catoptric.models.weights_file import halved
from catoptric.training.checkpoint import load, save

STATE, WEIGHTS, LOG = "state.safetensors", "weights.safetensors", "log.jsonl"


@dataclass(frozen=True)
class Recipe:
    """How a run is trained.

    Attributes:
        steps: in all.
        matrix_rate: learning rate of matrices (Muon).
        rate: of all else (AdamW).
        warm_up: steps over which rates rise, also after a resume from bare weights.
        average: half-life of the weights' average, as a share of the steps done.
        keep_seconds: between checkpoints.
        show_seconds: between showings of what the run can do, which may cost as much as 20 steps.
        matrices: parts of the names of those weights that are matrices inside the network.
        gentle: parts of the names of weights that Muon never gets: its steps have one size however
            faint the gradient, and what little a loss says of a text drowned in them.
        shares: (part of a name, share of `rate`) of weights that are trained more slowly; the first
            that fits.
    """

    steps: int
    matrix_rate: float = 0.01
    rate: float = 1e-3
    warm_up: int = 100
    average: float = 0.05
    keep_seconds: float = 120.0
    show_seconds: float = 900.0
    matrices: tuple[str, ...] = ("widen", "narrow", "pooled", "shrink", "grow")
    gentle: tuple[str, ...] = ()
    shares: tuple[tuple[str, float], ...] = ()


def optimisers(model: nn.Module, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the network, AdamW for filters, gains, embeddings and edges.

    Source: Jordan et al. 2024 (Muon); Loshchilov & Hutter 2019 (AdamW).
    """
    matrices: list[nn.Parameter] = []
    others: dict[float, list[nn.Parameter]] = {}
    for name, weight in model.named_parameters():
        if not weight.requires_grad:
            continue
        inner = any(part in name for part in recipe.matrices)
        if weight.ndim == 2 and inner and not any(part in name for part in recipe.gentle):
            matrices.append(weight)
        else:
            share = next((share for part, share in recipe.shares if part in name), 1.0)
            others.setdefault(share, []).append(weight)
    return [
        torch.optim.Muon(matrices, lr=recipe.matrix_rate, weight_decay=0.01),
        torch.optim.AdamW(
            [{"params": weights, "share": share} for share, weights in others.items()],
            lr=recipe.rate,
            betas=(0.9, 0.99),
            weight_decay=0.0,
        ),
    ]


class Run:
    """A model on its way.

    Args:
        model: as initialised; overwritten by what the folder holds.
        loss: `(model, step) -> scalar`, with figures to log.
        recipe: how.
        folder: where state, weights and log lie.
        about: what else is to be written beside the weights.
    """

    def __init__(
        self,
        model: nn.Module,
        loss: Callable[[nn.Module, int], tuple[Tensor, dict[str, float]]],
        recipe: Recipe,
        folder: Path,
        about: Mapping[str, object] | None = None,
    ) -> None:
        self.model, self.recipe, self.folder = model, recipe, folder
        self._about = dict(about or {})
        self._loss = loss
        self._optimisers = optimisers(model, recipe)
        self.average = {name: t.detach().clone() for name, t in model.state_dict().items()}
        self.step, self._seconds, self._warmed = 0, 0.0, 0
        if (folder / STATE).is_file():
            self._read()

    def go(self, tell: Callable[[str], None], show: Callable[[Run], None]) -> None:
        """Train to the end of the recipe; a checkpoint is left whatever happens.

        Args:
            tell: told a line now and then.
            show: called now and then, to draw what the run can do.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = told = shown = time.monotonic()
        first, began = self.step, told
        seen: dict[str, list[float]] = {}
        try:
            while self.step < self.recipe.steps:
                for name, value in self._take().items():
                    seen.setdefault(name, []).append(value)
                now = time.monotonic()
                if now - told > 20.0 or self.step == self.recipe.steps:
                    figures = {name: fmean(values) for name, values in seen.items()}
                    left = (now - began) / (self.step - first) * (self.recipe.steps - self.step)
                    self._log(figures | {"seconds": self._seconds + now - began})
                    said = ", ".join(f"{name} {value:.4f}" for name, value in figures.items())
                    tell(f"step {self.step:,} of {self.recipe.steps:,}: {said}; {left:,.0f} s left")
                    seen, told = {}, now
                if now - kept > self.recipe.keep_seconds:
                    self._write(self._seconds + now - began)
                    kept = time.monotonic()
                if now - shown > self.recipe.show_seconds:
                    show(self)
                    shown = time.monotonic()
        finally:
            self._write(self._seconds + time.monotonic() - began)
        show(self)

    def averaged(self) -> nn.Module:
        """The model with the averaged weights; `restore` brings the raw ones back."""
        self._raw = {name: t.detach().clone() for name, t in self.model.state_dict().items()}
        self.model.load_state_dict(self.average)
        return self.model

    def restore(self) -> None:
        """Undo `averaged`."""
        self.model.load_state_dict(self._raw)

    def _take(self) -> dict[str, float]:
        recipe = self.recipe
        # Rates rise, then fall linearly to 0: kept high, the loss rose again after 600 steps.
        falling = (recipe.steps - self.step) / recipe.steps
        factor = min(1.0, (self._warmed + 1) / recipe.warm_up) * falling
        rates = (recipe.matrix_rate, recipe.rate)
        for optimiser, rate in zip(self._optimisers, rates, strict=True):
            for group in optimiser.param_groups:
                group["lr"] = rate * factor * group.get("share", 1.0)
            optimiser.zero_grad(set_to_none=True)
        loss, figures = self._loss(self.model, self.step)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimiser in self._optimisers:
            optimiser.step()
        self.step += 1
        self._warmed += 1
        # A half-life of a share of the steps so far: short at first, long at the end.
        keep = 0.5 ** (1.0 / max(recipe.average * self.step, 1.0))
        for name, tensor in self.model.state_dict().items():
            self.average[name].lerp_(tensor, 1.0 - keep)
        return figures

    def _log(self, figures: dict[str, float]) -> None:
        line = json.dumps({"step": self.step} | {k: round(v, 6) for k, v in figures.items()})
        with (self.folder / LOG).open("a") as file:
            file.write(line + "\n")

    def _write(self, seconds: float) -> None:
        about = {**self._about, "step": self.step, "seconds": seconds}
        tensors = {f"raw.{k}": v for k, v in self.model.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.items()}
        save(self.folder / WEIGHTS, halved(tensors), about)
        for i, optimiser in enumerate(self._optimisers):
            for number, state in optimiser.state_dict()["state"].items():
                for key, value in state.items():
                    tensors[f"optimiser.{i}.{number}.{key}"] = torch.as_tensor(value)
        save(self.folder / STATE, tensors, about)

    def _read(self) -> None:
        tensors, about = load(self.folder / STATE)
        self.step = int(str(about["step"]))
        self._seconds = float(str(about["seconds"]))
        self._warmed = self.step

        def part(prefix: str) -> dict[str, Tensor]:
            length = len(prefix)
            return {k[length:]: v for k, v in tensors.items() if k.startswith(prefix)}

        try:
            self.model.load_state_dict(part("raw."))
        except RuntimeError as error:
            said = str(error).splitlines()[0]
            raise InputError(f"{self.folder} holds a run of another network: {said}") from error
        now = self.model.state_dict()
        self.average = {name: t.to(now[name].device) for name, t in part("average.").items()}
        for i, optimiser in enumerate(self._optimisers):
            states: dict[int, dict[str, Tensor]] = {}
            for name, value in part(f"optimiser.{i}.").items():
                number, key = name.split(".", 1)
                states.setdefault(int(number), {})[key] = value
            whole = optimiser.state_dict()
            optimiser.load_state_dict({"state": states, "param_groups": whole["param_groups"]})
