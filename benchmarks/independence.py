"""Independence: the same seed gives the same picture, bit for bit, whatever stands beside it.

Each setting draws 12 seeds alone, in a company of 7, in one of 64 at other rows, in reverse order,
and through the audit's runner with 1 and with 2 workers; pictures are compared by SHA-256. Then one
row's estimate turns to NaN, or runs away until its numbers overflow: it must end with its status,
and leave the bits of all others.

Run: python benchmarks/independence.py
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from tables import printed

SEEDS = 12
SETTINGS = {
    "fixed: euler, 20 steps": {"sampler": {"solver": "euler", "schedule": "normal", "steps": 20}},
    "fixed, guided: dpmpp_2m at 7": {
        "sampler": {"solver": "dpmpp_2m", "schedule": "karras", "steps": 20},
        "guidance": {"scale": 7.0},
    },
    "stochastic: euler_ancestral": {
        "sampler": {"solver": "euler_ancestral", "schedule": "normal", "steps": 20}
    },
    "adaptive: pid": {"sampler": {"solver": "pid", "rtol": 1e-3, "atol": 1e-3}},
    "adaptive, guided: pid at 8": {
        "sampler": {"solver": "pid", "rtol": 1e-3, "atol": 1e-3},
        "guidance": {"scale": 8.0},
    },
    "adaptive, guided in part": {
        "sampler": {"solver": "pid", "rtol": 1e-3, "atol": 1e-3},
        "guidance": {"form": "interval", "scale": 8.0, "low": 1.0, "high": 6.0},
    },
    "dpm_adaptive, guided": {"sampler": {"solver": "dpm_adaptive"}, "guidance": {"scale": 4.0}},
    "dpm_adaptive, eta 1": {"sampler": {"solver": "dpm_adaptive", "eta": 1.0}},
    "adaptive, noisy: pid, eta 1": {"sampler": {"solver": "pid", "rtol": 0.05, "eta": 1.0}},
    "SDE: dpmpp_3m_sde": {
        "sampler": {"solver": "dpmpp_3m_sde", "schedule": "karras", "steps": 20},
        "guidance": {"scale": 4.0},
    },
    "churned: heun": {
        "sampler": {"solver": "heun", "schedule": "karras", "steps": 10, "s_churn": 5.0}
    },
    "CFG++: dpmpp_2m_cfg_pp at 0.6": {
        "sampler": {"solver": "dpmpp_2m_cfg_pp", "schedule": "karras", "steps": 20},
        "guidance": {"scale": 0.6},
    },
}
HURT = ("fixed: euler, 20 steps", "adaptive, guided: pid at 8", "dpm_adaptive, guided")
ROW, BELOW = 5, 3.0


class Hurt:
    """The model, but for one row: below a sigma its estimate is NaN, or runs away."""

    def __init__(self, model: Any, ill: str) -> None:
        self._model, self._ill = model, ill
        self.sigma_min, self.sigma_max = model.sigma_min, model.sigma_max

    def __call__(self, x: Any, sigma: Any, condition: Any) -> Any:
        x0 = self._model(x, sigma, condition)
        if float(sigma[ROW]) < BELOW:
            x0[ROW] = float("nan") if self._ill == "NaN" else 1e12 * x[ROW]
        return x0


def broken(model: Any, condition: Any, seeds: list[int], say: Callable[[str], None]) -> int:
    """Say what becomes of a row that breaks and of the others; how often it is not as promised."""
    import torch

    from catoptric.sampling import Settings, Status, sample
    from catoptric.sampling.noise import SOURCES

    noise, wrong = model.latent.noise(SOURCES["philox"]), 0
    say()
    title = f"one row of {len(seeds)} breaks below sigma {BELOW:g}"
    say(f"{title:38} {'its status':>12}   others")
    for name in HURT:
        settings = Settings.from_dict(SETTINGS[name])

        def draw(of: Any, settings: Settings = settings) -> Any:
            return sample(of, settings, noise, seeds, condition=condition, microbatch=len(seeds))

        whole = draw(model.denoiser)
        for ill in ("NaN", "diverges"):
            # As many slots as samples: a sample's row is its slot's, to the end.
            result = draw(Hurt(model.denoiser, ill))
            rest = [i for i in range(len(seeds)) if i != ROW]
            same = torch.equal(result.x[rest], whole.x[rest]) and not any(result.status[rest])
            status = Status(int(result.status[ROW]))
            wrong += (not same) + (status is Status.DONE)
            said = status.name.lower().replace("_", " ")
            say(f"{name + ', ' + ill:38} {said:>12}   {'same' if same else 'DIFFER'}")
    return wrong


def main() -> None:
    """Print the tables; fail when any picture differs."""
    import torch

    from catoptric.attribution import seed_sample
    from catoptric.runs import Job, Runner
    from catoptric.sampling import Settings
    from catoptric.studio.making import make
    from catoptric.studio.painting import PaintRecipe, unpack
    from catoptric.studio.portraits import ExactPortraits
    from catoptric.world import load_rates, parse_prompt

    torch.set_num_threads(1)
    prompt = "a portrait of a doctor"
    rates, condition = load_rates(None), parse_prompt(prompt)
    model = ExactPortraits.of(rates)
    model.prepare()
    every = [int(seed) for seed in seed_sample(64 + SEEDS, 5)]
    seeds, others = every[:SEEDS], every[SEEDS:]

    def hashed(pictures, of: list[int]) -> dict[int, str]:
        return {
            s: hashlib.sha256(p.tobytes()).hexdigest() for s, p in zip(of, pictures, strict=True)
        }

    failures = 0
    with printed(__file__) as say:
        heads = ("company of 7", "of 64", "reversed", "1 and 2 workers")
        say(f"{'setting':30} {heads[0]:>12} {heads[1]:>7} {heads[2]:>9} {heads[3]:>16}")
        for name, table in SETTINGS.items():
            settings = Settings.from_dict(table)

            def draw(of: list[int], settings: Settings = settings) -> dict[int, str]:
                return hashed(make(model, condition, settings, of)[0], of)

            alone = {}
            for seed in seeds:
                alone |= draw([seed])
            companies = [
                draw(others[:3] + seeds[:4]) | draw(seeds[4:] + others[:3]),
                draw(others[:30] + seeds + others[30:52]),
                draw(seeds[::-1]),
            ]
            by_worker: dict[int, str] = {}
            spec = model.spec(condition, settings)
            for workers in (1, 2):
                with Runner(PaintRecipe("portraits-exact", rates, prompt), workers) as runner:
                    jobs = [Job(spec, tuple(seeds[i::3])) for i in range(3)]
                    for _, draws in runner.draw(jobs):
                        for d in draws:
                            got = hashlib.sha256(unpack(d.picture).tobytes()).hexdigest()
                            if by_worker.setdefault(d.seed, got) != got:
                                by_worker[d.seed] = "differs"
            same = [all(c.get(s) == alone[s] for s in seeds) for c in (*companies, by_worker)]
            failures += same.count(False)
            words = ["same" if ok else "DIFFERS" for ok in same]
            say(f"{name:30} {words[0]:>12} {words[1]:>7} {words[2]:>9} {words[3]:>16}")
        failures += broken(model, condition, others[:16], say)
    if failures:
        raise SystemExit(f"{failures} comparisons differ")


if __name__ == "__main__":
    main()
