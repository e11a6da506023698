"""The same seed gives the same result bit for bit: alone, in company, at any row, in any order."""

from typing import Any

import pytest
import torch
from sampling_problems import Mixture, noise, settings
from torch import Tensor

from catoptric.sampling import SampleResult, sample

SAMPLERS: dict[str, dict[str, Any]] = {
    "pid": {"solver": "pid"},
    "pid, order 2": {"solver": "pid", "order": 2, "rtol": 1e-2},
    "pid, noise": {"solver": "pid", "eta": 1.0, "rtol": 5e-2, "atol": 5e-2},
    "pid, tightened": {"solver": "pid", "preset": "fast", "tighten": 8.0, "max_step": 0.5},
    "dpm_adaptive": {"solver": "dpm_adaptive"},
    "dpm_adaptive, order 2": {"solver": "dpm_adaptive", "order": 2, "final_denoise": True},
    "dpm_adaptive, noise": {"solver": "dpm_adaptive", "eta": 1.0},
    "euler": {"solver": "euler", "schedule": "normal", "steps": 10},
    "euler_ancestral": {"solver": "euler_ancestral", "schedule": "karras", "steps": 8},
    "heun": {"solver": "heun", "schedule": "exponential", "steps": 6},
    "dpmpp_2m": {"solver": "dpmpp_2m", "schedule": "automatic", "steps": 10},
    "pndm": {"solver": "pndm", "schedule": "pndm_leading", "steps": 10},
}
GUIDANCES: dict[str, dict[str, Any]] = {
    "plain": {"scale": 1.0},
    "constant": {"scale": 4.0},
    "interval": {"form": "interval", "scale": 4.0, "low": 0.4, "high": 2.0},
}


def draw(sampler: str, guidance: str, seeds: list[int], microbatch: int = 16) -> SampleResult:
    chosen = settings(SAMPLERS[sampler], guidance=GUIDANCES[guidance])
    return sample(Mixture(), chosen, noise, seeds, condition=1, microbatch=microbatch)


def assert_same(a: SampleResult, row: int, b: SampleResult, other: int) -> None:
    assert torch.equal(a.x[row], b.x[other])
    for name in ("nfe", "accepted", "rejected", "status"):
        assert int(getattr(a, name)[row]) == int(getattr(b, name)[other]), name


@pytest.mark.parametrize("guidance", GUIDANCES)
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_picture_does_not_depend_on_its_batch(sampler: str, guidance: str) -> None:
    torch.set_num_threads(1)
    seeds = list(range(100, 164))
    crowd = draw(sampler, guidance, seeds)
    assert set(crowd.status.tolist()) == {0}
    for row in (0, 37, 63):
        assert_same(draw(sampler, guidance, [seeds[row]]), 0, crowd, row)
    few = draw(sampler, guidance, seeds[40:47])
    backwards = draw(sampler, guidance, seeds[::-1])
    for i in range(7):
        assert_same(few, i, crowd, 40 + i)
    for i in range(64):
        assert_same(backwards, 63 - i, crowd, i)


def test_test_denoiser_does_notice_the_number_of_rows() -> None:
    # If it did not, the test above would prove nothing.
    x, sigma = noise(range(64), "start"), torch.full((64,), 0.9)
    model = Mixture()
    whole = model(x, sigma, None)
    counts = (1, 2, 3, 5, 7)
    assert any(not torch.equal(model(x[:n], sigma[:n], None), whole[:n]) for n in counts)


@pytest.mark.parametrize("sampler", ["pid", "dpm_adaptive", "euler_ancestral"])
def test_every_model_call_has_the_same_number_of_rows(sampler: str) -> None:
    model = Mixture()
    chosen = settings(SAMPLERS[sampler], guidance=GUIDANCES["interval"])
    sample(model, chosen, noise, list(range(21)), condition=1, microbatch=8)
    assert {shape[0] for shape in model.shapes} == {8}


def test_finished_slots_are_refilled() -> None:
    model = Mixture()
    result = sample(
        model, settings(SAMPLERS["pid"]), noise, list(range(80)), condition=1, microbatch=8
    )
    # 80 samples through 8 slots: with refilling, the calls are near the mean work per slot; waiting
    # for the slowest of each eight would cost the mean of maxima.
    nfe = result.nfe.double()
    waiting = sum(float(part.max()) for part in nfe.split(8))
    assert nfe.sum() / 8 <= len(model.shapes) < waiting + 1e-9


class Broken(Mixture):
    """Returns NaN below a noise level for the samples that lie near one direction."""

    def __init__(self, poison: torch.Tensor, below: float) -> None:
        super().__init__()
        self.poison, self.below = poison, below

    def __call__(self, x: torch.Tensor, sigma: torch.Tensor, condition: int | None) -> torch.Tensor:
        x0 = super().__call__(x, sigma, condition)
        near = (x @ self.poison > 0.5 * self.poison.norm() ** 2) & (sigma < self.below)
        return torch.where(near[:, None], torch.nan, x0)


# The breaking point decides in which phase of a step the row ends.
@pytest.mark.parametrize("below", [21.0, 1.0, 0.8, 0.6, 0.4, 0.2])
@pytest.mark.parametrize("sampler", ["pid", "dpm_adaptive", "dpmpp_2m"])
def test_a_broken_row_ends_alone(sampler: str, below: float) -> None:
    chosen, seeds = settings(SAMPLERS[sampler]), list(range(48))
    whole = sample(Mixture(), chosen, noise, seeds, condition=None, microbatch=8)
    start = 20.0 * noise(range(8), "start")[5]
    poison = start if below > 20.0 else whole.x[5]
    result = sample(Broken(poison, below), chosen, noise, seeds, condition=None, microbatch=8)
    broken = result.status == 2
    assert 1 <= int(broken.sum()) < 48
    assert bool(broken[5])
    # With a slot for everyone nobody sits down where a broken one sat: the same rows end.
    apart = sample(Broken(poison, below), chosen, noise, seeds, condition=None, microbatch=48)
    assert torch.equal(result.status, apart.status)
    # All others are untouched.
    assert torch.equal(result.x[~broken], whole.x[~broken])
    assert set(result.status[~broken].tolist()) == {0}


@pytest.mark.parametrize("sampler", ["pid", "dpm_adaptive"])
def test_too_many_steps_is_a_status_of_its_row(sampler: str) -> None:
    full = draw(sampler, "plain", list(range(30)))
    work = full.accepted + full.rejected
    limit = int(work.min())
    chosen = settings({**SAMPLERS[sampler], "max_steps": limit})
    cut = sample(Mixture(), chosen, noise, list(range(30)), condition=1, microbatch=16)
    assert torch.equal(cut.status == 0, work <= limit)
    assert torch.equal(cut.status == 1, work > limit)
    assert torch.equal(cut.x[cut.status == 0], full.x[cut.status == 0])


@pytest.mark.parametrize("sampler", ["pid", "dpm_adaptive", "euler", "euler_ancestral"])
def test_a_row_that_diverges_ends_alone(sampler: str) -> None:
    class Runaway(Mixture):
        def __call__(self, x: Tensor, sigma: Tensor, condition: int | None) -> Tensor:
            x0 = super().__call__(x, sigma, condition)
            # As many slots as samples: sample 3 sits in row 3 to the end.
            away = (sigma < 2.0)[:, None] & (torch.arange(len(x)) == 3)[:, None]
            return torch.where(away, 1e12 * x, x0)

    chosen = settings(SAMPLERS[sampler])
    whole, broken = (
        sample(model, chosen, noise, list(range(8)), condition=None, microbatch=8)
        for model in (Mixture(), Runaway())
    )
    rest = [i for i in range(8) if i != 3]
    assert int(broken.status[3]) in (1, 2)
    assert torch.equal(broken.status[rest], whole.status[rest])
    assert torch.equal(broken.x[rest], whole.x[rest])
    assert torch.equal(broken.nfe[rest], whole.nfe[rest])
