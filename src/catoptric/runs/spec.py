"""What determines a picture, apart from its seed: the key under which draws are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from catoptric.hashing import content_hash


@dataclass(frozen=True)
class Spec:
    """Everything that determines a picture but its seed, as plain JSON values.

    Two draws with equal specs, seeds and signs are the same picture, bit for bit, on one machine
    and torch build; both are part of the values.
    """

    values: Mapping[str, Any]

    @cached_property
    def key(self) -> str:
        """Content hash of the values."""
        return content_hash(self.values)


@dataclass(frozen=True)
class Draw:
    """One picture and what it took.

    Attributes:
        seed: 0 .. 2^32-1.
        picture: encoded bytes; the store does not look inside.
        nfe: evaluations of the denoiser that this picture needed.
        status: "done", "max_steps" or "not_finite".
        label: what the judge said: plain JSON values.
    """

    seed: int
    picture: bytes
    nfe: int
    status: str
    label: Mapping[str, Any]
