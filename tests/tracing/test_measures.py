"""Bands, step-response figures and path shapes, each against a case known by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from catoptric.tracing import BandSplit, mean_over_seeds, octaves, path_shape, waveform

H, W = 64, 64


def wave(across: int, down: int) -> torch.Tensor:
    rows, columns = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
    angle = 2 * math.pi * (across * columns / W + down * rows / H)
    return torch.cos(angle.double())[:, :, None].repeat(1, 1, 3)


def test_bands_of_a_64_picture_are_the_mean_and_six_octaves() -> None:
    assert [b.label for b in octaves(64, 64)] == ["0", "1", "2-3", "4-7", "8-15", "16-31", "32+"]


@pytest.mark.parametrize(
    ("across", "down", "band"),
    [(0, 0, 0), (1, 0, 1), (1, 1, 1), (0, 3, 2), (5, 5, 3), (6, 6, 4), (20, 0, 5), (32, 32, 6)],
)
def test_a_wave_lies_in_the_band_of_its_radius(across: int, down: int, band: int) -> None:
    split = BandSplit(H, W)
    energy = split.products(wave(across, down)[None], wave(across, down))[0]
    assert energy[band] == pytest.approx(float(energy.sum()))


def test_band_products_add_up_to_the_product_of_the_pictures() -> None:
    generator = torch.Generator().manual_seed(1)
    a = torch.randn(3, 24, 17, 3, generator=generator, dtype=torch.float64)
    b = torch.randn(24, 17, 3, generator=generator, dtype=torch.float64)
    parts = BandSplit(24, 17).products(a, b)
    torch.testing.assert_close(parts.sum(dim=1), (a * b).sum(dim=(1, 2, 3)))


def test_response_is_the_factor_of_each_band() -> None:
    end = wave(0, 0) + wave(1, 0) + wave(20, 0)
    estimate = 0.5 * wave(0, 0) + 2.0 * wave(1, 0) - 1.0 * wave(20, 0)
    response = BandSplit(H, W).response(estimate[None], end)[0]
    assert response[[0, 1, 5]].tolist() == pytest.approx([0.5, 2.0, -1.0])
    assert response[[2, 3, 4, 6]].isnan().all()


def test_colours_that_cancel_do_not_count_as_response() -> None:
    end, other = torch.zeros(H, W, 3), torch.zeros(H, W, 3)
    end[..., 0], other[..., 1] = 1.0, 1.0
    assert float(BandSplit(H, W).response(other[None], end)[0, 0]) == 0.0


def test_figures_of_a_response_drawn_by_hand() -> None:
    found = waveform([0, 1, 2, 3, 4, 5], [0.0, -0.5, 1.0, 1.4, 1.0, 1.0])
    assert found.overshoot == pytest.approx(0.4)
    assert found.undershoot == -0.5
    assert found.peak_lambda == 3
    # -0.5 to 1.0 over one unit: 0.1 after 0.6 / 1.5 of it, 0.9 after 1.4 / 1.5.
    assert found.rise == pytest.approx((1.4 - 0.6) / 1.5)
    assert found.settled_lambda == pytest.approx(3 + 0.35 / 0.4)
    assert found.settling == pytest.approx(3 + 0.35 / 0.4 - (1 + 0.6 / 1.5))


def test_rise_is_of_the_way_from_the_first_value_up_or_down() -> None:
    up, down = waveform([0, 1], [0.5, 1.0]), waveform([0, 1], [3.0, 1.0])
    assert up.rise == pytest.approx(0.8)
    assert down.rise == pytest.approx(0.8)
    assert down.undershoot == 0.0


def test_what_is_not_defined_is_none_with_a_reason() -> None:
    from_the_start = waveform([0, 1, 2], [1.01, 0.99, 1.0])
    assert (from_the_start.rise, from_the_start.settled_lambda) == (None, 0.0)
    assert "first estimate" in str(from_the_start.reason)
    never = waveform([0, 1], [0.0, 0.8])
    assert never.settling is None
    assert "last estimate" in str(never.reason)
    assert "nothing in this band" in str(waveform([0.0], [math.nan]).reason)
    assert "no finite" in str(waveform([], []).reason)


def test_a_straight_path_has_no_detour_no_turning_and_one_direction() -> None:
    points = torch.outer(torch.tensor([0.0, 1.0, 1.5, 4.0]), torch.ones(8))
    shape = path_shape(points, torch.arange(4.0))
    assert shape.length == pytest.approx(4.0)
    assert shape.detour == pytest.approx(1.0)
    assert shape.turning == pytest.approx(0.0, abs=1e-6)
    assert shape.dimension == pytest.approx(1.0)


def test_a_square_turns_by_three_right_angles_and_spreads_in_two_directions() -> None:
    corners = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]])
    shape = path_shape(corners, torch.arange(5.0))
    assert shape.turning == pytest.approx(270.0)
    assert shape.detour == math.inf
    assert 1.9 < shape.dimension <= 2.0


def test_splitting_a_segment_changes_no_shape() -> None:
    coarse = torch.tensor([[0.0, 0.0], [2.0, 0.0], [2.0, 1.0]])
    fine = torch.tensor([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [2.0, 1.0]])
    a = path_shape(coarse, torch.tensor([0.0, 2.0, 3.0]))
    b = path_shape(fine, torch.tensor([0.0, 1.0, 2.0, 3.0]))
    assert (a.length, a.turning) == pytest.approx((b.length, b.turning))


def test_mean_over_seeds_is_students_and_leaves_out_what_is_missing() -> None:
    found = mean_over_seeds([1.0, None, 3.0, math.nan])
    assert (found.value, found.n) == (2.0, 2)
    assert found.high == pytest.approx(2.0 + 12.7062047362)  # t(1), sd sqrt 2, n 2
    assert mean_over_seeds([1.0]).low is None
    assert mean_over_seeds([]).value is None
    rng = np.random.default_rng(3)
    covered = [
        m.low is not None and m.high is not None and m.low <= 0.0 <= m.high
        for m in (mean_over_seeds(rng.normal(size=6)) for _ in range(1000))
    ]
    assert 0.93 < np.mean(covered) < 0.97


def test_the_peak_lies_between_the_points_where_the_response_is_smooth() -> None:
    at = np.array([0.0, 1.0, 1.8, 3.0, 3.9, 5.0])
    # The true peak, 2 at lambda 2.3, is none of the points; the highest of them is 1.875.
    found = waveform(at, 2.0 - 0.5 * (at - 2.3) ** 2)
    assert found.overshoot == pytest.approx(1.0)
    assert found.peak_lambda == pytest.approx(2.3)


def test_a_jump_of_the_guidance_is_no_peak_to_be_smoothed() -> None:
    landed = np.array([0.0, 1.0, 1.000002, 2.0, 3.0])
    over = np.array([0.0, 0.6, 1.2, 2.0, 3.0])
    for at in (landed, over):
        response = np.array([1.0, 1.0, 4.0, 3.8, 3.4])
        found = waveform(at, response)
        assert (found.overshoot, found.peak_lambda) == (3.0, at[2])
    # Nor is the first point, from which a constant guidance falls.
    assert waveform(over, [5.0, 3.0, 2.0, 1.2, 1.0]).overshoot == 4.0
