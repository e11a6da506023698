"""Settings tried on two numbers, so that nothing is refused only when a model has been loaded."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor

from catoptric.errors import InputError
from catoptric.models.portraits import NAME, SIGMA_MAX, SIGMA_MIN
from catoptric.sampling import PidOptions, Settings, sample
from catoptric.sampling.network_settings import Encoder, Precision
from catoptric.studio.portraits import no_network

# After so many passes every solver has made a step: whatever it refuses, it has refused.
PASSES = 4
ROWS = 8


class _Enough(Exception):
    """The rehearsal has seen what it is for."""


class _Stub:
    """A model of nothing, over the range of both embedded models."""

    sigma_min, sigma_max = SIGMA_MIN, SIGMA_MAX

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x: Tensor, sigma: Tensor, condition: Any | None) -> Tensor:
        self.calls += 1
        if self.calls > PASSES:
            raise _Enough
        return torch.zeros_like(x)


class _TwoGridStub(_Stub):
    """One that has a coarser grid too, as the network has."""

    coarse_scale = 0.5

    def down(self, x: Tensor) -> Tensor:
        return x[..., ::2, ::2]

    def grow(self, x: Tensor, noise: Tensor, sigma: Tensor) -> Tensor:
        return x.repeat_interleave(2, -1).repeat_interleave(2, -2)


def _silence(seeds: Sequence[int], purpose: str) -> Tensor:
    return torch.zeros(len(seeds), 2)


def _silent_picture(seeds: Sequence[int], purpose: str) -> Tensor:
    return torch.zeros(len(seeds), 3, 8, 8)


def check_drawable(settings: Settings, model: str = NAME) -> None:
    """Refuse, in milliseconds, what sampling from a model would refuse.

    The first evaluations are rehearsed with the sampler itself, so no rule stands here twice.

    Args:
        settings: every knob.
        model: its name.

    Raises:
        InputError: as `sample`; of `portraits-exact` also a norm that needs more than flat states,
            and settings that only a network has.
    """
    options = settings.sampler.options
    if model == NAME and (settings.encoder, settings.precision) != (Encoder(), Precision()):
        raise no_network()
    if model == NAME and isinstance(options, PidOptions) and options.norm != "element":
        raise InputError(
            f"norm {options.norm!r} needs states of channels, height and width, and {NAME} samples "
            "flat ones, its principal coordinates: use norm 'element'"
        )
    stub, noise = (_Stub(), _silence) if model == NAME else (_TwoGridStub(), _silent_picture)
    with suppress(_Enough):
        sample(stub, settings, noise, [0], condition=0, microbatch=ROWS)
