"""The tables of benchmarks/parity.py and benchmarks/order.py hold: every row is within its bar."""

import importlib
import importlib.util
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def load(name: str) -> ModuleType:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture(autouse=True)
def _single() -> Iterator[None]:
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("part", ["against_k_diffusion", "against_diffusers", "schedules"])
@pytest.mark.filterwarnings("ignore")
def test_what_others_have_gives_what_theirs_gives(part: str) -> None:
    pytest.importorskip("diffusers")
    if importlib.util.find_spec("k_diffusion") is None:
        pytest.skip("k-diffusion is not installed (pip install --no-deps k-diffusion)")
    for ours, theirs, _, apart, bar in getattr(load("parity"), part)():
        assert apart <= bar, f"{ours} against {theirs}"


@pytest.mark.parametrize("row", range(len(load("order").CASES)))
def test_measured_order_is_the_one_claimed(row: int) -> None:
    order = load("order")
    case = order.CASES[row]
    mean, cover, *_ = order.orders(case, warm=not case.cold_only)
    for held, got in ((case.mean, mean), (case.cover, cover)):
        assert held is None or got >= held - order.SLACK
        # And not of a higher order than the note says, where one is given.
        if held is not None and held < case.stated:
            assert got == math.inf or got < case.stated - order.SLACK


def test_the_third_difference_of_3m_has_half_its_weight_as_in_k_diffusion() -> None:
    # D = lambda^2 asks for nothing else: an order-3 step would be exact.
    from catoptric.sampling import dpmpp_3m_sde

    h, x0 = 0.4, 1.3
    sigmas = torch.exp(-h * torch.arange(4, dtype=torch.float64))

    def denoise(x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        return (torch.log(sigma) ** 2)[:, None] * torch.ones_like(x)

    states: list[torch.Tensor] = []
    start = torch.full((1, 1), x0, dtype=torch.float64)
    dpmpp_3m_sde(denoise, start, sigmas, eta=0.0, watch=lambda step: states.append(step.x))
    # x' = e^-h x + integral of e^(t-h) (2h + t)^2 over the third step.
    keep = math.exp(-h)
    i0 = 1 - keep
    i1 = h - i0
    i2 = h**2 - 2 * i1
    full = keep * states[1] + 4 * h**2 * i0 + 4 * h * i1 + i2
    missing = float(full - states[2])
    # q = 1 is the second divided difference; half of what it should add, I2 - I1 0, is left out.
    assert missing == pytest.approx(i2 / 2, rel=1e-9)
