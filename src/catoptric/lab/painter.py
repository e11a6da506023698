"""A painter that watches the path too: how far the denoised estimate overshoots its end.

Along the path the denoised estimate x0 has a share of the final picture in it,

    r = <x0, x_end> / |x_end|^2,        overshoot = max(0, max over the path of r - 1)

over the whole state at once. Strong guidance drives r above 1: what is shown is then pulled back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from catoptric.runs import Draw, Spec
from catoptric.sampling import Settings, Status, Step
from catoptric.studio.contract import Studio
from catoptric.studio.making import make
from catoptric.studio.painting import Painter, PaintRecipe, pack


def lab_judge(model: Studio) -> str:
    """Draws of the lab carry the overshoot, so they are judged under a name of their own."""
    return f"{model.judge_name}+overshoot/1"


@dataclass(frozen=True)
class LabPainter:
    """Draws, judges and measures the overshoot of a model."""

    inner: Painter

    def __call__(self, spec: Spec, seeds: Sequence[int]) -> list[Draw]:
        """One judged draw per seed, its label with an `overshoot`."""
        model, condition = self.inner.model, self.inner.condition
        settings = Settings.from_dict(spec.values["settings"])
        seen: list[tuple[torch.Tensor, torch.Tensor]] = []

        def watch(step: Step) -> None:
            kept = step.accepted
            seen.append((step.rows[kept.cpu()], step.denoised[kept].clone()))

        pictures, result = make(model, condition, settings, seeds, watch=watch)
        over = overshoot(seen, result.x)
        labels = model.judge(condition, pictures, result.status.tolist())
        return [
            Draw(
                seed=int(seed),
                picture=pack(pictures[i]),
                nfe=int(result.nfe[i]),
                status=Status(int(result.status[i])).name.lower(),
                label=labels[i] | {"overshoot": float(over[i])},
            )
            for i, seed in enumerate(seeds)
        ]


@dataclass(frozen=True)
class LabRecipe:
    """How a worker makes its painter; picklable."""

    inner: PaintRecipe

    def __call__(self) -> LabPainter:
        """Load the model."""
        return LabPainter(self.inner())


def overshoot(seen: Sequence[tuple[torch.Tensor, torch.Tensor]], end: torch.Tensor) -> torch.Tensor:
    """Largest share of the final state in any denoised estimate, beyond 1.

    Args:
        seen: (rows int64 [k], denoised [k, ...]) of every accepted step.
        end: [n, ...], the final states.

    Returns:
        float64 [n], 0 or more; 0 where the end is not finite.
    """
    flat = end.flatten(1).double()
    size = flat.square().sum(1)
    peak = torch.ones(len(end), dtype=torch.float64)
    for rows, denoised in seen:
        share = (denoised.flatten(1).double() * flat[rows]).sum(1) / size[rows]
        peak[rows] = torch.maximum(peak[rows], torch.nan_to_num(share, nan=1.0, posinf=1.0))
    return peak - 1.0
