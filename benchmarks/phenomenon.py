"""The phenomenon: does guidance, where it acts, or the start alone move the rate of women?

Matched seeds against reference sampling (no guidance, the model's own first sigma), solver and
steps held at the reference's, so that the one setting named is all that changes.

Run: python benchmarks/phenomenon.py
"""

from __future__ import annotations

from typing import Any

from tables import printed

SEEDS = 2048
PROMPTS = ("a portrait of a doctor", "a portrait of a nurse")


def variants() -> list[tuple[str, dict[str, Any]]]:
    """What is compared with the reference: a name, and the tables that differ."""
    found: list[tuple[str, dict[str, Any]]] = [("reference", {})]
    for scale in (2.0, 4.0, 7.5, 12.0):
        found.append((f"guidance {scale:g}", {"guidance": {"form": "constant", "scale": scale}}))
    for low, high in ((0.5, 3.0), (1.0, 6.0), (3.0, 12.0), (12.0, 1000.0)):
        interval = {"form": "interval", "scale": 7.5, "low": low, "high": high}
        found.append((f"7.5 on ({low:g}, {high:g}]", {"guidance": interval}))
    ramp = {"form": "exponential", "scale": 7.5, "steepness": 8.0}
    found.append(("7.5, exponential", {"guidance": ramp}))
    for sigma in (14.614642, 40.0, 80.0):
        found.append((f"start at {sigma:.4g}", {"start": {"sigma": sigma, "scale": "sigma"}}))
    both = {
        "guidance": {"form": "constant", "scale": 7.5},
        "start": {"sigma": 14.614642, "scale": "sigma"},
    }
    found.append(("7.5 and start at 14.61", both))
    return found


def main() -> None:
    """Print the table."""
    import numpy as np
    import torch

    from catoptric.attribution import mean_interval, rate_interval, seed_sample
    from catoptric.audit.interface import load_interface
    from catoptric.sampling import Settings
    from catoptric.studio.portraits import ExactPortraits
    from catoptric.world import load_rates, parse_prompt

    torch.set_num_threads(1)
    model = ExactPortraits.of(load_rates(None))
    base = {k: dict(v) for k, v in load_interface("reference").tables.items()}
    seeds = [int(seed) for seed in seed_sample(SEEDS, 0)]
    with printed(__file__) as say:
        for prompt in PROMPTS:
            condition = parse_prompt(prompt)
            data = model.pictures.rate("presentation", "woman", condition)
            say(f"{prompt}: {100 * data:.1f} % of the set's pictures show a woman; {SEEDS} seeds")
            say(
                f"{'setting':24} {'women %':>8} {'95 %':>14} {'change':>7} {'95 %':>14} "
                f"{'flips %':>8} {'obeyed %':>9} {'NFE':>6}"
            )
            reference = np.zeros(0)
            for name, tables in variants():
                settings = Settings.from_dict(base | tables)
                pictures, result = model.make(condition, settings, seeds)
                judged = model.judge(condition, pictures, result.status.tolist())
                levels = [(j["levels"] or {}).get("presentation") for j in judged]
                women = np.array([0.5 if v is None else float(v == "woman") for v in levels])
                obeyed = np.mean([bool(j["obeyed"]) for j in judged])
                if name == "reference":
                    reference = women
                rate = rate_interval(int(women.sum()), SEEDS)
                change = mean_interval(women - reference, bounds=(-1.0, 1.0))
                interval = (
                    ""
                    if name == "reference"
                    else f"{100 * change.low:+.1f} to {100 * change.high:+.1f}"
                )
                say(
                    f"{name:24} {100 * women.mean():8.1f} "
                    f"{f'{100 * rate.low:.1f} to {100 * rate.high:.1f}':>14} "
                    f"{100 * (women - reference).mean():+7.1f} {interval:>14} "
                    f"{100 * np.mean(women != reference):8.1f} {100 * obeyed:9.1f} "
                    f"{float(result.nfe.double().mean()):6.1f}"
                )
            say()


if __name__ == "__main__":
    main()
