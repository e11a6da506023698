"""How far is the network from the best denoiser there could be, noise level by noise level?

Weighted loss, lambda(sigma) mean |D(x0 + sigma eps) - x0|^2, without text, on portraits that nobody
was trained on, of

- the network, as shipped;
- the exact denoiser of 12,000 portraits, on its own pictures: the closed-form optimum of that
  set, and a floor: it knows each of them by heart, so at low noise nothing can come near it;
- the same denoiser on held-out portraits: what knowing 12,000 by heart is worth on others.

Excess is the network's loss over the floor. At high noise, where no single picture can be told, the
floor is the world's own.

Run: python benchmarks/denoiser_loss.py   (about two minutes)
"""

from __future__ import annotations

import numpy as np
import torch

from catoptric.models.spectral.weights import restore, shipped
from catoptric.studio.portraits import ExactPortraits
from catoptric.training.data import to_signed
from catoptric.training.ship import HELD_OUT_KEY, LEVELS
from catoptric.world import draw_portraits, load_rates, render
from tables import printed

COUNT, ROWS = 256, 64


def main() -> None:
    with printed(__file__) as say:
        rates = load_rates(None)
        loaded, exact = restore(shipped()), ExactPortraits.of(rates)
        model = loaded.model
        held_out = render(draw_portraits(rates, HELD_OUT_KEY << 32, COUNT))
        every = np.random.Generator(np.random.Philox(1)).permutation(len(exact.pictures.pictures))
        own = exact.pictures.pictures[np.sort(every[:COUNT])]
        random = np.random.Generator(np.random.Philox(2))
        noise = torch.from_numpy(random.standard_normal((COUNT, 64, 64, 3), np.float32))
        say(f"{loaded.about['steps'] if 'steps' in loaded.about else loaded.about['step']} steps, "
            f"{loaded.about['pictures']:,} pictures; loss on {COUNT} pictures")  # fmt: skip
        say()
        say(f"{'sigma':>8}{'network':>10}{'optimum':>10}{'excess':>10}{'12,000 by heart':>18}")

        def network(x: torch.Tensor, level: float) -> torch.Tensor:
            text = model.nothing.expand(ROWS, -1)
            return model(x - model.mean, torch.full((ROWS,), level), text) + model.mean

        def by_heart(x: torch.Tensor, level: float) -> torch.Tensor:
            flat = x.reshape(ROWS, -1) - exact.latent.basis.mean
            found = exact.denoiser(
                exact.latent.project(flat), torch.full((ROWS,), level, dtype=torch.float32), None
            )
            return exact.picture(found) + exact.latent.basis.mean.reshape(64, 64, 3)

        for level in LEVELS:
            weight = (level**2 + 0.25) / (level * 0.5) ** 2
            losses = []
            for pictures, denoiser in ((held_out, network), (own, by_heart), (held_out, by_heart)):
                total = 0.0
                for at in range(0, COUNT, ROWS):
                    x0 = to_signed(pictures[at : at + ROWS])
                    with torch.inference_mode():
                        estimate = denoiser(x0 + level * noise[at : at + ROWS], level)
                    total += float((estimate - x0).square().mean()) * ROWS / COUNT
                losses.append(weight * total)
            mine, best, heart = losses
            say(f"{level:8g}{mine:10.4f}{best:10.4f}{mine - best:10.4f}{heart:18.4f}")


if __name__ == "__main__":
    main()
