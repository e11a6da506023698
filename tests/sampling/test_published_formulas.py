"""Solvers that no test dependency has, against their published step written out the slow way."""

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from sampling_problems import Mixture, starts
from torch import Tensor

from catoptric.sampling import (
    Guidance,
    dpmpp_2m_cfg_pp,
    er_sde,
    euler_ancestral_cfg_pp,
    guided,
    heun,
    res_multistep,
    restart,
)
from catoptric.sampling.schedules import karras

SIGMAS = karras(9, 0.05, 15.0)


def denoise(x: Tensor, sigma: Tensor) -> Tensor:
    return Mixture(torch.float64)(x, sigma, None)


def at(x: Tensor, sigma: float) -> Tensor:
    return denoise(x, torch.full((len(x),), sigma, dtype=torch.float64))


def noise(sigma: float, after: float) -> Tensor:
    return starts(3, 1.0, seed=int(1e5 * float(after)))


def pairs() -> Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]:
    return guided(Mixture(torch.float64), 1, Guidance.from_dict({"scale": 0.7})).pair


def walk(steps: Callable[[Tensor, float, float, int], Tensor]) -> Tensor:
    x = starts(3, 15.0)
    for i, (sigma, after) in enumerate(pairwise(SIGMAS)):
        x = steps(x, float(sigma), float(after), i)
    return x


def test_res_multistep_by_its_phi_functions() -> None:
    old: list[Tensor] = []

    def step(x: Tensor, sigma: float, after: float, i: int) -> Tensor:
        d = at(x, sigma)
        old.append(d)
        if after == 0.0:
            return d
        h = math.log(sigma / after)
        phi1 = math.expm1(-h) / -h
        phi2 = (phi1 - 1) / -h
        if i == 0:
            return math.exp(-h) * x + h * phi1 * d
        c2 = math.log(sigma / float(SIGMAS[i - 1])) / h
        return math.exp(-h) * x + h * ((phi1 - phi2 / c2) * d + phi2 / c2 * old[-2])

    mine = res_multistep(denoise, starts(3, 15.0), SIGMAS)
    torch.testing.assert_close(mine, walk(step), rtol=0.0, atol=1e-10)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_er_sde_by_its_rectangles(order: int) -> None:
    def phi(s: np.ndarray | float) -> np.ndarray:
        return s * (np.exp(np.asarray(s) ** 0.3) + 10)

    estimates: list[Tensor] = []
    slopes: list[Tensor] = []

    def step(x: Tensor, sigma: float, after: float, i: int) -> Tensor:
        d = at(x, sigma)
        estimates.append(d)
        if after == 0.0:
            return d
        r, gap = float(phi(after) / phi(sigma)), after - sigma
        x = r * x + (1 - r) * d
        points = 200_000
        width = -gap / points
        u = after + (np.arange(points) + 0.5) * width
        if i >= 1 and order >= 2:
            slopes.append((d - estimates[-2]) / (sigma - float(SIGMAS[i - 1])))
            x = x + (gap + float(phi(after)) * float((1 / phi(u)).sum() * width)) * slopes[-1]
        if i >= 2 and order >= 3:
            bend = (slopes[-1] - slopes[-2]) / ((sigma - float(SIGMAS[i - 2])) / 2)
            area = float(((u - sigma) / phi(u)).sum() * width)
            x = x + (gap**2 / 2 + float(phi(after)) * area) * bend
        return x + math.sqrt(after**2 - (r * sigma) ** 2) * noise(sigma, after)

    mine = er_sde(denoise, starts(3, 15.0), SIGMAS, noise=noise, order=order)
    torch.testing.assert_close(mine, walk(step), rtol=0.0, atol=1e-6)


@pytest.mark.parametrize("eta", [0.0, 0.6, 1.0])
def test_euler_ancestral_cfg_pp_by_hand(eta: float) -> None:
    def step(x: Tensor, sigma: float, after: float, i: int) -> Tensor:
        guided_, free = pairs()(x, torch.full((3,), sigma, dtype=torch.float64))
        up = min(after, eta * after * math.sqrt(1 - after**2 / sigma**2))
        down = math.sqrt(after**2 - up**2)
        return guided_ + down * (x - free) / sigma + up * noise(sigma, after)

    mine = euler_ancestral_cfg_pp(pairs(), starts(3, 15.0), SIGMAS, noise=noise, eta=eta)
    torch.testing.assert_close(mine, walk(step), rtol=0.0, atol=1e-10)


def test_dpmpp_2m_cfg_pp_as_its_authors_write_it() -> None:
    old: list[Tensor] = []

    def step(x: Tensor, sigma: float, after: float, i: int) -> Tensor:
        guided_, free = pairs()(x, torch.full((3,), sigma, dtype=torch.float64))
        old.append(free)
        if i == 0 or after == 0.0:
            return guided_ + after * (x - free) / sigma
        h = math.log(sigma / after)
        r = math.log(float(SIGMAS[i - 1]) / sigma) / h
        bend = -math.expm1(-h) / (2 * r) * (free - old[-2])
        return guided_ - math.exp(-h) * free + bend + math.exp(-h) * x

    mine = dpmpp_2m_cfg_pp(pairs(), starts(3, 15.0), SIGMAS)
    torch.testing.assert_close(mine, walk(step), rtol=0.0, atol=1e-10)


def test_restart_is_heun_up_and_down_again() -> None:
    levels = [15.0, 5.0, 2.0, 0.8, 0.1, 0.0]
    sigmas = torch.tensor(levels, dtype=torch.float64)
    x = heun(denoise, starts(3, 15.0), sigmas[:5])
    for _ in range(2):
        x = x + math.sqrt(2.0**2 - 0.1**2) * noise(0.1, 2.0)
        x = heun(denoise, x, karras(5, 0.1, 2.0)[:-1])
    x = heun(denoise, x, sigmas[4:])
    mine = restart(denoise, starts(3, 15.0), sigmas, noise=noise, inner_steps=4, times=2)
    torch.testing.assert_close(mine, x, rtol=0.0, atol=1e-10)
