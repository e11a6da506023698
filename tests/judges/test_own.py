"""A judge's counts on a generator's own pictures serve that pair alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from catoptric.judges.calibration import Confusion
from catoptric.judges.own import FEWEST, enough, keep_own, own_counts
from catoptric.world import AUDITABLE, attribute


def tables() -> dict[str, Confusion]:
    found = {}
    for i, name in enumerate(AUDITABLE):
        levels = len(attribute(name).levels)
        found[name] = Confusion(name, np.full((levels, levels + 1), i + 1, dtype=np.int64))
    return found


def test_counts_come_back_for_the_same_pair_only(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    assert own_counts(path, "judge", "model") == {}
    keep_own(path, "judge", "model", tables())
    back = own_counts(path, "judge", "model")
    assert set(back) == set(AUDITABLE)
    for name, table in tables().items():
        assert np.array_equal(back[name].counts, table.counts)
    assert own_counts(path, "another judge", "model") == {}
    assert own_counts(path, "judge", "another model") == {}


def test_a_table_with_too_few_of_one_kind_is_not_enough() -> None:
    assert enough(np.array([[FEWEST, 0], [0, FEWEST]]))
    assert not enough(np.array([[1000, 0], [1, FEWEST - 2]]))
