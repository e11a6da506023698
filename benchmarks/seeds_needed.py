"""Cost of an audit: seeds for +-4 points, with shared and with independent seeds, per knob.

Shared: every cell of a seed starts from the same noise, so a share's variance is that of one
contrast per seed. Independent: each cell its own seeds, so variances of cells add. Both from the
same draws: var(sum c y) against sum c^2 var(y); both draw every cell once per seed.

Run: python benchmarks/seeds_needed.py
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tables import printed

SEEDS = 512
HALF_WIDTH = 0.04
Z = 1.959964


def main() -> None:
    """Print the table."""
    import numpy as np

    from catoptric.attribution import shapley_contrasts
    from catoptric.audit import Request, audit

    with printed(__file__) as say, tempfile.TemporaryDirectory() as folder:
        say(f"seeds for +-{100 * HALF_WIDTH:g} points, from {SEEDS} seeds")
        say(
            f"{'prompt':24} {'interface':10} {'knob':10} {'shared':>7} {'independent':>12} "
            f"{'ratio':>6}"
        )
        ratios = []
        for occupation in ("doctor", "nurse", "teacher"):
            for interface in ("comfyui", "a1111", "diffusers"):
                prompt = f"a portrait of a {occupation}"
                request = Request(prompt, interface=interface, seeds=SEEDS, remedy=False)
                found = audit(
                    request,
                    Path(folder) / occupation,
                    workers=os.cpu_count() or 1,
                    progress=lambda *_: None,
                )
                y = np.stack([reading.outcomes for reading in found.readings], axis=1)
                y = np.where(np.isnan(y), 0.5, y)
                names = found.cells.game.players
                for name, contrast in zip(names, shapley_contrasts(len(names)), strict=True):
                    shared = (y @ contrast).var(ddof=1)
                    independent = (contrast**2 * y.var(axis=0, ddof=1)).sum()
                    need = [
                        max(2, np.ceil(v * (Z / HALF_WIDTH) ** 2)) for v in (shared, independent)
                    ]
                    ratios.append(need[1] / need[0])
                    say(
                        f"{prompt:24} {found.interface.name:10} {name:10} {need[0]:7.0f} "
                        f"{need[1]:12.0f} {need[1] / need[0]:6.2f}"
                    )
        say()
        say(f"geometric mean of the ratios: {np.exp(np.mean(np.log(ratios))):.2f}")


if __name__ == "__main__":
    main()
