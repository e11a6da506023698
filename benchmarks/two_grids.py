"""Resolution that follows the noise: what `coarse_above` saves, and how far it moves a picture.

The same seeds with and without it, at several switches, one after the other in turns; seconds per
picture are medians, the ratio is the median of the turns' ratios. The difference of the final
pictures (RMS, values in [-1, 1]) is the bias of the switch. Beside it: how far the pictures of two
seeds lie apart, and how far the solver's own tolerance or step moves a picture, below which no
switch can be told from none. Guided by 2, one thread.

Run: python benchmarks/two_grids.py --weights weights.safetensors
Without --weights the network is random: its speed is the same, its differences mean nothing.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from tables import printed

PROMPT = "a portrait of a smiling doctor with glasses"
SWITCHES = (1.0, 2.0, 4.0, 8.0, 16.0)
# Each with a finer form of itself: the finest error that it can be held to.
SAMPLERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "dpmpp_2m, karras, 18 steps": (
        {"solver": "dpmpp_2m", "schedule": "karras", "steps": 18},
        {"steps": 36},
    ),
    "pid, fast": ({"solver": "pid", "preset": "fast"}, {"preset": "balanced"}),
}


def network(weights: Path | None) -> Any:
    """The network, with averaged weights of a training run, plain ones, or random ones."""
    import torch

    from catoptric.models.spectral.denoiser import SpectralDenoiser
    from catoptric.models.spectral.network import NetworkShape
    from catoptric.models.spectral.text import TextShape
    from catoptric.world.lexicon import vocabulary

    torch.manual_seed(0)
    model = SpectralDenoiser(NetworkShape(), TextShape(vocabulary()))
    if weights is not None:
        from safetensors.torch import load_file

        found = {name: tensor.float() for name, tensor in load_file(weights).items()}
        begin = "average."
        kept = {name.removeprefix(begin): found[name] for name in found if begin in name}
        model.load_state_dict(kept or found)
    return model.eval().requires_grad_(False)


class Drawing:
    """Pictures of one prompt, by any sampler."""

    def __init__(self, weights: Path | None, start: float, seeds: Sequence[int]) -> None:
        import torch

        from catoptric.models.spectral.denoiser import PromptedDenoiser
        from catoptric.models.spectral.text import tokens

        model = network(weights)

        self._sides: list[int] = []
        model.register_forward_pre_hook(lambda _, given: self._sides.append(given[0].shape[1]))
        self._denoiser, self._start, self._seeds = PromptedDenoiser(model), start, seeds
        self._condition = torch.tensor(tokens(PROMPT, model.text.shape.vocabulary))
        self.seconds = 0.0

    @property
    def share(self) -> float:
        """Of the last pictures' evaluations, those on the coarse grid."""
        return self._sides.count(32) / len(self._sides)

    def __call__(self, sampler: dict[str, Any]) -> Any:
        """The `SampleResult`; `seconds` is what a picture took."""
        import numpy as np
        import torch

        from catoptric.sampling import Settings, noise_source, sample

        source = noise_source("philox")

        def noise(seeds: Sequence[int], purpose: Any) -> Any:
            return torch.from_numpy(np.stack([source(s, purpose, (64, 64, 3)) for s in seeds]))

        tables = {"sampler": sampler, "guidance": {"scale": 2.0}, "start": {"sigma": self._start}}
        settings = Settings.from_dict(tables)
        self._sides.clear()
        began = time.perf_counter()
        with torch.inference_mode():
            found = sample(
                self._denoiser,
                settings,
                noise,
                self._seeds,
                condition=self._condition,
                microbatch=8,
            )
        self.seconds = (time.perf_counter() - began) / len(self._seeds)
        return found


def apart(a: Any, b: Any) -> float:
    """RMS difference."""
    return float((a.double() - b.double()).square().mean().sqrt())


def main() -> None:
    """Print the table of each sampler."""
    import torch

    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--weights", type=Path)
    asked.add_argument("--pictures", type=int, default=8)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--start", type=float, default=80.0, help="first sigma")
    given = asked.parse_args()
    torch.set_num_threads(1)
    draw = Drawing(given.weights, given.start, range(given.pictures))
    with printed(__file__) as say:
        name = "random" if given.weights is None else given.weights.name
        say(f"weights: {name}; {given.pictures} pictures, from sigma {given.start:g}")
        for title, (sampler, finer) in SAMPLERS.items():
            whole = draw(sampler)
            solver = sampler["solver"]
            own = apart(whole.x, draw({**sampler, **finer}).x)
            say()
            say(f"{title}: {float(whole.nfe.double().mean()):.1f} evaluations a picture")
            say("coarse above    nfe  coarse  s whole  s both  ratio     RMS")
            for switch in SWITCHES:
                there, here = [], []
                for _ in range(given.rounds):
                    draw(sampler)
                    there.append(draw.seconds)
                    both = draw({**sampler, "coarse_above": switch})
                    here.append(draw.seconds)
                ratio = median(a / b for a, b in zip(there, here, strict=True))
                say(
                    f"{switch:12g} {float(both.nfe.double().mean()):6.1f} {draw.share:6.0%} "
                    f"{median(there):8.3f} {median(here):7.3f} {ratio:6.2f} "
                    f"{apart(whole.x, both.x):7.4f}"
                )
            seeds = apart(whole.x, whole.x.roll(1, 0))
            more = ", ".join(f"{key} {value}" for key, value in finer.items())
            say(f"without: two seeds {seeds:.4f} apart; {solver} from itself with {more} {own:.4f}")


if __name__ == "__main__":
    main()
