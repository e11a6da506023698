"""The names that ComfyUI, A1111 and diffusers use, as tables of our own.

Case and spaces do not matter. A1111's older names end in their schedule ("DPM++ 2M Karras").
"""

from collections.abc import Mapping
from typing import Any

from catoptric.errors import InputError
from catoptric.sampling.names import unknown
from catoptric.sampling.options import ADAPTIVE, FIXED
from catoptric.sampling.schedules import SCHEDULES

COMFYUI: Mapping[str, Mapping[str, Any]] = {
    "ddpm": {"solver": "ddim", "eta": 1.0},
    "dpmpp_2m_sde_gpu": {"solver": "dpmpp_2m_sde"},
    "dpmpp_2m_sde_heun": {"solver": "dpmpp_2m_sde", "variant": "heun"},
    "dpmpp_2m_sde_heun_gpu": {"solver": "dpmpp_2m_sde", "variant": "heun"},
    "dpmpp_3m_sde_gpu": {"solver": "dpmpp_3m_sde"},
    "dpmpp_sde_gpu": {"solver": "dpmpp_sde"},
    "res_multistep_ancestral": {"solver": "res_multistep", "eta": 1.0},
    "uni_pc_bh2": {"solver": "uni_pc", "variant": "bh2"},
}

A1111: Mapping[str, Mapping[str, Any]] = {
    "Euler": {"solver": "euler"},
    "Euler a": {"solver": "euler_ancestral"},
    "LMS": {"solver": "lms"},
    "Heun": {"solver": "heun"},
    "DPM2": {"solver": "dpm_2"},
    "DPM2 a": {"solver": "dpm_2_ancestral"},
    "DPM++ 2S a": {"solver": "dpmpp_2s_ancestral"},
    "DPM++ 2M": {"solver": "dpmpp_2m"},
    "DPM++ SDE": {"solver": "dpmpp_sde"},
    "DPM++ 2M SDE": {"solver": "dpmpp_2m_sde"},
    "DPM++ 2M SDE Heun": {"solver": "dpmpp_2m_sde", "variant": "heun"},
    "DPM++ 3M SDE": {"solver": "dpmpp_3m_sde"},
    # A1111 hands eta_ancestral, 1 by default, to every sampler that takes it.
    "DPM adaptive": {"solver": "dpm_adaptive", "eta": 1.0},
    "Restart": {"solver": "restart"},
    "DDIM": {"solver": "ddim"},
    "DDIM CFG++": {"solver": "euler_cfg_pp"},
    "PLMS": {"solver": "pndm"},
    "UniPC": {"solver": "uni_pc"},
}

DIFFUSERS: Mapping[str, Mapping[str, Any]] = {
    "DDIMScheduler": {"solver": "ddim"},
    "DDPMScheduler": {"solver": "ddim", "eta": 1.0},
    "DEISMultistepScheduler": {"solver": "deis", "order": 2},
    "DPMSolverMultistepScheduler": {"solver": "dpmpp_2m"},
    "DPMSolverSDEScheduler": {"solver": "dpmpp_sde"},
    "EulerAncestralDiscreteScheduler": {"solver": "euler_ancestral"},
    "EulerDiscreteScheduler": {"solver": "euler"},
    "HeunDiscreteScheduler": {"solver": "heun"},
    "IPNDMScheduler": {"solver": "ipndm"},
    "KDPM2AncestralDiscreteScheduler": {"solver": "dpm_2_ancestral"},
    "KDPM2DiscreteScheduler": {"solver": "dpm_2"},
    "LMSDiscreteScheduler": {"solver": "lms"},
    "PNDMScheduler": {"solver": "pndm"},
    "UniPCMultistepScheduler": {"solver": "uni_pc", "order": 2, "variant": "bh2"},
}

OWN: Mapping[str, Mapping[str, Any]] = {name: {"solver": name} for name in (*FIXED, *ADAPTIVE)}

SUFFIXES = ("karras", "exponential")
"""Schedules that A1111 once named with the solver."""

SCHEDULE_NAMES: Mapping[str, str] = {"DDIM": "ddim_uniform", "SGMUniform": "sgm_uniform"}
"""Schedules whose names differ by more than case, spaces and hyphens."""


def _plain(name: str) -> str:
    return " ".join(name.lower().split())


_SOLVERS = {
    _plain(name): table
    for names in (DIFFUSERS, A1111, COMFYUI, OWN)
    for name, table in names.items()
}


def solver_alias(name: object, where: str = "[sampler]") -> Mapping[str, Any]:
    """What a solver's name stands for, as keys of the table [sampler].

    Args:
        name: ours, ComfyUI's, A1111's, or a diffusers class.
        where: the table's name for the error.

    Returns:
        `solver` and, where the name says more, options and `schedule`.

    Raises:
        InputError: for an unknown name, with the nearest of all known ones.
    """
    if isinstance(name, str):
        plain = _plain(name)
        if plain in _SOLVERS:
            return _SOLVERS[plain]
        base, _, last = plain.rpartition(" ")
        if last in SUFFIXES and base in _SOLVERS:
            return {**_SOLVERS[base], "schedule": last}
    raise unknown(f"solver in {where}", name, OWN, also=[*DIFFUSERS, *A1111, *COMFYUI])


def schedule_alias(name: Any) -> Any:
    """A schedule's name in our spelling, where it is one in another; else as given.

    Raises:
        InputError: for A1111's "Beta": two schedules bear that name, and neither is guessed.
    """
    if not isinstance(name, str):
        return name
    plain = _plain(name).replace(" ", "_").replace("-", "_")
    if plain == "beta" and name.strip() != "beta":
        raise InputError(
            f"schedule {name!r} is two things: ComfyUI's is 'beta', A1111's is 'beta_sigmas'; "
            "name the one you mean"
        )
    if plain in SCHEDULES or plain == "automatic":
        return plain
    return {_plain(theirs): ours for theirs, ours in SCHEDULE_NAMES.items()}.get(plain, name)
