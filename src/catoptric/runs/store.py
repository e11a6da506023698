"""A run on disk: one SQLite file in which a draw and its picture arrive together or not at all."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from catoptric.errors import InputError
from catoptric.hashing import canonical
from catoptric.runs.spec import Draw, Spec

FILE = "run.sqlite"
SCHEMA_VERSION = "1"
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS specs (key TEXT PRIMARY KEY, spec TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS draws (
    spec TEXT NOT NULL, seed INTEGER NOT NULL, status TEXT NOT NULL, nfe INTEGER NOT NULL,
    picture BLOB NOT NULL, UNIQUE (spec, seed));
CREATE TABLE IF NOT EXISTS judgements (
    spec TEXT NOT NULL, seed INTEGER NOT NULL, judge TEXT NOT NULL, label TEXT NOT NULL,
    PRIMARY KEY (spec, seed, judge)) WITHOUT ROWID;
"""
# SQLite allows 32,766 variables in a statement from 3.32 on; far fewer keep statements cached.
CHUNK = 500
LONGEST_SHOWN = 200


def damaged(path: Path | str) -> InputError:
    """What is said of a run whose file, or a row of it, is not what we write there."""
    return InputError(
        f"{path} is not a readable run file; move it away, or name another folder with --run"
    )


@contextmanager
def _told_plainly(path: Path | str) -> Iterator[None]:
    """Turns what a disk can do to us into one sentence; anything else stays a bug."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        text = str(error)
        path = path if len(str(path)) < LONGEST_SHOWN else f"...{str(path)[-LONGEST_SHOWN:]}"
        if "full" in text or "No space" in text:
            raise InputError(
                f"the disk that holds {path} is full; nothing finished is lost: make room and "
                "run the same command again"
            ) from error
        if "locked" in text or "busy" in text:
            raise InputError(
                f"{path} is in use by another process; wait for it, or name another folder "
                "with --run"
            ) from error
        if isinstance(error, OSError) or any(
            sign in text for sign in ("readonly", "unable to open", "disk I/O")
        ):
            raise InputError(
                f"{path} cannot be written; name a folder that can be with --run"
            ) from error
        if isinstance(error, sqlite3.DatabaseError) and any(
            sign in text
            for sign in ("malformed", "not a database", "no such column", "Could not decode")
        ):
            raise damaged(path) from error
        raise


class Store:
    """Draws and judgements of one run; figures are always recomputed from these rows.

    A run belongs to one identity (model, prompt, rates): opened with another, it is refused and
    the differing field is named.
    """

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self.path = folder / FILE
        self._db = connection

    @classmethod
    def open(
        cls, folder: Path, identity: Mapping[str, str] | None = None, *, create: bool = True
    ) -> Store:
        """Open a run, or start one.

        Args:
            folder: where the run lies.
            identity: what the run is bound to, field by field; None takes whatever is there.
            create: whether to start a run where there is none.

        Raises:
            InputError: no run there; a run of another identity; a file that is no run; a folder
                that cannot be written.
        """
        path = folder / FILE
        if not create and not path.is_file():
            raise InputError(
                f"there is no run in {folder}; `catoptric audit` makes one and prints its folder"
            )
        with _told_plainly(path):
            folder.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, isolation_level=None, timeout=10.0)
            # A write-ahead log with NORMAL survives the death of the process at any instant.
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.executescript(SCHEMA)
            store = cls(folder, connection)
            found = store.identity()
        if identity is not None:
            wanted = dict(identity) | {"schema": SCHEMA_VERSION}
            if not found:  # two commands may start one folder at once: the first one names it
                with _told_plainly(path):
                    connection.execute(
                        "INSERT OR IGNORE INTO meta VALUES ('identity', ?)", (canonical(wanted),)
                    )
            store._check(store.identity(), wanted)
        elif not found:
            store.close()
            raise InputError(f"{path} holds no run; `catoptric audit` makes one")
        return store

    def _check(self, found: Mapping[str, str], wanted: Mapping[str, str]) -> None:
        for field, value in wanted.items():
            if found.get(field) != value:
                self.close()
                raise InputError(
                    f"the run in {self.folder} was made for another {field} "
                    f"({found.get(field)!r}, not {value!r}); name another folder with --run, or "
                    "leave --run out"
                )

    def identity(self) -> dict[str, str]:
        """What this run is bound to; empty for a new file."""
        found = self.meta("identity")
        if not isinstance(found, dict | None):
            raise damaged(self.path)
        return found or {}

    def _parsed(self, text: Any) -> Any:
        try:
            return json.loads(text)
        except (ValueError, TypeError, RecursionError) as error:
            raise damaged(self.path) from error

    def meta(self, name: str) -> Any:
        """A value stored under a name, or None."""
        with _told_plainly(self.path):
            row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return self._parsed(row[0]) if row else None

    def set_meta(self, name: str, value: Any) -> None:
        """Keep a JSON value under a name."""
        with _told_plainly(self.path):
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, canonical(value)))

    def add(self, spec: Spec, judge: str, draws: Iterable[Draw]) -> None:
        """Keep draws with their pictures and judgements, in one transaction."""
        rows = list(draws)
        with _told_plainly(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.execute(
                    "INSERT OR IGNORE INTO specs VALUES (?, ?)", (spec.key, canonical(spec.values))
                )
                self._db.executemany(
                    "INSERT OR IGNORE INTO draws VALUES (?, ?, ?, ?, ?)",
                    [(spec.key, d.seed, d.status, d.nfe, d.picture) for d in rows],
                )
                self._db.executemany(
                    "INSERT OR REPLACE INTO judgements VALUES (?, ?, ?, ?)",
                    [(spec.key, d.seed, judge, canonical(d.label)) for d in rows],
                )
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # a full disk has already rolled back
                    self._db.execute("ROLLBACK")
                raise

    def _select(self, query: str, head: Sequence[Any], seeds: Sequence[int]) -> list[Any]:
        rows: list[Any] = []
        with _told_plainly(self.path):
            for start in range(0, len(seeds), CHUNK):
                part = [int(seed) for seed in seeds[start : start + CHUNK]]
                marks = ",".join("?" * len(part))
                rows += self._db.execute(query.format(marks=marks), [*head, *part]).fetchall()
        return rows

    def judged(self, spec: Spec, judge: str, seeds: Sequence[int]) -> dict[int, tuple[Any, ...]]:
        """Seed -> (status, nfe, label) of the draws that are there and judged."""
        rows = self._select(
            "SELECT d.seed, d.status, d.nfe, j.label FROM draws d JOIN judgements j "
            "ON j.spec = d.spec AND j.seed = d.seed AND j.judge = ? "
            "WHERE d.spec = ? AND d.seed IN ({marks})",
            [judge, spec.key],
            seeds,
        )
        found = {seed: (status, nfe, self._parsed(text)) for seed, status, nfe, text in rows}
        for status, nfe, label in found.values():
            # SQLite keeps any type in any column.
            if not (isinstance(status, str) and isinstance(nfe, int) and isinstance(label, dict)):
                raise damaged(self.path)
        return found

    def missing(self, spec: Spec, judge: str, seeds: Sequence[int]) -> list[int]:
        """The seeds, in their order, that lack a judged draw."""
        rows = self._select(
            "SELECT d.seed FROM draws d JOIN judgements j "
            "ON j.spec = d.spec AND j.seed = d.seed AND j.judge = ? "
            "WHERE d.spec = ? AND d.seed IN ({marks})",
            [judge, spec.key],
            seeds,
        )
        there = {row[0] for row in rows}
        return [int(seed) for seed in seeds if int(seed) not in there]

    def pictures(self, spec: Spec, seeds: Sequence[int]) -> dict[int, bytes]:
        """Seed -> encoded picture."""
        rows = self._select(
            "SELECT seed, picture FROM draws WHERE spec = ? AND seed IN ({marks})",
            [spec.key],
            seeds,
        )
        if not all(isinstance(picture, bytes) for _, picture in rows):
            raise damaged(self.path)
        return dict(rows)

    def close(self) -> None:
        """Close the file; everything added is already kept."""
        self._db.close()
