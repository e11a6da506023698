"""A trace of a problem whose path is known, and that tracing leaves the sampler alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tracing_problems import SIZE, GaussianPair, as_pictures, no_noise, settings, some_noise

from catoptric.sampling import Step, sample
from catoptric.tracing import Trace, record, sigma_where_settled, trace_sampling

FIXED = {"solver": "dpmpp_2m", "schedule": "exponential", "steps": 12}
HEUN = {"solver": "heun", "schedule": "karras", "steps": 9}
DPM = {"solver": "dpm_adaptive"}
STRONG = {"scale": 7.5}
WINDOW = {"form": "interval", "scale": 7.5, "low": 0.5, "high": 3.0}


def traced(guidance: dict, sampler: dict | None = None, seeds: int = 3, noise=some_noise) -> Trace:  # type: ignore[type-arg,no-untyped-def]
    return trace_sampling(
        GaussianPair(),
        settings(guidance, sampler),
        noise,
        range(seeds),
        condition="yes",
        picture=as_pictures,
        microbatch=8,
    )


def test_overshoot_of_the_guided_gaussian_pair_is_its_analytic_one_in_every_band() -> None:
    truth = GaussianPair().peak(7.5)
    assert truth == pytest.approx(5.215, abs=1e-3)
    for waveform in traced(STRONG, seeds=1, noise=no_noise).samples[0].waveforms:
        assert 1.0 + waveform.overshoot == pytest.approx(truth, rel=0.01)


def test_no_guidance_does_not_overshoot() -> None:
    for waveform in traced({"scale": 1.0}, seeds=1, noise=no_noise).samples[0].waveforms:
        assert abs(waveform.overshoot) < 0.01


@pytest.mark.parametrize("sampler", [None, DPM, FIXED, HEUN])
def test_tracing_changes_no_picture_and_no_cost(sampler: dict | None) -> None:  # type: ignore[type-arg]
    chosen = settings(STRONG, sampler)
    plain = sample(GaussianPair(), chosen, some_noise, range(11), condition="yes", microbatch=8)
    found = traced(STRONG, sampler, seeds=11)
    assert torch.equal(torch.stack([s.end for s in found.samples]), plain.x)
    assert [s.nfe for s in found.samples] == plain.nfe.tolist()
    assert [int(s.steps.accepted.sum()) for s in found.samples] == plain.accepted.tolist()
    assert [int((~s.steps.accepted).sum()) for s in found.samples] == plain.rejected.tolist()


@pytest.mark.parametrize("sampler", [None, DPM, FIXED, HEUN])
def test_the_path_runs_unbroken_from_start_to_end(sampler: dict | None) -> None:  # type: ignore[type-arg]
    recordings = record(
        GaussianPair(),
        settings(WINDOW, sampler),
        some_noise,
        range(10),
        condition="yes",
        microbatch=8,
    )
    for run in recordings:
        sigma, after = run.sigma[run.accepted], run.sigma_next[run.accepted]
        torch.testing.assert_close(sigma[1:], after[:-1])
        torch.testing.assert_close(run.path_sigma, torch.cat([sigma[:1], after]))
        start = run.path_sigma[0] * some_noise([run.seed], "start")[0]
        torch.testing.assert_close(run.path[0], start)


def test_an_adaptive_trace_looks_at_both_sides_of_a_jump() -> None:
    found = traced(WINDOW, seeds=1)
    points = found.samples[0].points
    for jump, outside, inside in ((3.0, 0, 1), (0.5, 1, 0)):
        near = np.flatnonzero(np.abs(points.sigma / jump - 1) < 1e-5)
        assert len(near) == 2
        assert points.weight[near[outside]] == 1.0
        assert points.weight[near[inside]] == 7.5
    assert set(found.guide_weight) == {1.0, 7.5}


def test_steps_that_start_on_a_jump_carry_the_weight_they_were_guided_with() -> None:
    steps = traced(WINDOW, seeds=1).samples[0].steps
    inside = (steps.sigma < 3.0 * (1 + 1e-9)) & (steps.sigma > 0.5 * (1 + 1e-9))
    assert np.array_equal(steps.weight == 7.5, inside)


def test_rejected_attempts_are_kept_and_do_not_enter_the_path() -> None:
    rough = {"solver": "pid", "rtol": 1e-4, "atol": 1e-4, "h_init": 3.0}
    found = traced(STRONG, rough, seeds=1).samples[0]
    rejected = ~found.steps.accepted
    assert rejected.any()
    assert (found.steps.error[rejected] > 1.0).all()
    assert len(found.points.sigma) == int(found.steps.accepted.sum()) + 1


def test_a_step_to_zero_is_in_the_steps_but_not_among_the_estimates() -> None:
    found = traced(STRONG, FIXED, seeds=1).samples[0]
    assert found.steps.sigma_next[-1] == 0.0
    assert np.isinf(found.steps.h[-1])
    assert (found.points.sigma > 0).all()
    assert np.isnan(found.steps.error).all()


def test_settled_share_rises_to_one_and_names_its_sigma() -> None:
    found = traced(STRONG, seeds=2)
    for sample_ in found.samples:
        assert (np.diff(sample_.points.settled) >= 0).all()
        assert sample_.points.settled[-1] == 1.0
    half, most = (sigma_where_settled(found, share) for share in (0.5, 0.9))
    assert all(h > m for h, m in zip(half, most, strict=True))


def test_a_sample_that_breaks_has_steps_but_no_figures_and_leaves_the_others_alone() -> None:
    class Breaking(GaussianPair):
        def __call__(self, x, sigma, condition):  # type: ignore[no-untyped-def]
            x0 = super().__call__(x, sigma, condition)
            mark = x[:, 0] > 0
            return torch.where((mark & (sigma < 1.0))[:, None], torch.nan, x0)

    def noise(seeds, purpose):  # type: ignore[no-untyped-def]
        drawn = some_noise(seeds, purpose)
        drawn[:, 0] = drawn[:, 0].abs() * torch.tensor([1.0 if s == 1 else -1.0 for s in seeds])
        return drawn

    def run(seeds):  # type: ignore[no-untyped-def]
        return trace_sampling(
            Breaking(),
            settings({"scale": 1.0}, FIXED),
            noise,
            seeds,
            condition="yes",
            picture=as_pictures,
            microbatch=8,
        )

    good, broken = run([0, 1]).samples
    assert broken.status == 2
    assert len(broken.points.sigma) == 0
    assert broken.waveforms[0].overshoot is None
    assert good.waveforms == run([0]).samples[0].waveforms


def test_the_state_and_the_estimate_have_the_size_that_was_sampled() -> None:
    sample_ = traced(STRONG, FIXED, seeds=1).samples[0]
    assert sample_.points.estimate.shape == (len(sample_.points.sigma), SIZE)
    assert sample_.points.response.shape[1] == len(sample_.waveforms)


def test_with_momentum_the_estimates_are_those_that_the_sampler_saw() -> None:
    guidance = {"scale": 4.0, "mix": "apg", "momentum": -0.5}
    chosen = settings(guidance, {"solver": "euler", "schedule": "karras", "steps": 9})
    seen: dict[int, list[torch.Tensor]] = {}

    def watch(step: Step) -> None:
        for i, row in enumerate(step.rows.tolist()):
            seen.setdefault(row, []).append(step.denoised[i])

    model = GaussianPair()
    asked = {"condition": "yes", "microbatch": 8}
    sample(model, chosen, some_noise, range(11), watch=watch, **asked)
    found = trace_sampling(model, chosen, some_noise, range(11), picture=as_pictures, **asked)
    for row, sample_ in enumerate(found.samples):
        torch.testing.assert_close(sample_.points.estimate, torch.stack(seen[row]))


def test_where_guidance_holds_the_state_still_there_is_a_path_but_no_estimate() -> None:
    found = traced({"scale": 4.0, "mix": "zero_star", "zero_above": 20.0}, HEUN, seeds=2)
    for sample_ in found.samples:
        assert sample_.steps.sigma[0] == pytest.approx(80.0)
        assert sample_.points.sigma[0] <= 20.0
        assert sample_.waveforms[-1].overshoot < 3.0
