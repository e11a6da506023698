"""The table of all solvers that walk a schedule; what each does stands in `sampling.solvers`."""

from collections.abc import Callable, Mapping
from functools import partial

from torch import Tensor

from catoptric.sampling.solvers import (
    StepNoise,
    ddim,
    deis,
    dpm_2,
    dpm_2_ancestral,
    dpmpp_2m,
    dpmpp_2m_cfg_pp,
    dpmpp_2m_sde,
    dpmpp_2s_ancestral,
    dpmpp_2s_ancestral_cfg_pp,
    dpmpp_3m_sde,
    dpmpp_sde,
    er_sde,
    euler,
    euler_ancestral,
    euler_ancestral_cfg_pp,
    euler_cfg_pp,
    heun,
    ipndm,
    lms,
    pndm,
    res_multistep,
    res_multistep_cfg_pp,
    restart,
    uni_pc,
)

__all__ = ["FIXED_SOLVERS", "PAIRED", "FixedSolver", "StepNoise"]

FixedSolver = Callable[..., Tensor]
"""`(denoise, x, sigmas, *, noise, watch, **options) -> x`."""

FIXED_SOLVERS: Mapping[str, FixedSolver] = {
    "ddim": ddim,
    "deis": deis,
    "dpm_2": dpm_2,
    "dpm_2_ancestral": dpm_2_ancestral,
    "dpmpp_2m": dpmpp_2m,
    "dpmpp_2m_cfg_pp": dpmpp_2m_cfg_pp,
    "dpmpp_2m_sde": dpmpp_2m_sde,
    "dpmpp_2s_ancestral": dpmpp_2s_ancestral,
    "dpmpp_2s_ancestral_cfg_pp": dpmpp_2s_ancestral_cfg_pp,
    "dpmpp_3m_sde": dpmpp_3m_sde,
    "dpmpp_sde": dpmpp_sde,
    "er_sde": er_sde,
    "euler": euler,
    "euler_ancestral": euler_ancestral,
    "euler_ancestral_cfg_pp": euler_ancestral_cfg_pp,
    "euler_cfg_pp": euler_cfg_pp,
    "heun": heun,
    "ipndm": ipndm,
    "lms": lms,
    "pndm": pndm,
    "res_multistep": res_multistep,
    # ComfyUI's name for the next one with noise.
    "res_multistep_ancestral_cfg_pp": partial(res_multistep_cfg_pp, eta=1.0),
    "res_multistep_cfg_pp": res_multistep_cfg_pp,
    "restart": restart,
    "uni_pc": uni_pc,
}

PAIRED = frozenset(name for name in FIXED_SOLVERS if name.endswith("_cfg_pp"))
"""Solvers whose `denoise` gives the guided and the unconditional estimate."""
