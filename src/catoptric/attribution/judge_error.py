"""A judge's measured errors, taken back by a linear correction per draw."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from catoptric.attribution.independent import rate_difference
from catoptric.attribution.rates import rate_interval
from catoptric.attribution.significance import tost
from catoptric.errors import InputError

Floats = NDArray[np.float64]

#: A judge whose informedness may be lower than this is not corrected: it is not believed.
MIN_INFORMEDNESS = 0.2


def may_pool(matrices: ArrayLike, margin_points: float) -> bool:
    """Whether cells were shown to have the same errors, so that their counts may be added up.

        TOST of every P(says j | truly i) between every two cells; all must pass, so that each may
        be tested at the full alpha (an intersection-union test)

    Args:
        matrices: int [cells, C, C], counts as in `JudgeError`.
        margin_points: how far apart two cells' chances may be, points.

    Returns:
        True when equality was shown everywhere, also of a single cell with itself.

    Raises:
        InputError: a true class without a validation picture; a margin that is not above 0.

    Source: Schuirmann 1987 on the differences of `rate_difference`; the union: Berger,
    Multiparameter hypothesis testing and acceptance sampling, 1982.
    """
    counts = np.asarray(matrices, dtype=np.float64)
    classes = range(counts.shape[1])
    return all(
        tost(
            rate_difference(
                float(one[i, j]), int(one[i].sum()), float(other[i, j]), int(other[i].sum())
            ),
            margin_points / 100,
        ).equivalent
        is True
        for one, other in combinations(counts, 2)
        for i in classes
        for j in classes
    )


@dataclass(frozen=True, eq=False)
class JudgeError:
    """How often a judge says j of a picture that truly is i, with the counts behind it.

        M_ij = P(says j | truly i),   corrected draw = w_j,  w = (M^T)^-1's row of the wanted class

    For two classes w is Rogan-Gladen's (y - (1 - specificity)) / (sensitivity + specificity - 1).
    The mean of w over draws is unbiased for the true rate (given M); single values leave [0, 1],
    and are not clipped, because clipping would bring the bias back.

    Args:
        counts: int [1 or cells, C, C], validation pictures, true class by row, verdict by column;
            class ids as in the outcomes (two classes: no 0, yes 1).  One matrix serves all cells:
            errors change with picture quality, so ask `may_pool` before adding cells up.
        positive: the class whose rate is asked for.

    Raises:
        InputError: wrong shape, empty rows, or a judge too poor to correct: the one-sided lower
            95 % bound of sensitivity + specificity - 1 under 0.2 (more classes: of the least of
            P(says wanted | wanted) - P(says wanted | i)), or a matrix that cannot be inverted.

    Source: Rogan and Gladen, Estimating prevalence from the results of a screening test, 1978;
    matrix form: Greenland and Kleinbaum, Correcting for misclassification, 1983; bound of the sum:
    Newcombe, Interval estimation for the difference between independent proportions, 1998.
    """

    counts: ArrayLike
    positive: int = 1

    def __post_init__(self) -> None:
        counts = self.matrices
        if counts.ndim != 3 or counts.shape[1] != counts.shape[2] or counts.shape[1] < 2:
            raise InputError(f"a confusion matrix is square, 2 x 2 or more, got {counts.shape}")
        if not np.isfinite(counts).all() or (counts < 0).any() or (counts % 1 != 0).any():
            raise InputError("a confusion matrix holds counts")
        if (counts.sum(axis=2) == 0).any():
            raise InputError("every true class needs at least one validation picture")
        if not 0 <= self.positive < counts.shape[1]:
            raise InputError(f"there is no class {self.positive} in the confusion matrix")
        worst = min(self._informedness_bound(matrix) for matrix in counts)
        if worst < MIN_INFORMEDNESS:
            raise InputError(
                "the judge is too poor, or checked on too few pictures, to correct for: sensitivity"
                f" + specificity - 1 may be as low as {worst:.2f}, and {MIN_INFORMEDNESS} is needed"
            )
        if np.linalg.cond(self.probabilities).max() > 1e3:
            raise InputError("the judge confuses some classes so much that no correction exists")

    @cached_property
    def matrices(self) -> Floats:
        """The counts as float64 [1 or cells, C, C]."""
        counts = np.asarray(self.counts, dtype=np.float64)
        return counts[None] if counts.ndim == 2 else counts

    @cached_property
    def probabilities(self) -> Floats:
        """M, float64 [1 or cells, C, C]."""
        return np.asarray(self.matrices / self.matrices.sum(axis=2, keepdims=True))

    @cached_property
    def weights(self) -> Floats:
        """w, float64 [1 or cells, C]: what a draw judged j counts."""
        return np.asarray(np.linalg.inv(self.probabilities)[:, :, self.positive])

    @property
    def is_pooled(self) -> bool:
        """True when one matrix serves all cells."""
        return len(self.matrices) == 1

    def _informedness_bound(self, matrix: Floats) -> float:
        """Least lower bound, over the other classes, of P(+ | positive) - P(+ | other)."""
        said = matrix[:, self.positive]
        totals = matrix.sum(axis=1)
        # One-sided 95 % limits are those of a two-sided 90 % interval.
        limits = [
            rate_interval(int(k), int(n), method="wilson", level=0.9)
            for k, n in zip(said, totals, strict=True)
        ]
        rates = said / totals
        hit, low = rates[self.positive], limits[self.positive].low or 0.0
        bounds = []
        for i, limit in enumerate(limits):
            if i != self.positive:
                slip = (limit.high if limit.high is not None else 1.0) - rates[i]
                bounds.append(hit - rates[i] - ((hit - low) ** 2 + slip**2) ** 0.5)
        return float(min(bounds))

    def corrected(self, judged: ArrayLike, unclear: float) -> Floats:
        """Corrected draws: w[judged class], and `unclear` itself where there is no verdict.

        M describes clear verdicts only; what an unclear picture truly is stays the caller's
        assumption, so it is not passed through the correction.

        Args:
            judged: float [n, cells], class ids, nan for unclear.
            unclear: what an unclear draw counts, in [0, 1].

        Returns:
            float64 [n, cells].

        Raises:
            InputError: an id that is no class, or a number of cells that the matrices lack.
        """
        ids = self._ids(judged)
        cells = np.arange(ids.shape[1]) if not self.is_pooled else np.zeros(ids.shape[1], int)
        return np.where(ids < 0, unclear, self.weights[cells[None, :], np.maximum(ids, 0)])

    def _ids(self, judged: ArrayLike) -> NDArray[np.int64]:
        values = np.asarray(judged, dtype=np.float64)
        n_classes = self.matrices.shape[1]
        clear = values[~np.isnan(values)]
        if not np.isin(clear, np.arange(n_classes)).all():
            raise InputError(f"outcomes are class ids 0..{n_classes - 1}, or nan (unclear)")
        if not self.is_pooled and values.shape[1] != len(self.matrices):
            raise InputError(
                f"{len(self.matrices)} confusion matrices for {values.shape[1]} cells: give one per"
                " cell, or one for all"
            )
        return np.where(np.isnan(values), -1, values).astype(np.int64)

    def variance(self, judged: ArrayLike, contrast: ArrayLike) -> float:
        """Delta-method variance of a contrast of corrected rates, from the validation counts.

            theta = sum_cells c p_t,  p = (M^T)^-1 q,  d theta = - sum_i R_i sum_j w_j dM_ij,
            Var = sum_i R_i^2 (sum_j w_j^2 M_ij - (sum_j w_j M_ij)^2) / n_i,

        R_i = c p_i of a cell (pooled: summed over cells, where a contrast of similar cells all but
        cancels), q the share of all draws judged j.  M is taken with half a picture added to each
        entry, because a judge without a slip in 50 pictures is not known to be perfect.

        Args:
            judged: float [n, cells], class ids, nan for unclear.
            contrast: float64 [cells].

        Returns:
            The variance, as a squared fraction.

        Source: Rogan and Gladen 1978, extended to a contrast; added counts after Lang and
        Reiczigel, Confidence limits for prevalence of disease adjusted for estimated sensitivity
        and specificity, 2014.
        """
        ids = self._ids(judged)
        n_classes = self.matrices.shape[1]
        verdicts = np.stack([(ids == j).mean(axis=0) for j in range(n_classes)], axis=1)
        smooth = self.matrices + 0.5
        totals = smooth.sum(axis=2)
        probabilities = smooth / totals[:, :, None]
        inverse = np.linalg.inv(probabilities)
        weights = inverse[:, :, self.positive]
        true_classes = np.einsum(
            "zji,zj->zi", np.broadcast_to(inverse, (ids.shape[1], n_classes, n_classes)), verdicts
        )
        pull = np.asarray(contrast, dtype=np.float64)[:, None] * true_classes
        if self.is_pooled:
            pull = pull.sum(axis=0, keepdims=True)
        second = np.einsum("zj,zij->zi", weights**2, probabilities)
        first = np.einsum("zj,zij->zi", weights, probabilities)
        return float((pull**2 * (second - first**2) / totals).sum())

    def value_range(self, n_cells: int) -> Floats:
        """Least and greatest corrected draw per cell, unclear ones included: float64 [cells, 2]."""
        low = np.minimum(self.weights.min(axis=1), 0.0)
        high = np.maximum(self.weights.max(axis=1), 1.0)
        return np.broadcast_to(np.stack([low, high], axis=1), (n_cells, 2))
