"""The weight of guidance as a function of sigma, its jumps, and the passes it costs."""

import math

import pytest
import torch
from sampling_problems import Mixture, noise, settings

from catoptric.sampling import Guidance, guided, sample
from catoptric.sampling.guidance import jumps, weight

LOW, HIGH = 0.03, 20.0


def at(p: float) -> torch.Tensor:
    """Sigma at progress p."""
    return torch.tensor([HIGH ** (1 - p) * LOW**p], dtype=torch.float64)


def w(table: dict[str, object], p: float) -> float:
    return float(weight(Guidance.from_dict(table), at(p), LOW, HIGH))


def test_interval_is_open_below_and_closed_above() -> None:
    guidance = Guidance.from_dict({"form": "interval", "scale": 5.0, "low": 0.5, "high": 3.0})
    sigma = torch.tensor([3.01, 3.0, 1.0, 0.51, 0.5, 0.1])
    assert weight(guidance, sigma, LOW, HIGH).tolist() == [1, 5, 5, 5, 1, 1]
    assert jumps(guidance, LOW, HIGH) == (3.0, 0.5)


def test_ramps_rise_from_one_to_the_scale() -> None:
    for form in ("linear", "cosine", "exponential"):
        assert w({"form": form, "scale": 6.0}, 0.0) == pytest.approx(1.0)
        assert w({"form": form, "scale": 6.0}, 1.0) == pytest.approx(6.0)
    assert w({"form": "linear", "scale": 6.0}, 0.5) == pytest.approx(3.5)
    assert w({"form": "cosine", "scale": 6.0}, 0.25) == pytest.approx(
        1 + 5 * (1 - math.cos(math.pi / 4)) / 2
    )


def test_exponential_has_the_designed_shape() -> None:
    k, e, scale = 3.0, 0.8, 7.5
    table = {"form": "exponential", "scale": scale, "steepness": k, "end": e}
    for p in (0.1, 0.4, 0.79):
        expected = 1 + (scale - 1) * math.expm1(k * p) / math.expm1(k * e)
        assert w(table, p) == pytest.approx(expected)
    assert w(table, 0.81) == 1.0
    assert w({**table, "steepness": 0.0}, 0.4) == pytest.approx(1 + (scale - 1) * 0.5)
    assert w({**table, "direction": "falling"}, 0.6) == pytest.approx(w(table, 0.4))
    assert jumps(Guidance.from_dict(table), LOW, HIGH) == pytest.approx([float(at(e))])


def test_continuous_forms_have_no_jump() -> None:
    for table in ({"scale": 7.0}, {"form": "cosine", "scale": 7.0}):
        assert jumps(Guidance.from_dict(table), LOW, HIGH) == ()


def test_unneeded_passes_are_not_run_nor_counted() -> None:
    model = Mixture()
    table = {"form": "interval", "scale": 4.0, "low": 0.5, "high": 3.0}
    denoise = guided(model, 1, Guidance.from_dict(table))
    x = noise(range(8), "start")
    denoise(x, torch.full((8,), 10.0))
    assert denoise.model_calls == 1
    mixed = torch.tensor([10.0, 2.0] * 4)
    x0 = denoise(x, mixed)
    assert denoise.model_calls == 3
    assert denoise.passes(mixed).tolist() == [1, 2] * 4
    u, c = model(x, mixed, None), model(x, mixed, 1)
    assert torch.equal(x0[0], c[0])
    torch.testing.assert_close(x0[1], (u + 4.0 * (c - u))[1])


def test_without_a_condition_guidance_costs_and_changes_nothing() -> None:
    tables = {"guidance": {"scale": 7.5}}
    sampler = {"solver": "dpmpp_2m", "schedule": "karras", "steps": 6}
    plain = sample(Mixture(), settings(sampler), noise, [1], condition=None, microbatch=8)
    pushed = sample(
        Mixture(), settings(sampler, **tables), noise, [1], condition=None, microbatch=8
    )
    assert torch.equal(plain.x, pushed.x)
    assert int(pushed.nfe[0]) == 6


@pytest.mark.parametrize("solver", ["pid", "dpm_adaptive"])
def test_adaptive_solvers_land_on_jumps(solver: str) -> None:
    seen: list[float] = []
    table = {"form": "interval", "scale": 4.0, "low": 0.5, "high": 3.0}
    sample(
        Mixture(),
        settings({"solver": solver}, guidance=table),
        noise,
        [4],
        condition=1,
        microbatch=8,
        watch=lambda step: seen.extend(step.sigma_next[step.accepted].tolist()),
    )
    for jump in (3.0, 0.5):
        assert min(abs(s / jump - 1) for s in seen) < 1e-9


@pytest.mark.parametrize("solver", ["pid", "dpm_adaptive"])
def test_each_side_of_a_jump_sees_its_own_weight(solver: str) -> None:
    class Watching(Mixture):
        def __call__(
            self, x: torch.Tensor, sigma: torch.Tensor, condition: int | None
        ) -> torch.Tensor:
            seen.extend(sigma.tolist())
            return super().__call__(x, sigma, condition)

    seen: list[float] = []
    table = {"form": "interval", "scale": 4.0, "low": 0.5, "high": 3.0}
    chosen = settings({"solver": solver}, guidance=table)
    sample(Watching(), chosen, noise, [4], condition=1, microbatch=8)
    for jump in (3.0, 0.5):
        near = [s / jump - 1 for s in seen if abs(s / jump - 1) < 1e-4]
        assert any(-3e-6 < side < -1e-7 for side in near)
        assert all(abs(side) > 1e-7 for side in near)
        # Only the multistep solver evaluates where a step ends.
        assert any(1e-7 < side < 3e-6 for side in near) == (solver == "pid")


def test_landing_on_jumps_is_more_exact_than_stepping_over_them() -> None:
    # The same tolerance, once with the jumps made known to the solver and once without.
    from catoptric.sampling import PidOptions, pid

    model = Mixture(torch.float64)
    table = {"form": "interval", "scale": 4.0, "low": 0.5, "high": 3.0}
    denoise = guided(model, 1, Guidance.from_dict(table))
    x = 20.0 * noise(range(8), "start").double()
    fine, coarse = PidOptions(rtol=1e-7, atol=1e-8), PidOptions(rtol=1e-3, atol=1e-4)
    ends = [
        pid(denoise, x, 20.0, 0.03, slots=8, options=options, jumps=known)
        for options, known in ((fine, denoise.jumps), (coarse, denoise.jumps), (coarse, ()))
    ]
    landed = (ends[1].x - ends[0].x).norm(dim=1).median()
    over = (ends[2].x - ends[0].x).norm(dim=1).median()
    assert landed < over or ends[1].nfe.sum() < ends[2].nfe.sum()


def test_wrong_shape_from_the_denoiser_is_told() -> None:
    class Narrow(Mixture):
        def __call__(
            self, x: torch.Tensor, sigma: torch.Tensor, condition: int | None
        ) -> torch.Tensor:
            return super().__call__(x, sigma, condition)[:, 1:]

    with pytest.raises(ValueError, match="returned shape"):
        sample(Narrow(), settings({"solver": "pid"}), noise, [1], condition=None, microbatch=8)
