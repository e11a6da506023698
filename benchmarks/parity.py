"""Do our solvers and schedules give what k-diffusion's and diffusers' give?

Same start, same levels, same injected noise, an exact denoiser of a Gaussian mixture. float64 where
theirs allows it; diffusers' Euler, DPM multistep and their kin cast the state to float32, so ours
is held to those in float64 against their float32. The difference is the largest one over all
elements, over the largest element of theirs. What differs by design is listed below the table.

Run: python benchmarks/parity.py
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import math
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from tables import printed

BAR = 1e-5
LOW, HIGH = 0.0291675, 14.614642
STEPS = 18

BY_DESIGN = """
dpm_adaptive: k-diffusion shares one step size over the batch and evaluates twice where a step is
    rejected; ours is compared on one sample: the same steps, accepted and rejected. With eta the
    noise of both is one Brownian path's; at a jump of the guidance ours lands, and starts anew.
dpmpp_sde: k-diffusion's default Brownian tree runs in sigma, ours in sigma^-2, the clock of its own
    step noise; noise is injected here, so the step itself is compared.
dpmpp_2m: diffusers lowers the order of the last step for fewer than 15 steps; ours at 0 only.
dpmpp_3m_sde: as k-diffusion. With noise diffusers' weight of the second difference,
    (1 - e^-2h - 2h) / 4h^2 - 1/2, goes to -1 as h goes to 0, k-diffusion's to 0: not compared.
deis: diffusers lowers the order at the end for fewer than 15 steps; ours at 0 only. ComfyUI
    interpolates in another time variable ("tab"); ours is diffusers' log-rho.
ipndm: diffusers extrapolates into 0 too; ours, as the authors and ComfyUI, takes the estimate
    there. Compared up to that step.
pndm: weights for even steps as theirs; the table of levels is float64 here, float32 there.
uni_pc: default order 3, bh1 (ComfyUI); diffusers' default is order 2, bh2. Both are compared.
er_sde: in neither package. The integrals of the noise scale are exact here; ComfyUI sums 200
    rectangles.
restart: in neither package. A1111 takes the steps of the returns off the main schedule.
euler_cfg_pp and its kin: in neither package. dpmpp_2m_cfg_pp is the paper's; ComfyUI's difference
    mixes the guided estimate with the last unconditional one. dpmpp_2s_ancestral_cfg_pp and
    res_multistep_cfg_pp are ComfyUI's formulas (tests/sampling/test_cfg_pp.py).
res_multistep and its CFG++: in neither package (ComfyUI, Cosmos). With eta > 0 ComfyUI divides the
    last difference by the way to the last lower level, ours by the distance of the two estimates.
s_churn above the model's own range: as k-diffusion, the first step may ask the model for a sigma
    above its sigma_max; s_tmax keeps it from that.
normal, sgm_uniform: diffusers interpolates sigma between training levels, ours (as ComfyUI and
    k-diffusion) ln sigma: 1e-4 apart at whole-number mismatches, the same at whole levels.
align_your_steps: diffusers prints its ten steps with 3 decimals; compared to that.
beta: ComfyUI's (training time, rounded); diffusers' and A1111's is beta_sigmas.
kl_optimal, linear_quadratic, ddim_uniform, simple: in neither package (ComfyUI, A1111).
"""


@functools.cache
def k_diffusion() -> types.ModuleType:
    """k-diffusion's sampling.py without the package around it, which needs training libraries."""
    found = importlib.util.find_spec("k_diffusion")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("k-diffusion is not installed: pip install --no-deps k-diffusion")
    path = Path(found.submodule_search_locations[0])
    package, utils = types.ModuleType("k_diffusion"), types.ModuleType("k_diffusion.utils")
    package.__path__ = [str(path)]
    utils.append_dims = lambda x, n: x[(...,) + (None,) * (n - x.ndim)]  # type: ignore[attr-defined]
    package.utils = utils  # type: ignore[attr-defined]
    spec = importlib.util.spec_from_file_location("k_diffusion.sampling", path / "sampling.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with mock.patch.dict(sys.modules, {"k_diffusion": package, "k_diffusion.utils": utils}):
        spec.loader.exec_module(module)
    return module


def denoise(x: Any, sigma: Any) -> Any:
    """The exact denoiser of eight bumps of width 0.3 in 12 dimensions, float64."""
    import torch

    generator = torch.Generator().manual_seed(3)
    centres = torch.randn(8, x[0].numel(), generator=generator, dtype=torch.float64)
    flat, variance = x.double().flatten(1), sigma.double()[:, None] ** 2 + 0.09
    share = torch.softmax((flat @ centres.T - 0.5 * (centres**2).sum(1)) / variance, dim=1)
    keep = 0.09 / variance
    return (keep * flat + (1 - keep) * (share @ centres)).reshape(x.shape)


def seeded(seed: int) -> Any:
    """float64 [3, 1, 3, 4], standard normal."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    return torch.randn(3, 1, 3, 4, generator=generator, dtype=torch.float64)


def noise_of(sigma: Any, after: Any) -> Any:
    """Injected noise: a function of the two levels, to nine digits."""
    return seeded(int(1e6 * float(f"{float(sigma):.9g}")) ^ int(1e8 * float(f"{float(after):.9g}")))


def counted() -> Callable[..., Any]:
    """Injected noise: the n-th call gives the n-th draw."""
    calls = iter(range(1000, 2000))
    return lambda *_, **__: seeded(next(calls))


def far(mine: Any, theirs: Any) -> float:
    """Largest difference over the largest element."""
    return float((mine - theirs).abs().max() / theirs.abs().max())


Row = tuple[str, str, str, float, float]


def against_k_diffusion() -> list[Row]:
    """(ours, theirs, dtype, difference, bar) for every solver of k-diffusion."""
    import torch

    from catoptric.sampling import FIXED_SOLVERS
    from catoptric.sampling.schedules import karras, normal

    theirs, rows = k_diffusion(), []
    torch.set_default_dtype(torch.float64)
    stochastic = {"eta": 1.0, "s_noise": 0.9}
    cases: list[tuple[str, dict[str, Any]]] = [
        ("euler", {}),
        ("heun", {}),
        ("dpm_2", {}),
        ("lms", {}),
        ("lms", {"order": 2}),
        ("dpmpp_2m", {}),
        ("euler_ancestral", stochastic),
        ("euler_ancestral", {"eta": 0.6}),
        ("dpm_2_ancestral", stochastic),
        ("dpmpp_2s_ancestral", stochastic),
        ("dpmpp_2s_ancestral", {"eta": 0.4}),
        ("dpmpp_sde", stochastic),
        ("dpmpp_sde", {"eta": 0.5}),
        ("dpmpp_2m_sde", stochastic),
        ("dpmpp_2m_sde", {"eta": 0.5, "variant": "heun"}),
        ("dpmpp_3m_sde", stochastic),
        ("dpmpp_3m_sde", {"eta": 0.0}),
    ]
    for name, options in cases:
        worst = 0.0
        for make in (karras, normal):
            sigmas = make(STEPS, LOW, HIGH)
            x = HIGH * seeded(1)
            their_options = {"solver_type" if k == "variant" else k: v for k, v in options.items()}
            if "eta" in options:
                their_options["noise_sampler"] = noise_of
            other = getattr(theirs, f"sample_{name}")(
                denoise, x, sigmas, disable=True, **their_options
            )
            mine = FIXED_SOLVERS[name](denoise, x, sigmas, noise=noise_of, **options)
            worst = max(worst, far(mine, other))
        said = ", ".join(f"{k} {v}" for k, v in options.items())
        rows.append((f"{name} {said}".strip(), f"k-diffusion sample_{name}", "float64", worst, BAR))
    rows += [*churned(), *alone()]
    torch.set_default_dtype(torch.float32)
    return rows


def churned() -> list[Row]:
    """Euler, Heun and DPM2 with noise added before each step."""
    import torch

    from catoptric.sampling import FIXED_SOLVERS
    from catoptric.sampling.schedules import karras

    churn = {"s_churn": 6.0, "s_tmin": 0.05, "s_tmax": 10.0, "s_noise": 1.003}
    sigmas, rows = karras(STEPS, LOW, HIGH), []
    step = {float(sigma): i for i, sigma in enumerate(sigmas)}
    for name in ("euler", "heun", "dpm_2"):
        # Theirs draws at every step, whether it uses the draw or not.
        calls = iter(range(STEPS))
        with mock.patch.object(torch, "randn_like", lambda x, calls=calls: seeded(next(calls))):
            other = getattr(k_diffusion(), f"sample_{name}")(
                denoise, HIGH * seeded(1), sigmas, disable=True, **churn
            )
        mine = FIXED_SOLVERS[name](
            denoise, HIGH * seeded(1), sigmas, noise=lambda s, _: seeded(step[s]), **churn
        )
        rows.append(
            (
                f"{name} s_churn 6.0, tmin, tmax, s_noise",
                f"k-diffusion sample_{name}",
                "float64",
                far(mine, other),
                BAR,
            )
        )
    return rows


def alone() -> list[Row]:
    """dpm_adaptive on one sample; a row counts as infinitely far where other steps were taken."""
    import torch

    from catoptric.sampling import BrownianBridge, DpmAdaptiveOptions, dpm_adaptive
    from catoptric.sampling.row_paths import RowPaths

    def drawn(seeds: Any, purpose: Any) -> Any:
        names = [purpose] if isinstance(purpose, str) else purpose
        return torch.cat([seeded(int.from_bytes(n.encode()[-6:], "little"))[:1] for n in names])

    rows, bridge = [], BrownianBridge(drawn, [0], LOW, HIGH)
    for options in ({}, {"order": 2}, {"eta": 1.0}, {"order": 2, "eta": 0.5, "s_noise": 0.9}):
        x = HIGH * seeded(1)[:1]
        other, info = k_diffusion().sample_dpm_adaptive(
            denoise,
            x,
            LOW,
            HIGH,
            noise_sampler=lambda s, t: bridge.normal(float(s), float(t)),
            return_info=True,
            disable=True,
            **options,
        )
        more: dict[str, Any] = {}
        if "eta" in options:
            more = {"paths": RowPaths(drawn, LOW, HIGH, eta=1.0), "seeds": [0]}
        chosen = DpmAdaptiveOptions(**options)
        mine = dpm_adaptive(denoise, x, HIGH, LOW, slots=1, options=chosen, **more)
        same = (int(mine.accepted), int(mine.rejected)) == (info["n_accept"], info["n_reject"])
        said = ", ".join(f"{k} {v}" for k, v in options.items())
        apart = far(mine.x, other) if same else math.inf
        rows.append(
            (
                f"dpm_adaptive {said}".strip(),
                "k-diffusion sample_dpm_adaptive",
                "float64",
                apart,
                BAR,
            )
        )
    return rows


TABLE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def scheduler(name: str, **options: Any) -> Any:
    """A diffusers scheduler with Stable Diffusion's levels."""
    import diffusers

    return getattr(diffusers, name)(**{**TABLE, "num_train_timesteps": 1000, **options})


def walked(theirs: Any, start: float, draw: Callable[..., Any], scaled: bool) -> Any:
    """Runs a diffusers scheduler on the mixture; `scaled`: its state is x / sqrt(1 + sigma^2)."""
    import torch

    x = start * seeded(1)
    x = x / math.sqrt(1 + start**2) if scaled else x
    one = torch.ones(1, dtype=torch.float64)
    with drawing(theirs, draw):
        for i, t in enumerate(theirs.timesteps):
            if scaled:
                sigma = float(theirs.sigmas[i])
                state = x.double() * math.sqrt(1 + sigma**2)
            else:
                sigma = math.sqrt(float(theirs.scale_model_input(one, t).double()) ** -2 - 1)
                state = x.double()
            estimate = denoise(state, torch.full((len(x),), sigma, dtype=torch.float64))
            eps = (state - estimate) / sigma
            x = theirs.step(eps.to(x.dtype), t, x).prev_sample
    last = float(theirs.sigmas[-1])
    return x.double() * (math.sqrt(1 + last**2) if scaled else 1.0)


@contextmanager
def drawing(theirs: Any, draw: Callable[..., Any]) -> Iterator[None]:
    """While it lasts, the scheduler's noise is `draw`'s."""
    module = importlib.import_module(type(theirs).__module__)
    with mock.patch.object(module, "randn_tensor", draw, create=True):
        yield


def own_levels(theirs: Any) -> Any:
    """The levels a scheduler walks, each once."""
    import torch

    return torch.unique_consecutive(theirs.sigmas.double())


def against_diffusers() -> list[Row]:
    """The same for diffusers, on the levels that its scheduler made itself."""
    from catoptric.sampling import FIXED_SOLVERS

    karras = {"use_karras_sigmas": True}
    zero = {"final_sigmas_type": "zero"}
    multi = {"solver_order": 2, "lower_order_final": False, **karras}
    cases: list[tuple[str, dict[str, Any], str, dict[str, Any], bool, str]] = [
        ("euler", {}, "EulerDiscreteScheduler", karras, False, "float32"),
        ("heun", {}, "HeunDiscreteScheduler", karras, False, "float64"),
        ("dpm_2", {}, "KDPM2DiscreteScheduler", karras, False, "float64"),
        ("lms", {}, "LMSDiscreteScheduler", karras, False, "float64"),
        ("euler_ancestral", {}, "EulerAncestralDiscreteScheduler", {}, False, "float32"),
        ("dpm_2_ancestral", {}, "KDPM2AncestralDiscreteScheduler", karras, False, "float64"),
        ("dpmpp_sde", {}, "DPMSolverSDEScheduler", karras, False, "float64"),
        ("dpmpp_2m", {}, "DPMSolverMultistepScheduler", {**multi, **zero}, True, "float32"),
        (
            "dpmpp_2m_sde",
            {"variant": "heun"},
            "DPMSolverMultistepScheduler",
            {**multi, **zero, "algorithm_type": "sde-dpmsolver++", "solver_type": "heun"},
            True,
            "float32",
        ),
        (
            "dpmpp_3m_sde",
            {"eta": 0.0},
            "DPMSolverMultistepScheduler",
            {**multi, **zero, "solver_order": 3, "solver_type": "heun"},
            True,
            "float32",
        ),
        ("deis", {"order": 2}, "DEISMultistepScheduler", multi, True, "float64"),
        ("deis", {}, "DEISMultistepScheduler", {**multi, "solver_order": 3}, True, "float64"),
    ]
    for order in (1, 2, 3):
        for variant in ("bh1", "bh2"):
            options = {"solver_order": order, "solver_type": variant, **karras}
            # Its bh1 divides infinity by infinity on the way to 0: compared down to sigma_min.
            zero = {"lower_order_final": False, "final_sigmas_type": "sigma_min"}
            if variant == "bh2":
                zero = {"final_sigmas_type": "zero"}
            cases.append(
                (
                    "uni_pc",
                    {"order": order, "variant": variant},
                    "UniPCMultistepScheduler",
                    {**options, **zero},
                    True,
                    "float64",
                )
            )
    rows: list[Row] = []
    for name, options, theirs_name, their_options, scaled, dtype in cases:
        theirs = scheduler(theirs_name, **their_options)
        theirs.set_timesteps(STEPS)
        if scaled:  # these take any levels; the two-stage ones build their own around theirs
            theirs.sigmas = theirs.sigmas.double()
            if theirs.sigmas[-1] == theirs.sigmas[-2]:  # a step of no length
                theirs.sigmas = theirs.sigmas[:-1]
                theirs.timesteps = theirs.timesteps[:-1]
        levels = own_levels(theirs)
        if name == "dpmpp_sde":
            theirs.noise_sampler = counted()
        other = walked(theirs, float(levels[0]), counted(), scaled)
        solver = FIXED_SOLVERS[name]
        mine = solver(denoise, float(levels[0]) * seeded(1), levels, noise=counted(), **options)
        said = ", ".join(f"{k} {v}" for k, v in options.items())
        rows.append(
            (f"{name} {said}".strip(), f"diffusers {theirs_name}", dtype, far(mine, other), BAR)
        )
    return [*rows, *by_times()]


def by_times() -> list[Row]:
    """Those of diffusers that know training times, not levels: DDIM, PNDM and IPNDM."""
    import torch

    from catoptric.sampling import ddim, ipndm, pndm
    from catoptric.sampling.schedules import pndm_leading

    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    kept = torch.cumprod(1 - betas, 0)
    levels = ((1 - kept) / kept).sqrt()
    sigmas = pndm_leading(20, float(levels[0]), float(levels[-1]))
    rows: list[Row] = []
    common = {"set_alpha_to_one": False, "steps_offset": 1}
    for ours, name, options, eta in (
        (pndm, "PNDMScheduler", {"skip_prk_steps": True}, None),
        (ddim, "DDIMScheduler", {"clip_sample": False}, 0.0),
        (ddim, "DDIMScheduler", {"clip_sample": False}, 0.7),
    ):
        theirs = scheduler(name, **common, **options)
        theirs.alphas_cumprod, theirs.final_alpha_cumprod = kept, kept[0]
        theirs.set_timesteps(20)
        x = seeded(1)
        more = {} if eta is None else {"eta": eta}
        with drawing(theirs, counted()):
            for t in theirs.timesteps:
                alpha, sigma = kept[int(t)].sqrt(), levels[int(t)]
                estimate = denoise(x / alpha, sigma.repeat(len(x)))
                x = theirs.step((x / alpha - estimate) / sigma, t, x, **more).prev_sample
        start = seeded(1) * torch.sqrt(1 + sigmas[0] ** 2)
        mine = ours(denoise, start, sigmas, noise=counted(), **more)  # type: ignore[operator]
        said = "" if eta is None else f" eta {eta}"
        # DDIM's last step goes from time 1 to level 0 of the table, as PNDM's.
        other = x / kept[0].sqrt()
        rows.append(
            (f"{ours.__name__}{said}", f"diffusers {name}", "float64", far(mine, other), BAR)
        )

    theirs = scheduler(
        "DDPMScheduler", clip_sample=False, timestep_spacing="leading", steps_offset=1
    )
    theirs.alphas_cumprod = kept
    theirs.set_timesteps(20)
    times = [int(t) for t in theirs.timesteps]
    x = seeded(1)
    with drawing(theirs, counted()):
        for t in times:
            alpha, sigma = kept[t].sqrt(), levels[t]
            estimate = denoise(x / alpha, sigma.repeat(len(x)))
            x = theirs.step((x / alpha - estimate) / sigma, t, x).prev_sample
    walked_levels = torch.cat([levels[times], torch.zeros(1, dtype=torch.float64)])
    start = seeded(1) * torch.sqrt(1 + walked_levels[0] ** 2)
    mine = ddim(denoise, start, walked_levels, noise=counted(), eta=1.0)
    rows.append(("ddim eta 1.0", "diffusers DDPMScheduler", "float64", far(mine, x), BAR))

    import diffusers

    theirs = diffusers.IPNDMScheduler()
    theirs.set_timesteps(20)
    theirs.betas, theirs.alphas = theirs.betas.double(), theirs.alphas.double()
    angle = torch.linspace(1, 0, 21, dtype=torch.float64)[1:-1] * math.pi / 2
    theirs.betas[1:-1], theirs.alphas[1:-1] = torch.sin(angle), torch.cos(angle)
    sigmas = torch.tan(angle)
    theirs.set_begin_index(1)
    x = sigmas[0] * seeded(1)
    mine = ipndm(denoise, x, sigmas)
    x = x * theirs.alphas[1]
    for i in range(len(sigmas) - 1):
        s, alpha, beta = sigmas[i], theirs.alphas[1 + i], theirs.betas[1 + i]
        estimate = denoise(x / alpha, s.repeat(len(x)))
        eps = (x / alpha - estimate) / s
        v = alpha * eps - beta * estimate
        x = theirs.step(v, theirs.timesteps[1 + i], x).prev_sample
    rows.append(
        ("ipndm", "diffusers IPNDMScheduler", "float64", far(mine, x / torch.cos(angle[-1])), BAR)
    )
    return rows


def schedules() -> list[Row]:
    """Every schedule that either has."""
    import torch
    from diffusers.schedulers.scheduling_utils import AysSchedules

    from catoptric.sampling import SCHEDULES

    theirs, rows = k_diffusion(), []
    torch.set_default_dtype(torch.float64)
    vp_ends = [math.sqrt(math.expm1(19.9 * t**2 / 2 + 0.1 * t)) for t in (1e-3, 1.0)]
    for name, low, high, other in (
        ("karras", LOW, HIGH, theirs.get_sigmas_karras(STEPS, LOW, HIGH)),
        ("exponential", LOW, HIGH, theirs.get_sigmas_exponential(STEPS, LOW, HIGH)),
        ("polyexponential", LOW, HIGH, theirs.get_sigmas_polyexponential(STEPS, LOW, HIGH)),
        ("vp", vp_ends[0], vp_ends[1], theirs.get_sigmas_vp(STEPS)),
    ):
        mine = SCHEDULES[name](STEPS, low, high)
        rows.append((name, f"k-diffusion get_sigmas_{name}", "float64", far(mine, other), BAR))
    torch.set_default_dtype(torch.float32)

    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    kept = torch.cumprod(1 - betas, 0)
    low, high = (float(((1 - kept[i]) / kept[i]).sqrt()) for i in (0, -1))
    spaced = {"timestep_spacing": "leading", "steps_offset": 1}
    for name, options, steps in (
        ("karras", {"use_karras_sigmas": True}, STEPS),
        ("exponential", {"use_exponential_sigmas": True}, STEPS),
        ("beta_sigmas", {"use_beta_sigmas": True}, STEPS),
        ("trailing", {"timestep_spacing": "trailing"}, STEPS),
        ("trailing", {"timestep_spacing": "trailing"}, 8),
        ("leading", spaced, STEPS),
        ("normal", {"timestep_spacing": "linspace"}, 28),
    ):
        made = scheduler("EulerDiscreteScheduler", **options)
        made.set_timesteps(steps)
        mine = SCHEDULES[name](steps, low, high)
        # 28 steps from 999 to 0 stand on whole times, where ways to interpolate agree.
        first, value = next(iter(options.items()))
        said = f"diffusers {first}" + ("" if value is True else f" {value}")
        said += f", {steps} steps" if steps != STEPS else ""
        rows.append((name, said, "float32", far(mine, made.sigmas.double()), BAR))
    for name, key in (
        ("align_your_steps", "StableDiffusion"),
        ("align_your_steps_xl", "StableDiffusionXL"),
    ):
        printed_levels = torch.tensor(AysSchedules[f"{key}Sigmas"], dtype=torch.float64)
        mine = SCHEDULES[name](10, LOW, HIGH)
        apart = float((mine - printed_levels).abs().max())
        rows.append((name, f"diffusers AysSchedules, {key}", "3 digits", apart, 5e-3))
    return rows


def main() -> None:
    """Print the table; fail where a bar is missed."""
    import torch

    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    missed = 0
    with printed(__file__) as say:
        say(f"largest difference / largest element; bar {BAR:g} unless said")
        for title, make in (
            ("solvers against k-diffusion", against_k_diffusion),
            ("solvers against diffusers", against_diffusers),
            ("schedules", schedules),
        ):
            say()
            say(f"{title:48} {'theirs':44} {'dtype':9} difference")
            for ours, theirs, dtype, apart, bar in make():
                late = not apart <= bar
                missed += late
                say(f"{ours:48} {theirs:44} {dtype:9} {apart:.1e}" + ("  MISSED" if late else ""))
        say()
        say("Different by design, or with nobody to compare with:")
        say(BY_DESIGN.strip())
    if missed:
        raise SystemExit(f"{missed} missed the bar")


if __name__ == "__main__":
    main()
