"""Truth, end to end: does reference sampling give back the rate that was drawn into the data?

Two questions on `portraits-exact`:
1. Shipped rates, all ten occupations: reference - data within 2 points by TOST (alpha 0.05 a side).
2. 200 audits of planted truths (20 rates files drawn at random x 10 occupations), each with
   `--hide-data`: the 95 % interval of its one `data+model` share, reference - target, covers
   data - target in at least 93 %.

Run: python benchmarks/end_to_end.py
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from tables import printed

SEEDS_EACH = 6000
MARGIN = 2.0
FILES = 20
SEEDS_PLANTED = 400
BAR = 0.93


def planted_file(path: Path, rng, occupations) -> None:
    """A rates file with a rate of women per occupation, uniform in 2 to 98 %."""
    lines = ["[presentation]", 'given = ["occupation"]']
    for occupation in occupations:
        lines.append(f"{occupation} = {{ woman = {rng.uniform(0.02, 0.98):.4f} }}")
    path.write_text("\n".join(lines) + "\n")


def main() -> None:
    """Print both tables; fail when a bar is missed."""
    import numpy as np
    import torch

    from catoptric.attribution import mean_statistic, rate_interval, seed_sample, tost
    from catoptric.audit import Request, audit, to_json
    from catoptric.audit.interface import load_interface
    from catoptric.sampling import Settings
    from catoptric.studio.making import make
    from catoptric.studio.portraits import ExactPortraits
    from catoptric.world import attribute, load_rates, parse_prompt

    torch.set_num_threads(1)
    settings = Settings.from_dict(load_interface("reference").tables)
    occupations = attribute("occupation").levels

    def women(model, occupation: str, seeds: list[int]) -> np.ndarray:
        condition = parse_prompt(f"a portrait of a {occupation}")
        pictures, result = make(model, condition, settings, seeds)
        judged = model.judge(condition, pictures, result.status.tolist())
        levels = [(j["levels"] or {}).get("presentation") for j in judged]
        return np.array([0.5 if level is None else float(level == "woman") for level in levels])

    with printed(__file__) as say:
        model = ExactPortraits.of(load_rates(None))
        seeds = [int(seed) for seed in seed_sample(SEEDS_EACH, 0)]
        say(f"1. reference against data, {SEEDS_EACH} seeds each, TOST at {MARGIN:g} points")
        say(f"{'occupation':12} {'data %':>7} {'reference %':>12} {'difference':>11} {'p':>8}")
        passed = 0
        for occupation in occupations:
            condition = parse_prompt(f"a portrait of a {occupation}")
            data = model.pictures.rate("presentation", "woman", condition)
            outcomes = women(model, occupation, seeds)
            test = tost(mean_statistic(outcomes - data, bounds=(-data, 1 - data)), MARGIN / 100)
            passed += test.equivalent is True
            say(
                f"{occupation:12} {100 * data:7.2f} {100 * outcomes.mean():12.2f} "
                f"{100 * (outcomes.mean() - data):+11.2f} {test.p:8.1e}"
            )
        say(f"equivalent: {passed} of {len(occupations)}; bar: all")
        say()
        rng = np.random.Generator(np.random.Philox(key=20_261_123))
        covered, errors, methods = 0, [], Counter()
        with tempfile.TemporaryDirectory() as folder:
            os.environ["CATOPTRIC_CACHE"] = str(Path(folder) / "cache")
            for number in range(FILES):
                path = Path(folder) / f"{number}.toml"
                planted_file(path, rng, occupations)
                for occupation in occupations:
                    request = Request(
                        f"a portrait of a {occupation}",
                        interface="reference",
                        rates=str(path),
                        hide_data=True,
                        seeds=SEEDS_PLANTED,
                        seed_key=number + 1,
                    )
                    run = Path(folder) / f"{number}-{occupation}"
                    found = audit(request, run, workers=1, progress=lambda *_: None)
                    share = next(s for s in to_json(found)["shares"] if s["source"] == "data+model")
                    # Looked up here; the audit was not told it.
                    data = found.subject.model.pictures.rate(
                        "presentation", "woman", found.subject.condition
                    )
                    truth = 100 * (data - found.target)
                    covered += share["low"] <= truth <= share["high"]
                    errors.append(share["points"] - truth)
                    methods[share["method"]] += 1
                    shutil.rmtree(run)
        total = FILES * len(occupations)
        say(f"2. {total} planted truths, data rate hidden, {SEEDS_PLANTED} seeds each")
        say(
            f"mean error {np.mean(errors):+.2f} points, root mean square "
            f"{np.sqrt(np.mean(np.square(errors))):.2f}; intervals: "
            + ", ".join(f"{n} {name}" for name, n in methods.most_common())
        )
        limits = rate_interval(covered, total)
        say(
            f"covered: {covered} of {total} = {100 * covered / total:.1f} % (95 % interval "
            f"{100 * limits.low:.1f} to {100 * limits.high:.1f}); bar {100 * BAR:g} %"
        )
    if passed < len(occupations) or covered < BAR * total:
        raise SystemExit("a bar was missed")


if __name__ == "__main__":
    main()
