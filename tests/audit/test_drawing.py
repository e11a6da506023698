"""Picture files carry what is needed to make them again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from catoptric.audit.drawing import Drawing, draw_pictures


@pytest.fixture(scope="module")
def drawing(small_world: None, tmp_path_factory: pytest.TempPathFactory) -> Drawing:
    return draw_pictures(
        "a portrait of a doctor",
        number=3,
        seed=7,
        interface="reference",
        overrides=["guidance.scale=2"],
        rates=None,
        model="portraits-exact",
        folder=tmp_path_factory.mktemp("pictures"),
    )


def text_of(file: Path) -> dict[str, str]:
    with Image.open(file) as image:
        return dict(image.text)


def test_the_grid_carries_the_settings_and_the_seeds(drawing: Drawing) -> None:
    text = text_of(drawing.grid)
    assert text["parameters"].startswith("a portrait of a doctor\n")
    own = json.loads(text["catoptric"])
    assert own["settings"]["guidance"]["scale"] == 2.0
    assert own["seeds"] == [7, 8, 9]


def test_a_single_file_carries_its_own_seed(drawing: Drawing) -> None:
    own = [json.loads(text_of(file)["catoptric"]) for file in drawing.files]
    assert [one["seed"] for one in own] == [7, 8, 9]
    assert "seeds" not in own[0]
