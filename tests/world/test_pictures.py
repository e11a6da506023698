"""Rendering, the picture set and their cache."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from catoptric.errors import InputError
from catoptric.world import (
    PictureSet,
    Rates,
    attribute,
    cache_folder,
    column,
    contact_sheet,
    draw_portraits,
    example_codes,
    picture_set,
    render,
)
from catoptric.world.layers import load_layers
from catoptric.world.parts import FAMILIES
from catoptric.world.renderer import part_index
from catoptric.world.storage import keep_newest, read_arrays, write_arrays


def reference(row: np.ndarray) -> np.ndarray:
    """One portrait in ten lines, layer by layer, in float64."""
    canvas = np.zeros((64, 64, 3))
    for layer in load_layers().stack:
        part = part_index(layer, row[None])[0]
        height, width = layer.keep.shape[1:3]
        spot = canvas[layer.top : layer.top + height, layer.left : layer.left + width]
        over = layer.colour[part] + np.floor(spot * layer.keep[part] / 255.0 + 0.5)
        spot[:] = over
    return canvas.astype(np.uint8)


def test_picture_does_not_depend_on_its_batch(rates: Rates) -> None:
    codes = draw_portraits(rates, 5, 200)
    together = render(codes)
    order = np.random.Generator(np.random.Philox(key=1)).permutation(200)
    assert np.array_equal(render(codes[order]), together[order])
    for size in (1, 7, 33):
        assert np.array_equal(render(codes[:size]), together[:size])


def test_fast_renderer_equals_the_slow_one(rates: Rates) -> None:
    codes = draw_portraits(rates, 6, 60)
    assert np.array_equal(render(codes), np.stack([reference(row) for row in codes]))


def test_portraits_fill_the_canvas_and_no_layer_overflows() -> None:
    backdrop = load_layers().stack[0]
    assert backdrop.keep.shape[1:] == (64, 64, 3)
    assert not backdrop.keep.any()
    for layer in load_layers().stack:
        assert (layer.colour <= 255 - layer.keep).all()


def test_every_part_that_should_be_drawn_is() -> None:
    for family, layer in zip(FAMILIES, load_layers().stack, strict=True):
        if family.name not in {"hair", "glasses", "headgear", "prop"}:
            assert layer.drawn.all(), family.name


def test_same_rates_and_seed_give_the_same_set(rates: Rates) -> None:
    one = picture_set(rates, size=300, seed=4, cached=False)
    other = picture_set(rates, size=300, seed=4, cached=False)
    assert one.sha256 == other.sha256
    assert np.array_equal(one.pictures, other.pictures)
    assert picture_set(rates, size=300, seed=5, cached=False).sha256 != one.sha256


def test_same_set_comes_from_another_process_with_its_own_parts(
    rates: Rates, tmp_path: Path
) -> None:
    code = (
        "from catoptric.world import *; "
        "print(picture_set(load_rates(), size=200, seed=4, cached=False).sha256)"
    )
    environment = {"CATOPTRIC_CACHE": str(tmp_path), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == picture_set(rates, size=200, seed=4, cached=False).sha256


def test_cached_set_is_read_back_and_rebuilt_when_damaged(rates: Rates) -> None:
    first = picture_set(rates, size=250, seed=9)
    path = max(cache_folder().glob("pictures-*.bin"), key=lambda p: p.stat().st_mtime)
    whole = path.read_bytes()
    modified = path.stat().st_mtime_ns
    assert picture_set(rates, size=250, seed=9).sha256 == first.sha256
    assert path.stat().st_mtime_ns == modified, "read, not drawn again"
    damaged = bytearray(whole)
    damaged[len(damaged) // 2] ^= 1
    for content in (bytes(damaged), whole[: len(whole) // 2], b"", b"\xff" * 100, b"[]\n"):
        path.write_bytes(content)
        again = picture_set(rates, size=250, seed=9)
        assert np.array_equal(again.pictures, first.pictures)
        assert path.read_bytes() == whole, "the damaged file is replaced"


def test_damaged_parts_are_drawn_again(
    rates: Rates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = draw_portraits(rates, 5, 20)
    expected = render(codes)
    parts = bytearray((cache_folder() / "parts.bin").read_bytes())
    parts[-1000] ^= 255
    (tmp_path / "parts.bin").write_bytes(parts)
    monkeypatch.setenv("CATOPTRIC_CACHE", str(tmp_path))
    assert np.array_equal(render(codes), expected)


def test_a_cache_that_cannot_be_written_costs_only_time(
    rates: Rates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = picture_set(rates, size=50, seed=1)
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("CATOPTRIC_CACHE", str(tmp_path / "file"))
    assert picture_set(rates, size=50, seed=1).sha256 == expected.sha256


def test_arrays_of_another_key_are_not_read(tmp_path: Path) -> None:
    arrays = {"a": np.arange(6).reshape(2, 3), "b": np.zeros((0, 4), dtype=np.float32)}
    write_arrays(tmp_path / "x.bin", "key", arrays)
    back = read_arrays(tmp_path / "x.bin", "key")
    assert back is not None
    assert all(np.array_equal(back[name], arrays[name]) for name in arrays)
    assert read_arrays(tmp_path / "x.bin", "another") is None
    assert [p.name for p in tmp_path.iterdir()] == ["x.bin"], "no temporary file is left"


def test_only_the_newest_sets_are_kept(tmp_path: Path) -> None:
    for i in range(5):
        write_arrays(tmp_path / f"pictures-{i}.bin", "k", {"a": np.zeros(3)})
    keep_newest(tmp_path, "pictures-*.bin", 2)
    assert len(list(tmp_path.iterdir())) == 2


def test_rate_of_a_set_is_its_frequency(portraits: PictureSet) -> None:
    doctors = portraits.codes[portraits.codes[:, 0] == 0]
    women = float(np.mean(doctors[:, column("presentation")] == 0))
    assert portraits.rate("presentation", "woman", {"occupation": "doctor"}) == women
    assert portraits.rate("presentation", "man", {"occupation": "doctor"}) == pytest.approx(
        1 - women
    )
    with pytest.raises(InputError, match="None of the 3,000"):
        portraits.rate(
            "presentation",
            "woman",
            {"occupation": "firefighter", "hair_style": "afro", "skin": "deep", "glasses": "yes",
             "expression": "sad", "background": "stone", "clothing": "yellow"},
        )  # fmt: skip
    with pytest.raises(InputError, match="did you mean woman"):
        portraits.rate("presentation", "women")


def test_pictures_of_a_set_cannot_be_changed(portraits: PictureSet) -> None:
    with pytest.raises(ValueError, match="read-only"):
        portraits.pictures[0, 0, 0, 0] = 1


def test_contact_sheet_shows_each_picture_where_it_should(portraits: PictureSet) -> None:
    sheet = contact_sheet(portraits.pictures[:5], 3, labels=list("abcde"), scale=2)
    pixels = np.asarray(sheet)
    cell_w, cell_h, gap = 132, 146, 4
    shown = pixels[gap + cell_h : gap + cell_h + 128, gap + cell_w : gap + cell_w + 128]
    assert np.array_equal(shown[::2, ::2], portraits.pictures[4])
    assert sheet.size == (3 * cell_w + gap, 2 * cell_h + gap)


def test_examples_show_every_occupation(rates: Rates) -> None:
    codes = example_codes(rates, 4)
    assert np.array_equal(codes[:, 0], np.repeat(np.arange(len(attribute("occupation").levels)), 4))


def test_reading_a_prompt_imports_no_drawing_library() -> None:
    code = (
        "import sys; from catoptric.world import *; load_rates(); parse_prompt('a doctor'); "
        "heavy = {'PIL', 'vl_convert', 'python_avatars', 'torch', 'scipy'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
