"""How often the judge errs: counts by attribute, on clean pictures and on degraded ones.

Truth is in the drawing, so held-out portraits with known codes measure the judge. The counts are
stored with its weights; the attribution takes the errors back by them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from catoptric.errors import InputError
from catoptric.judges.degrade import MEASURED, degraded
from catoptric.judges.even import even_rates
from catoptric.judges.weights_file import read_towers, write_towers
from catoptric.judges.zero_shot import Scores, ZeroShotJudge
from catoptric.world.attributes import AUDITABLE, Codes, attribute, column
from catoptric.world.layers import sources_hash
from catoptric.world.rates import Rates, draw_portraits
from catoptric.world.renderer import render

MARGIN_PICTURES, TABLE_PICTURES = 3000, 6000
"""Portraits whose verdicts fix the margins, and others that fill the tables; of each kind."""
LEAST_WITHHELD = 0.002
"""Share of the verdicts on those, clean and degraded together, that is withheld at least."""
_MARGINS, _TABLES = 1, 2
"""Which held-out sample: data keys are (key of the training + 1) << 96, plus this."""
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Confusion:
    """Verdicts on one attribute.

    Attributes:
        attribute: its name.
        counts: int64 [levels, levels + 1]: true level by row, verdict by column, unclear last.
    """

    attribute: str
    counts: Integers

    @property
    def right(self) -> int:
        """Pictures judged right; an unclear one is not."""
        return int(np.trace(self.counts))

    @property
    def unclear(self) -> int:
        """Pictures without a verdict."""
        return int(self.counts[:, -1].sum())

    @property
    def pictures(self) -> int:
        """All of them."""
        return int(self.counts.sum())

    def one_against_rest(self, level: str) -> Integers:
        """Clear verdicts as "is it this level": int64 [2, 2], true class by row; no 0, yes 1.

        What `attribution.JudgeError(counts, positive=1)` takes.

        Raises:
            InputError: for a level that the attribute has not.
        """
        i = attribute(self.attribute).index(level)
        clear = self.counts[:, :-1]
        hits, said, truly = clear[i, i], clear[:, i].sum(), clear[i].sum()
        no = clear.sum() - truly - said + hits
        return np.array([[no, said - hits], [truly - hits, hits]], dtype=np.int64)


def confusion(name: str, truth: np.ndarray, verdicts: np.ndarray) -> Confusion:
    """Count verdicts on one attribute.

    Args:
        name: the attribute.
        truth: int [n], level indices.
        verdicts: int [n], level indices, -1 for unclear.
    """
    levels = len(attribute(name).levels)
    column_of = np.where(verdicts < 0, levels, verdicts)
    counts = np.zeros((levels, levels + 1), dtype=np.int64)
    np.add.at(counts, (truth.astype(np.int64), column_of), 1)
    return Confusion(name, counts)


def confusions(truth: Codes, verdicts: np.ndarray) -> dict[str, Confusion]:
    """Count verdicts on every auditable attribute.

    Args:
        truth: uint8 [n, n_attributes]: of the renderer, or of the nearest renders.
        verdicts: int64 [n, auditable], of `ZeroShotJudge.codes`.
    """
    return {
        name: confusion(name, truth[:, column(name)], verdicts[:, i])
        for i, name in enumerate(AUDITABLE)
    }


def measure(
    judge: ZeroShotJudge, *, key: int, pictures: int, rates: Rates | None = None
) -> dict[str, dict[str, Confusion]]:
    """Hold a judge against portraits, clean and degraded in each way.

    Args:
        key: of the portraits; not that of the judge's training.
        pictures: how many, the same of each kind.
        rates: that they follow; None for even ones, where every level is frequent.

    Returns:
        Kind of picture (a name of MEASURED) to attribute to counts.
    """
    codes = draw_portraits(rates or even_rates(), key, pictures)
    drawn = render(codes)
    return {
        kind: confusions(codes, judge.codes(degraded(drawn, kind, key + i)))
        for i, kind in enumerate(MEASURED)
    }


def margins(scores: Scores, truth: Codes) -> dict[str, float]:
    """Least margins of clear verdicts: where as many are withheld as are given wrongly.

    A larger one would withhold more than it saves, a smaller one err more than it says unclear.
    Where next to nothing is wrong that says nothing, so one verdict in 500 is withheld at least:
    a picture less like its class than all but the worst of these portraits is unclear.

    Args:
        scores: of pictures clean and degraded.
        truth: uint8 [n, n_attributes].

    Returns:
        Attribute to cosine.
    """
    found = {}
    for i, name in enumerate(AUDITABLE):
        order = np.argsort(scores.margins[:, i], kind="stable")
        wrong = (scores.best[:, i] != truth[:, column(name)])[order]
        # With the k least margins withheld, the errors left are those behind them.
        left = wrong.sum() - np.concatenate([[0], np.cumsum(wrong)])
        balanced = int(np.argmax(np.arange(len(left)) >= left))
        k = min(max(balanced, round(LEAST_WITHHELD * len(wrong))), len(wrong) - 1)
        found[name] = float(scores.margins[order[k], i])
    return found


def calibrate(
    path: Path,
    *,
    key: int,
    margin_pictures: int = MARGIN_PICTURES,
    table_pictures: int = TABLE_PICTURES,
) -> None:
    """Fix a judge's margins, measure its errors, and write both into its file.

    Margins and errors are found on different portraits, neither of which it was trained on.

    Args:
        path: a file of `write_towers`; replaced.
        key: of the judge's training.
    """
    towers, about = read_towers(path)
    first = held_out_key(key, _MARGINS)
    codes = draw_portraits(even_rates(), first, margin_pictures)
    drawn = render(codes)
    bare = ZeroShotJudge(towers, {}, "")
    each = [bare.scores(degraded(drawn, kind, first + 1 + i)) for i, kind in enumerate(MEASURED)]
    together = Scores(*(np.concatenate([getattr(s, part) for s in each])
                        for part in ("best", "margins", "agreement")))  # fmt: skip
    least = margins(together, np.tile(codes, (len(MEASURED), 1)))
    tables = measure(
        ZeroShotJudge(towers, {"margins": least}, ""),
        key=held_out_key(key, _TABLES),
        pictures=table_pictures,
    )
    described = {
        "margins": least,
        "world": sources_hash(),
        "calibration": {
            kind: {name: table.counts.tolist() for name, table in by_name.items()}
            for kind, by_name in tables.items()
        },
    }
    write_towers(path, towers, about | described)


def held_out_key(key: int, sample: int) -> int:
    """A key of portraits that no batch of a training with `key` was drawn with."""
    return ((key + 1) << 96) + (sample << 64)


def stored(judge: ZeroShotJudge) -> dict[str, dict[str, Confusion]]:
    """The counts in a judge's file: kind to attribute to counts; empty where it was not measured.

    Raises:
        InputError: for counts that are not of this world's attributes.
    """
    found: dict[str, dict[str, Confusion]] = {}
    try:
        for kind, tables in (judge.about.get("calibration") or {}).items():
            found[kind] = {name: _table(name, tables[name]) for name in AUDITABLE}
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError(f"the judge {judge.name} has no error counts of this world") from error
    return found


def _table(name: str, kept: object) -> Confusion:
    levels = len(attribute(name).levels)
    counts = np.asarray(kept, dtype=np.int64)
    if counts.shape != (levels, levels + 1) or (counts < 0).any():
        raise ValueError(name)
    return Confusion(name, counts)
