"""Does it matter? Rates and figures of pictures under each source of noise, against philox.

Arms share nothing: each source has seeds of its own, and the yardstick (philox, drawn twice as
often, since all comparisons rest on it) has others. A source is shown harmless when every
difference is shown to lie within the margin, harmful when one is told apart from zero and not.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from catoptric.attribution import (
    Equivalence,
    Interval,
    MeanStatistic,
    holm,
    interval_of,
    mean_difference,
    rate_difference,
    seed_sample,
    tost,
    unit_means,
)
from catoptric.audit.gallery import Gallery, Progress, Reading
from catoptric.audit.interface import load_interface
from catoptric.audit.knobs import KNOBS, make_cells
from catoptric.audit.request import Request
from catoptric.audit.subject import MOST_WORKERS, check_settings, open_subject
from catoptric.errors import InputError
from catoptric.hashing import content_hash
from catoptric.randomness.picture_figures import FIGURES
from catoptric.runs import Runner, Store
from catoptric.sampling import (
    Arrangement,
    Noise,
    Settings,
    noise_source,
    noise_version,
    set_size,
)
from catoptric.sampling.noise import check_room
from catoptric.sampling.noise.keys import START
from catoptric.studio.painting import PaintRecipe, unpack

Floats = NDArray[np.float64]

YARDSTICK = "philox"
YARDSTICK_TIMES = 2
LEVEL, ALPHA = 0.95, 0.05
FEWEST, MOST = 16, 100_000
MOST_SOURCES = 64
# Blocks of the keyed order of seeds: low ones are the audit's.
_FIRST_BLOCK, _BLOCKS = 64, 4032
LARGEST_SEED = 2**32 - 1

HARMLESS, HARMFUL, UNDECIDED = "harmless", "harmful", "undecided"
RATE, OBEYED = "rate", "obeyed"


@dataclass(frozen=True)
class EffectRequest:
    """A comparison of sources as asked for.

    Attributes:
        base: prompt, model, rates, interface, overrides, attribute, margin, seed key.
        sources: what is compared with philox.
        pictures: of each source; philox gets twice as many.
        consecutive: seeds 0, 1, 2 .. for the sources, as people use them, instead of a keyed
            random sample of all seeds.
    """

    base: Request
    sources: tuple[str, ...]
    pictures: int = 1600
    consecutive: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.sources) <= MOST_SOURCES:
            raise InputError(
                f"--sources takes 1 to {MOST_SOURCES} names, as in --sources comfyui,randu"
            )
        twice = next((s for i, s in enumerate(self.sources) if s in self.sources[:i]), None)
        if twice is not None:
            raise InputError(f"--sources names {twice!r} twice; name each source once")
        if not FEWEST <= self.pictures <= MOST:
            raise InputError(
                f"--pictures must lie between {FEWEST} and {MOST:,}, not {self.pictures}"
            )


@dataclass(frozen=True)
class Comparison:
    """One figure of one source against the yardstick's.

    Attributes:
        figure: "rate", "obeyed", or a name of FIGURES.
        value: the source's mean, percent.
        difference: source minus yardstick, points, at 95 %.
        p: of no difference; None when undefined.
        p_holm: adjusted over all figures of all sources.
        equivalence: whether the difference is shown to lie within the margin.
        verdict: "harmless", "harmful" or "undecided".
    """

    figure: str
    value: float
    difference: Interval
    p: float | None
    p_holm: float | None
    equivalence: Equivalence
    verdict: str


@dataclass(frozen=True)
class Arm:
    """Pictures of one source.

    Attributes:
        source: its name.
        pictures: how many.
        units: independent units among them (sets, for quasi sources).
        unclear: pictures the judge could not read.
        distinct: different pictures among them.
        figures: each figure's value for each picture, percent, float64 [n].
        comparisons: against the yardstick; empty for the yardstick itself.
    """

    source: str
    pictures: int
    units: int
    unclear: int
    distinct: int
    figures: dict[str, Floats]
    comparisons: tuple[Comparison, ...] = ()

    @property
    def verdict(self) -> str:
        """Of all its figures together."""
        said = {c.verdict for c in self.comparisons}
        return HARMFUL if HARMFUL in said else UNDECIDED if UNDECIDED in said else HARMLESS

    @property
    def power(self) -> float | None:
        """Least chance, over the figures, of showing a true zero to lie within the margin."""
        found = [c.equivalence.power for c in self.comparisons]
        known = [power for power in found if power is not None]
        return min(known) if known else None


@dataclass(frozen=True)
class Effect:
    """What the sources did to the pictures.

    Attributes:
        request: what was asked for.
        settings: under which pictures were drawn, but for their noise.
        yardstick: the philox arm.
        arms: one per source, in the order asked for.
        drawn: pictures that this command drew.
        seconds: how long it took.
        folder: the run.
    """

    request: EffectRequest
    settings: Settings
    yardstick: Arm
    arms: tuple[Arm, ...]
    drawn: int
    seconds: float
    folder: Path


def effect_seeds(source: str, count: int, *, key: int, consecutive: bool) -> list[int]:
    """Seeds of one arm; sets of quasi sources are whole, so there may be some more.

    Args:
        source: whose; each has a block of seeds of its own.
        count: at least how many.
        key: which random sample.
        consecutive: 0, 1, 2 .. instead.
    """
    size = set_size(source)
    sets = -(-count // size)
    if consecutive:
        return list(range(sets * size))
    block = _FIRST_BLOCK + int(content_hash(["noise effect", source])[:8], 16) % _BLOCKS
    most = LARGEST_SEED // size
    firsts = dict.fromkeys(int(s) % most for s in seed_sample(sets + 64, key, block=block))
    return [first * size + i for first in list(firsts)[:sets] for i in range(size)]


def noise_effect(
    request: EffectRequest, folder: Path, *, workers: int, progress: Progress
) -> Effect:
    """Draw what is missing and compare every source with philox.

    Args:
        request: what to compare.
        folder: where the run lies or is to lie.
        workers: processes that draw.
        progress: told of every finished job.

    Raises:
        InputError: anything the user can mend.
    """
    began = time.monotonic()
    if not 1 <= workers <= MOST_WORKERS:
        raise InputError(f"--workers must lie between 1 and {MOST_WORKERS}, not {workers}")
    for source in request.sources:
        noise_source(source)  # a name, or a recording, is refused before anything is drawn
        noise_version(source)
    base = request.base
    settings = _settings(base)
    subject = open_subject(base)
    check_settings(subject, [settings])
    # The yardstick's seeds are nobody's: not even those of philox as one of the sources.
    seeds = {
        source: effect_seeds(
            source, request.pictures, key=base.seed_key, consecutive=request.consecutive
        )
        for source in request.sources
    }
    own = seed_sample(YARDSTICK_TIMES * request.pictures, base.seed_key, block=_FIRST_BLOCK - 1)
    for source in request.sources:
        check_room(source, seeds[source], START, subject.model.noise_shape)
    bound = {"model": subject.model.hash, "prompt": base.prompt, "rates": subject.rates.hash}
    store = Store.open(folder, bound)
    try:
        subject.model.prepare(lambda: progress("preparing the model, once", 0, 0, None))
        with Runner(PaintRecipe(base.model, subject.rates, base.prompt), workers) as runner:
            gallery = Gallery(
                store,
                runner,
                lambda cell: subject.model.spec(subject.condition, cell),
                judge=subject.model.judge_name,
                attribute=base.attribute_name,
                level=base.level,
                progress=progress,
                pace=subject.model.pace,
            )
            yardstick = _arm(gallery, settings, YARDSTICK, [int(s) for s in own], "yardstick")
            arms = [_arm(gallery, settings, s, seeds[s], s) for s in request.sources]
    finally:
        store.close()
    return Effect(
        request=request,
        settings=settings,
        yardstick=yardstick,
        arms=compare(arms, yardstick, margin=base.margin),
        drawn=gallery.drawn,
        seconds=time.monotonic() - began,
        folder=folder,
    )


def _settings(base: Request) -> Settings:
    """Every knob, the noise the yardstick's.

    Raises:
        InputError: settings that cannot be, or noise that is set although sources are what is
            compared.
    """
    if "noise" in load_interface(base.interface, base.overrides).overridden:
        raise InputError(
            "noise is what this command varies: leave noise.* out of --set, and name sources "
            "in --sources"
        )
    chosen = load_interface(base.interface, [*base.overrides, f"noise.source={YARDSTICK}"])
    settings = make_cells(chosen, load_interface("reference"), KNOBS).deployed
    if settings.noise.arrange != Arrangement():
        raise InputError(
            "noise.arrange is not kept from source to source: leave it out of the interface"
        )
    return settings


def _arm(gallery: Gallery, settings: Settings, source: str, seeds: list[int], stage: str) -> Arm:
    cell = replace(settings, noise=Noise(source))
    gallery.ensure([cell], seeds, stage)
    reading = gallery.read(cell, seeds)
    stored = gallery.pictures(cell, seeds)
    return Arm(
        source=source,
        pictures=len(seeds),
        units=len(seeds) // set_size(source),
        unclear=int(np.isnan(reading.outcomes).sum()),
        distinct=len(set(stored.values())),
        figures=_figures(reading, [stored[seed] for seed in seeds]),
    )


def _figures(reading: Reading, stored: Sequence[bytes]) -> dict[str, Floats]:
    found: dict[str, Floats] = {
        RATE: 100.0 * np.nan_to_num(reading.outcomes, nan=0.5),
        # A picture that nobody can read does not show what was asked.
        OBEYED: 100.0 * np.nan_to_num(reading.obeyed, nan=0.0),
    }
    chunks = range(0, len(stored), 256)
    for name, figure in FIGURES.items():
        parts = [figure(np.stack([unpack(s) for s in stored[i : i + 256]])) for i in chunks]
        found[name] = np.concatenate(parts)
    return found


def compare(arms: Sequence[Arm], yardstick: Arm, *, margin: float) -> tuple[Arm, ...]:
    """Every figure of every arm against the yardstick's, adjusted over all of them.

    Args:
        arms: with figures.
        yardstick: likewise.
        margin: points within which a difference counts as harmless.

    Returns:
        The arms with their comparisons.
    """
    pairs = [(arm, name) for arm in arms for name in arm.figures]
    statistics = [_statistic(arm, yardstick, name) for arm, name in pairs]
    raw = [None if isinstance(s, str) else s.p_value() for s in statistics]
    adjusted = holm(raw)
    made: dict[str, list[Comparison]] = {arm.source: [] for arm in arms}
    for (arm, name), statistic, p, p_holm in zip(pairs, statistics, raw, adjusted, strict=True):
        equivalence = tost(statistic, margin)
        differs = p_holm is not None and p_holm < ALPHA
        verdict = HARMLESS if equivalence.equivalent else HARMFUL if differs else UNDECIDED
        made[arm.source].append(
            Comparison(
                figure=name,
                value=float(arm.figures[name].mean()),
                difference=interval_of(statistic, LEVEL),
                p=p,
                p_holm=p_holm,
                equivalence=equivalence,
                verdict=verdict,
            )
        )
    return tuple(replace(arm, comparisons=tuple(made[arm.source])) for arm in arms)


def _statistic(arm: Arm, yardstick: Arm, name: str) -> MeanStatistic | str:
    """Source minus yardstick, points; the units of a quasi source are its sets."""
    mine, theirs = arm.figures[name], yardstick.figures[name]
    if arm.units < arm.pictures:
        sets = np.repeat(np.arange(arm.units), arm.pictures // arm.units)
        means = unit_means(mine, sets)
        if name not in (RATE, OBEYED) or np.ptp(means) > 0:
            return mean_difference(means, theirs)
        # Sets that all agree would have an interval of width 0: as single pictures instead.
    if name not in (RATE, OBEYED):
        return mean_difference(mine, theirs)
    score = rate_difference(mine.sum() / 100, len(mine), theirs.sum() / 100, len(theirs))
    return replace(
        score,
        estimate=100.0 * score.estimate,
        bounds=(-100.0, 100.0),
        p_sampling=lambda points: score.p_sampling(points / 100.0),
    )
