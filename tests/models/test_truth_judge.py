"""The judge that cannot err: labels of known pictures, and when it says it does not know."""

from __future__ import annotations

import numpy as np

from catoptric.judges import land
from catoptric.sampling import Status
from catoptric.studio.portraits import LANDING_BOUND, ExactPortraits
from catoptric.world import level_names, parse_prompt

DOCTOR = parse_prompt("a portrait of a doctor")


def test_a_picture_of_the_set_has_its_own_label(small_model: ExactPortraits) -> None:
    rows = np.arange(0, 1500, 17)
    labels = small_model.judge(
        DOCTOR, small_model.pictures.pictures[rows], [Status.DONE] * len(rows)
    )
    for row, label in zip(rows, labels, strict=True):
        truth = level_names(small_model.pictures.codes[row])
        assert {k: label["levels"][k] for k in ("presentation", "skin", "occupation")} == {
            k: truth[k] for k in ("presentation", "skin", "occupation")
        }
        assert label["obeyed"] == (truth["occupation"] == "doctor")
        assert label["distance"] < 0.5


def test_a_mixture_of_two_pictures_is_unclear(small_model: ExactPortraits) -> None:
    a, b = small_model.pictures.pictures[:2].astype(int)
    mixed = ((a + b) // 2).astype(np.uint8)[None]
    label = small_model.judge(DOCTOR, mixed, [Status.DONE])[0]
    assert label["levels"] is None
    assert label["reason"] == "far_from_any_picture"
    assert label["distance"] > LANDING_BOUND


def test_a_draw_that_did_not_end_is_unclear_whatever_it_looks_like(
    small_model: ExactPortraits,
) -> None:
    picture = small_model.pictures.pictures[:2]
    labels = small_model.judge(DOCTOR, picture, [Status.MAX_STEPS, Status.NOT_FINITE])
    assert [label["reason"] for label in labels] == ["max_steps", "not_finite"]
    assert all(label["levels"] is None and label["obeyed"] is None for label in labels)


def test_no_two_labels_lie_within_twice_the_bound(small_model: ExactPortraits) -> None:
    """Else a result could be within the bound of two pictures that differ."""
    points, codes = small_model.points.double(), small_model.pictures.codes[:, :6]
    norms = points.square().sum(1)
    distance = (norms[:, None] + norms[None] - 2 * points @ points.T).clamp(min=0).sqrt().numpy()
    differ = (codes[:, None] != codes[None]).any(-1)
    assert distance[differ].min() > 2 * LANDING_BOUND


def test_landing_of_nothing_is_nothing(small_model: ExactPortraits) -> None:
    none = land(small_model.latent, small_model.points, np.zeros((0, 64, 64, 3), np.uint8))
    assert len(none.nearest) == len(none.distance) == 0
