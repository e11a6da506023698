"""The arms of a test of polarity, read back: outcomes, labels and pictures of the same seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from catoptric.attribution import Interval, tango_interval
from catoptric.audit.gallery import UNCLEAR, Gallery, arranged_settings
from catoptric.randomness.association import Association, PairCounts, associate, carried
from catoptric.randomness.excess import Excess, excess
from catoptric.sampling import Settings
from catoptric.studio.painting import unpack
from catoptric.world import AUDITABLE

Floats = NDArray[np.float64]
Labels = Sequence[Mapping[str, str] | None]

LEVEL = 0.95
OPPOSITE, FRESH = "opposite", "fresh"
# Seeds whose pictures are shown.
SHOWN = 6


@dataclass(frozen=True)
class Side:
    """One changed arm against the plain one.

    Attributes:
        table: counts of the outcome before and after, with what they say.
        pictures: mean correlation of the two pictures of a seed, about the mean picture.
        rate: fraction of yes after the change; equal to the plain one but for chance.
    """

    table: Association
    pictures: Interval
    rate: float


@dataclass(frozen=True)
class Carried:
    """What a part decides of one attribute.

    Attributes:
        attribute: its name.
        share: flips under fresh noise in this part against flips under all noise fresh.
        excess: fraction of labels that opposite noise flips, less that which fresh noise flips.
    """

    attribute: str
    share: Interval
    excess: Interval


@dataclass(frozen=True)
class Arm:
    """One part at one guidance scale.

    Attributes:
        guidance: scale.
        part: which.
        opposite, fresh: the two changed arms.
        excess: the test.
        carried: every auditable attribute that varies here.
    """

    guidance: float
    part: str
    opposite: Side
    fresh: Side
    excess: Excess
    carried: tuple[Carried, ...]


@dataclass(frozen=True)
class Strip:
    """Pictures of one seed: plain, opposite whole and a few parts, to look at.

    Attributes:
        seed: whose.
        pictures: what was changed ("plain", "opposite:dc") -> (uint8 [H, W, 3], its level).
    """

    seed: int
    pictures: Mapping[str, tuple[NDArray[np.uint8], str]]


def t_interval(values: Floats) -> Interval:
    """Student's interval of the mean of values that vary continuously, float64 [n]."""
    if values.size < 2:
        return Interval(None, None, None, None, f"{values.size} pictures differ from the mean one")
    error = float(values.std(ddof=1)) / values.size**0.5
    reach = float(stats.t.isf((1 - LEVEL) / 2, values.size - 1)) * error
    mean = float(values.mean())
    return Interval(mean, mean - reach, mean + reach, "t")


class ArmReader:
    """Outcomes, labels and pictures of the arms at one guidance scale."""

    def __init__(
        self, gallery: Gallery, plain: Settings, seeds: Sequence[int], margin_points: float
    ) -> None:
        self._gallery, self._plain, self._seeds = gallery, plain, list(seeds)
        self._margin = margin_points
        self._before = gallery.read(plain, self._seeds).outcomes
        self._labels = gallery.labels(plain, self._seeds)
        pictures = self._pictures("plain")
        self._mean = pictures.mean(axis=0)
        self._own = pictures - self._mean

    def _pictures(self, arrange: str) -> Floats:
        """float64 [n, pixels]."""
        stored = self._gallery.pictures(arranged_settings(self._plain, arrange), self._seeds)
        flat = np.stack([unpack(stored[seed]).ravel() for seed in self._seeds])
        return flat.astype(np.float64)

    def arm(self, scale: float, part: str) -> Arm:
        outcomes, labels, sides = {}, {}, {}
        for kind in (OPPOSITE, FRESH):
            changed = arranged_settings(self._plain, f"{kind}:{part}")
            outcomes[kind] = self._gallery.read(changed, self._seeds).outcomes
            labels[kind] = self._gallery.labels(changed, self._seeds)
            sides[kind] = Side(
                table=associate(PairCounts.of(self._before, outcomes[kind]), level=LEVEL),
                pictures=self._correlation(self._pictures(f"{kind}:{part}")),
                rate=float(np.nanmean(outcomes[kind])) if _any_clear(outcomes[kind]) else np.nan,
            )
        return Arm(
            guidance=scale,
            part=part,
            opposite=sides[OPPOSITE],
            fresh=sides[FRESH],
            excess=excess(
                self._before, outcomes[OPPOSITE], outcomes[FRESH], margin_points=self._margin
            ),
            carried=tuple(self._carried(labels[OPPOSITE], labels[FRESH])),
        )

    def _correlation(self, pictures: Floats) -> Interval:
        """Mean over seeds of the correlation with the seed's plain picture."""
        other = pictures - self._mean
        products = (self._own * other).sum(axis=1)
        sizes = np.sqrt((self._own**2).sum(axis=1) * (other**2).sum(axis=1))
        known = sizes > 0
        return t_interval(products[known] / sizes[known])

    def _carried(
        self,
        opposite: Sequence[Mapping[str, str] | None],
        fresh: Sequence[Mapping[str, str] | None],
    ) -> list[Carried]:
        triples = [
            triple
            for triple in zip(self._labels, opposite, fresh, strict=True)
            if None not in triple
        ]
        found = []
        for name in AUDITABLE:
            told = [[one[name] for one in triple if one] for triple in triples]
            words = np.array([each for each in told if UNCLEAR not in each])
            if len(words) < 2 or len(np.unique(words)) < 2:
                continue
            codes = np.unique(words, return_inverse=True)[1].reshape(words.shape).astype(np.int64)
            opposite_only, fresh_only = (codes[:, 1:] != codes[:, :1]).T
            b, c = (opposite_only & ~fresh_only).sum(), (fresh_only & ~opposite_only).sum()
            found.append(
                Carried(
                    attribute=name,
                    share=carried(codes[:, 0], codes[:, 2], level=LEVEL),
                    excess=tango_interval(int(b), int(c), len(codes), level=LEVEL),
                )
            )
        return found

    def strips(self, parts: Sequence[str]) -> tuple[Strip, ...]:
        """The first seeds: plain, then opposite in every part."""
        seeds = self._seeds[:SHOWN]
        kinds = ["plain", *(f"{OPPOSITE}:{part}" for part in parts)]
        shown: dict[int, dict[str, tuple[NDArray[np.uint8], str]]] = {seed: {} for seed in seeds}
        for kind in kinds:
            changed = arranged_settings(self._plain, kind)
            stored = self._gallery.pictures(changed, seeds)
            words = self._gallery.read(changed, seeds).words
            for seed, word in zip(seeds, words, strict=True):
                shown[seed][kind] = unpack(stored[seed]), word
        return tuple(Strip(seed, pictures) for seed, pictures in shown.items())


def _any_clear(outcomes: Floats) -> bool:
    return bool((~np.isnan(outcomes)).any())
