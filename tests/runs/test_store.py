"""A run on disk: what is kept, what is refused, what survives."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from catoptric.errors import InputError
from catoptric.hashing import canonical, content_hash
from catoptric.runs import FILE, Draw, Spec, Store

IDENTITY = {"model": "m", "prompt": "p", "rates": "r"}
SPEC = Spec({"settings": {"scale": 1.0}})


def draw(seed: int, word: str = "woman") -> Draw:
    return Draw(seed, b"picture %d" % seed, 20, "done", {"levels": {"presentation": word}})


def test_what_was_added_is_there_after_reopening(tmp_path: Path) -> None:
    store = Store.open(tmp_path, IDENTITY)
    store.add(SPEC, "truth", [draw(1), draw(4_294_967_295)])
    store.close()
    store = Store.open(tmp_path, IDENTITY)
    assert store.missing(SPEC, "truth", [1, 2, 4_294_967_295]) == [2]
    status, nfe, label = store.judged(SPEC, "truth", [1])[1]
    assert (status, nfe, label) == ("done", 20, {"levels": {"presentation": "woman"}})
    assert store.pictures(SPEC, [1]) == {1: b"picture 1"}


def test_missing_keeps_the_order_and_serves_thousands(tmp_path: Path) -> None:
    store = Store.open(tmp_path, IDENTITY)
    store.add(SPEC, "truth", [draw(s) for s in range(0, 3000, 2)])
    assert store.missing(SPEC, "truth", list(range(2999, -1, -1))) == list(range(2999, 0, -2))


def test_another_judge_has_judged_nothing(tmp_path: Path) -> None:
    store = Store.open(tmp_path, IDENTITY)
    store.add(SPEC, "truth", [draw(1)])
    assert store.missing(SPEC, "clip", [1]) == [1]


def test_a_draw_already_there_is_not_replaced_but_its_judgement_is(tmp_path: Path) -> None:
    store = Store.open(tmp_path, IDENTITY)
    store.add(SPEC, "truth", [draw(1)])
    store.add(SPEC, "truth", [Draw(1, b"other", 9, "done", {"levels": None})])
    assert store.pictures(SPEC, [1]) == {1: b"picture 1"}
    assert store.judged(SPEC, "truth", [1])[1] == ("done", 20, {"levels": None})


def test_a_failed_batch_leaves_nothing_behind(tmp_path: Path) -> None:
    store = Store.open(tmp_path, IDENTITY)

    def broken():
        yield draw(1)
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        store.add(SPEC, "truth", broken())
    with pytest.raises(ValueError, match="Out of range"):
        store.add(SPEC, "truth", [draw(2), Draw(3, b"", 1, "done", {"x": float("nan")})])
    assert store.missing(SPEC, "truth", [1, 2, 3]) == [1, 2, 3]


@pytest.mark.parametrize("field", ["model", "prompt", "rates"])
def test_a_run_of_another_identity_is_refused_by_field(tmp_path: Path, field: str) -> None:
    Store.open(tmp_path, IDENTITY).close()
    with pytest.raises(InputError, match=f"another {field}"):
        Store.open(tmp_path, IDENTITY | {field: "other"})


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 5000]
)
def test_a_file_that_is_no_run_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(InputError, match="not a readable run file"):
        Store.open(tmp_path, IDENTITY)


def test_damage_in_the_middle_is_told_plainly(tmp_path: Path) -> None:
    store = Store.open(tmp_path, IDENTITY)
    store.add(SPEC, "truth", [draw(s) for s in range(3000)])
    store.close()
    path = tmp_path / FILE
    data = bytearray(path.read_bytes())
    data[8192:-8192] = b"\x7f" * (len(data) - 16384)
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match="not a readable run file"):
        Store.open(tmp_path, IDENTITY).judged(SPEC, "truth", list(range(3000)))


def test_a_foreign_table_layout_is_told_plainly(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / FILE)
    connection.execute("CREATE TABLE meta (x)")
    connection.commit()
    connection.close()
    with pytest.raises(InputError, match="not a readable run file"):
        Store.open(tmp_path, IDENTITY)


def test_a_folder_without_a_run_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no run in"):
        Store.open(tmp_path, create=False)


def test_a_path_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x")
    with pytest.raises(InputError, match="cannot be written"):
        Store.open(tmp_path / "taken", IDENTITY)


def test_a_full_disk_ends_with_one_sentence_and_keeps_what_was_there(tmp_path: Path) -> None:
    store = Store.open(tmp_path, IDENTITY)
    store.add(SPEC, "truth", [draw(0)])
    # SQLite's own limit raises the very error of a full disk.
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count={pages + 4}")
    with pytest.raises(InputError, match="is full; nothing finished is lost"):
        store.add(SPEC, "truth", [Draw(s, b"x" * 4000, 1, "done", {}) for s in range(1, 200)])
    assert store.missing(SPEC, "truth", [0, 1]) == [1]


def test_keys_depend_on_values_not_on_their_order() -> None:
    assert Spec({"a": 1, "b": [1, 2]}).key == Spec({"b": [1, 2], "a": 1}).key
    assert Spec({"a": 1, "b": [2, 1]}).key != Spec({"b": [1, 2], "a": 1}).key
    assert content_hash({"a": 1}) == content_hash({"a": 1})
    assert canonical({"b": 1, "a": "é"}) == '{"a":"\\u00e9","b":1}'
