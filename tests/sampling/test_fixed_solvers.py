"""Every solver of the table keeps the contract: batch, bits, status, bad input, names."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from sampling_problems import Mixture, noise, settings, starts

from catoptric.errors import InputError
from catoptric.sampling import FIXED, FIXED_SOLVERS, PAIRED, SampleResult, sample

OPTIONS: dict[str, list[dict[str, Any]]] = {name: [{}] for name in FIXED} | {
    "ddim": [{}, {"eta": 0.7}],
    "res_multistep": [{}, {"eta": 1.0}],
    "uni_pc": [{}, {"order": 2, "variant": "bh2"}],
    "dpmpp_2m_sde": [{"eta": 0.5, "variant": "heun"}],
    "dpm_2": [{}, {"s_churn": 3.0}],
    "heun": [{}, {"s_churn": 3.0, "s_noise": 0.9}],
    "restart": [{"low": 0.3, "high": 2.0, "inner_steps": 3, "times": 2}],
}
CASES = [(name, options) for name, every in OPTIONS.items() for options in every]
OLD = ("euler", "heun", "dpmpp_2m", "pndm")
NEW = [case for case in CASES if case[0] not in OLD or case[1]]
GUIDANCE: dict[str, Any] = {
    "form": "interval",
    "scale": 3.0,
    "low": 0.4,
    "high": 2.0,
}


def draw(solver: str, options: dict[str, Any], seeds: list[int], model: Any = None) -> SampleResult:
    table = {"solver": solver, "schedule": "karras", "steps": 7, **options}
    chosen = settings(table, guidance=GUIDANCE)
    return sample(model or Mixture(), chosen, noise, seeds, condition=1, microbatch=16)


@pytest.mark.parametrize(("solver", "options"), NEW)
def test_picture_does_not_depend_on_its_batch(solver: str, options: dict[str, Any]) -> None:
    torch.set_num_threads(1)
    seeds = list(range(100, 132))
    crowd = draw(solver, options, seeds)
    backwards = draw(solver, options, seeds[::-1])
    alone = draw(solver, options, [seeds[21]])
    assert torch.equal(alone.x[0], crowd.x[21])
    assert torch.equal(backwards.x.flip(0), crowd.x)
    for name in ("nfe", "accepted", "status"):
        assert torch.equal(getattr(backwards, name).flip(0), getattr(crowd, name))
    assert set(crowd.status.tolist()) == {0}
    assert bool((crowd.nfe > 0).all())


@pytest.mark.parametrize(("solver", "options"), NEW)
def test_a_broken_row_ends_alone(solver: str, options: dict[str, Any]) -> None:
    class Broken(Mixture):
        def __call__(
            self, x: torch.Tensor, sigma: torch.Tensor, condition: int | None
        ) -> torch.Tensor:
            x0 = super().__call__(x, sigma, condition)
            hit = torch.zeros(len(x), 1, dtype=torch.bool)
            hit[5] = bool((sigma < 0.5).all())
            return torch.where(hit, torch.nan, x0)

    seeds = list(range(16))
    whole, broken = draw(solver, options, seeds), draw(solver, options, seeds, Broken())
    rest = [i for i in range(16) if i != 5]
    assert broken.status.tolist() == [2 if i == 5 else 0 for i in range(16)]
    assert torch.equal(broken.x[rest], whole.x[rest])


def by_hand(solver: str, levels: list[float], options: dict[str, Any]) -> torch.Tensor:
    model = Mixture(torch.float64)

    def denoise(x: torch.Tensor, sigma: torch.Tensor) -> Any:
        x0 = model(x, sigma, None)
        return (x0, x0) if solver in PAIRED else x0

    sigmas = torch.tensor(levels, dtype=torch.float64)
    return FIXED_SOLVERS[solver](
        denoise, starts(4, levels[0]), sigmas, noise=lambda s, t: starts(4, 1.0, 3), **options
    )


@pytest.mark.parametrize(("solver", "options"), [c for c in CASES if "s_churn" not in c[1]])
def test_a_step_into_zero_gives_the_denoised_estimate(solver: str, options: dict[str, Any]) -> None:
    end = by_hand(solver, [1.7, 0.0], options)
    expected = Mixture(torch.float64)(
        starts(4, 1.7), torch.full((4,), 1.7, dtype=torch.float64), None
    )
    torch.testing.assert_close(end, expected, rtol=0.0, atol=1e-12)


@pytest.mark.parametrize(("solver", "options"), CASES)
def test_schedule_that_cannot_be_walked_is_refused(solver: str, options: dict[str, Any]) -> None:
    for bad in ([1.0, 2.0], [2.0, 2.0, 0.0], [2.0, -1.0], [3.0], [math.inf, 1.0]):
        with pytest.raises(InputError):
            by_hand(solver, bad, options)


@pytest.mark.parametrize("solver", [n for n in FIXED if "ancestral" in n or "sde" in n])
def test_stochastic_solver_without_noise_is_a_bug(solver: str) -> None:
    x, sigmas = starts(2, 2.0), torch.tensor([2.0, 1.0, 0.0])
    with pytest.raises(ValueError, match="needs noise"):
        FIXED_SOLVERS[solver](lambda x, sigma: (x, x) if solver in PAIRED else x, x, sigmas)


# Without noise the drift of er_sde is still not the ODE's.
@pytest.mark.parametrize("solver", sorted(set(FIXED) - PAIRED - {"er_sde"}))
def test_many_steps_reach_the_same_picture_without_noise(solver: str) -> None:
    quiet = {name: 0.0 for name in ("eta", "s_noise") if hasattr(FIXED[solver](), name)}
    if solver == "restart":
        quiet = {"times": 0}
    levels = torch.exp(torch.linspace(math.log(20.0), math.log(0.03), 161).double()).tolist()
    fine = by_hand("heun", levels, {})
    mine = by_hand(solver, levels, quiet)
    loose = 0.2 if solver in ("euler", "ddim", "euler_ancestral", "pndm", "ipndm") else 0.02
    assert float((mine - fine).abs().max()) < loose


def test_the_sde_path_is_the_same_however_it_is_split() -> None:
    # One Gaussian bump of width 0: D is constant, the steps are exact, so a finer walk on the
    # same path must end at the same place. With noise drawn per step it could not.
    centre = starts(8, 1.0, 9).float()

    class Point(Mixture):
        def __call__(
            self, x: torch.Tensor, sigma: torch.Tensor, condition: int | None
        ) -> torch.Tensor:
            return centre[:1].expand_as(x)

    ends = []
    for steps in (4, 13):
        table = {"solver": "dpmpp_2m_sde", "schedule": "exponential", "steps": steps, "eta": 0.5}
        states: list[torch.Tensor] = []
        sample(
            Point(),
            settings(table),
            noise,
            [3],
            condition=None,
            microbatch=8,
            watch=lambda step, states=states: states.append(step.x),
        )
        ends.append(states[-2])
    torch.testing.assert_close(ends[0], ends[1], rtol=0.0, atol=2e-5)


def test_restart_goes_up_by_noise_of_its_own_each_time() -> None:
    asked: list[tuple[float, float]] = []

    def fresh(low: float, high: float) -> torch.Tensor:
        asked.append((low, high))
        return starts(4, 1.0, len(asked))

    levels = [8.0, 4.0, 2.1, 1.0, 0.5, 0.11, 0.05, 0.0]
    FIXED_SOLVERS["restart"](
        lambda x, sigma: Mixture(torch.float64)(x, sigma, None),
        starts(4, 8.0),
        torch.tensor(levels, dtype=torch.float64),
        noise=fresh,
        times=3,
    )
    assert asked == [(0.11, 2.1)] * 3
    table = {"solver": "restart", "schedule": "karras", "steps": 8}
    once, twice, none = (
        sample(Mixture(), settings({**table, "times": n}), noise, [1], condition=None, microbatch=8)
        for n in (1, 2, 0)
    )
    assert [int(r.accepted[0]) for r in (none, once, twice)] == [8, 17, 26]
    assert not torch.equal(once.x, twice.x)


def test_churn_is_each_pictures_own_and_stored_only_where_it_is_used() -> None:
    asked: list[str] = []

    def recording(seeds: Sequence[int], purpose: str) -> torch.Tensor:
        asked.append(purpose)
        return noise(seeds, purpose)

    table = {"solver": "euler", "schedule": "exponential", "steps": 4}
    churned, plain = settings({**table, "s_churn": 2.0}), settings({**table, "s_churn": 0})
    sample(Mixture(), churned, recording, list(range(12)), condition=None, microbatch=8)
    assert asked == ["start", *(f"churn:{i}" for i in (1, 2, 3, 4))] * 2
    assert plain.sampler.to_dict() == table
    assert churned.sampler.to_dict() == {**table, "s_churn": 2.0}
    with pytest.raises(ValueError, match="needs noise where s_churn > 0"):
        by_hand_without_noise("euler", {"s_churn": 2.0})


def by_hand_without_noise(solver: str, options: dict[str, Any]) -> None:
    x, sigmas = starts(2, 2.0), torch.tensor([2.0, 1.0, 0.0])
    FIXED_SOLVERS[solver](lambda x, sigma: x, x, sigmas, **options)


@pytest.mark.parametrize("solver", FIXED)
def test_an_estimate_of_another_shape_or_dtype_is_refused(solver: str) -> None:
    x, sigmas = starts(2, 2.0), torch.tensor([2.0, 1.0, 0.0])
    for bad in (lambda x: x[:1], lambda x: x.float()):
        wrong: Any = (
            (lambda x, s, b=bad: (b(x), b(x))) if solver in PAIRED else (lambda x, s, b=bad: b(x))
        )
        with pytest.raises(ValueError, match="the denoiser returned"):
            FIXED_SOLVERS[solver](wrong, x, sigmas, noise=lambda s, t: starts(2, 1.0))


def test_options_say_whether_the_solver_adds_noise_of_its_own() -> None:
    def noisy(solver: str, **more: float) -> bool:
        options = settings({"solver": solver, "schedule": "karras", "steps": 4, **more}).sampler
        return options.options.noise_clock is not None or options.options.fresh_noise is not None

    assert [noisy("restart"), noisy("restart", times=0)] == [True, False]
    assert [noisy("heun", s_churn=1.0), noisy("heun", s_noise=1.5)] == [True, False]
    assert [noisy("euler_ancestral"), noisy("euler_ancestral", eta=0.0)] == [True, False]


def test_each_restart_of_a_picture_has_its_own_key() -> None:
    asked: list[str] = []

    def recording(seeds: Sequence[int], purpose: str) -> torch.Tensor:
        asked.append(purpose)
        return noise(seeds, purpose)

    chosen = settings({"solver": "restart", "schedule": "karras", "steps": 8, "times": 2})
    sample(Mixture(), chosen, recording, list(range(12)), condition=None, microbatch=8)
    assert asked == ["start", "restart:1", "restart:2"] * 2


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"solver": "uni_pc", "order": 9}, "at most 4"),
        ({"solver": "uni_pc", "variant": "bh3"}, "did you mean 'bh"),
        ({"solver": "dpmpp_2m_sde", "eta": -0.1}, "eta"),
        ({"solver": "dpmpp_2m_sde", "solver_type": "heun"}, "unknown key"),
        ({"solver": "er_sde", "order": 0}, "order"),
        ({"solver": "restart", "low": 0}, "above 0"),
        ({"solver": "lms", "eta": 1.0}, "unknown key"),
        ({"solver": "heun", "s_churn": -1.0}, "s_churn"),
    ],
)
def test_impossible_options_are_named(table: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        settings({"schedule": "karras", "steps": 4, **table})
