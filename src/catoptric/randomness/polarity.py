"""Polarity: one part of the noise negated, the rest held; how often does the picture's label flip?

Every arm is drawn on the same seeds. *Opposite* negates one part (the whole, one radial band, one
colour-opponent channel), *fresh* draws that part anew. Only the difference of the two speaks of
polarity: a label that hangs on a part flips when the part changes, whichever way.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from catoptric.audit.gallery import Progress, arranged_settings
from catoptric.audit.subject import opened_gallery
from catoptric.errors import InputError
from catoptric.randomness.excess import judged
from catoptric.randomness.polarity_arms import (
    FRESH,
    OPPOSITE,
    Arm,
    ArmReader,
    Strip,
)
from catoptric.randomness.polarity_request import PolarityRequest
from catoptric.sampling import Settings
from catoptric.sampling.noise import never_pairs
from catoptric.sampling.noise.parts import WHOLE


@dataclass(frozen=True)
class Polarity:
    """What was found.

    Attributes:
        request: what was asked for.
        judge: who labelled the pictures.
        settings: every knob, per guidance scale.
        arms: guidance by part, in the order asked for.
        strips: guidance -> pictures to look at.
        pictures: how many this command drew.
        seconds: how long it took.
        folder: the run.
    """

    request: PolarityRequest
    judge: str
    settings: tuple[Settings, ...]
    arms: tuple[Arm, ...]
    strips: Mapping[float, tuple[Strip, ...]]
    pictures: int
    seconds: float
    folder: Path


def measure_polarity(
    request: PolarityRequest, folder: Path, *, workers: int, progress: Progress
) -> Polarity:
    """Draw what is missing, and test every part at every guidance scale.

    Args:
        request: what to test.
        folder: where the run lies or is to lie; the audit's own will do.
        workers: processes that draw.
        progress: told of every finished job.

    Raises:
        InputError: anything the user can mend.
    """
    began = time.monotonic()
    settings = tuple(request.settings_at(scale) for scale in request.guidance)
    recorded = next((s.noise.source for s in settings if never_pairs(s.noise.source)), None)
    if recorded is not None:
        raise InputError(
            f"a test of polarity needs a keyed source, such as philox: noise recorded by "
            f"{recorded} is neither negated nor drawn again"
        )
    every = [arm for plain in settings for arm in _arms_of(plain, request.parts).values()]
    opened = opened_gallery(request.base, folder, every, workers=workers, progress=progress)
    with opened as (_, gallery):
        gallery.ensure(every, request.drawn_seeds, "pictures")
        found: list[Arm] = []
        strips = {}
        for scale, plain in zip(request.guidance, settings, strict=True):
            reader = ArmReader(gallery, plain, request.drawn_seeds, request.base.margin)
            found += [reader.arm(scale, part) for part in request.parts]
            strips[scale] = reader.strips(request.parts)
    return Polarity(
        request=request,
        judge=gallery.judge,
        settings=settings,
        arms=tuple(_adjusted(found)),
        strips=strips,
        pictures=gallery.drawn,
        seconds=time.monotonic() - began,
        folder=folder,
    )


def _arms_of(plain: Settings, parts: Sequence[str]) -> dict[str, Settings]:
    """Arrangement -> settings of the plain arm and of every changed one."""
    kinds = ["plain", *(f"{kind}:{part}" for part in parts for kind in (OPPOSITE, FRESH))]
    return {kind: arranged_settings(plain, kind) for kind in kinds}


def _adjusted(arms: Sequence[Arm]) -> list[Arm]:
    """Two families: the whole noise, which the claim is about, and the parts, where it sits."""
    done = {}
    for is_whole in (True, False):
        family = [i for i, arm in enumerate(arms) if (arm.part == WHOLE) == is_whole]
        for i, one in zip(family, judged([arms[i].excess for i in family]), strict=True):
            done[i] = replace(arms[i], excess=one)
    return [done[i] for i in range(len(arms))]
