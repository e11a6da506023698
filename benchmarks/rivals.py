"""How each solver is run on the problems, ours and others'."""

import importlib.util
import sys
import types
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from catoptric.sampling import DpmAdaptiveOptions, PidOptions, dpm_adaptive, pid
from problems import SIGMA_MAX, SIGMA_MIN, Denoise, Run, rms

ATOL_SHARE = 0.03
"""atol over rtol, as in the defaults of `PidOptions`."""


def run_pid(denoise: Denoise, x: Tensor, tolerance: float, **more: Any) -> tuple[Tensor, float]:
    """Our adaptive multistep at rtol = tolerance, atol at its default share of it."""
    options = PidOptions(rtol=tolerance, atol=ATOL_SHARE * tolerance, max_steps=100_000, **more)
    result = pid(denoise, x, SIGMA_MAX, SIGMA_MIN, slots=len(x), options=options)
    return result.x, result.nfe.double().mean().item()


def run_dpm(denoise: Denoise, x: Tensor, share: float) -> tuple[Tensor, float]:
    """Our per-sample DPM-Solver-23, k-diffusion's tolerances times `share`."""
    options = DpmAdaptiveOptions(rtol=0.05 * share, atol=0.0078 * share, final_denoise=True)
    result = dpm_adaptive(denoise, x, SIGMA_MAX, SIGMA_MIN, slots=len(x), options=options)
    return result.x, result.nfe.double().mean().item()


@cache
def k_diffusion() -> types.ModuleType:
    """k-diffusion's sampling.py alone: the package needs training libraries to be imported."""
    folder = importlib.util.find_spec("k_diffusion")
    if folder is None or not folder.submodule_search_locations:
        raise RuntimeError("k-diffusion is missing: pip install --no-deps k-diffusion")
    path = Path(folder.submodule_search_locations[0])
    package = types.ModuleType("k_diffusion")
    package.__path__ = [str(path)]
    utils = types.ModuleType("k_diffusion.utils")
    utils.append_dims = lambda x, n: x[(...,) + (None,) * (n - x.ndim)]  # type: ignore[attr-defined]
    package.utils = utils  # type: ignore[attr-defined]
    sys.modules |= {"k_diffusion": package, "k_diffusion.utils": utils}
    spec = importlib.util.spec_from_file_location("k_diffusion.sampling", path / "sampling.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_theirs(
    sampling: types.ModuleType, denoise: Denoise, x: Tensor, share: float, h_init: float = 0.05
) -> tuple[Tensor, float]:
    """k-diffusion's sample_dpm_adaptive on the whole batch, then one denoise."""
    # Their constants are tensors of the default dtype; in float32 they would cost them precision.
    torch.set_default_dtype(torch.float64)
    try:
        end, info = sampling.sample_dpm_adaptive(
            denoise,
            x,
            SIGMA_MIN,
            SIGMA_MAX,
            rtol=0.05 * share,
            atol=0.0078 * share,
            h_init=h_init,
            return_info=True,
            disable=True,
        )
    finally:
        torch.set_default_dtype(torch.float32)
    return denoise(end, torch.full((len(x),), SIGMA_MIN, dtype=x.dtype)), info["nfe"] + 1.0


def run_theirs_alone(
    sampling: types.ModuleType, denoise: Denoise, x: Tensor, share: float, h_init: float = 0.05
) -> tuple[Tensor, float]:
    """k-diffusion's solver one sample at a time, by our per-sample solver.

    Ours takes the same steps (checked here on two samples); theirs pays 3 evaluations for every
    attempt, also for one that follows a rejection.
    """
    options = DpmAdaptiveOptions(
        rtol=0.05 * share, atol=0.0078 * share, h_init=h_init, final_denoise=True
    )
    result = dpm_adaptive(denoise, x, SIGMA_MAX, SIGMA_MIN, slots=len(x), options=options)
    nfe = 3.0 * (result.accepted + result.rejected) + 1.0
    for row in (0, len(x) - 1):
        end, cost = run_theirs(sampling, denoise, x[row : row + 1], share, h_init)
        if cost != nfe[row].item() or rms(end, result.x[row : row + 1]).item() > 1e-6:
            raise RuntimeError(f"our dpm_adaptive left k-diffusion's steps on sample {row}")
    return result.x, nfe.mean().item()


def run_fixed(
    solver: Callable[..., Tensor], schedule: Callable[..., Tensor], passes: int, **options: Any
) -> Run:
    """A fixed solver as a function of its steps; the schedule ends in 0, the last denoise."""

    def run(denoise: Denoise, x: Tensor, steps: int) -> tuple[Tensor, float]:
        sigmas = schedule(steps, SIGMA_MIN, SIGMA_MAX)
        return solver(denoise, x, sigmas, **options), float(passes * (steps - 1) + 1)

    return run
