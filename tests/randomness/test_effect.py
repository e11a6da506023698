"""Effects of noise: arms that share nothing, verdicts that follow the tests, work that is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from catoptric.audit import Request
from catoptric.errors import InputError
from catoptric.randomness.effect import Arm, EffectRequest, compare, effect_seeds, noise_effect
from catoptric.randomness.effect_result import effect_json
from catoptric.randomness.picture_figures import brightness, colour, contrast, detail
from catoptric.sampling import CATALOGUE, Settings, Status, noise_version
from catoptric.studio.making import make
from catoptric.studio.portraits import ExactPortraits
from catoptric.world import parse_prompt

# Each family of the catalogue once.
FULL_NAMES = {
    "comfyui-batch": "comfyui-batch:4",
    "comfyui-replay": "comfyui-replay:2",
    "diffusers-batch": "diffusers-batch:3:1",
    "diffusers-gpu": "diffusers-gpu:t4:8",
    "a1111-gpu": "a1111-gpu:rtx-4090",
    "entropy": "entropy:tape",
    "file": "file:own.bin",
}
BASE = Request(prompt="a portrait of a doctor", interface="reference")


pytestmark = pytest.mark.usefixtures("small_world")


def arm(source: str, rate: float, bright: float, count: int, key: int, units: int = 0) -> Arm:
    rng = np.random.default_rng(key)
    yes = np.zeros(count)
    yes[: round(rate * count)] = 100.0
    return Arm(
        source,
        count,
        units or count,
        0,
        count,
        {"rate": rng.permutation(yes), "brightness": rng.normal(bright, 8.0, count)},
    )


def test_verdicts_follow_the_tests() -> None:
    yardstick = arm("philox", 0.4, 50.0, 3200, 0)
    same, moved, few, dark = compare(
        [
            arm("same", 0.4, 50.0, 1600, 1),
            arm("moved", 0.5, 50.0, 1600, 2),
            arm("few", 0.4, 50.0, 64, 3),
            arm("dark", 0.4, 43.0, 1600, 4),
        ],
        yardstick,
        margin=5.0,
    )
    assert (same.verdict, moved.verdict, few.verdict, dark.verdict) == (
        "harmless",
        "harmful",
        "undecided",
        "harmful",
    )
    rate = moved.comparisons[0]
    assert rate.difference.value == pytest.approx(10.0)
    assert rate.difference.low is not None
    assert rate.difference.low < 10.0 < (rate.difference.high or 0.0)
    assert same.power is not None
    assert same.power > 0.85
    assert few.power is not None
    assert few.power < 0.2


def test_a_small_but_certain_difference_within_the_margin_is_harmless() -> None:
    yardstick = arm("philox", 0.4, 50.0, 3200, 0)
    (found,) = compare([arm("near", 0.4, 51.5, 1600, 1)], yardstick, margin=5.0)
    bright = found.comparisons[1]
    assert bright.p_holm is not None
    assert bright.p_holm < 0.05
    assert bright.verdict == "harmless"


def test_sets_are_the_units_of_quasi_sources() -> None:
    yardstick = arm("philox", 0.4, 50.0, 3200, 0)
    single = compare([arm("sobol", 0.4, 50.0, 1600, 1)], yardstick, margin=5.0)[0]
    sets = compare([arm("sobol", 0.4, 50.0, 1600, 1, units=4)], yardstick, margin=5.0)[0]
    assert sets.comparisons[0].difference.method == "t"
    assert single.comparisons[0].difference.method == "miettinen-nurminen"
    agreeing = arm("sobol", 1.0, 50.0, 1600, 1, units=4)
    (found,) = compare([agreeing], yardstick, margin=5.0)
    assert found.comparisons[0].difference.low != found.comparisons[0].difference.high


def test_arms_have_seeds_of_their_own_and_quasi_sets_are_whole() -> None:
    drawn = {
        s: effect_seeds(s, 200, key=0, consecutive=False) for s in ("philox", "randu", "sfc64")
    }
    assert all(len(set(seeds)) == 200 for seeds in drawn.values())
    assert not set(drawn["philox"]) & set(drawn["randu"])
    assert not set(drawn["sfc64"]) & set(drawn["randu"])
    sets = effect_seeds("sobol", 200, key=0, consecutive=False)
    assert len(sets) == 256
    assert sets[:128] == list(range(sets[0], sets[0] + 128))
    assert sets[0] % 128 == 0
    assert effect_seeds("latin:64", 100, key=0, consecutive=True) == list(range(128))


def test_figures_of_known_pictures() -> None:
    pictures = np.zeros((3, 4, 4, 3), np.uint8)
    pictures[1] = 255
    pictures[2, :, 2:, 0] = 255  # the right half is red
    np.testing.assert_allclose(brightness(pictures), [0.0, 100.0, 10.63], atol=1e-9)
    np.testing.assert_allclose(contrast(pictures), [0.0, 0.0, 10.63], atol=1e-9)
    np.testing.assert_allclose(colour(pictures), [0.0, 0.0, 50.0], atol=1e-9)
    edge = (21.26**2 * 4 / 12 / 2) ** 0.5  # 4 of 12 steps across, none down
    np.testing.assert_allclose(detail(pictures), [0.0, 0.0, edge], atol=1e-9)


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_portraits_are_drawn_from_every_source(
    name: str, small_model: ExactPortraits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.bin").write_bytes(np.random.default_rng(0).bytes(8 * 12_288 * 4))
    table = {
        "sampler": {"solver": "euler", "schedule": "karras", "steps": 4},
        "noise": {"source": FULL_NAMES.get(name, name)},
    }
    settings = Settings.from_dict(table)
    doctor = parse_prompt("a portrait of a doctor")
    seeds = [3, 4, 77]
    pictures, result = make(small_model, doctor, settings, seeds)
    assert all(status == Status.DONE for status in result.status.tolist())
    assert len({picture.tobytes() for picture in pictures}) > 1
    alone, _ = make(small_model, doctor, settings, seeds[1:2])
    assert np.array_equal(alone[0], pictures[1])
    assert small_model.spec(doctor, settings).key == small_model.spec(doctor, settings).key


def test_an_effect_is_measured_kept_and_the_same_again(tmp_path: Path) -> None:
    tape = tmp_path / "tape"
    sources = ("sfc64", "randu", "latin:16", f"entropy:{tape}", "repeated-block")
    request = EffectRequest(BASE, sources, pictures=24)

    def run() -> dict[str, object]:
        found = noise_effect(request, tmp_path / "run", workers=1, progress=lambda *_: None)
        return {k: v for k, v in effect_json(found).items() if k != "seconds"}

    first, again = run(), run()
    assert first["drawn"] == 48 + 4 * 24 + 32
    assert again["drawn"] == 0
    assert {**first, "drawn": 0} == again
    assert [arm["source"] for arm in first["sources"]] == list(sources)  # type: ignore[attr-defined]
    assert tape.stat().st_size == 24 * 64 * 64 * 3 * 4
    assert all(len(arm["comparisons"]) == 6 for arm in first["sources"])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("sources", "pictures", "sentence"),
    [
        ((), 64, "takes 1 to"),
        (("randu", "randu"), 64, "names 'randu' twice"),
        (("randu",), 2, "--pictures must lie"),
    ],
)
def test_requests_that_make_no_sense_are_refused(
    sources: tuple[str, ...], pictures: int, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        EffectRequest(BASE, sources, pictures)


def test_bad_sources_of_an_effect_are_told_before_anything_is_drawn(tmp_path: Path) -> None:
    for source, sentence in (
        ("rnadu", "did you mean 'randu'"),
        (f"file:{tmp_path / 'no.bin'}", "there is no file"),
        ("sobol:3", "power of two"),
        ("a1111-gpu:rtx-4091", "unknown card"),
    ):
        with pytest.raises(InputError, match=sentence):
            noise_effect(
                EffectRequest(BASE, ("philox", source), 16),
                tmp_path / "run",
                workers=1,
                progress=lambda *_: None,
            )
    assert not (tmp_path / "run").exists()
    short = tmp_path / "short.bin"
    short.write_bytes(bytes(range(256)) * 192 * 3)
    with pytest.raises(InputError, match=r"holds 3 draws of 12,288 values.* 16 more"):
        noise_effect(
            EffectRequest(BASE, (f"file:{short}",), 16),
            tmp_path / "run",
            workers=1,
            progress=lambda *_: None,
        )
    assert noise_version("philox") == 1
