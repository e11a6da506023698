"""Arranged noise: still standard normal, changed where it should be and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from catoptric.errors import InputError
from catoptric.sampling import BANDS, CHANNELS, PARTS, Arrangement, Settings, arranged
from catoptric.sampling.noise.balanced import (
    low_waves,
    quasi_points,
    stratified_points,
    with_balanced_low,
)
from catoptric.sampling.noise.parts import part_of
from catoptric.sampling.noise.philox import philox

SHAPE = (3, 64, 64)


def drawn(text: str, seed: int = 7, purpose: str = "start") -> np.ndarray:
    return arranged(philox, Arrangement.parse(text))(seed, purpose, SHAPE)


def test_there_are_eight_bands_beside_the_mean() -> None:
    assert len(BANDS) - 1 >= 8
    assert "dc" in BANDS


@pytest.mark.parametrize("family", [BANDS, CHANNELS])
def test_parts_of_one_family_add_up_and_are_orthogonal(family: dict[str, object]) -> None:
    z = drawn("plain")
    parts = [part_of(z, name) for name in family]
    assert np.allclose(sum(parts), z, atol=1e-6)
    flat = np.stack(parts).reshape(len(parts), -1)
    products = flat @ flat.T
    assert np.abs(products - np.diag(np.diag(products))).max() < 1e-6 * products.max()


def test_a_band_holds_its_frequencies_only() -> None:
    y, x = np.mgrid[:64, :64] / 64
    wave = np.cos(2 * np.pi * (3 * y + 4 * x)).astype(np.float32)[None].repeat(3, axis=0)
    assert np.allclose(part_of(wave, "4-5"), wave, atol=1e-6)  # radius 5
    for name in set(BANDS) - {"4-5"}:
        assert np.abs(part_of(wave, name)).max() < 1e-6


def test_grey_is_light_and_has_no_colour() -> None:
    grey = philox(1, "start", (1, 64, 64)).repeat(3, axis=0)
    assert np.allclose(part_of(grey, "light"), grey, atol=1e-6)
    assert np.abs(part_of(grey, "red-green")).max() < 1e-6
    red_minus_green = grey * np.array([1, -1, 0], np.float32)[:, None, None]
    assert np.allclose(part_of(red_minus_green, "red-green"), red_minus_green, atol=1e-6)


@pytest.mark.parametrize("part", PARTS)
def test_opposite_negates_the_part_and_holds_the_rest(part: str) -> None:
    z, opposite = drawn("plain"), drawn(f"opposite:{part}")
    changed = part_of(z, part)
    assert np.allclose(opposite, z - 2 * changed, atol=1e-5)
    assert opposite.dtype == np.float32


@pytest.mark.parametrize("part", PARTS)
def test_fresh_redraws_the_part_and_holds_the_rest(part: str) -> None:
    z, fresh = drawn("plain"), drawn(f"fresh:{part}")
    rest = z - part_of(z, part)
    assert np.allclose(fresh - part_of(fresh, part), rest, atol=1e-5)
    old, new = part_of(z, part).ravel(), part_of(fresh, part).ravel()
    free = 3 * 4096 if part == "whole" else max(3, int((old**2).sum()))
    assert abs(np.corrcoef(old, new)[0, 1]) < 5 / np.sqrt(free)
    assert not np.allclose(old, new)


def test_opposite_of_all_is_minus_bit_for_bit() -> None:
    assert np.array_equal(drawn("opposite"), -drawn("plain"))
    assert Arrangement.parse("opposite").sign == -1
    assert Arrangement.parse("opposite:dc").sign == 1


def test_several_bands_are_flipped_together() -> None:
    z = drawn("plain")
    expected = z - 2 * (part_of(z, "dc") + part_of(z, "1"))
    assert np.allclose(drawn("opposite:dc,1"), expected, atol=1e-5)


def test_other_purposes_are_arranged_too() -> None:
    assert np.array_equal(drawn("opposite", purpose="bridge:1"), -philox(7, "bridge:1", SHAPE))


@pytest.mark.parametrize(
    "text", ["opposite:3", "fresh:light", "fresh:dc", "stratified:2/4", "quasi:5/8"]
)
def test_arranged_noise_is_standard_normal_pixel_by_pixel(text: str) -> None:
    draw = arranged(philox, Arrangement.parse(text))
    z = np.stack([draw(seed, "start", (3, 16, 16)) for seed in range(400)]).astype(np.float64)
    n = z.size
    assert abs(z.mean()) < 5 / np.sqrt(n)
    assert abs(z.var() - 1) < 5 * np.sqrt(2 / n)
    assert abs((z**4).mean() - 3) < 5 * np.sqrt(96 / n)
    # One pixel over seeds, and the mean of the picture, whose variance is that of 1 / pixels.
    assert abs(z[:, 0, 3, 5].var() - 1) < 5 * np.sqrt(2 / 400)
    means = z.mean(axis=(2, 3)) * 16
    assert abs(means.var() - 1) < 5 * np.sqrt(2 / 1200)


def test_low_waves_are_orthonormal_and_low() -> None:
    waves = low_waves(64, 64)
    assert waves.shape == (9, 4096)
    assert np.allclose(waves @ waves.T, np.eye(9), atol=1e-12)
    z = (np.arange(9.0) @ waves).reshape(1, 64, 64).astype(np.float32).repeat(3, axis=0)
    assert np.allclose(part_of(z, "dc,1"), z, atol=1e-5)


@pytest.mark.parametrize("points", [stratified_points, quasi_points])
def test_every_stratum_holds_one_member_of_a_group(points: object) -> None:
    u = points(11, "start", 16, 27)  # type: ignore[operator]
    assert u.shape == (16, 27)
    assert (np.sort(np.floor(16 * u), axis=0) == np.arange(16)[:, None]).all()
    other = points(12, "start", 16, 27)  # type: ignore[operator]
    assert not np.allclose(u, other)


def test_members_share_out_the_low_frequencies_and_nothing_else() -> None:
    group = np.stack([drawn(f"stratified:{j}/8") for j in range(8)]).astype(np.float64)
    waves = low_waves(64, 64)
    low = group.reshape(8, 3, -1) @ waves.T
    # Eight balanced normals have a mean near 0; eight independent ones a sd of 0.35.
    assert np.abs(low.mean(axis=0)).max() < 0.3
    assert low.mean(axis=0).std() < 0.12
    rest = group.reshape(8, 3, -1) - low @ waves
    flat = rest.reshape(8, -1)
    correlations = np.corrcoef(flat)[np.triu_indices(8, 1)]
    assert np.abs(correlations).max() < 5 / np.sqrt(3 * 4096)


def test_a_picture_never_depends_on_the_other_members() -> None:
    own = philox(3, "start:member:2", SHAPE)
    alone = with_balanced_low(own, "quasi", 3, "start", 2, 8)
    assert np.array_equal(alone, drawn("quasi:2/8", seed=3))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("oposite", "did you mean 'opposite'"),
        ("opposite:4", "did you mean '4-5'"),
        ("fresh", "unknown part"),
        ("plain:dc", "takes nothing behind it"),
        ("opposite:dc,light", "overlap"),
        ("opposite:dc,dc", "twice"),
        ("stratified:8/8", "0 to 7"),
        ("stratified:0/6", "2, 4, 8"),
        ("quasi:1", "MEMBER/MEMBERS"),
        ("quasi:a/b", "MEMBER/MEMBERS"),
    ],
)
def test_what_is_no_arrangement_is_refused_in_a_sentence(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        Arrangement.parse(text)


def test_colour_channels_need_three_channels() -> None:
    with pytest.raises(InputError, match="4 channels"):
        part_of(philox(1, "start", (4, 8, 8)), "light")


@pytest.mark.parametrize(
    "text", ["plain", "opposite", "opposite:dc", "fresh:whole", "fresh:red-green", "quasi:3/8"]
)
def test_text_and_back(text: str) -> None:
    assert str(Arrangement.parse(text)) == text


def test_plain_noise_leaves_settings_as_they_were() -> None:
    table = {"sampler": {"solver": "pid"}}
    plain = Settings.from_dict(table)
    assert plain.to_dict()["noise"] == {"source": "philox"}
    assert Settings.from_dict(table | {"noise": {"arrange": "plain"}}) == plain
    flipped = Settings.from_dict(table | {"noise": {"arrange": "opposite:dc"}})
    assert flipped.to_dict()["noise"] == {"source": "philox", "arrange": "opposite:dc"}
    assert Settings.from_dict(flipped.to_dict()) == flipped
