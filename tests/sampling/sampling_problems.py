"""What the sampling tests run on: closed-form denoisers, keyed noise, k-diffusion's one file."""

import functools
import importlib.util
import sys
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch
from torch import Tensor

from catoptric.sampling import Settings, noise_source

D = 40


class Mixture:
    """The exact denoiser of Gaussian bumps; condition k keeps the bumps of kind k.

    Two matrix products per call, so float32 rows differ in the last bit between batch sizes that
    are not multiples of 8: what the determinism contract is up against.
    """

    def __init__(self, dtype: torch.dtype = torch.float32, bumps: int = 24) -> None:
        generator = torch.Generator().manual_seed(3)
        self.centres = torch.randn(bumps, D, generator=generator, dtype=torch.float64).to(dtype)
        self.width2 = 0.2**2
        self.sigma_min, self.sigma_max = 0.03, 20.0
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, x: Tensor, sigma: Tensor, condition: int | None) -> Tensor:
        self.shapes.append(tuple(x.shape))
        centres = self.centres if condition is None else self.centres[condition::3]
        variance = sigma[:, None] ** 2 + self.width2
        logits = (x @ centres.T - 0.5 * (centres * centres).sum(1)) / variance
        share = torch.softmax(logits, dim=1)
        keep = self.width2 / variance
        return keep * x + (1 - keep) * (share @ centres)


def noise(seeds: Sequence[int], purpose: str | Sequence[str]) -> Tensor:
    """Keyed noise through a matrix product, as a model's projection would be."""
    source = noise_source("philox")
    names = [purpose] * len(seeds) if isinstance(purpose, str) else purpose
    rows = [source(seed, name, (2 * D,)) for seed, name in zip(seeds, names, strict=True)]
    drawn = torch.from_numpy(np.stack(rows))
    generator = torch.Generator().manual_seed(5)
    basis = torch.linalg.qr(torch.randn(2 * D, D, generator=generator)).Q
    return drawn @ basis


def settings(sampler: dict[str, Any], **tables: dict[str, Any]) -> Settings:
    """Settings from tables."""
    return Settings.from_dict({"sampler": sampler, **tables})


def starts(count: int, sigma: float, seed: int = 0) -> Tensor:
    """float64 [count, D] noise at sigma."""
    generator = torch.Generator().manual_seed(seed)
    return sigma * torch.randn(count, D, generator=generator, dtype=torch.float64)


@functools.cache
def k_diffusion() -> types.ModuleType:
    """k-diffusion's sampling.py without the package around it, which needs training libraries."""
    found = importlib.util.find_spec("k_diffusion")
    if found is None or not found.submodule_search_locations:
        pytest.skip("k-diffusion is not installed (pip install --no-deps k-diffusion)")
    path = Path(found.submodule_search_locations[0])
    package = types.ModuleType("k_diffusion")
    package.__path__ = [str(path)]
    utils = types.ModuleType("k_diffusion.utils")
    utils.append_dims = lambda x, n: x[(...,) + (None,) * (n - x.ndim)]  # type: ignore[attr-defined]
    package.utils = utils  # type: ignore[attr-defined]
    spec = importlib.util.spec_from_file_location("k_diffusion.sampling", path / "sampling.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # The stand-in package is only there while the file is read.
    with mock.patch.dict(sys.modules, {"k_diffusion": package, "k_diffusion.utils": utils}):
        spec.loader.exec_module(module)
    return module
