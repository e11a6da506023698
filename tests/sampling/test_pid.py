"""What `pid` can be told: norms, step bounds, the branching window, dense output, noise."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from sampling_problems import Mixture, noise, settings, starts
from torch import Tensor

from catoptric.errors import InputError
from catoptric.sampling import (
    DpmAdaptiveOptions,
    PidOptions,
    SampleResult,
    Step,
    dpm_adaptive,
    pid,
    sample,
)
from catoptric.sampling.brownian import BrownianBridge
from catoptric.sampling.norm import NORMS, by_band, by_channel, by_element, octave_rms
from catoptric.sampling.row_paths import RowPaths

HIGH, LOW, S2 = 20.0, 0.03, 0.25


def gaussian(x: Tensor, sigma: Tensor) -> Tensor:
    """The denoiser of N(0, S2): x(sigma) goes as sqrt(S2 + sigma^2)."""
    keep = S2 / (S2 + sigma.double() ** 2)
    return (x.double() * keep.view(-1, *(1,) * (x.ndim - 1))).to(x.dtype)


def exact(x: Tensor, sigma: float) -> Tensor:
    """Where `gaussian` leads from x at HIGH."""
    return x * math.sqrt((S2 + sigma**2) / (S2 + HIGH**2))


def double(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def run(x: Tensor, **options: Any) -> SampleResult:
    """`pid` on the Gaussian, not denoised at the end."""
    chosen = PidOptions(**{"final_denoise": False, **options})
    return pid(gaussian, x, HIGH, LOW, slots=len(x), options=chosen)


def pictures(seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return HIGH * torch.randn(4, 3, 8, 8, generator=generator, dtype=torch.float64)


def test_octaves_keep_every_square_and_find_the_frequency() -> None:
    values = pictures()
    counts = torch.tensor([3 * 48, 3 * 12, 3 * 3, 3])
    squares = octave_rms(values) ** 2 * counts
    torch.testing.assert_close(squares.sum(dim=1), (values**2).sum(dim=(1, 2, 3)))
    board = (torch.arange(8)[:, None] + torch.arange(8)) % 2 * 2.0 - 1.0
    found = octave_rms(board.expand(1, 1, 8, 8))[0].tolist()
    assert found == pytest.approx([(64 / 48) ** 0.5, 0.0, 0.0, 0.0])
    stripes = (torch.arange(8) // 2 % 2 * 2.0 - 1.0).expand(1, 1, 8, 8)
    assert octave_rms(stripes)[0].tolist() == pytest.approx([0.0, (64 / 12) ** 0.5, 0.0, 0.0])


def test_a_norm_per_channel_or_band_sees_what_the_whole_hides() -> None:
    x = torch.ones(1, 4, 16, 16, dtype=torch.float64)
    error = torch.zeros_like(x)
    error[:, 2] = 1.0
    whole, channel = (float(n(error, x, x, 0.0, 1.0)) for n in (by_element, by_channel))
    assert whole == pytest.approx(0.5)
    assert channel == pytest.approx(1.0)
    # All of the error in the finest octave, where the state has next to nothing.
    fine = 1e-3 * ((torch.arange(16)[:, None] + torch.arange(16)) % 2 * 2.0 - 1.0).double()
    state, wrong = x + fine, fine.expand_as(x).clone()
    assert float(by_element(wrong, state, state, 0.0, 1.0)) < 2e-3
    assert float(by_band(wrong, state, state, 1e-12, 1.0)) == pytest.approx(1.0)


@pytest.mark.parametrize("name", NORMS)
def test_every_norm_leads_to_the_solution(name: str) -> None:
    x = pictures()
    result = run(x, norm=name, rtol=1e-5, atol=1e-6)
    assert float(((result.x - exact(x, LOW)) / exact(x, LOW)).abs().max()) < 1e-4


@pytest.mark.parametrize("name", ["channel", "band"])
def test_a_norm_that_needs_pictures_refuses_flat_states(name: str) -> None:
    with pytest.raises(InputError, match="use norm 'element'"):
        run(starts(2, HIGH), norm=name)


def test_no_step_is_longer_than_told() -> None:
    seen: list[Step] = []
    chosen = PidOptions(rtol=0.5, atol=0.5, max_step=0.25, final_denoise=False)
    pid(gaussian, starts(3, HIGH), HIGH, LOW, slots=3, options=chosen, watch=seen.append)
    steps = torch.cat([torch.log(s.sigma / s.sigma_next) for s in seen])
    assert float(steps.max()) <= 0.25 + 1e-9
    assert float(steps.max()) > 0.24


def test_a_step_at_the_least_length_is_accepted_whatever_its_error() -> None:
    free = run(starts(3, HIGH), rtol=1e-9, atol=1e-12)
    held = run(starts(3, HIGH), rtol=1e-9, atol=1e-12, min_step=0.2, h_init=0.2)
    assert int(held.rejected.sum()) == 0
    assert int(held.accepted.max()) <= math.ceil(math.log(HIGH / LOW) / 0.2) + 1
    assert int(free.accepted.min()) > int(held.accepted.max())


def test_the_tolerance_tightens_inside_the_window_only() -> None:
    def steps(**more: float) -> tuple[int, int]:
        seen: list[Step] = []
        chosen = PidOptions(rtol=1e-4, atol=1e-5, final_denoise=False, **more)
        pid(gaussian, starts(1, HIGH), HIGH, LOW, slots=1, options=chosen, watch=seen.append)
        levels = torch.cat([s.sigma for s in seen if bool(s.accepted)])
        inside = (levels > 0.3) & (levels < 3.0)
        return int(inside.sum()), int((~inside).sum())

    window = {"branch_low": 0.3, "branch_high": 3.0}
    plain, tight = steps(**window), steps(tighten=1e3, **window)
    assert tight[0] > 2 * plain[0]
    assert abs(tight[1] - plain[1]) <= 6  # small steps take some time to grow again


def test_dense_output_is_as_good_as_the_steps() -> None:
    x, at = starts(5, HIGH), [HIGH, 7.7, 1.0, 0.31, LOW]
    options = PidOptions(rtol=1e-6, atol=1e-8, final_denoise=False)
    result = pid(gaussian, x, HIGH, LOW, slots=2, options=options, at=at)
    assert result.dense is not None
    for index, sigma in enumerate(at):
        wanted = exact(x, sigma)
        assert float(((result.dense[:, index] - wanted) / wanted).abs().max()) < 1e-4, sigma
    torch.testing.assert_close(result.dense[:, -1], result.x)
    assert run(x).dense is None


def test_dense_output_through_sample() -> None:
    chosen = settings({"solver": "pid", "final_denoise": False})
    result = sample(Mixture(), chosen, noise, [1, 2], condition=1, microbatch=8, at=[0.5])
    assert result.dense is not None
    assert result.dense.shape == (2, 1, *result.x.shape[1:])
    for table, text in (
        ({"solver": "euler", "schedule": "karras", "steps": 4}, "`pid` alone"),
        ({"solver": "dpm_adaptive"}, "`pid` alone"),
        ({"solver": "pid", "eta": 1.0}, "needs eta = 0"),
    ):
        with pytest.raises(InputError, match=text):
            sample(Mixture(), settings(table), noise, [1], condition=1, microbatch=8, at=[0.5])
    with pytest.raises(InputError, match="outside the range"):
        sample(Mixture(), chosen, noise, [1], condition=1, microbatch=8, at=[50.0])


def test_row_paths_are_the_paths_of_the_bridge() -> None:
    seeds, levels = [3, 4, 5], [HIGH, 1.7, LOW]
    rows = RowPaths(noise, LOW, HIGH, eta=0.7).at(seeds, double(*levels))
    for row, (seed, sigma) in enumerate(zip(seeds, levels, strict=True)):
        alone = BrownianBridge(noise, [seed], LOW, HIGH, eta=0.7).at(sigma)[0]
        torch.testing.assert_close(rows[row], alone, rtol=1e-5, atol=1e-5 * LOW**-0.7)


def test_with_noise_the_samples_keep_the_distribution_they_should() -> None:
    def drawn(seeds: Sequence[int], purpose: str | Sequence[str]) -> Tensor:
        return noise(seeds, purpose)[:, :4].double()

    seeds = list(range(600))
    paths = RowPaths(drawn, LOW, HIGH, eta=1.0)
    x = math.sqrt(HIGH**2 + S2) * drawn(seeds, "start")
    options = PidOptions(rtol=1e-2, atol=1e-2, eta=1.0, final_denoise=False)
    end = pid(gaussian, x, HIGH, LOW, slots=200, options=options, paths=paths, seeds=seeds).x
    # 2,400 numbers: the standard deviation of their variance is 3 %.
    assert float(end.var()) == pytest.approx(S2 + LOW**2, rel=0.12)
    # Noise was really added: the start no longer tells the end.
    assert abs(float(torch.corrcoef(torch.stack([x.flatten(), end.flatten()]))[0, 1])) < 0.2


def test_with_noise_the_tolerance_leads_along_one_path() -> None:
    def end(tolerance: float) -> Tensor:
        table = {"solver": "pid", "eta": 0.5, "rtol": tolerance, "atol": tolerance}
        chosen = settings(table, noise={"source": "philox"})
        return sample(Mixture(), chosen, noise, list(range(16)), condition=1, microbatch=16).x

    def distance(tolerance: float) -> float:
        # The median: a loose run sends some samples to another bump.
        return float((end(tolerance) - finest).square().mean(dim=1).sqrt().median())

    finest = end(1e-3)
    assert distance(3e-3) < 0.2 * distance(3e-2) < 0.1


def test_a_tolerance_below_rounding_is_refused() -> None:
    with pytest.raises(InputError, match="float32 can resolve"):
        run(starts(1, HIGH).float(), rtol=1e-8)
    assert int(run(starts(1, HIGH), rtol=1e-8).status[0]) == 0
    small = DpmAdaptiveOptions(rtol=1e-9, atol=1e-9)
    with pytest.raises(InputError, match="float32 can resolve"):
        dpm_adaptive(gaussian, starts(1, HIGH).float(), HIGH, LOW, slots=1, options=small)


def test_a_tolerance_that_is_tightened_below_rounding_is_refused() -> None:
    with pytest.raises(InputError, match=r"tightened 1000 times.*take at least 0\.001"):
        run(starts(1, HIGH).float(), rtol=1e-6, tighten=1e3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_step": 0.5, "max_step": 0.2}, "min_step 0.5 is above max_step 0.2"),
        ({"branch_low": 3.0, "branch_high": 1.0}, "branch_low 3 must be below branch_high 1"),
    ],
)
def test_bounds_that_leave_nothing_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        settings({"solver": "pid", **options})


@pytest.mark.parametrize("bad", [lambda x: x[:1], lambda x: x.float()])
def test_an_estimate_of_another_shape_or_dtype_is_refused(bad: Any) -> None:
    for solver in (pid, dpm_adaptive):
        with pytest.raises(ValueError, match="the denoiser returned"):
            solver(lambda x, sigma: bad(x), starts(2, HIGH), HIGH, LOW, slots=2)


def test_s_noise_scales_the_noise_of_every_step() -> None:
    def end(**more: float) -> Tensor:
        chosen = settings({"solver": "pid", "eta": 1.0, "rtol": 5e-2, "atol": 5e-2, **more})
        return sample(Mixture(), chosen, noise, [1, 2], condition=1, microbatch=8).x

    assert torch.equal(end(), end(s_noise=1.0))
    assert not torch.equal(end(), end(s_noise=0.5))
    # Without noise the drift alone is left: the same whatever the seed's path.
    drawn = RowPaths(lambda seeds, names: noise(seeds, "other"), LOW, HIGH, eta=1.0)
    options = PidOptions(eta=1.0, s_noise=0.0)
    paths = RowPaths(noise, LOW, HIGH, eta=1.0)
    x = starts(2, HIGH)
    ends = [
        pid(gaussian, x, HIGH, LOW, slots=2, options=options, paths=p, seeds=[1, 2]).x
        for p in (paths, drawn)
    ]
    assert torch.equal(*ends)


def test_presets_are_tolerances_and_what_is_written_out_wins() -> None:
    fast = settings({"solver": "pid", "preset": "fast"}).sampler
    own = settings({"solver": "pid", "preset": "fast", "atol": 0.5}).sampler
    assert fast.options == PidOptions(rtol=2e-2, atol=6e-4, tighten=4.0, max_step=1.0)
    assert own.options == PidOptions(rtol=2e-2, atol=0.5, tighten=4.0, max_step=1.0)
    assert settings({"solver": "pid", "preset": "balanced"}).sampler.options == PidOptions()
    with pytest.raises(InputError, match="did you mean 'precise'"):
        settings({"solver": "pid", "preset": "precize"})
    with pytest.raises(InputError, match="presets are for solver 'pid'"):
        settings({"solver": "dpm_adaptive", "preset": "fast"})
