"""A render is found again, exactly; a degraded one shows what it showed."""

from __future__ import annotations

import numpy as np

from catoptric.judges.degrade import degraded
from catoptric.judges.even import even_rates
from catoptric.judges.synthesis import Renders, drawn_renders, nearest_render, neighbours
from catoptric.world import AUDITABLE, column, draw_portraits, render
from catoptric.world.attributes import check_drawable, level_names

N = 3000


def test_a_render_is_found_again() -> None:
    codes = draw_portraits(even_rates(), 77, 24)
    found = nearest_render(render(codes), n=N)
    assert (found.distance <= found.drawn_distance).all()
    assert (found.drawn_distance > 0).any()  # it was not among those drawn beforehand
    exact = found.distance == 0
    assert exact.mean() >= 0.9
    for name in AUDITABLE:
        assert np.array_equal(found.codes[exact, column(name)], codes[exact, column(name)]), name


def test_noise_does_not_hide_what_it_shows() -> None:
    codes = draw_portraits(even_rates(), 78, 16)
    found = nearest_render(degraded(render(codes), "noise", 1), n=N)
    right = [np.mean(found.codes[:, column(n)] == codes[:, column(n)]) for n in AUDITABLE]
    assert min(right) >= 0.9
    assert found.distance.min() > 5


def test_the_shortlist_holds_the_nearest_first() -> None:
    kept = drawn_renders(N)
    again = drawn_renders(N)  # from the cache folder
    assert isinstance(kept, Renders)
    some = kept.codes[[5, 2987]]
    for renders in (kept, again):
        listed = renders.shortlist(render(some))
        assert np.array_equal(render(listed[:, 0]), render(some))


def test_neighbours_are_drawable_and_differ_in_one_thing() -> None:
    codes = draw_portraits(even_rates(), 79, 20)
    for row, around in zip(codes, neighbours(codes), strict=True):
        assert len({bytes(n) for n in around}) > 45
        for other in around:
            check_drawable(level_names(other))
            changed = set(np.flatnonzero(other != row).tolist())
            bound = {column("hair_style"), column("presentation"), column("facial_hair")}
            assert len(changed) <= 1 or (column("hair_style") in changed and changed <= bound)


def test_no_pictures_are_nothing_to_find() -> None:
    assert len(nearest_render(np.zeros((0, 64, 64, 3), np.uint8), n=N).codes) == 0
