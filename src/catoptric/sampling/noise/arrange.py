"""Arrangements: how a picture's noise is made from its source's, pure and keyed as the source is.

    plain               the source's own
    opposite[:PART]     one part negated, the rest held; without PART the whole
    fresh:PART          one part drawn anew, the rest held: the fair baseline of `opposite`
    stratified:J/M      member J of a group of M whose low frequencies are spread out evenly
    quasi:J/M           likewise, by a scrambled Sobol set

Parts are those of `parts.py`, groups those of `balanced.py`. An arrangement changes every purpose
alike: the start noise, and the step noise of stochastic solvers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from catoptric.errors import InputError
from catoptric.sampling.names import unknown
from catoptric.sampling.noise.balanced import BALANCED, with_balanced_low
from catoptric.sampling.noise.keys import NoiseSource
from catoptric.sampling.noise.parts import WHOLE, check_part, part_of

PLAIN, OPPOSITE, FRESH = "plain", "opposite", "fresh"
KINDS = (PLAIN, OPPOSITE, FRESH, *BALANCED)
# A group's members are drawn for each picture anew, and scipy's Sobol points are balanced only in
# powers of two.
MOST_MEMBERS = 1024


@dataclass(frozen=True)
class Arrangement:
    """One arrangement.

    Attributes:
        kind: one of KINDS.
        part: of `opposite` and `fresh`, else "".
        member, members: of balanced groups, else 0.
    """

    kind: str = PLAIN
    part: str = ""
    member: int = 0
    members: int = 0

    @classmethod
    def parse(cls, text: str, where: str = "arrange") -> Self:
        """Read from text such as "opposite:4-5".

        Raises:
            InputError: an unknown arrangement or part (the nearest is named), an impossible group.
        """
        kind, colon, rest = str(text).partition(":")
        if kind not in KINDS:
            raise unknown(where, kind, KINDS)
        if kind == PLAIN and not colon:
            return cls()
        if kind == OPPOSITE and not colon:
            return cls(OPPOSITE, WHOLE)
        if kind in (OPPOSITE, FRESH):
            return cls(kind, check_part(rest, f"part in {where}"))
        if kind in BALANCED:
            return cls(kind, "", *_group(text, rest, where))
        raise InputError(f"{where} {PLAIN!r} takes nothing behind it, not {text!r}")

    @property
    def sign(self) -> int:
        """-1 where the whole noise is negated."""
        return -1 if (self.kind, self.part) == (OPPOSITE, WHOLE) else 1

    def __str__(self) -> str:
        if self.kind in BALANCED:
            return f"{self.kind}:{self.member}/{self.members}"
        if self.part and self.sign == 1:
            return f"{self.kind}:{self.part}"
        return self.kind


def _group(text: str, rest: str, where: str) -> tuple[int, int]:
    member, slash, members = rest.partition("/")
    if not slash or not member.isdecimal() or not members.isdecimal():
        raise InputError(f"{where} takes MEMBER/MEMBERS, as in stratified:0/8, not {text!r}")
    size = int(members)
    if not 2 <= size <= MOST_MEMBERS or size & (size - 1):
        raise InputError(f"a group in {where} has 2, 4, 8 .. {MOST_MEMBERS} members, not {members}")
    if int(member) >= size:
        raise InputError(f"the members of {size} in {where} are 0 to {size - 1}, not {member}")
    return int(member), size


def arranged(source: NoiseSource, arrangement: Arrangement) -> NoiseSource:
    """A source whose noise is arranged.

    Args:
        source: `(seed, purpose, shape) -> float32`, standard normal, [C, H, W] for parts.
        arrangement: how; for a balanced group the seed names the group.

    Returns:
        A source with the same contract; the source itself for "plain".
    """
    if arrangement.kind == PLAIN:
        return source

    def draw(seed: int, purpose: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        if arrangement.kind in BALANCED:
            own = source(seed, f"{purpose}:member:{arrangement.member}", shape)
            group = arrangement.member, arrangement.members
            return with_balanced_low(own, arrangement.kind, seed, purpose, *group)
        noise = source(seed, purpose, shape)
        if arrangement.part == WHOLE:
            return -noise if arrangement.kind == OPPOSITE else source(seed, _fresh(purpose), shape)
        old = part_of(noise, arrangement.part)
        new = -old
        if arrangement.kind == FRESH:
            new = part_of(source(seed, _fresh(purpose), shape), arrangement.part)
        return (noise + (new - old)).astype(np.float32)

    return draw


def _fresh(purpose: str) -> str:
    return f"{purpose}:fresh"
