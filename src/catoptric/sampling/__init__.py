"""Sampling: from keyed noise and a denoiser to pictures, under any interface's settings.

Everything is in variance-exploding form, x = x0 + sigma eps, lambda = -ln sigma. `Settings` hold
the values of the knobs (guidance, sampler, start, noise); `sample` runs them. A result is the same
bit for bit alone, in any company and in any order. Nothing here knows prompts or pictures.
"""

from catoptric.sampling.aliases import schedule_alias, solver_alias
from catoptric.sampling.as_diffusers import PipelineDenoiser, sample_pipeline
from catoptric.sampling.as_k_diffusion import sample_pid
from catoptric.sampling.brownian import BrownianBridge, KeyedNoise
from catoptric.sampling.denoiser import Denoiser, TwoGridDenoiser
from catoptric.sampling.dpm_adaptive import dpm_adaptive
from catoptric.sampling.fixed import FIXED_SOLVERS, PAIRED
from catoptric.sampling.guidance import Guided, guided
from catoptric.sampling.noise import (
    CATALOGUE,
    NOISE_VERSION,
    SOURCES,
    Arrangement,
    NoiseSource,
    arranged,
    never_pairs,
    noise_source,
    noise_version,
    set_size,
)
from catoptric.sampling.noise.parts import BANDS, CHANNELS, PARTS
from catoptric.sampling.options import (
    ADAPTIVE,
    FIXED,
    AncestralOptions,
    DpmAdaptiveOptions,
    Options,
    PidOptions,
)
from catoptric.sampling.pid import pid
from catoptric.sampling.result import (
    ADVICE,
    Denoise,
    DenoisePair,
    SampleResult,
    Status,
    Step,
    Watch,
)
from catoptric.sampling.sample import sample, schedule, start_sigma
from catoptric.sampling.schedules import SCHEDULES
from catoptric.sampling.settings import (
    FORMS,
    MIXES,
    SAMPLING_VERSION,
    Guidance,
    Noise,
    Sampler,
    Settings,
    Start,
)
from catoptric.sampling.solvers import (
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

__all__ = [
    "ADAPTIVE",
    "ADVICE",
    "BANDS",
    "CATALOGUE",
    "CHANNELS",
    "FIXED",
    "FIXED_SOLVERS",
    "FORMS",
    "MIXES",
    "NOISE_VERSION",
    "PAIRED",
    "PARTS",
    "SAMPLING_VERSION",
    "SCHEDULES",
    "SOURCES",
    "AncestralOptions",
    "Arrangement",
    "BrownianBridge",
    "Denoise",
    "DenoisePair",
    "Denoiser",
    "DpmAdaptiveOptions",
    "Guidance",
    "Guided",
    "KeyedNoise",
    "Noise",
    "NoiseSource",
    "Options",
    "PidOptions",
    "PipelineDenoiser",
    "SampleResult",
    "Sampler",
    "Settings",
    "Start",
    "Status",
    "Step",
    "TwoGridDenoiser",
    "Watch",
    "arranged",
    "ddim",
    "deis",
    "dpm_2",
    "dpm_2_ancestral",
    "dpm_adaptive",
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
    "guided",
    "heun",
    "ipndm",
    "lms",
    "never_pairs",
    "noise_source",
    "noise_version",
    "pid",
    "pndm",
    "res_multistep",
    "res_multistep_cfg_pp",
    "restart",
    "sample",
    "sample_pid",
    "sample_pipeline",
    "schedule",
    "schedule_alias",
    "set_size",
    "solver_alias",
    "start_sigma",
    "uni_pc",
]
