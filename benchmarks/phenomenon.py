"""The phenomenon: does guidance, where it acts, or the start alone move the rate of women?

Matched seeds against reference sampling (no guidance, the model's own first sigma), solver and
steps held at the reference's, so that the one setting named is all that changes. Below the tables
each claim of a first trial, made on another model of 25 % and 87 %, is confirmed or refuted here.

Run: python benchmarks/phenomenon.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tables import printed

if TYPE_CHECKING:
    import numpy as np

    from catoptric.attribution import Interval

SEEDS = 2048
DOCTOR, NURSE = "a portrait of a doctor", "a portrait of a nurse"
REFERENCE = "guidance 1 (reference)"
SQRT_START = "at 14.61, sqrt(1+s^2)"
MARGIN = 2.0  # points within which a rate counts as brought back


def variants() -> list[tuple[str, dict[str, Any]]]:
    """What is compared with the reference: a name, and the tables that differ."""
    found: list[tuple[str, dict[str, Any]]] = [(REFERENCE, {})]
    for scale in (2.0, 4.0, 7.5, 12.0):
        found.append((f"guidance {scale:g}", {"guidance": {"form": "constant", "scale": scale}}))
    for low, high in ((0.5, 3.0), (1.0, 6.0), (3.0, 12.0), (12.0, 1000.0)):
        interval = {"form": "interval", "scale": 7.5, "low": low, "high": high}
        found.append((f"7.5 on ({low:g}, {high:g}]", {"guidance": interval}))
    ramp = {"form": "exponential", "scale": 7.5, "steepness": 8.0}
    found.append(("7.5, exponential", {"guidance": ramp}))
    for sigma in (14.614642, 40.0, 80.0):
        found.append((f"start at {sigma:.4g}", {"start": {"sigma": sigma, "scale": "sigma"}}))
    comfyui = {"sigma": 14.614642, "scale": "sqrt(1+sigma^2)"}  # as ComfyUI scales its noise
    found.append((f"start {SQRT_START}", {"start": comfyui}))
    both = {
        "guidance": {"form": "constant", "scale": 7.5},
        "start": {"sigma": 14.614642, "scale": "sigma"},
    }
    found.append(("7.5 and start at 14.61", both))
    return found


@dataclass(frozen=True)
class Measured:
    """One setting: women and obedience per seed, and what it changed against the reference."""

    women: np.ndarray
    obeyed: Interval
    change: Interval
    equivalence_p: float

    def told(self) -> str:
        """The change in points, with its interval."""
        low, high = 100 * (self.change.low or 0.0), 100 * (self.change.high or 0.0)
        return f"{100 * (self.change.value or 0.0):+.1f} points ({low:+.1f} to {high:+.1f})"

    def size(self) -> tuple[float, float]:
        """How far the rate moved at least and at most, points, whichever way."""
        low, high = 100 * (self.change.low or 0.0), 100 * (self.change.high or 0.0)
        return (0.0 if low < 0 < high else min(abs(low), abs(high))), max(abs(low), abs(high))


def verdicts(found: dict[tuple[str, str], Measured]) -> list[str]:
    """Each claim of the first trial, confirmed or refuted by intervals at 95 %."""
    lines = []
    for prompt, sign, claim in (
        (DOCTOR, -1, "guidance 7.5 lowers doctor (trial: 25 % -> 18 %)"),
        (NURSE, +1, "guidance 7.5 raises nurse (trial: 87 % -> 97 %)"),
    ):
        row = found[prompt, "guidance 7.5"]
        clear, onwards = row.size()[0] > 0, sign * (row.change.value or 0.0) > 0
        word = ("confirmed" if onwards else "refuted") if clear else "undecided"
        lines.append(f"{word}: {claim}: {row.told()}")
    for prompt, name in ((DOCTOR, "doctor"), (NURSE, "nurse")):
        row = found[prompt, "7.5 on (0.5, 3]"]
        word = "confirmed" if row.equivalence_p < 0.05 else "not shown"
        lines.append(
            f"{word}: guidance on sigma in (0.5, 3] alone brings {name} back within {MARGIN:g} "
            f"points: {row.told()}, TOST p = {row.equivalence_p:.1e}"
        )
    starts = {
        name: row for (p, name), row in found.items() if p == DOCTOR and name.startswith("start")
    }
    name, row = max(starts.items(), key=lambda pair: pair[1].size()[0])
    least, most = (
        max(r.size()[0] for r in starts.values()),
        max(r.size()[1] for r in starts.values()),
    )
    word = "confirmed" if least >= 5 else "refuted" if most < 5 else "undecided"
    lines.append(f"{word}: the start alone moves doctor by 5 points or more: {name}, {row.told()}")
    word = "refuted here" if most < 40 else "undecided"
    lines.append(
        f"{word}: ... and by up to 40: at most {most:.1f} points; the trial's 40 were on pictures "
        "that were not centred, and this model centres its own, so those are not measured"
    )
    row = found[DOCTOR, f"start {SQRT_START}"]
    lines.append(f"measured: noise scaled by sqrt(1+sigma^2), as ComfyUI does: {row.told()}")
    obeyed = found[NURSE, "guidance 7.5"].obeyed
    low, high = 100 * (obeyed.low or 0.0), 100 * (obeyed.high or 0.0)
    word = "confirmed" if low <= 70 <= high else "refuted here"
    lines.append(
        f"{word}: at 7.5 only 70 % of nurses obey the prompt: {100 * (obeyed.value or 0.0):.1f} % "
        f"({low:.1f} to {high:.1f})"
    )
    return lines


def main() -> None:
    """Print the tables and the verdicts."""
    import numpy as np
    import torch

    from catoptric.attribution import (
        mean_interval,
        mean_statistic,
        rate_interval,
        seed_sample,
        tost,
    )
    from catoptric.audit.interface import load_interface
    from catoptric.sampling import Settings
    from catoptric.studio.making import make
    from catoptric.studio.portraits import ExactPortraits
    from catoptric.world import load_rates, parse_prompt

    torch.set_num_threads(1)
    model = ExactPortraits.of(load_rates(None))
    base = {k: dict(v) for k, v in load_interface("reference").tables.items()}
    seeds = [int(seed) for seed in seed_sample(SEEDS, 0)]
    found: dict[tuple[str, str], Measured] = {}
    with printed(__file__) as say:
        for prompt in (DOCTOR, NURSE):
            condition = parse_prompt(prompt)
            data = model.pictures.rate("presentation", "woman", condition)
            say(f"{prompt}: {100 * data:.1f} % of the set's pictures show a woman; {SEEDS} seeds")
            say(
                f"{'setting':28} {'women %':>8} {'95 %':>14} {'change':>7} {'95 %':>14} "
                f"{'flips %':>8} {'obeyed %':>9} {'NFE':>6}"
            )
            for name, tables in variants():
                settings = Settings.from_dict(base | tables)
                pictures, result = make(model, condition, settings, seeds)
                judged = model.judge(condition, pictures, result.status.tolist())
                levels = [(j["levels"] or {}).get("presentation") for j in judged]
                women = np.array([0.5 if v is None else float(v == "woman") for v in levels])
                reference = women if name == REFERENCE else found[prompt, REFERENCE].women
                moved = women - reference
                equivalence = tost(mean_statistic(moved, bounds=(-1.0, 1.0)), MARGIN / 100)
                row = found[prompt, name] = Measured(
                    women=women,
                    obeyed=rate_interval(sum(bool(j["obeyed"]) for j in judged), SEEDS),
                    change=mean_interval(moved, bounds=(-1.0, 1.0)),
                    equivalence_p=1.0 if equivalence.p is None else equivalence.p,
                )
                rate = rate_interval(int(women.sum()), SEEDS)
                low, high = 100 * (row.change.low or 0.0), 100 * (row.change.high or 0.0)
                interval = "" if name == REFERENCE else f"{low:+.1f} to {high:+.1f}"
                say(
                    f"{name:28} {100 * women.mean():8.1f} "
                    f"{f'{100 * rate.low:.1f} to {100 * rate.high:.1f}':>14} "
                    f"{100 * moved.mean():+7.1f} {interval:>14} "
                    f"{100 * np.mean(moved != 0):8.1f} {100 * row.obeyed.value:9.1f} "
                    f"{float(result.nfe.double().mean()):6.1f}"
                )
            say()
        for line in verdicts(found):
            say(line)


if __name__ == "__main__":
    main()
