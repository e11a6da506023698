"""Seeds crossed with prompts and settings: does a seed have a tendency of its own?

The same seeds are drawn under every prompt at every guidance scale, so that what a seed does
whatever is asked for can be told from what it does under one prompt.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catoptric.attribution import holm
from catoptric.audit.gallery import UNCLEAR, Progress
from catoptric.audit.subject import Subject, open_subject, opened_gallery
from catoptric.errors import InputError
from catoptric.files import slug
from catoptric.hashing import content_hash
from catoptric.randomness.polarity_request import PolarityRequest
from catoptric.randomness.seed_share import SeedShare, Tendency, seed_share, tendencies
from catoptric.sampling import Settings
from catoptric.world import AUDITABLE, Condition, attribute, load_rates, parse_prompt

DEFAULT_SEEDS = 64
MOST_PROMPTS = 100
# A pool takes seconds to start, which a few jobs of one prompt do not need.
FEW_JOBS = 4
JOB = 64


def default_prompts() -> tuple[str, ...]:
    """A portrait of each occupation of the world."""
    names = attribute("occupation").levels
    return tuple(f"a portrait of {'an' if n[0] in 'aeiou' else 'a'} {n}" for n in names)


@dataclass(frozen=True)
class SeedsRequest:
    """A crossed design as asked for.

    Attributes:
        prompts: at least two.
        inner: seeds, guidance scales, and all that a test of polarity is told but the parts.
    """

    prompts: tuple[str, ...]
    inner: PolarityRequest

    def __post_init__(self) -> None:
        if len(self.prompts) < 2:
            raise InputError(
                "a seed's own share needs at least two prompts, as in catoptric seeds "
                '"a doctor" "a nurse"'
            )
        if len(self.prompts) > MOST_PROMPTS:
            raise InputError(f"at most {MOST_PROMPTS} prompts at once, not {len(self.prompts)}")
        if self.inner.seeds < 3:
            raise InputError(f"--seeds must be at least 3 here, not {self.inner.seeds}")
        asked: dict[Condition, str] = {}
        for prompt in self.prompts:
            condition = parse_prompt(replace(self.inner.base, prompt=prompt).prompt)
            if condition in asked:
                raise InputError(
                    f"a prompt is named twice: {prompt!r} asks for what {asked[condition]!r} does; "
                    "name each once"
                )
            asked[condition] = prompt

    @property
    def bound_prompt(self) -> str:
        """What the run is bound to."""
        return "; ".join(self.prompts)

    @property
    def folder(self) -> Path:
        """`runs/seeds-<first prompt>-and-<n>-more-<hash>`."""
        base = self.inner.base
        bound = content_hash([base.model, self.bound_prompt, load_rates(base.rates).hash])
        name = f"seeds-{slug(self.prompts[0])}-and-{len(self.prompts) - 1}-more-{bound[:10]}"
        return Path("runs") / name


@dataclass(frozen=True)
class Seeds:
    """What was found.

    Attributes:
        request: what was asked for.
        judge: who labelled the pictures.
        settings: every knob, per guidance scale.
        shares: one per attribute that varies, tests adjusted together.
        tendencies: one per seed, of the attribute and level asked for, the farthest first.
        rates: fraction with that level, per prompt and guidance scale: float64 [P, K].
        left_out: seeds left out because one of their pictures is unclear.
        pictures: how many this command drew.
        seconds: how long it took.
        folder: the run.
    """

    request: SeedsRequest
    judge: str
    settings: tuple[Settings, ...]
    shares: tuple[SeedShare, ...]
    tendencies: tuple[Tendency, ...]
    rates: NDArray[np.float64]
    left_out: int
    pictures: int
    seconds: float
    folder: Path


def measure_seeds(
    request: SeedsRequest, folder: Path, *, workers: int, progress: Progress
) -> Seeds:
    """Draw what is missing of seeds x prompts x settings, and split the variance.

    Args:
        request: the design.
        folder: where the run lies or is to lie.
        workers: processes that draw.
        progress: told of every finished job.

    Raises:
        InputError: anything the user can mend.
    """
    began = time.monotonic()
    inner, base = request.inner, request.inner.base
    settings = tuple(inner.settings_at(scale) for scale in inner.guidance)
    first = open_subject(replace(base, prompt=request.prompts[0]))
    labels: list[list[list[Any]]] = []
    drawn = 0
    for i, prompt in enumerate(request.prompts):
        subject = Subject(first.model, first.model.ask(prompt), first.rates)
        jobs = len(settings) * -(-inner.seeds // JOB)
        opened = opened_gallery(
            replace(base, prompt=prompt),
            folder,
            settings,
            workers=1 if jobs <= FEW_JOBS and workers > 0 else workers,
            progress=progress,
            bound_prompt=request.bound_prompt,
            subject=subject,
        )
        with opened as (_, gallery):
            stage = f"prompt {i + 1} of {len(request.prompts)}"
            gallery.ensure(settings, inner.drawn_seeds, stage)
            labels.append([gallery.labels(s, inner.drawn_seeds) for s in settings])
            drawn += gallery.drawn
    kept = [
        s for s in range(inner.seeds) if all(cell[s] is not None for row in labels for cell in row)
    ]
    words = {
        name: np.array([[[cell[s][name] for cell in row] for row in labels] for s in kept])
        for name in AUDITABLE
    }
    outcomes = (words[base.attribute_name] == base.level).astype(np.float64)
    return Seeds(
        request=request,
        judge=first.model.judge_name,
        settings=settings,
        shares=tuple(_shares(words)),
        tendencies=tuple(tendencies(np.array(inner.drawn_seeds, np.int64)[kept], outcomes)),
        rates=outcomes.mean(axis=0),
        left_out=inner.seeds - len(kept),
        pictures=drawn,
        seconds=time.monotonic() - began,
        folder=folder,
    )


def _shares(words: dict[str, NDArray[np.str_]]) -> Sequence[SeedShare]:
    """Every attribute's components; occupation is what the prompts ask for, not the seed's."""
    told = {name: labels[(labels != UNCLEAR).all(axis=(1, 2))] for name, labels in words.items()}
    found = [
        seed_share(name, labels)
        for name, labels in told.items()
        if name != "occupation" and len(labels) > 1
    ]
    known = [one for one in found if one is not None]
    adjusted = holm([one.p for one in known])
    return [replace(one, p_holm=p) for one, p in zip(known, adjusted, strict=True)]
