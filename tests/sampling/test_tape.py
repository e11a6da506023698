"""Recorded noise: what was drawn once is drawn again, and a file ends where it ends."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from catoptric.errors import InputError
from catoptric.sampling import noise_source, noise_version

SHAPE = (3, 16, 16)
BYTES = 4 * 3 * 16 * 16


def test_entropy_is_recorded_and_replayed_elsewhere(tmp_path: Path) -> None:
    name = f"entropy:{tmp_path / 'tape'}"
    drawn = [noise_source(name)(seed, "start", SHAPE) for seed in (5, 9)]
    step = noise_source(name)(5, "bridge:1", SHAPE)
    assert (tmp_path / "tape").stat().st_size == 3 * BYTES
    elsewhere = tmp_path / "copy"
    elsewhere.mkdir()
    for file in (tmp_path / "tape", tmp_path / "tape.ledger"):
        shutil.copy(file, elsewhere)
    copy = f"entropy:{elsewhere / 'tape'}"
    # In another order, and with new draws in between.
    noise_source(copy)(77, "start", SHAPE)
    assert np.array_equal(noise_source(copy)(5, "bridge:1", SHAPE), step)
    assert np.array_equal(noise_source(copy)(9, "start", SHAPE), drawn[1])
    assert np.array_equal(noise_source(copy)(5, "start", SHAPE), drawn[0])
    assert noise_version(copy) == noise_version(name)
    assert abs(float(np.corrcoef(drawn[0].ravel(), drawn[1].ravel())[0, 1])) < 0.2
    assert float(drawn[0].std()) == pytest.approx(1.0, abs=0.1)


def test_two_recordings_share_neither_noise_nor_key(tmp_path: Path) -> None:
    one, two = (f"entropy:{tmp_path / name}" for name in ("a", "b"))
    assert not np.array_equal(
        noise_source(one)(1, "start", SHAPE), noise_source(two)(1, "start", SHAPE)
    )
    assert noise_version(one) != noise_version(two)


def test_a_file_is_read_once_and_says_how_many_draws_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "mine.bin"
    data = np.random.default_rng(1).bytes(2 * BYTES + 100)
    path.write_bytes(data)
    source = noise_source(f"file:{path}")
    one, two = source(123, "start", SHAPE), source(7, "start", SHAPE)
    assert not np.array_equal(one, two)
    assert np.array_equal(source(123, "start", SHAPE), one)
    with pytest.raises(InputError, match=r"holds 2 draws of 768 values.*more are asked for"):
        source(8, "start", SHAPE)
    assert path.read_bytes() == data


def test_a_single_draw_is_told_in_the_singular_and_a_folder_as_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.bin"
    path.write_bytes(bytes(BYTES))
    noise_source(f"file:{path}")(1, "start", SHAPE)
    with pytest.raises(InputError, match=r"holds 1 draw of 768 values"):
        noise_source(f"file:{path}")(2, "start", SHAPE)
    with pytest.raises(InputError, match="is a folder"):
        noise_source(f"file:{tmp_path}")(1, "start", SHAPE)


def test_other_bytes_are_another_source(tmp_path: Path) -> None:
    path = tmp_path / "mine.bin"
    path.write_bytes(bytes(BYTES))
    before = noise_version(f"file:{path}")
    assert noise_version(f"file:{path}") == before
    path.write_bytes(b"\x01" * BYTES)
    assert noise_version(f"file:{path}") != before


def test_no_bytes_are_given_twice_to_draws_at_once(tmp_path: Path) -> None:
    source = noise_source(f"entropy:{tmp_path / 'tape'}")
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda seed: source(seed, "start", (8,)), range(40)))
    assert len({picture.tobytes() for picture in drawn}) == 40
    assert (tmp_path / "tape").stat().st_size == 40 * 32


def test_what_cannot_be_used_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no file"):
        noise_source(f"file:{tmp_path / 'none.bin'}")(1, "start", (2,))
    with pytest.raises(InputError, match="cannot be used"):
        noise_source(f"entropy:{tmp_path / 'no' / 'folder' / 'tape'}")(1, "start", (2,))
    path = tmp_path / "cut"
    noise_source(f"entropy:{path}")(1, "start", (8,))
    path.write_bytes(b"")
    with pytest.raises(InputError, match="shorter than its ledger"):
        noise_source(f"entropy:{path}")(1, "start", (8,))
