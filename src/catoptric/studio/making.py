"""Pictures of any model under any settings: its denoiser, its noise, its decoding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from catoptric.sampling import Settings, sample
from catoptric.sampling.result import SampleResult, Watch
from catoptric.studio.contract import Studio


def make(
    model: Studio,
    asked: Any,
    settings: Settings,
    seeds: Sequence[int],
    *,
    watch: Watch | None = None,
) -> tuple[np.ndarray, SampleResult]:
    """Sample one picture per seed.

    Args:
        model: what draws.
        asked: from `model.ask`.
        settings: every knob.
        seeds: 0 .. 2^32-1 each.
        watch: called with each step, as by `sample`.

    Returns:
        uint8 [n, H, W, 3], and the SampleResult they were decoded from.
    """
    result = sample(
        model.denoiser_of(settings),
        settings,
        model.noise(settings.noise.drawn()),
        list(seeds),
        condition=asked,
        microbatch=model.microbatch,
        watch=watch,
    )
    return model.decode(result.x), result
