"""Does the text that the network reads reach its pictures?

1. A linear reading of the shipped encoder's vectors: correlation, on captions that the fit did not
   see, between what is read and whether the caption says it. 1 = kept whole, 0 = lost.
2. How far naming a thing moves the denoised estimate of the same noisy picture, RMS in [-1, 1], by
   noise level: "a portrait of a doctor" against the same with one thing named.

Run: python benchmarks/text_reading.py   (a minute)
"""

from __future__ import annotations

import numpy as np
import torch

from catoptric.models.spectral.text import tokens
from catoptric.models.spectral.weights import restore, shipped
from catoptric.training.data import to_signed
from catoptric.training.held_out import training_caption
from catoptric.training.ship import HELD_OUT_KEY
from catoptric.world import draw_portraits, load_rates, parse_prompt, render
from tables import printed

CAPTIONS, FITTED = 6000, 4500
PICTURES = 16
LEVELS = (0.5, 2.0, 8.0, 30.0)
READ = (
    ("occupation", "chef"),
    ("presentation", "woman"),
    ("skin", "dark"),
    ("glasses", "yes"),
    ("expression", "smiling"),
    ("facial_hair", "beard"),
    ("background", "mint"),
)
NAMED = (
    "a portrait of a chef",
    "a portrait of a female doctor",
    "a portrait of a doctor with dark skin",
    "a portrait of a doctor with glasses",
    "a portrait of a smiling doctor",
    "a portrait of a doctor with a beard",
    "a portrait of a doctor on a mint background",
)


def main() -> None:
    torch.set_num_threads(1)
    with printed(__file__) as say, torch.inference_mode():
        loaded, rates = restore(shipped()), load_rates(None)
        model = loaded.model
        known = model.text.shape.vocabulary

        def vectors(texts: list[str]) -> torch.Tensor:
            words = torch.tensor([tokens(text, known) for text in texts])
            return torch.cat([model.encode(part, len(part)) for part in words.split(256)])

        codes = draw_portraits(rates, HELD_OUT_KEY << 33, CAPTIONS)
        captions = [training_caption(row, i) for i, row in enumerate(codes)]
        said = [parse_prompt(caption).levels for caption in captions]
        x = torch.cat([vectors(captions), torch.ones(CAPTIONS, 1)], dim=1).double()
        say(f"weights {loaded.sha256[:16]}: linear reading, {CAPTIONS - FITTED} captions")
        for name, level in READ:
            is_said = torch.tensor([float(levels.get(name) == level) for levels in said]).double()
            fit = torch.linalg.lstsq(x[:FITTED], is_said[:FITTED, None]).solution
            read = (x[FITTED:] @ fit)[:, 0].numpy()
            found = np.corrcoef(read, is_said[FITTED:].numpy())[0, 1]
            say(f"  {name:14}{level:10}R {found:.2f}")
        say()
        drawn = render(draw_portraits(rates, (HELD_OUT_KEY << 33) + 1, PICTURES))
        x0 = to_signed(drawn) - model.mean
        noise = torch.from_numpy(
            np.random.Generator(np.random.Philox(1)).standard_normal(x0.shape, np.float32)
        )
        say("how far naming it moves an estimate, RMS" + "".join(f"{s:>10g}" for s in LEVELS))
        plain = vectors(["a portrait of a doctor"]).expand(PICTURES, -1)
        for text in NAMED:
            named, moved = vectors([text]).expand(PICTURES, -1), []
            for level in LEVELS:
                sigma, noisy = torch.full((PICTURES,), level), x0 + level * noise
                change = model(noisy, sigma, named) - model(noisy, sigma, plain)
                moved.append(float(change.square().mean().sqrt()))
            say(
                f"  {text.removeprefix('a portrait of '):38}" + "".join(f"{m:10.4f}" for m in moved)
            )


if __name__ == "__main__":
    main()
