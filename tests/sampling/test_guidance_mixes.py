"""Rescale, APG and CFG-Zero*: the published formulas, canonical settings, rows on their own."""

import json
from typing import Any

import pytest
import torch
from sampling_problems import Mixture, noise, settings

from catoptric.errors import InputError
from catoptric.sampling import Guidance, SampleResult, Settings, guided, sample
from catoptric.sampling.combine import perpendicular_negative

EULER = {"solver": "euler", "schedule": "karras", "steps": 6}
MIXES: dict[str, dict[str, Any]] = {
    "rescale": {"scale": 4.0, "rescale": 0.7},
    "apg": {"scale": 4.0, "mix": "apg", "norm": 2.5, "momentum": -0.5},
    "apg, plain": {"scale": 4.0, "mix": "apg", "parallel": 0.3},
    "zero_star": {"scale": 4.0, "mix": "zero_star", "zero_above": 12.0},
    "all": {
        "form": "interval", "scale": 4.0, "low": 0.3, "high": 5.0, "mix": "apg", "rescale": 0.5,
    },
}  # fmt: skip


def estimates(sigma: float) -> tuple[torch.Tensor, ...]:
    model = Mixture(torch.float64)
    x = sigma * noise(range(8), "start").double()
    level = torch.full((8,), sigma, dtype=torch.float64)
    return x, level, model(x, level, 1), model(x, level, None)


def mixed(table: dict[str, Any], sigma: float) -> torch.Tensor:
    x, level, _, _ = estimates(sigma)
    return guided(Mixture(torch.float64), 1, Guidance.from_dict(table))(x, level)


@pytest.mark.parametrize("parallel", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("norm", [0.0, 0.8, 50.0])
def test_apg_is_diffusers_normalised_guidance(parallel: float, norm: float) -> None:
    theirs = pytest.importorskip("diffusers.guiders.adaptive_projected_guidance")
    _, _, c, u = estimates(1.5)
    other = theirs.normalized_guidance(
        c, u, 3.0, eta=parallel, norm_threshold=norm, use_original_formulation=True
    )
    mine = mixed({"scale": 4.0, "mix": "apg", "parallel": parallel, "norm": norm}, 1.5)
    torch.testing.assert_close(mine, other, rtol=0.0, atol=1e-9)


def test_apg_momentum_is_diffusers_running_average() -> None:
    theirs = pytest.importorskip("diffusers.guiders.adaptive_projected_guidance")
    buffer = theirs.MomentumBuffer(-0.5)
    table = {"scale": 4.0, "mix": "apg", "parallel": 0.0, "norm": 2.5, "momentum": -0.5}
    denoise = guided(Mixture(torch.float64), 1, Guidance.from_dict(table))
    for sigma in (3.0, 1.5, 0.7):
        x, level, c, u = estimates(sigma)
        other = theirs.normalized_guidance(
            c, u, 3.0, buffer, eta=0.0, norm_threshold=2.5, use_original_formulation=True
        )
        torch.testing.assert_close(denoise(x, level), other, rtol=0.0, atol=1e-9)
    denoise.forget()
    x, level, _, _ = estimates(3.0)
    assert torch.equal(denoise(x, level), mixed(table, 3.0))


def test_rescale_is_diffusers_on_v() -> None:
    theirs = pytest.importorskip("diffusers.guiders.guider_utils")
    for sigma in (0.2, 1.5, 9.0):
        x, _, c, u = estimates(sigma)
        line = u + 4.0 * (c - u)
        rest = x / (1 + sigma**2)
        other = rest - theirs.rescale_noise_cfg(rest - line, rest - c, 0.7)
        mine = mixed({"scale": 4.0, "rescale": 0.7}, sigma)
        torch.testing.assert_close(mine, other, rtol=0.0, atol=1e-9)


def test_zero_star_is_diffusers_on_the_noise_estimate() -> None:
    theirs = pytest.importorskip("diffusers.guiders.classifier_free_zero_star_guidance")
    x, _, c, u = estimates(1.5)
    own, free = (x - c) / 1.5, (x - u) / 1.5
    free = theirs.cfg_zero_star_scale(own, free) * free
    other = x - 1.5 * (free + 4.0 * (own - free))
    mine = mixed({"scale": 4.0, "mix": "zero_star"}, 1.5)
    # Their scale is float32.
    torch.testing.assert_close(mine, other, rtol=0.0, atol=2e-5)


def test_a_negative_is_left_only_across_the_wanted_direction() -> None:
    generator = torch.Generator().manual_seed(2)
    c, u, away = (torch.randn(3, 7, generator=generator, dtype=torch.float64) for _ in range(3))
    own = c - u
    across = away - own * ((own * away).sum(1) / (own * own).sum(1))[:, None]
    w = torch.full((3, 1), 5.0, dtype=torch.float64)
    plain = u + w * own
    along = perpendicular_negative(c, u, u - 0.7 * own, w, scale=2.0)
    torch.testing.assert_close(along, plain)
    both = perpendicular_negative(c, u, u + 0.4 * own + across, w, scale=2.0)
    torch.testing.assert_close(both, plain - 2.0 * w * across)


def test_a_negative_costs_a_third_pass_and_must_be_given() -> None:
    mix = {"scale": 3.0, "mix": "perp_neg", "negative_scale": 0.5}
    chosen = settings({"solver": "euler", "schedule": "karras", "steps": 4}, guidance=mix)
    with pytest.raises(InputError, match="needs a negative condition"):
        sample(Mixture(), chosen, noise, [1], condition=1, microbatch=8)
    one, other = (
        sample(Mixture(), chosen, noise, [1, 2], condition=1, negative=n, microbatch=8)
        for n in (0, 2)
    )
    assert one.nfe.tolist() == [12, 12]
    assert not torch.equal(one.x, other.x)


def test_zero_init_stands_still_without_a_pass_and_is_a_jump() -> None:
    model = Mixture()
    table = {"scale": 4.0, "mix": "zero_star", "zero_above": 5.0}
    denoise = guided(model, 1, Guidance.from_dict(table))
    x, sigma = noise(range(8), "start"), torch.tensor([6.0, 5.0] * 4)
    assert denoise.passes(sigma).tolist() == [0, 2] * 4
    assert denoise.jumps == (5.0,)
    x0 = denoise(x, sigma)
    assert torch.equal(x0[0], x[0])
    assert not torch.equal(x0[1], x[1])
    calls = len(model.shapes)
    assert torch.equal(denoise(x, torch.full((8,), 6.0)), x)
    assert len(model.shapes) == calls


@pytest.mark.parametrize("name", MIXES)
def test_picture_does_not_depend_on_its_batch(name: str) -> None:
    torch.set_num_threads(1)
    chosen, seeds = settings(EULER, guidance=MIXES[name]), list(range(40))
    whole, backwards, alone = (
        sample(Mixture(), chosen, noise, part, condition=1, microbatch=16)
        for part in (seeds, seeds[::-1], [23])
    )
    assert torch.equal(whole.x, backwards.x.flip(0))
    assert torch.equal(whole.x[23], alone.x[0])
    assert bool((whole.status == 0).all())


@pytest.mark.parametrize("solver", ["pid", "dpm_adaptive"])
@pytest.mark.parametrize("name", [name for name in MIXES if name != "apg"])
def test_adaptive_solvers_take_every_mix_that_is_a_function_of_the_state(
    solver: str, name: str
) -> None:
    chosen, seeds = settings({"solver": solver}, guidance=MIXES[name]), list(range(20))
    whole, alone = (
        sample(Mixture(), chosen, noise, part, condition=1, microbatch=8) for part in (seeds, [11])
    )
    assert torch.equal(whole.x[11], alone.x[0])
    assert bool((whole.status == 0).all())


def test_momentum_with_dpm_adaptive_is_refused() -> None:
    with pytest.raises(InputError, match=r"momentum.*take 'pid' or a fixed solver"):
        settings({"solver": "dpm_adaptive"}, guidance=MIXES["apg"])


def test_momentum_in_pid_is_each_samples_own() -> None:
    torch.set_num_threads(1)
    guidance = {**MIXES["all"], "momentum": -0.5}
    chosen = settings({"solver": "pid", "rtol": 1e-2}, guidance=guidance)

    def draw(seeds: list[int]) -> SampleResult:
        return sample(Mixture(), chosen, noise, seeds, condition=1, microbatch=8)

    # More samples than slots: a slot's next sample must not inherit, nor a rejected step count.
    whole = draw(list(range(20)))
    assert set(whole.status.tolist()) == {0}
    assert int(whole.rejected.sum()) > 0
    for row in (0, 9, 19):
        assert torch.equal(draw([row]).x[0], whole.x[row])
    plain = settings({"solver": "pid", "rtol": 1e-2}, guidance=MIXES["all"])
    without = sample(Mixture(), plain, noise, [9], condition=1, microbatch=8)
    assert not torch.equal(without.x[0], whole.x[9])


def test_an_undone_call_leaves_the_momentum_as_it_was() -> None:
    table = Guidance.from_dict(MIXES["apg"])
    denoise, twin = (guided(Mixture(torch.float64), 1, table) for _ in range(2))
    (x, level, _, _), (y, lower, _, _) = estimates(3.0), estimates(1.5)
    for each in (denoise, twin):
        each(x, level)
    denoise(2.0 * x, level)
    denoise.undo(torch.arange(8) < 4)
    mine, other = denoise(y, lower), twin(y, lower)
    assert torch.equal(mine[:4], other[:4])
    assert not torch.equal(mine[4:], other[4:])
    denoise.open([0])
    fresh = guided(Mixture(torch.float64), 1, table)
    assert torch.equal(denoise(x, level)[:1], fresh(x, level)[:1])


@pytest.mark.parametrize("name", MIXES)
def test_canonical_form_survives_json(name: str) -> None:
    read = settings(EULER, guidance=MIXES[name])
    assert Settings.from_dict(json.loads(json.dumps(read.to_dict()))) == read
    assert MIXES[name].items() <= read.guidance.to_dict().items()


@pytest.mark.parametrize(
    ("table", "canonical"),
    [
        ({"scale": 7.0}, {"form": "constant", "scale": 7.0}),
        ({"scale": 7, "rescale": 0, "mix": "linear"}, {"form": "constant", "scale": 7.0}),
        ({"scale": 1, "mix": "apg", "norm": 3}, {"form": "constant", "scale": 1.0}),
        (
            {"form": "interval", "scale": 3, "low": 1, "high": 2},
            {"form": "interval", "scale": 3.0, "low": 1.0, "high": 2.0},
        ),
        (
            {"form": "exponential", "scale": 3},
            {
                "form": "exponential", "scale": 3.0, "end": 1.0, "direction": "rising",
                "steepness": 3.0,
            },
        ),
    ],
)  # fmt: skip
def test_settings_without_a_mix_keep_the_form_they_were_stored_under(
    table: dict[str, Any], canonical: dict[str, Any]
) -> None:
    assert Guidance.from_dict(table).to_dict() == canonical


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"scale": 3, "mix": "agp"}, "did you mean 'apg'"),
        ({"scale": 3, "norm": 2}, "unknown key"),
        ({"scale": 3, "mix": "zero_star", "norm": 2}, "unknown key"),
        ({"scale": 3, "mix": "apg", "norm": -1}, "at least 0"),
        ({"scale": 3, "rescale": 1.5}, "at most 1"),
        ({"scale": 3, "mix": "zero_star", "zero_above": 0}, "above 0"),
    ],
)
def test_mistakes_are_named(table: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Guidance.from_dict(table)
