"""What each preset of `pid` costs and errs by, and what tightening the tolerance in a window does.

Run: python benchmarks/pid_presets.py   (writes pid_presets.txt beside it)
"""

from functools import partial

import torch

from catoptric.sampling.options import PID_PRESETS
from problems import SIGMA_MAX, SIGMA_MIN, all_problems, curve, problem
from rivals import run_pid
from tables import printed

SAMPLES = 256


def rows() -> dict[str, dict[str, float]]:
    """The presets, and `fast` with its window elsewhere."""
    fast = dict(PID_PRESETS["fast"])
    return {
        **{name: dict(values) for name, values in PID_PRESETS.items()},
        "fast, not tightened": {**fast, "tighten": 1.0},
        "fast, in (1, 3] instead": {**fast, "branch_low": 1.0, "branch_high": 3.0},
        "fast, everywhere": {**fast, "branch_low": 0.0},
    }


def main() -> None:
    """Measure, print, save."""
    torch.set_num_threads(1)
    with printed(__file__) as say:
        say(f"{SAMPLES} samples, sigma {SIGMA_MAX:g} to {SIGMA_MIN:g}, float64")
        say("off: share of samples more than 0.1 from where the exact path leads")
        for index, (name, denoise, dimensions) in enumerate(all_problems()):
            given = problem(name, denoise, dimensions, 60 + index, samples=SAMPLES)
            say("")
            say(f"{name:<26} evaluations   median error   90th percentile    off")
            for label, options in rows().items():
                rest = {k: v for k, v in options.items() if k not in ("rtol", "atol")}
                (point,) = curve(given, partial(run_pid, **rest), [options["rtol"]])
                say(
                    f"  {label:<24} {point.nfe:11.1f} {point.error:14.1e} {point.tail:17.1e} "
                    f"{100 * point.off:5.1f}%"
                )


if __name__ == "__main__":
    main()
