"""Is the reference converged? Halving its step may flip at most 0.5 % of outcomes.

The local error of the order-3 solver goes with the fourth power of the step, so a tolerance 16
times smaller halves it. Told for every occupation, without guidance (reference sampling itself)
and at ComfyUI's scale (the cells in which the reference's solver meets deployed guidance), with
Clopper-Pearson 95 % limits of the flip rate.

Run: python benchmarks/convergence.py
"""

from __future__ import annotations

from tables import printed

SEEDS = 1024
BAR = 0.005


def main() -> None:
    """Print the table; fail when the reference itself misses the bar."""
    import torch

    from catoptric.attribution import rate_interval, seed_sample
    from catoptric.audit.interface import load_interface
    from catoptric.sampling import Settings
    from catoptric.studio.making import make
    from catoptric.studio.portraits import ExactPortraits
    from catoptric.world import attribute, load_rates, parse_prompt

    torch.set_num_threads(1)
    model = ExactPortraits.of(load_rates(None))
    tables = {k: dict(v) for k, v in load_interface("reference").tables.items()}
    seeds = [int(seed) for seed in seed_sample(SEEDS, 0)]
    flips_in_all = 0
    with printed(__file__) as say:
        say(f"reference sampler {tables['sampler']}, {SEEDS} seeds")
        say(f"{'occupation':12} {'scale':>5} {'NFE':>6} {'halved':>6}  flips of presentation, 95 %")
        for scale in (1.0, 8.0):
            tables["guidance"] = {"form": "constant", "scale": scale}
            for occupation in attribute("occupation").levels:
                condition = parse_prompt(f"a portrait of a {occupation}")
                labels, nfe = [], []
                for divisor in (1, 16):
                    sampler = dict(tables["sampler"])
                    sampler["rtol"] /= divisor
                    sampler["atol"] /= divisor
                    settings = Settings.from_dict(tables | {"sampler": sampler})
                    pictures, result = make(model, condition, settings, seeds)
                    judged = model.judge(condition, pictures, result.status.tolist())
                    labels.append([(j["levels"] or {}).get("presentation") for j in judged])
                    nfe.append(float(result.nfe.double().mean()))
                flips = sum(a != b for a, b in zip(*labels, strict=True))
                flips_in_all += flips if scale == 1.0 else 0
                limits = rate_interval(flips, SEEDS)
                say(
                    f"{occupation:12} {scale:5g} {nfe[0]:6.1f} {nfe[1]:6.1f}  "
                    f"{100 * flips / SEEDS:.2f} %  ({100 * limits.low:.2f} to "
                    f"{100 * limits.high:.2f})"
                )
        share = flips_in_all / (SEEDS * len(attribute("occupation").levels))
        say()
        say(f"reference, all occupations: {100 * share:.3f} % flipped; bar {100 * BAR:g} %")
    if share > BAR:
        raise SystemExit("the reference is not converged")


if __name__ == "__main__":
    main()
