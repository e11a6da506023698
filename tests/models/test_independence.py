"""A picture is a function of its seed and settings: never of its company, place or order."""

from __future__ import annotations

import pytest
import torch

from catoptric.sampling import Settings
from catoptric.studio.making import make
from catoptric.studio.painting import pack, unpack
from catoptric.studio.portraits import ExactPortraits
from catoptric.world import parse_prompt

CONDITION = parse_prompt("a portrait of a doctor")
SETTINGS = {
    "fixed": {"sampler": {"solver": "euler", "schedule": "normal", "steps": 12}},
    "fixed, guided": {
        "sampler": {"solver": "dpmpp_2m", "schedule": "karras", "steps": 12},
        "guidance": {"scale": 7.0},
    },
    "fixed, guided in part": {
        "sampler": {"solver": "heun", "schedule": "exponential", "steps": 8},
        "guidance": {"form": "interval", "scale": 7.0, "low": 1.0, "high": 6.0},
    },
    "pndm": {
        "sampler": {"solver": "pndm", "schedule": "pndm_leading", "steps": 12},
        "guidance": {"scale": 7.5},
        "start": {"sigma": 14.6, "scale": "sqrt(1+sigma^2)"},
    },
    "ancestral": {
        "sampler": {"solver": "euler_ancestral", "schedule": "normal", "steps": 8},
        "noise": {"source": "comfyui"},
    },
    "adaptive": {"sampler": {"solver": "pid", "rtol": 1e-2, "atol": 1e-2}},
    "adaptive, guided": {
        "sampler": {"solver": "pid", "rtol": 1e-2, "atol": 1e-2},
        "guidance": {"scale": 7.0},
    },
    "adaptive, guided in part": {
        "sampler": {"solver": "pid", "rtol": 1e-2, "atol": 1e-2},
        "guidance": {"form": "interval", "scale": 7.0, "low": 1.0, "high": 6.0},
        "noise": {"source": "a1111-nv"},
    },
    "dpm_adaptive": {"sampler": {"solver": "dpm_adaptive"}, "guidance": {"scale": 4.0}},
}
SEEDS = [11, 4_294_967_295, 0, 7, 123_456_789, 5, 99]


@pytest.mark.parametrize("name", SETTINGS)
def test_the_same_seed_gives_the_same_picture_in_any_company(
    small_model: ExactPortraits, name: str
) -> None:
    settings = Settings.from_dict(SETTINGS[name])

    def draw(seeds: list[int]) -> dict[int, tuple[torch.Tensor, bytes, int]]:
        pictures, result = make(small_model, CONDITION, settings, seeds)
        return {
            seed: (result.x[i], pictures[i].tobytes(), int(result.nfe[i]))
            for i, seed in enumerate(seeds)
        }

    seven = draw(SEEDS)
    others = [s for s in range(1000, 1150) if s not in SEEDS]
    for company in (
        SEEDS[:1],
        SEEDS[::-1],
        others[:40] + SEEDS[:3] + others[40:61],
        others + SEEDS,
    ):
        for seed, (x, picture, nfe) in draw(company).items():
            if seed in seven:
                assert torch.equal(x, seven[seed][0]), seed
                assert picture == seven[seed][1]
                assert nfe == seven[seed][2]


def test_different_seeds_give_different_pictures(small_model: ExactPortraits) -> None:
    settings = Settings.from_dict(SETTINGS["adaptive"])
    pictures, _ = make(small_model, CONDITION, settings, list(range(20)))
    assert len({p.tobytes() for p in pictures}) > 15


def test_packing_keeps_every_byte(small_model: ExactPortraits) -> None:
    picture = small_model.pictures.pictures[0]
    assert (unpack(pack(picture)) == picture).all()
