"""A condition: what a prompt demands of a portrait."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catoptric.world.attributes import ATTRIBUTE_NAMES, Codes, attribute, check_drawable, column


@dataclass(frozen=True)
class Condition:
    """Levels that a portrait must have; attributes left out are free."""

    items: tuple[tuple[str, str], ...] = ()
    """(attribute, level), in the order of ATTRIBUTES."""

    @classmethod
    def of(cls, levels: Mapping[str, str]) -> Condition:
        """The condition that demands `levels`, a mapping from attribute to level name.

        Raises: InputError for an unknown attribute or level, or levels never drawn together.
        """
        for name, level in levels.items():
            attribute(name).index(level)
        check_drawable(levels)
        return cls(tuple((n, levels[n]) for n in ATTRIBUTE_NAMES if n in levels))

    @property
    def levels(self) -> dict[str, str]:
        """Attribute to level name."""
        return dict(self.items)

    def matches(self, codes: Codes) -> NDArray[np.bool_]:
        """Which portraits meet the condition.

        Args: codes: uint8 [n, n_attributes].
        Returns: bool [n].
        """
        met = np.ones(len(codes), dtype=np.bool_)
        for name, level in self.items:
            met &= codes[:, column(name)] == attribute(name).index(level)
        return met

    def __str__(self) -> str:
        """Canonical: the same for every prompt that asks for the same."""
        return ", ".join(f"{name}={level}" for name, level in self.items) or "any portrait"

    @property
    def hash(self) -> str:
        """sha256 of the canonical string, hex."""
        return hashlib.sha256(str(self).encode()).hexdigest()
