"""A judge small enough to be made in a test: towers of random weights, in a file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from catoptric.judges.towers import Towers, TowerShape
from catoptric.judges.weights_file import write_towers
from catoptric.world.lexicon import vocabulary

TINY = TowerShape(
    vocabulary(), (8, 16, 16, 16), (1, 1, 1), groups=4, text_width=16, text_layers=1, shared=16
)


@pytest.fixture(scope="session")
def tiny_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its file."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("judge") / "judge.safetensors"
    write_towers(path, Towers(TINY), {"key": 0, "steps": 0, "pictures": 0})
    return path
