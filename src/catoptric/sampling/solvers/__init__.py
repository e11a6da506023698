"""Solvers on a fixed schedule, one family a file, each solver one flat function like its paper.

All share the shape `(denoise, x, sigmas, *, noise, watch, **options) -> x`: `denoise(x, sigma [B])
-> x0`, x [B, ...] at sigmas[0], sigmas a falling schedule whose last value may be 0. `noise(
sigma_from, sigma_to)` is standard normal [B, ...]; only the stochastic solvers ask for it. CFG++
solvers take a `denoise` that gives the guided and the unconditional estimate. Step weights are
Python floats (float64), states keep the dtype of x. d = (x - x0) / sigma is dx/dsigma. The table of
all names is in `sampling.fixed`.
"""

from catoptric.sampling.solvers.adams import deis, ipndm, lms, pndm
from catoptric.sampling.solvers.ancestral import (
    ddim,
    dpm_2_ancestral,
    dpmpp_2s_ancestral,
    euler_ancestral,
)
from catoptric.sampling.solvers.cfg_pp import (
    dpmpp_2m_cfg_pp,
    dpmpp_2s_ancestral_cfg_pp,
    euler_ancestral_cfg_pp,
    euler_cfg_pp,
    res_multistep_cfg_pp,
)
from catoptric.sampling.solvers.dpmpp_sde import dpmpp_2m_sde, dpmpp_3m_sde, dpmpp_sde
from catoptric.sampling.solvers.er_sde import er_sde
from catoptric.sampling.solvers.exponential import dpmpp_2m, res_multistep
from catoptric.sampling.solvers.restart import restart
from catoptric.sampling.solvers.runge_kutta import dpm_2, euler, heun
from catoptric.sampling.solvers.steps import StepNoise, ancestral_levels
from catoptric.sampling.solvers.uni_pc import uni_pc

__all__ = [
    "StepNoise",
    "ancestral_levels",
    "ddim",
    "deis",
    "dpm_2",
    "dpm_2_ancestral",
    "dpmpp_2m",
    "dpmpp_2m_cfg_pp",
    "dpmpp_2m_sde",
    "dpmpp_2s_ancestral",
    "dpmpp_2s_ancestral_cfg_pp",
    "dpmpp_3m_sde",
    "dpmpp_sde",
    "er_sde",
    "euler",
    "euler_ancestral",
    "euler_ancestral_cfg_pp",
    "euler_cfg_pp",
    "heun",
    "ipndm",
    "lms",
    "pndm",
    "res_multistep",
    "res_multistep_cfg_pp",
    "restart",
    "uni_pc",
]
