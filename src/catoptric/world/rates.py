"""The joint distribution of portraits: conditional tables, exact probabilities, keyed draws."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from catoptric.errors import InputError
from catoptric.world.attributes import ATTRIBUTE_NAMES, ATTRIBUTES, Codes, attribute
from catoptric.world.condition import Condition

Conditional = Condition | Mapping[str, str] | None


@dataclass(frozen=True)
class Table:
    """P(attribute | given): how often each level is drawn."""

    attribute: str
    given: tuple[str, ...]
    """Attributes drawn earlier that this one depends on, in the order of ATTRIBUTES."""
    values: NDArray[np.float64] = field(repr=False, compare=False)
    """float64 [levels of given[0], ..., levels of attribute], the last axis sums to 1."""


@dataclass(frozen=True)
class Rates:
    """A joint distribution of all attributes: the product of its tables.

    P(portrait) = prod over attributes a of P(a | given(a))
    """

    tables: tuple[Table, ...]
    """One per attribute, in the order of ATTRIBUTES."""
    hash: str
    """sha256 of the numbers, hex: comments and layout of the file do not count."""

    def probability(self, attribute: str, level: str, condition: Conditional = None) -> float:
        """P(attribute = level | condition), exact: the joint summed over what is left free.

        Args:
            attribute, level: what is asked, by name.
            condition: what is known; None for nothing.
        Returns: fraction in [0, 1].
        Raises: InputError for unknown names or a condition of probability 0.
        """
        known = _levels(condition)
        index = _attribute(attribute).index(level)
        if attribute in known:
            return float(known[attribute] == level)
        weights = self.joint(attribute, known)
        total = weights.sum()
        if total == 0:
            raise InputError(
                f"The rates file gives {Condition.of(known)} probability 0, so no rate among "
                "such portraits exists; ask for less or raise its rate."
            )
        return float(weights[index] / total)

    def probability_of(self, condition: Conditional) -> float:
        """P(condition), the fraction of all portraits that meet it."""
        known = _levels(condition)
        return float(self.joint("occupation", known).sum())

    def joint(self, wanted: str, known: Mapping[str, str]) -> NDArray[np.float64]:
        """P(wanted = level and known) for each level of one attribute: float64 [levels]."""
        needed = {wanted, *known}
        for table in reversed(self.tables):  # children before parents: one pass closes the set
            if table.attribute in needed:
                needed.update(table.given)
        axes = {name: i for i, name in enumerate(n for n in ATTRIBUTE_NAMES if n in needed)}
        operands: list[object] = []
        for table in self.tables:
            if table.attribute in needed:
                values, names = table.values, (*table.given, table.attribute)
                for axis, name in enumerate(names):
                    if name in known:
                        kept = _attribute(name).index(known[name])
                        mask = np.zeros(values.shape[axis])
                        mask[kept] = 1.0
                        shape = [1] * values.ndim
                        shape[axis] = -1
                        values = values * mask.reshape(shape)
                operands += [values, [axes[name] for name in names]]
        result: NDArray[np.float64] = np.einsum(*operands, [axes[wanted]], optimize="greedy")  # type: ignore[call-overload]
        return result


def rates_of(tables: tuple[Table, ...]) -> Rates:
    """Rates from one table per attribute; the hash is that of the numbers."""
    text = json.dumps([[t.attribute, t.given, t.values.tolist()] for t in tables])
    for table in tables:
        table.values.setflags(write=False)
    return Rates(tables, hashlib.sha256(text.encode()).hexdigest())


def draw_portraits(rates: Rates, seed: int, n: int) -> Codes:
    """Draw n portraits; the i-th depends on (rates, seed, i) only.

    Each row takes one uniform number per attribute from a keyed Philox stream and inverts the
    table's cumulative sum, so a longer draw begins with the shorter one.

    Args: seed: 0 to 2^128 - 1; n: how many.
    Returns: uint8 [n, n_attributes].
    """
    uniform = np.random.Generator(np.random.Philox(key=seed)).random((n, len(ATTRIBUTES)))
    codes = np.zeros((n, len(ATTRIBUTES)), dtype=np.uint8)
    for i, table in enumerate(rates.tables):
        parents = tuple(codes[:, ATTRIBUTE_NAMES.index(name)] for name in table.given)
        # The last bound is left out: rounding must not let a number fall behind the last level.
        # A level of rate 0 has the bound of the one before it, so `>=` never picks it, save as
        # the very last; hence bounds from the last level that can be drawn on are infinite.
        bounds = np.cumsum(table.values, axis=-1)
        last = table.values.shape[-1] - 1 - np.argmax(table.values[..., ::-1] > 0, axis=-1)
        bounds[np.arange(bounds.shape[-1]) >= last[..., None]] = np.inf
        chosen = bounds[parents] if parents else bounds[None]
        codes[:, i] = (uniform[:, i, None] >= chosen).sum(axis=-1)
    return codes


def _levels(condition: Conditional) -> dict[str, str]:
    if condition is None:
        return {}
    return (condition if isinstance(condition, Condition) else Condition.of(condition)).levels


_attribute = attribute  # `Rates.probability` has a parameter of that name
