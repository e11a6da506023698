"""A cell without a single clear outcome takes away only what rests on it."""

from __future__ import annotations

import numpy as np
import pytest

from catoptric.attribution import decompose


def outcomes_with_silent(column: int) -> np.ndarray:
    rng = np.random.Generator(np.random.Philox(key=3))
    outcomes = (rng.random((200, 4)) < [0.3, 0.4, 0.5, 0.6]).astype(float)
    outcomes[:, column] = np.nan
    return outcomes


def test_a_silent_middle_cell_leaves_rates_model_and_total() -> None:
    found = decompose(("a", "b"), outcomes_with_silent(2), reference_minus=0.3)
    assert found.model is not None
    assert found.model.points is not None
    assert found.total.points == pytest.approx(
        100 * (found.deployed.value - found.reference.value), abs=1e-9
    )
    for share in found.shares:
        assert share.points is None
        assert share.p_holm is None
        assert share.reason == "no clear outcome with b as deployed"


def test_a_silent_reference_takes_away_everything_but_the_deployed_rate() -> None:
    found = decompose(("a", "b"), outcomes_with_silent(0), reference_minus=0.3)
    assert found.model is not None
    assert found.model.points is None
    assert found.model.reason == "no clear outcome in the reference"
    assert found.total.points is None
    assert found.deployed.value is not None
    assert found.reference.value is None
