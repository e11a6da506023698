"""The fixed solvers that `pid` is held against: solver times schedule, 36 of them."""

from collections.abc import Callable, Mapping
from functools import partial

from torch import Tensor

from catoptric.sampling import deis, dpmpp_2m, heun, ipndm, res_multistep, uni_pc
from catoptric.sampling.schedules import exponential, karras, polyexponential
from problems import Run
from rivals import run_fixed

STEPS = (3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20, 24, 28, 32, 40, 50, 60, 80)

_SOLVERS: Mapping[str, Callable[[Callable[..., Tensor]], Run]] = {
    "uni_pc 3 bh1": lambda s: run_fixed(uni_pc, s, 1, order=3, variant="bh1"),
    "uni_pc 3 bh2": lambda s: run_fixed(uni_pc, s, 1, order=3, variant="bh2"),
    "uni_pc 2": lambda s: run_fixed(uni_pc, s, 1, order=2, variant="bh1"),
    "dpmpp_2m": lambda s: run_fixed(dpmpp_2m, s, 1),
    "deis 3": lambda s: run_fixed(deis, s, 1, order=3),
    "ipndm": lambda s: run_fixed(ipndm, s, 1),
    "res_multistep": lambda s: run_fixed(res_multistep, s, 1),
}
_SCHEDULES: Mapping[str, Callable[..., Tensor]] = {
    "exponential": exponential,
    "karras 7": karras,
    "karras 3": partial(karras, rho=3.0),
    "karras 14": partial(karras, rho=14.0),
    "polyexponential 0.8": partial(polyexponential, rho=0.8),
}


def candidates() -> dict[str, Run]:
    """Name to run; its settings are the `STEPS`."""
    found = {
        f"{name}, {grid}": make(schedule)
        for name, make in _SOLVERS.items()
        for grid, schedule in _SCHEDULES.items()
    }
    return found | {"heun, karras 7": run_fixed(heun, karras, 2)}
