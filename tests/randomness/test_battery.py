"""The battery: each test is a p-value on sound noise and fails on its own defect."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from catoptric.errors import InputError
from catoptric.randomness.battery import TESTS, battery_json, examine, run_battery
from catoptric.randomness.chances import squares_above_p, squares_as_normal, squares_p
from catoptric.randomness.noise_sample import NoiseSample, draw_sample, parse_shape, probe_seeds
from catoptric.randomness.raw import stream
from catoptric.sampling import noise_source

SHAPE = (4, 32, 32)


def sound(key: int = 0, seeds: int = 32) -> NoiseSample:
    chosen = probe_seeds(seeds, key=key, consecutive=False)
    return draw_sample(noise_source("philox"), chosen, SHAPE, consecutive=False)


def with_latents(change: Callable[[np.ndarray], np.ndarray]) -> NoiseSample:
    sample = sound()
    return replace(sample, latents=change(sample.latents.copy()).astype(np.float32))


def striped(axis: int) -> Callable[[np.ndarray], np.ndarray]:
    wave = 0.3 * np.sin(2 * np.pi * 5 * np.arange(32) / 32)
    return lambda z: (
        z
        + (wave[:, None] if axis == 0 else wave[None, :])
        * stats.norm.rvs(size=(32, 4, 1, 1), random_state=1)
    )


def low_passed(z: np.ndarray) -> np.ndarray:
    spectrum = np.fft.rfft2(z)
    spectrum[..., :3, :3] *= 1.4
    return np.fft.irfft2(spectrum)


def copied(z: np.ndarray) -> np.ndarray:
    z[7, 2, 3, 4:12] = z[20, 1, 9, 17:25]
    return z


def near_twin(z: np.ndarray) -> np.ndarray:
    z[30] = -(0.2 * z[3] + 0.98**0.5 * z[30])
    return z


def balanced(z: np.ndarray) -> np.ndarray:
    return z - 0.2 * z.mean(0)


def followed(z: np.ndarray) -> np.ndarray:
    z[1::2] = 0.995 * z[1::2] + 0.1 * z[::2]
    return z


def on_planes(z: np.ndarray) -> np.ndarray:
    return np.stack([noise_source("randu")(s, "start", SHAPE) for s in range(len(z))])


def mixed_channels(z: np.ndarray) -> np.ndarray:
    z[:, 1] = 0.99 * z[:, 1] + 0.14 * z[:, 3]
    return z


DEFECTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mean": lambda z: z + 0.015,
    "variance": lambda z: z * 1.01,
    "skewness": lambda z: (z + 0.02 * (z * z - 1)) / (1 + 2 * 0.02**2) ** 0.5,
    "kurtosis": lambda z: z + 0.01 * (z**3 - 3 * z),
    "tails": lambda z: np.clip(z, -3.5, 3.5),
    "law": lambda z: np.round(z, 1),
    "triples": on_planes,
    "duplicates": copied,
    "norms": lambda z: z * np.linspace(0.9, 1.1, 32)[:, None, None, None],
    "channel means": lambda z: z - 0.9 * z.mean((2, 3), keepdims=True),
    "radial": low_passed,
    "rows": striped(0),
    "columns": striped(1),
    "periods": lambda z: np.resize(z[:, :2], z.shape),
    "channels": mixed_channels,
    "neighbours": followed,
    "rank": lambda z: z + 0.25 * z[:1],
    "likest": near_twin,
    "evenness": balanced,
}


@pytest.mark.parametrize("name", DEFECTS)
def test_each_test_catches_its_own_defect(name: str) -> None:
    found = {f.test: f for f in examine(with_latents(DEFECTS[name]))}
    assert found[name].failed, found[name].measured


def test_step_noise_that_knows_of_the_start_is_caught() -> None:
    sample = sound()
    same = 0.1 * sample.latents[None, : sample.steps.shape[1]] + 0.995 * sample.steps
    failed = [f.test for f in examine(replace(sample, steps=same)) if f.failed]
    assert failed == ["steps"]


def test_every_defect_has_its_test_here() -> None:
    assert {*DEFECTS, "steps"} == set(TESTS)


def test_sound_noise_passes_and_its_p_values_are_spread() -> None:
    drawn = [examine(sound(key, 16)) for key in range(60)]
    assert sum(any(f.failed for f in findings) for findings in drawn) <= 8  # 60 * 5 % + 3 sd
    for k, name in enumerate(TESTS):
        if name == "duplicates":  # counts what never happens
            assert all(findings[k].measured.p == 1.0 for findings in drawn)
            continue
        p = [findings[k].measured.p for findings in drawn]
        assert stats.kstest(p, "uniform").pvalue > 1e-4, name


def test_power_is_that_of_the_fourier_transform() -> None:
    sample = sound(seeds=8)
    spectrum = np.abs(np.fft.fft2(sample.latents.astype(np.float64))) ** 2 / (32 * 32)
    fourier = spectrum.sum((0, 1))
    mirrored = np.roll(fourier[::-1, ::-1], (1, 1), (0, 1))
    hartley = sample.power
    both = hartley + np.roll(hartley[::-1, ::-1], (1, 1), (0, 1))
    np.testing.assert_allclose(both, fourier + mirrored, rtol=1e-4)


def test_sums_of_squares_have_scipys_chances() -> None:
    assert squares_above_p(7.0, 5) == pytest.approx(stats.chi2.sf(7.0, 5))
    assert squares_p(1.0, 5) == pytest.approx(2 * stats.chi2.cdf(1.0, 5))
    z = squares_as_normal([1e-3, 5.0, 400.0], [5, 5, 5])
    assert z[1] == pytest.approx(stats.norm.ppf(stats.chi2.cdf(5.0, 5)))
    assert z[0] < -4 < 15 < z[2]


def test_the_same_source_and_key_give_the_same_findings() -> None:
    one, two = (run_battery("sfc64", seeds=8, shape=SHAPE) for _ in range(2))
    assert one.findings == two.findings
    other = run_battery("sfc64", seeds=8, shape=SHAPE, seed_key=1)
    assert one.findings != other.findings
    result = battery_json(one)
    assert json.loads(json.dumps(result))["sound"] is True
    assert [row["test"] for row in result["tests"]] == list(TESTS)


@pytest.mark.parametrize("name", ["randu", "lcg16", "float16-tails", "repeated-block"])
def test_every_bad_source_is_caught_by_default(name: str) -> None:
    assert run_battery(name).failed
    assert "not sound noise" in run_battery(name).verdict


def test_quasi_sources_are_said_to_be_even_on_purpose() -> None:
    found = run_battery("sobol:64", shape=SHAPE, consecutive=True)
    assert "evenness" in {f.test for f in found.failed}
    assert "on purpose" in found.verdict


def test_a_constant_is_no_noise_and_breaks_nothing(tmp_path: object) -> None:
    path = f"{tmp_path}/zeros"
    with open(path, "wb") as file:
        file.write(bytes(4 * 4096 * 48))
    found = run_battery(f"file:{path}", seeds=16, shape=SHAPE)
    assert len(found.failed) >= 15
    with pytest.raises(InputError, match=r"holds 48 draws of 4,096 values.* 96 more"):
        run_battery(f"file:{path}", seeds=64, shape=SHAPE)


def test_one_channel_has_none_to_compare_with() -> None:
    found = {f.test: f for f in run_battery("philox", seeds=8, shape=(1, 32, 32)).findings}
    assert found["channels"].measured.p is None
    assert found["channels"].measured.reason == "there is one channel"


def test_one_pixel_has_no_frequencies_and_breaks_nothing() -> None:
    found = run_battery("philox", seeds=8, shape=(64, 1, 1))
    radial = next(f for f in found.findings if f.test == "radial")
    assert radial.measured.reason == "one pixel has no frequencies"
    assert not found.failed


@pytest.mark.parametrize(("p", "hints"), [(0.03, True), (1e-6, False)])
def test_a_failure_that_chance_explains_is_said_to_be_one(p: float, hints: bool) -> None:
    found = run_battery("philox", seeds=8, shape=(1, 8, 8))
    first, *others = found.findings
    failed = replace(found, findings=(replace(first, p_holm=p, failed=True), *others))
    assert "not sound noise" in failed.verdict
    assert ("try another --seed-key" in failed.verdict) is hints


def test_probe_seeds_are_pairs_or_a_run() -> None:
    pairs = probe_seeds(64, key=3, consecutive=False)
    assert all(b == a + 1 and a % 2 == 0 for a, b in zip(pairs[::2], pairs[1::2], strict=True))
    assert len(set(pairs)) == 64
    run = probe_seeds(64, key=3, consecutive=True)
    assert list(run) == list(range(run[0], run[0] + 64))


def streamed(name: str, limit: int, **options: object) -> bytes:
    parts: list[bytes] = []
    defaults: dict[str, object] = {"shape": (1, 8, 8), "seed_key": 0, "consecutive": False}
    stream(name, parts.append, limit=limit, **(defaults | options))  # type: ignore[arg-type]
    return b"".join(parts)


def test_the_raw_stream_is_uniform_and_ends_where_told() -> None:
    data = streamed("philox", 200_001, shape=(4, 64, 64))
    assert len(data) == 200_001
    words = np.frombuffer(data[:200_000], "<u2")
    assert stats.kstest(words / 65536, "uniform").pvalue > 1e-3
    counts = np.bincount(words & 255, minlength=256)
    assert stats.chisquare(counts).pvalue > 1e-3
    first = noise_source("comfyui")(0, "start", (1, 8, 8)).ravel().astype(np.float64)
    expected = np.floor(stats.norm.cdf(first) * 65536).astype("<u2")
    assert streamed("comfyui", 128, consecutive=True) == expected.tobytes()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("4x64", "as in 4x64x64"),
        ("4x64xx", "as in"),
        ("1x1x1", "with 64 to"),
        ("9999x9999x9", "with 64 to"),
    ],
)
def test_shapes_that_are_none_are_refused(text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        parse_shape(text)


@pytest.mark.parametrize(
    ("seeds", "shape"), [(7, SHAPE), (6, SHAPE), (5000, SHAPE), (4096, (16, 128, 128))]
)
def test_sizes_out_of_range_are_refused(seeds: int, shape: tuple[int, int, int]) -> None:
    with pytest.raises(InputError, match=r"--seeds|more than"):
        run_battery("philox", seeds=seeds, shape=shape)
