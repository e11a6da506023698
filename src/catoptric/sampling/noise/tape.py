"""Recorded noise: a file of raw bytes, and a ledger of which picture took which of them.

A true source of random bits cannot be asked twice, so what it gave is kept: the first time noise is
asked for under a seed and purpose, it is allotted the next unused bytes; from then on those are its
noise. `file` reads what the user recorded and ends with it; `entropy` lets the operating system
write on. File and ledger together replay a run, on any machine.

Which bytes a seed gets hangs on who asked first, so two recordings share nothing, and a recorded
source never pairs with another one.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from catoptric.errors import InputError
from catoptric.sampling.noise.keys import NoiseSource, check_seed

VALUE_BYTES = 4
"""Bytes that make one normal value: 32 bits through the inverse normal, so |z| < 6.4."""

LEDGER = ".ledger"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS places (
    key TEXT PRIMARY KEY, start INTEGER NOT NULL, length INTEGER NOT NULL);
"""
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Tape:
    """A recording.

    Attributes:
        path: the bytes; the ledger lies beside it, as <path>.ledger.
        grows: whether the operating system writes on where the bytes end.
    """

    path: Path
    grows: bool

    def noise(self, seed: int, purpose: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        """Standard normal noise from the bytes allotted to seed and purpose.

        Args:
            seed: 0 .. 2^64 - 1.
            purpose: what the noise is for.
            shape: of one picture.

        Returns:
            float32 array of that shape.

        Raises:
            InputError: a seed out of range, no such file, too few bytes left (says for how many
                pictures there are), or a file that cannot be read or written.
        """
        count = int(np.prod(shape))
        data = self._take(f"{check_seed(seed)}:{purpose}:{count}", count * VALUE_BYTES)
        return _normals(data, shape)

    def check_room(self, seeds: Sequence[int], purpose: str, shape: tuple[int, ...]) -> None:
        """Refuses, before any of them is drawn, more draws than there are bytes left for.

        Raises:
            InputError: says how many draws the file holds, how many are taken and how many asked
                for.
        """
        if self.grows:
            return
        count = int(np.prod(shape))
        wanted = {f"{seed}:{purpose}:{count}" for seed in seeds}
        with self._ledger() as ledger:
            wanted -= {row[0] for row in ledger.execute("SELECT key FROM places")}
            used = ledger.execute("SELECT max(start + length) FROM places").fetchone()[0] or 0
        check_size(self.path, len(wanted), count, used)

    @property
    def version(self) -> str:
        """What tells this recording from every other: the key of its ledger, and of its bytes."""
        with self._ledger() as ledger:
            found = ledger.execute("SELECT value FROM meta WHERE name = 'id'").fetchone()
        return str(found[0]) if self.grows else f"{found[0]}:{_content(*self._stamp())}"

    def _stamp(self) -> tuple[str, int, int]:
        status = self.path.stat()
        return str(self.path), status.st_size, status.st_mtime_ns

    def _take(self, name: str, length: int) -> bytes:
        with self._ledger() as ledger:
            ledger.execute("BEGIN IMMEDIATE")
            row = ledger.execute(
                "SELECT start, length FROM places WHERE key = ?", (name,)
            ).fetchone()
            if row is None:
                start = ledger.execute("SELECT max(start + length) FROM places").fetchone()[0] or 0
                self._provide(start, length)
                ledger.execute("INSERT INTO places VALUES (?, ?, ?)", (name, start, length))
            else:
                start = row[0]
            ledger.execute("COMMIT")
            with self.path.open("rb") as file:
                file.seek(start)
                data = file.read(length)
        if len(data) < length:
            raise InputError(
                f"{self.path} is shorter than its ledger says: bring back the file that "
                f"{self.path}{LEDGER} was made for, or remove both"
            )
        return data

    def _provide(self, start: int, length: int) -> None:
        """See to it that bytes start .. start + length are there."""
        if self.grows:
            with self.path.open("r+b" if self.path.exists() else "w+b") as file:
                file.seek(start)
                file.write(os.urandom(length))
            return
        check_size(self.path, 1, length // VALUE_BYTES, start)

    @contextmanager
    def _ledger(self) -> Iterator[sqlite3.Connection]:
        """The ledger, open; made where there is none."""
        if not self.grows:
            check_is_file(self.path)
        where = Path(f"{self.path}{LEDGER}")
        try:
            connection = sqlite3.connect(where, isolation_level=None, timeout=60.0)
            try:
                connection.execute("PRAGMA synchronous=NORMAL")
                connection.executescript(_SCHEMA)
                connection.execute(
                    "INSERT OR IGNORE INTO meta VALUES ('id', ?)", (secrets.token_hex(16),)
                )
                yield connection
            finally:
                connection.close()
        except (sqlite3.Error, OSError) as error:
            raise InputError(
                f"{where} or {self.path} cannot be used ({error}); a recording needs a folder that "
                "can be written"
            ) from error


@lru_cache(maxsize=16)
def _content(path: str, _size: int, _modified: int) -> str:
    """sha256 of a file's bytes, as its size and time say."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def passing(path: Path | None) -> NoiseSource:
    """Noise for a test: bytes of a file from its start, each draw the next, and nothing kept.

    Testing a recording thus uses up none of it. Unlike a source's, a draw is not repeatable.

    Args:
        path: the file; None for the operating system's entropy.

    Returns:
        What draws; raises InputError where the file ends or is none.
    """
    place = 0

    def draw(seed: int, purpose: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        nonlocal place
        check_seed(seed)
        length = int(np.prod(shape)) * VALUE_BYTES
        if path is None:
            return _normals(os.urandom(length), shape)
        check_is_file(path)
        with path.open("rb") as file:
            file.seek(place)
            data = file.read(length)
        check_size(path, 1, length // VALUE_BYTES, place)
        place += length
        return _normals(data, shape)

    return draw


def check_is_file(path: Path) -> None:
    """Refuses what is no file.

    Raises:
        InputError: says how to record one.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file of raw bytes in it, as in file:mine.bin")
    if not path.is_file():
        raise InputError(
            f"there is no file {path}: record one first, as in "
            "head -c 10M /dev/hwrng > mine.bin, and name it as in file:mine.bin"
        )


def check_size(path: Path, draws: int, values: int, used: int = 0) -> None:
    """Refuses more draws than a file has bytes for.

    Args:
        path: the file.
        draws: how many are asked for.
        values: in each.
        used: bytes that are taken.

    Raises:
        InputError: says how many it holds.
    """
    check_is_file(path)
    length, size = values * VALUE_BYTES, path.stat().st_size
    if used + draws * length > size:
        held = size // length
        taken = f", {-(-used // length):,} of them taken," if used else ""
        raise InputError(
            f"{path} holds {held:,} draw{'' if held == 1 else 's'} of {values:,} values at "
            f"{VALUE_BYTES} bytes "
            f"each{taken} and {draws:,} more are asked for: record more, or ask for fewer"
        )


def _normals(data: bytes, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    words = np.frombuffer(data, dtype="<u4").astype(np.float64)
    return np.asarray(ndtri((words + 0.5) * 2.0**-32), dtype=np.float32).reshape(shape)
