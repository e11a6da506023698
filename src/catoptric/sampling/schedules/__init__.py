"""Noise schedules: pure functions `(steps, sigma_min, sigma_max) -> sigmas`.

Each returns a decreasing float64 tensor of `steps + 1` values (`beta` and `ddim_uniform` can differ
in length where their interfaces' do). All but `pndm_leading` end in 0. Those in `discrete` read
Stable Diffusion's table, stretched in ln sigma to the range asked for.
"""

import math
from collections.abc import Callable, Mapping
from itertools import pairwise

from torch import Tensor

from catoptric.errors import InputError
from catoptric.sampling.names import unknown
from catoptric.sampling.schedules.discrete import (
    TABLE_LENGTH,
    align_your_steps,
    align_your_steps_xl,
    beta,
    ddim_uniform,
    leading,
    normal,
    pndm_leading,
    sgm_uniform,
    simple,
    table,
    trailing,
)
from catoptric.sampling.schedules.formula import (
    beta_sigmas,
    exponential,
    karras,
    kl_optimal,
    linear_quadratic,
    polyexponential,
    vp,
)

__all__ = [
    "AUTOMATIC",
    "SCHEDULES",
    "TABLE_LENGTH",
    "TAKES_RHO",
    "Schedule",
    "align_your_steps",
    "align_your_steps_xl",
    "beta",
    "beta_sigmas",
    "check_sigmas",
    "ddim_uniform",
    "exponential",
    "karras",
    "kl_optimal",
    "leading",
    "linear_quadratic",
    "normal",
    "pndm_leading",
    "polyexponential",
    "schedule_name",
    "sgm_uniform",
    "simple",
    "table",
    "trailing",
    "vp",
]

Schedule = Callable[..., Tensor]

SCHEDULES: Mapping[str, Schedule] = {
    "align_your_steps": align_your_steps,
    "align_your_steps_xl": align_your_steps_xl,
    "beta": beta,
    "beta_sigmas": beta_sigmas,
    "ddim_uniform": ddim_uniform,
    "exponential": exponential,
    "karras": karras,
    "kl_optimal": kl_optimal,
    "leading": leading,
    "linear_quadratic": linear_quadratic,
    "normal": normal,
    "pndm_leading": pndm_leading,
    "polyexponential": polyexponential,
    "sgm_uniform": sgm_uniform,
    "simple": simple,
    "trailing": trailing,
    "uniform": normal,  # A1111's name: its get_sigmas walks the same table in the same way
    "vp": vp,
}

TAKES_RHO: Mapping[str, float] = {"karras": 7.0, "polyexponential": 1.0}
"""Schedules with the option `rho`, and its default."""

AUTOMATIC: Mapping[str, str] = {
    "dpm_2": "karras",
    "dpm_2_ancestral": "karras",
    "dpmpp_2m": "karras",
    "dpmpp_2m_sde": "exponential",
    "dpmpp_2s_ancestral": "karras",
    "dpmpp_3m_sde": "exponential",
    "dpmpp_sde": "karras",
    "restart": "karras",
}
"""What A1111's "automatic" means for a solver; "uniform" for those not named."""


def schedule_name(name: str, solver: str) -> str:
    """The schedule meant by `name`, A1111's "automatic" resolved for the solver.

    Raises:
        InputError: for an unknown name.
    """
    if name == "automatic":
        return AUTOMATIC.get(solver, "uniform")
    if name not in SCHEDULES:
        raise unknown("schedule", name, [*SCHEDULES, "automatic"])
    return name


def check_sigmas(sigmas: Tensor) -> list[float]:
    """The schedule as Python floats, refused unless it can be walked.

    Args:
        sigmas: [steps + 1], strictly decreasing and > 0, the last may be 0.

    Returns:
        The values, float64.

    Raises:
        InputError: for a schedule that is too short, rises, repeats, or holds a value <= 0 inside.
    """
    values = [float(s) for s in sigmas.double()]
    if len(values) < 2:
        raise InputError(f"a schedule needs at least 2 sigmas, not {len(values)}")
    for i, (high, low) in enumerate(pairwise(values)):
        if not (high > low and math.isfinite(high)):
            raise InputError(
                f"a schedule must fall at every step, but sigma {i} is {high:g} and the next is "
                f"{low:g}"
            )
    if values[-1] < 0.0:
        raise InputError(f"a schedule must not end below 0, but its last sigma is {values[-1]:g}")
    return values
