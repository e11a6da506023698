"""Every solver and schedule that others have gives what theirs gives."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from sampling_problems import Mixture, k_diffusion, starts
from torch import Tensor

from catoptric.sampling import (
    FIXED_SOLVERS,
    BrownianBridge,
    DpmAdaptiveOptions,
    dpm_adaptive,
    dpmpp_2m,
    euler,
    euler_ancestral,
    heun,
    pndm,
)
from catoptric.sampling.row_paths import RowPaths
from catoptric.sampling.schedules import (
    exponential,
    karras,
    normal,
    pndm_leading,
    polyexponential,
    sgm_uniform,
    simple,
)

LOW, HIGH = 0.0291675, 14.614642


@pytest.fixture
def _double() -> Iterator[None]:
    """k-diffusion makes tensors of the default dtype; float32 would be the error we measure."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def denoise(x: Tensor, sigma: Tensor) -> Tensor:
    return Mixture(torch.float64)(x, sigma, None)


@pytest.mark.usefixtures("_double")
@pytest.mark.parametrize("steps", [1, 2, 7, 30])
def test_schedules_equal_k_diffusions(steps: int) -> None:
    theirs = k_diffusion()
    pairs = [
        (karras(steps, LOW, HIGH), theirs.get_sigmas_karras(steps, LOW, HIGH)),
        (karras(steps, LOW, HIGH, rho=3.0), theirs.get_sigmas_karras(steps, LOW, HIGH, rho=3.0)),
        (exponential(steps, LOW, HIGH), theirs.get_sigmas_exponential(steps, LOW, HIGH)),
        (
            polyexponential(steps, LOW, HIGH, rho=2.0),
            theirs.get_sigmas_polyexponential(steps, LOW, HIGH, rho=2.0),
        ),
    ]
    for mine, other in pairs:
        torch.testing.assert_close(mine, other, rtol=1e-9, atol=0.0)


@pytest.mark.usefixtures("_double")
@pytest.mark.parametrize(
    ("name", "mine"), [("euler", euler), ("heun", heun), ("dpmpp_2m", dpmpp_2m)]
)
@pytest.mark.parametrize("make", [karras, normal])
def test_deterministic_solver_equals_k_diffusions(name: str, mine, make) -> None:  # type: ignore[no-untyped-def]
    sigmas, x = make(12, LOW, HIGH), starts(5, HIGH)
    other = getattr(k_diffusion(), f"sample_{name}")(denoise, x, sigmas, disable=True)
    torch.testing.assert_close(mine(denoise, x, sigmas), other, rtol=0.0, atol=1e-9)


@pytest.mark.usefixtures("_double")
@pytest.mark.parametrize("eta", [0.0, 0.6, 1.0])
def test_euler_ancestral_equals_k_diffusions_on_the_same_noise(eta: float) -> None:
    sigmas, x = karras(12, LOW, HIGH), starts(5, HIGH)

    def noise(sigma: float, after: float) -> Tensor:
        return starts(5, 1.0, seed=int(1e6 * float(after)))

    other = k_diffusion().sample_euler_ancestral(
        denoise, x, sigmas, eta=eta, s_noise=0.9, noise_sampler=noise, disable=True
    )
    mine = euler_ancestral(denoise, x, sigmas, noise=noise, eta=eta, s_noise=0.9)
    torch.testing.assert_close(mine, other, rtol=0.0, atol=1e-9)


@pytest.mark.usefixtures("_double")
@pytest.mark.parametrize("order", [2, 3])
@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"rtol": 0.2, "atol": 0.05},
        {"rtol": 0.005, "atol": 0.001},
        {"p": 0.3, "i": 0.6, "d": 0.1},
        {"h_init": 3.0},
        {"safety": 0.95},
    ],
)
def test_dpm_adaptive_takes_k_diffusions_steps_alone(order: int, changed: dict[str, float]) -> None:
    names = {"p": "pcoeff", "i": "icoeff", "d": "dcoeff", "safety": "accept_safety"}
    for seed in range(3):
        x = starts(1, HIGH, seed)
        theirs: list[tuple[float, float]] = []
        other, info = k_diffusion().sample_dpm_adaptive(
            denoise,
            x,
            LOW,
            HIGH,
            order=order,
            return_info=True,
            disable=True,
            callback=lambda step, seen=theirs: seen.append(
                (float(step["t"]), float(step["error"]))
            ),
            **{names.get(name, name): value for name, value in changed.items()},
        )
        ours: list[tuple[float, float]] = []

        def watch(step, seen=ours) -> None:  # type: ignore[no-untyped-def]
            reached = step.sigma_next if bool(step.accepted[0]) else step.sigma
            seen.append((-float(reached[0].log()), float(step.error[0])))

        mine = dpm_adaptive(
            denoise,
            x,
            HIGH,
            LOW,
            slots=1,
            options=DpmAdaptiveOptions(order=order, **changed),  # type: ignore[arg-type]
            watch=watch,
        )
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(mine.x, other, rtol=0.0, atol=1e-7)
        assert int(mine.accepted[0]) == info["n_accept"]
        assert int(mine.rejected[0]) == info["n_reject"]
        # Each rejection's first evaluation is used again.
        assert int(mine.nfe[0]) == info["nfe"] - info["n_reject"]


@pytest.mark.usefixtures("_double")
@pytest.mark.parametrize("name", ["euler", "heun", "dpm_2"])
@pytest.mark.parametrize(
    "churn",
    [
        {"s_churn": 6.0},
        {"s_churn": 40.0, "s_tmin": 0.1, "s_tmax": 5.0, "s_noise": 1.007},
    ],
)
def test_churn_is_k_diffusions_on_the_same_noise(
    name: str, churn: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    sigmas, x = karras(12, LOW, HIGH), starts(5, HIGH)
    # Theirs draws at every step, used or not: the level tells which draw is which.
    calls = iter(range(100))
    monkeypatch.setattr(torch, "randn_like", lambda like: starts(5, 1.0, seed=next(calls)))
    other = getattr(k_diffusion(), f"sample_{name}")(denoise, x, sigmas, disable=True, **churn)
    step = {float(sigma): i for i, sigma in enumerate(sigmas)}

    def noise(sigma: float, raised: float) -> Tensor:
        assert raised > sigma
        return starts(5, 1.0, seed=step[sigma])

    mine = FIXED_SOLVERS[name](denoise, x, sigmas, noise=noise, **churn)
    torch.testing.assert_close(mine, other, rtol=0.0, atol=1e-5)
    still = FIXED_SOLVERS[name](denoise, x, sigmas)
    assert float((mine - still).abs().max()) > 0.1


@pytest.mark.usefixtures("_double")
@pytest.mark.parametrize("order", [2, 3])
@pytest.mark.parametrize("eta", [0.4, 1.0])
def test_dpm_adaptive_with_noise_takes_k_diffusions_steps(order: int, eta: float) -> None:
    def drawn(seeds, purpose):  # type: ignore[no-untyped-def]
        names = [purpose] * len(seeds) if isinstance(purpose, str) else purpose
        return torch.cat([starts(1, 1.0, seed=hash_of(name)) for name in names])

    x = starts(1, HIGH, 2)
    bridge = BrownianBridge(drawn, [0], LOW, HIGH)
    other, info = k_diffusion().sample_dpm_adaptive(
        denoise,
        x,
        LOW,
        HIGH,
        order=order,
        eta=eta,
        s_noise=0.9,
        noise_sampler=lambda s, t: bridge.normal(float(s), float(t)),
        return_info=True,
        disable=True,
    )
    mine = dpm_adaptive(
        denoise,
        x,
        HIGH,
        LOW,
        slots=1,
        options=DpmAdaptiveOptions(order=order, eta=eta, s_noise=0.9),
        paths=RowPaths(drawn, LOW, HIGH, eta=1.0),
        seeds=[0],
    )
    assert int(mine.accepted[0]) == info["n_accept"]
    assert int(mine.rejected[0]) == info["n_reject"]
    torch.testing.assert_close(mine.x, other, rtol=0.0, atol=1e-5)


def hash_of(name: str) -> int:
    return int.from_bytes(name.encode()[-6:], "little")


def their_pndm(steps: int):  # type: ignore[no-untyped-def]
    diffusers = pytest.importorskip("diffusers")
    scheduler = diffusers.PNDMScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        skip_prk_steps=True,
        set_alpha_to_one=False,
        steps_offset=1,
    )
    scheduler.set_timesteps(steps)
    kept = scheduler.alphas_cumprod.double()
    # The table itself is float32 there; its rounding would hide behind ours.
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    exact = torch.cumprod(1 - betas, 0)
    torch.testing.assert_close(kept, exact, rtol=1e-4, atol=0.0)
    scheduler.alphas_cumprod = exact
    scheduler.final_alpha_cumprod = exact[0]
    return scheduler, exact


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 20, 50])
def test_pndm_equals_diffusers(steps: int) -> None:
    scheduler, kept = their_pndm(steps)
    levels = ((1 - kept) / kept).sqrt()
    low, high = float(levels[0]), float(levels[-1])
    sigmas = pndm_leading(steps, low, high)
    times = [int(t) for t in scheduler.timesteps]
    torch.testing.assert_close(sigmas[:1], levels[times[:1]], rtol=1e-9, atol=0.0)

    start = starts(4, 1.0)
    x = start.clone()
    for t in scheduler.timesteps:
        alpha = kept[int(t)].sqrt()
        sigma = levels[int(t)]
        estimate = denoise(x / alpha, sigma.repeat(len(x)))
        x = scheduler.step((x / alpha - estimate) / sigma, t, x).prev_sample
    other = x / kept[0].sqrt()
    mine = pndm(denoise, start * torch.sqrt(1 + sigmas[0] ** 2), sigmas)
    torch.testing.assert_close(mine, other, rtol=0.0, atol=1e-6)


def test_normal_schedule_follows_comfyuis_rule() -> None:
    # sigma(t) interpolates ln sigma between training levels, t = linspace(999, 0, steps).
    betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    kept = np.cumprod(1 - betas)
    levels = np.sqrt((1 - kept) / kept)
    rule = np.exp(np.interp(np.linspace(999, 0, 20), np.arange(1000), np.log(levels)))
    mine = normal(20, float(levels[0]), float(levels[-1]))
    np.testing.assert_allclose(mine.numpy(), [*rule, 0.0], rtol=1e-9)
    rule = np.exp(np.interp(np.linspace(999, 0, 21)[:-1], np.arange(1000), np.log(levels)))
    mine = sgm_uniform(20, float(levels[0]), float(levels[-1]))
    np.testing.assert_allclose(mine.numpy(), [*rule, 0.0], rtol=1e-9)
    mine = simple(20, float(levels[0]), float(levels[-1]))
    np.testing.assert_allclose(mine.numpy(), [*levels[999::-50], 0.0], rtol=1e-9)
    assert levels[0] == pytest.approx(LOW, rel=2e-5)
    assert levels[-1] == pytest.approx(HIGH, rel=2e-5)
