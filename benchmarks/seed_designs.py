"""Interval width against plain seeds at equal pictures, for each arrangement and each estimand.

An arrangement draws its pictures in groups whose noise is balanced; the group is the independent
unit. Both widths come from the same pictures: as the audit makes intervals, with the groups as
units and as if every picture were a unit of its own (each alone is plain noise). The game is
ComfyUI's defaults against the reference, its solver cut to 20 steps for speed.

Bars: no estimand is shown to be wider under the default arrangement; the default of
`catoptric audit --seed-design` is what the rule says, which is stated below the table.

Run: python benchmarks/seed_designs.py
"""

from __future__ import annotations

import sys
from dataclasses import replace

from tables import printed

PICTURES = 512
PROMPTS = ("a portrait of a doctor",)
LOW = "dc,1,2,3"
HIGH = "4-5,6-7,8-11,12-15,16-31,32+"
DESIGNS: dict[str, tuple[str, ...]] = {
    "antithetic": ("plain", "opposite"),
    "flips, low and high": ("plain", "opposite", f"opposite:{LOW}", f"opposite:{HIGH}"),
    "stratified, 4": tuple(f"stratified:{j}/4" for j in range(4)),
    "stratified, 8": tuple(f"stratified:{j}/8" for j in range(8)),
    "quasi-random, 8": tuple(f"quasi:{j}/8" for j in range(8)),
}
# Below this the mean ratio counts as narrower, above WIDER an estimand as harmed; both ends of
# their own 95 % intervals.
NARROWER, WIDER = 1.0, 1.05
RESAMPLED = 400


def main() -> int:
    """Print the table."""
    import numpy as np

    from catoptric.attribution import contrast_bounds, mean_interval, seed_sample, shapley_contrasts
    from catoptric.audit import Request
    from catoptric.audit.gallery import arranged_settings
    from catoptric.audit.interface import load_interface
    from catoptric.audit.knobs import make_cells
    from catoptric.randomness.polarity_request import QUICK
    from catoptric.studio.painting import painter_of
    from catoptric.studio.portraits import ExactPortraits
    from catoptric.world import load_rates, parse_prompt

    model = ExactPortraits.of(load_rates(None))
    reference = load_interface("reference")
    reference = replace(reference, tables={**reference.tables, "sampler": QUICK})
    cells = make_cells(load_interface("comfyui"), reference)
    players = cells.game.players
    contrasts = {
        "rate, reference": np.eye(8)[0],
        "rate, deployed": np.eye(8)[-1],
        **{f"share, {k}": c for k, c in zip(players, shapley_contrasts(3), strict=True)},
        "deployed - reference": np.eye(8)[-1] - np.eye(8)[0],
    }
    generator = np.random.default_rng(0)
    held = True
    with printed(__file__) as say:
        say(f"{PICTURES} pictures a cell; width ratio: with groups as units / as plain seeds")
        say("in brackets: 95 % interval of the ratio, groups resampled")
        ratios: dict[str, dict[str, list[np.ndarray]]] = {name: {} for name in DESIGNS}
        for prompt in PROMPTS:
            painter = painter_of(model, parse_prompt(prompt))
            say()
            say(prompt)
            say(f"{'':22}" + "".join(f"{name:>22}" for name in DESIGNS))
            columns: dict[str, list[str]] = {name: [] for name in contrasts}
            for block, (design, members) in enumerate(DESIGNS.items()):
                seeds = seed_sample(PICTURES // len(members), 0, block=100 + block).tolist()
                y = np.stack(
                    [
                        np.stack([_women(painter, arranged_settings(s, m), seeds) for m in members])
                        for s in cells.settings
                    ],
                    axis=2,
                )  # [members, seeds, cells]
                groups = np.tile(np.arange(len(seeds)), (len(members), 1))
                for name, contrast in contrasts.items():
                    values, bounds = y @ contrast, contrast_bounds(contrast)
                    widths = [
                        (i.high - i.low)
                        for units in (groups.ravel(), None)
                        for i in [mean_interval(values.ravel(), bounds=bounds, units=units)]
                    ]
                    picks = generator.integers(0, len(seeds), size=(RESAMPLED, len(seeds)))
                    spread = np.log(_sd_ratio(values[:, picks]))
                    ratios[design].setdefault(name, []).append(spread)
                    low, high = np.exp(np.quantile(spread, [0.025, 0.975]))
                    ratio = widths[0] / widths[1]
                    columns[name].append(f"{ratio:.2f} ({low:.2f} to {high:.2f})")
            for name, cells_ in columns.items():
                say(f"{name:22}" + "".join(f"{cell:>22}" for cell in cells_))
        say()
        say("geometric mean over the prompts: rates, shares, all; and what is shown wider")
        best, least = "plain", 0.0
        for design, found in ratios.items():
            means = {k: np.mean(v, axis=0) for k, v in found.items()}
            groups_ = {
                "rates": [v for k, v in means.items() if k.startswith("rate")],
                "shares": [v for k, v in means.items() if k.startswith("share")],
                "all": list(means.values()),
            }
            told = []
            for values_ in groups_.values():
                each = np.mean(values_, axis=0)
                told.append(
                    f"{np.exp(np.median(each)):.2f} ({np.exp(np.quantile(each, 0.025)):.2f} to "
                    f"{np.exp(np.quantile(each, 0.975)):.2f})"
                )
            overall = np.mean(groups_["all"], axis=0)
            wider = [k for k, v in means.items() if np.quantile(v, 0.025) > np.log(WIDER)]
            narrows = np.quantile(overall, 0.975) < np.log(NARROWER)
            say(f"{design:22}" + "".join(f"{t:>22}" for t in told) + f"  {', '.join(wider) or '-'}")
            if narrows and not wider and np.median(overall) < least:
                best, least = design, float(np.median(overall))
        say()
        say(
            f"rule: the arrangement of least mean ratio, if that is below {NARROWER:g} with its "
            f"whole interval and no estimand lies above {WIDER:g} with its whole interval"
        )
        default = Request("a doctor").seed_design
        verdict = "held" if default == best else "MISSED"
        held &= default == best
        say(f"rule says {best}; default of catoptric audit is {default}: {verdict}")
    return 0 if held else 1


def _women(painter: object, settings: object, seeds: list[int]) -> object:
    """float64 [n], 1 where the picture shows a woman, 1/2 where it is unclear."""
    import numpy as np

    spec = painter.model.spec(painter.condition, settings)  # type: ignore[attr-defined]
    draws = painter(spec, seeds)  # type: ignore[operator]
    levels = [(draw.label["levels"] or {}).get("presentation") for draw in draws]
    return np.array([0.5 if level is None else float(level == "woman") for level in levels])


def _sd_ratio(values: object) -> object:
    """sqrt(m var(group mean) / var(value)): float64 [m, R, n] -> [R]."""
    import numpy as np

    m, _, n = values.shape  # type: ignore[attr-defined]
    between = m * values.mean(axis=0).var(axis=1, ddof=1)  # type: ignore[attr-defined]
    return np.sqrt(between / values.var(axis=(0, 2)) * (1 - 1 / (m * n)))  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
