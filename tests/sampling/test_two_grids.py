"""Steps above a sigma on the coarse grid: the same pictures, where nothing is missed there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from sampling_problems import Mixture, settings
from sampling_problems import noise as flat_noise
from torch import Tensor

from catoptric.errors import InputError
from catoptric.models.spectral.filters import crop, grow
from catoptric.sampling import Sampler, SampleResult, Status, Step, noise_source, sample
from catoptric.sampling.row_paths import LaterPaths, RowPaths
from catoptric.tracing.record import record

N, M = 16, 8
KARRAS = {"schedule": "karras", "steps": 24}
SAMPLERS: dict[str, dict[str, Any]] = {
    "euler": {"solver": "euler", **KARRAS},
    "heun": {"solver": "heun", **KARRAS},
    "dpmpp_2m": {"solver": "dpmpp_2m", "schedule": "exponential", "steps": 60},
    "pid": {"solver": "pid"},
    "dpm_adaptive": {"solver": "dpm_adaptive", "rtol": 1e-3, "atol": 1e-4, "final_denoise": True},
}
STOCHASTIC: dict[str, dict[str, Any]] = {
    "euler_ancestral": {"solver": "euler_ancestral", **KARRAS},
    "dpmpp_sde": {"solver": "dpmpp_sde", **KARRAS},
    "churn": {"solver": "euler", **KARRAS, "s_churn": 6.0},
    "pid, noise": {"solver": "pid", "eta": 1.0, "rtol": 2e-2, "atol": 2e-2},
    "dpm_adaptive, noise": {**SAMPLERS["dpm_adaptive"], "eta": 1.0},
}
EVERY = {**SAMPLERS, **STOCHASTIC}


@cache
def power(side: int, rest: float) -> Tensor:
    """Variance of each frequency of a picture, float64 [side, side/2 + 1]; `rest` from M/2 up."""
    ky, kx = np.fft.fftfreq(side, 1 / side)[:, None], np.arange(side // 2 + 1)[None, :]
    low = (np.abs(ky) < M // 2) & (np.abs(kx) < M // 2)
    return torch.from_numpy(np.where(low, 2.0 / (1.0 + ky**2 + kx**2), rest))[..., None]


def filtered(x: Tensor, gain: Tensor) -> Tensor:
    """x with its frequencies multiplied: x [B, side, side, C], gain [B or 1, side, side/2+1, 1]."""
    spectrum = torch.fft.rfft2(x, dim=(1, 2)) * gain
    return torch.fft.irfft2(spectrum, s=x.shape[1:3], dim=(1, 2))


@dataclass
class Gaussian:
    """The exact denoiser of Gaussian pictures, on both grids; a condition is their mean colour."""

    rest: float = 1e-9
    heard: list[tuple[int, float, float]] = field(default_factory=list)
    sigma_min: float = 0.02
    sigma_max: float = 50.0
    coarse_scale: float = M / N

    def __call__(self, x: Tensor, sigma: Tensor, condition: float | None) -> Tensor:
        self.heard.append((x.shape[1], float(sigma.min()), float(sigma.max())))
        whole = sigma.double() * (N / x.shape[1])
        held = power(x.shape[1], self.rest if x.shape[1] == N else 0.0)
        gain = held / (held + whole.view(-1, 1, 1, 1) ** 2)
        mean = 0.0 if condition is None else condition
        return (filtered(x.double() - mean, gain) + mean).to(x.dtype)

    def down(self, x: Tensor) -> Tensor:
        return crop(x, M)

    def grow(self, x: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
        return grow(x, noise, sigma)

    def end(self, seeds: Sequence[int], to: float = 0.0) -> Tensor:
        """Where the deterministic path of each seed ends, without a condition."""
        held = power(N, self.rest)
        gain = torch.sqrt((held + to**2) / (held + self.sigma_max**2))
        return filtered(self.sigma_max * noise(seeds, "start").double(), gain[None])


class Paired(Gaussian):
    """The same, both passes at once."""

    pairs = 0

    def pair(self, x: Tensor, sigma: Tensor, condition: float) -> tuple[Tensor, Tensor]:
        self.pairs += 1
        return self(x, sigma, condition), self(x, sigma, None)


def noise(seeds: Sequence[int], purpose: str | Sequence[str]) -> Tensor:
    source = noise_source("philox")
    names = [purpose] * len(seeds) if isinstance(purpose, str) else purpose
    pairs = zip(seeds, names, strict=True)
    return torch.from_numpy(np.stack([source(seed, name, (N, N, 3)) for seed, name in pairs]))


def draw(
    table: dict[str, Any],
    above: float | None,
    seeds: Sequence[int] = range(8),
    *,
    model: Any = None,
    condition: float | None = None,
    **more: Any,
) -> SampleResult:
    torch.set_num_threads(1)
    rest = {name: more.pop(name) for name in ("watch", "at", "microbatch") if name in more}
    chosen = settings(table if above is None else {**table, "coarse_above": above}, **more)
    rest = {"microbatch": 8, **rest}
    model = Gaussian() if model is None else model
    return sample(model, chosen, noise, list(seeds), condition=condition, **rest)


def differ(a: Tensor, b: Tensor) -> float:
    """RMS difference; the pictures' own spread is about 0.3."""
    return float((a.double() - b.double()).square().mean().sqrt())


@pytest.mark.parametrize("above", [1.0, 10.0])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_two_grids_end_where_one_ends(sampler: str, above: float) -> None:
    one, two = draw(SAMPLERS[sampler], None), draw(SAMPLERS[sampler], above)
    end = Gaussian().end(range(8))
    assert two.x.shape == one.x.shape == (8, N, N, 3)
    assert set(two.status.tolist()) == {0}
    if sampler in ("euler", "heun"):  # without a history nothing differs but rounding
        assert differ(one.x, two.x) < 2e-6
        assert torch.equal(one.accepted, two.accepted)
        assert torch.equal(one.nfe, two.nfe)
    else:
        assert differ(one.x, end) < 3e-3
        assert differ(two.x, end) < 3e-3


@pytest.mark.parametrize("sampler", STOCHASTIC)
def test_both_grids_walk_on_one_noise_path(sampler: str) -> None:
    # Frequencies do not mix here: the low ones must come out as on one grid, noise and all.
    table = STOCHASTIC[sampler]
    if sampler == "pid, noise":
        table = {**table, "rtol": 4e-3, "atol": 4e-3}
    one, two = draw(table, None), draw(table, 3.0)
    apart = differ(crop(one.x, M), crop(two.x, M))
    # Adaptive steps differ, and noise makes their errors large; pictures of other seeds lie 0.38
    # apart.
    bounds = {"pid, noise": 0.05, "dpm_adaptive, noise": 0.15}
    assert apart < bounds.get(sampler, 3e-6)


@pytest.mark.parametrize("sampler", ["dpmpp_2m", "euler_ancestral", "dpmpp_sde"])
def test_the_missing_band_comes_out_as_large_as_on_one_grid(sampler: str) -> None:
    # A seventh of the noise at the switch, and fifty times that at the end.
    sizes = []
    for above in (None, 7.0):
        found = draw(EVERY[sampler], above, range(16), model=Gaussian(rest=1.0)).x
        band = found - grow(crop(found, M), found, torch.zeros(16))
        sizes.append(float(band.square().mean()))
    # 16 pictures of 600 numbers in the band: 1 % of chance.
    assert sizes[1] == pytest.approx(sizes[0], rel=0.04)


@pytest.mark.parametrize("sampler", [*SAMPLERS, "churn", "euler_ancestral", "pid, noise"])
def test_picture_does_not_depend_on_its_batch(sampler: str) -> None:
    table = EVERY[sampler]
    guided = {"form": "interval", "scale": 4.0, "low": 0.4, "high": 9.0}

    def drawn(seeds: list[int]) -> SampleResult:
        return draw(table, 3.0, seeds, condition=0.5, guidance=guided)

    seeds = list(range(100, 119))
    crowd, backwards = drawn(seeds), drawn(seeds[::-1])
    for i in range(19):
        assert torch.equal(crowd.x[i], backwards.x[18 - i])
    for row in (0, 11, 18):
        alone = drawn([seeds[row]])
        for name in ("x", "nfe", "accepted", "rejected", "status"):
            assert torch.equal(getattr(alone, name)[0], getattr(crowd, name)[row]), name


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_each_grid_is_asked_in_its_own_units(sampler: str) -> None:
    model = Gaussian()
    draw(SAMPLERS[sampler], 3.0, model=model)
    coarse = [(low * N / M, high * N / M) for side, low, high in model.heard if side == M]
    fine = [(low, high) for side, low, high in model.heard if side == N]
    assert max(high for _, high in coarse) == pytest.approx(50.0)
    assert min(low for low, _ in coarse) >= 3.0 * (1 - 1e-5)
    assert min(low for low, _ in fine) < 0.0201
    switch = max(high for _, high in fine)
    if sampler in ("pid", "dpm_adaptive"):
        assert switch == pytest.approx(3.0)
    else:  # the lowest level of the schedule that is not below
        assert 3.0 <= switch < 6.0


@pytest.mark.parametrize("form", ["interval", "linear", "exponential"])
@pytest.mark.parametrize("sampler", ["euler", "pid"])
def test_guidance_means_the_same_on_both_grids(sampler: str, form: str) -> None:
    end = {"low": 0.5, "high": 12.0} if form == "interval" else {"end": 0.6}
    guided = {"form": form, "scale": 3.0, **end}
    one, two = (
        draw(SAMPLERS[sampler], above, condition=0.7, guidance=guided) for above in (None, 4.0)
    )
    assert differ(one.x, two.x) < (2e-6 if sampler == "euler" else 3e-3)
    if sampler == "euler":
        assert torch.equal(one.nfe, two.nfe)


def test_passes_are_paired_on_both_grids() -> None:
    guided, model, table = {"scale": 3.0}, Paired(), {**SAMPLERS["pid"], "coarse_above": 4.0}
    two = draw(table, None, condition=0.7, guidance=guided)
    at_once = draw(table, None, condition=0.7, guidance=guided, model=model)
    assert torch.equal(two.x, at_once.x)
    assert 2 * model.pairs == len(model.heard)
    assert {side for side, _, _ in model.heard} == {N, M}
    chosen = settings(table, guidance=guided)
    traced = record(model, chosen, noise, range(8), condition=0.7, microbatch=8)
    assert torch.equal(torch.stack([one.end for one in traced]), two.x)


@pytest.mark.parametrize("sampler", ["pid", "dpm_adaptive"])
@pytest.mark.parametrize("end", ["low", "high"])
def test_a_jump_on_the_switch_is_seen_from_its_own_side(sampler: str, end: str) -> None:
    def cost(jump: float) -> int:
        bounds = {"low": 0.3, "high": 20.0} | {end: jump}
        guided = {"form": "interval", "scale": 5.0, **bounds}
        found = draw(SAMPLERS[sampler], 3.0, condition=2.0, guidance=guided)
        return int((found.accepted + found.rejected).max())

    assert cost(3.0) <= cost(3.001)


def test_tolerances_hold_per_pixel_of_the_whole_grid() -> None:
    # Above the switch alone, the coarse grid takes the steps that the whole one takes.
    counts: dict[float | None, int] = {}
    for above in (None, 1.0):
        seen: list[float] = []

        def watch(step: Step, seen: list[float] = seen) -> None:
            seen.extend(step.sigma[step.accepted & (step.rows == 0)].tolist())

        draw(SAMPLERS["pid"], above, watch=watch)
        counts[above] = sum(sigma > 1.0 for sigma in seen)
    assert abs(counts[None] - counts[1.0]) <= 2  # type: ignore[operator]


@pytest.mark.parametrize("sampler", [*SAMPLERS, "euler_ancestral"])
def test_watchers_see_whole_states_at_whole_sigmas(sampler: str) -> None:
    paths: dict[int, list[tuple[float, float, Tensor]]] = {row: [] for row in range(11)}

    def watch(step: Step) -> None:
        assert step.x.shape[1:] == step.denoised.shape[1:] == (N, N, 3)
        for i, row in enumerate(step.rows.tolist()):
            if bool(step.accepted[i]):
                paths[row].append((float(step.sigma[i]), float(step.sigma_next[i]), step.x[i]))

    table = EVERY[sampler]
    found = draw(table, 3.0, range(11), watch=watch)
    plain = draw(table, 3.0, range(11))
    assert torch.equal(found.x, plain.x)
    exact = Gaussian()
    for row, path in paths.items():
        assert len(path) == int(found.accepted[row])
        assert path[0][0] == pytest.approx(50.0)
        for (_, after, _), (before, _, _) in pairwise(path):
            assert before == pytest.approx(after, rel=1e-5)
        if sampler == "pid":
            for _, sigma, x in path:
                assert differ(x, exact.end([row], sigma)[0]) < 3e-3 * (1.0 + sigma)


@pytest.mark.parametrize("sampler", ["euler", "pid"])
def test_a_trace_walks_over_whole_states_from_the_start(sampler: str) -> None:
    torch.set_num_threads(1)
    chosen = settings({**SAMPLERS[sampler], "coarse_above": 3.0})
    recordings = record(Gaussian(), chosen, noise, range(11), condition=None, microbatch=8)
    plain = draw(SAMPLERS[sampler], 3.0, range(11))
    for row, recording in enumerate(recordings):
        assert torch.equal(recording.end, plain.x[row])
        assert torch.equal(recording.path[0], 50.0 * noise([row], "start")[0])
        assert float(recording.path_sigma[0]) == pytest.approx(50.0)
        assert recording.path.shape[1:] == (N, N, 3)


def test_states_between_the_steps_are_known_on_both_grids() -> None:
    levels = [20.0, 0.5, 3.0, 50.0]
    found = draw(SAMPLERS["pid"], 3.0, range(11), at=levels).dense
    assert found is not None
    for index, sigma in enumerate(levels):
        assert differ(found[:, index], Gaussian().end(range(11), sigma)) < 3e-3 * (1.0 + sigma)


class Broken(Gaussian):
    """Returns NaN for one sample within a window of sigma."""

    poison: Tensor
    low, high = 0.0, 0.0

    def __call__(self, x: Tensor, sigma: Tensor, condition: float | None) -> Tensor:
        x0 = super().__call__(x, sigma, condition)
        scale = x.shape[1] / N
        poison = self.poison if scale == 1.0 else crop(self.poison[None], M)[0]
        like = (x * poison).flatten(1).sum(1) / (x.flatten(1).norm(dim=1) * poison.norm())
        hit = (like > 0.5) & (sigma > self.low * scale) & (sigma < self.high * scale)
        return torch.where(hit.view(-1, 1, 1, 1), torch.nan, x0)


@pytest.mark.parametrize(("low", "high"), [(5.0, 20.0), (0.5, 1.0)])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_broken_row_ends_alone_on_either_grid(sampler: str, low: float, high: float) -> None:
    model, whole = Broken(), draw(SAMPLERS[sampler], 3.0, range(20))
    model.poison, model.low, model.high = noise([5], "start")[0] + whole.x[5], low, high
    found = draw(SAMPLERS[sampler], 3.0, range(20), model=model)
    assert found.status.tolist() == [2 if row == 5 else 0 for row in range(20)]
    rest = [row for row in range(20) if row != 5]
    assert torch.equal(found.x[rest], whole.x[rest])
    assert int(found.nfe[5]) <= int(whole.nfe[5])


@pytest.mark.parametrize("sampler", ["pid", "dpm_adaptive"])
def test_a_row_out_of_steps_above_the_switch_is_not_carried_on(sampler: str) -> None:
    model = Gaussian()
    found = draw({**SAMPLERS[sampler], "max_steps": 3}, 3.0, range(11), model=model)
    assert set(found.status.tolist()) == {int(Status.MAX_STEPS)}
    assert set((found.accepted + found.rejected).tolist()) == {3}
    assert {side for side, _, _ in model.heard} == {M}
    assert found.x.shape == (11, N, N, 3)
    assert bool(found.x.isfinite().all())


def test_costs_add_up_over_the_grids() -> None:
    seen: list[int] = []
    found = draw(SAMPLERS["pid"], 3.0, watch=lambda step: seen.extend(step.rows.tolist()))
    tried = torch.bincount(torch.tensor(seen), minlength=8)
    assert torch.equal(tried, found.accepted + found.rejected)


def test_the_start_scale_reaches_the_missing_band() -> None:
    low = {"sigma": 4.0, "scale": "sqrt(1+sigma^2)"}
    one, two = (draw(SAMPLERS["euler"], above, start=low) for above in (None, 1.0))
    assert differ(one.x, two.x) < 2e-6


def test_later_paths_are_the_same_paths() -> None:
    seeds, sigma = [*range(8), *range(8)], torch.logspace(0.5, -1.5, 16, dtype=torch.float64)
    level = torch.full((16,), 3.5, dtype=torch.float64)
    whole = RowPaths(noise, 0.02, 50.0, eta=1.0)
    later = LaterPaths(noise, 0.02, 50.0, eta=1.0, since=3.5, seeds=seeds[:8], rows=16)
    assert torch.equal(later.at(seeds, sigma), whole.at(seeds, sigma) - whole.at(seeds, level))


def test_off_unless_set() -> None:
    table = {"solver": "pid"}
    assert "coarse_above" not in Sampler.from_dict(table).to_dict()
    chosen = Sampler.from_dict({**table, "coarse_above": 5})
    assert chosen.to_dict()["coarse_above"] == 5.0
    assert Sampler.from_dict(chosen.to_dict()) == chosen
    assert Sampler.from_dict({**SAMPLERS["euler"], "coarse_above": 5}).coarse_above == 5.0


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"solver": "pid", "coarse_above": 0}, "above 0"),
        ({"solver": "pid", "coarse_above": "high"}, "must be a number"),
        ({"solver": "euler", **KARRAS, "coarse_abve": 5}, "did you mean 'coarse_above'"),
        ({"solver": "restart", **KARRAS, "coarse_above": 5}, "restart goes up again"),
        ({"solver": "pid", "coarse_above": 50.0}, "outside the range"),
        ({"solver": "euler", **KARRAS, "coarse_above": 0.02}, "outside the range"),
        ({"solver": "euler", "schedule": "karras", "steps": 2, "coarse_above": 5}, "no step"),
        ({"solver": "euler", "schedule": "karras", "steps": 1, "coarse_above": 5}, "no step"),
    ],
)
def test_what_cannot_work_is_refused(table: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        draw(table, None)


@pytest.mark.parametrize("sampler", ["euler", "pid"])
def test_a_model_with_one_grid_is_refused(sampler: str) -> None:
    chosen = settings({**SAMPLERS[sampler], "coarse_above": 3.0})
    with pytest.raises(InputError, match="one grid only"):
        sample(Mixture(), chosen, flat_noise, [1], condition=None, microbatch=8)
