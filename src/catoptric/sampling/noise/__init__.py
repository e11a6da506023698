"""Keyed noise: `noise(seed, purpose, shape)` is a pure function, one picture per call.

A *source* imitates one interface's generator for the start noise, so that a seed typed there and
here gives the same start. What interfaces draw later comes from streams whose state depends on the
batch and the solver; here every later draw is keyed by its purpose instead. `catalogue.py` names
all sources: sound ones, replays of interfaces, recordings, quasi-random sets, and bad ones.

An *arrangement* changes what a source draws: a part of it negated or drawn anew, or its low
frequencies balanced over a group of pictures.
"""

import math
from collections.abc import Mapping, Sequence

from catoptric.sampling.noise.arrange import Arrangement, arranged
from catoptric.sampling.noise.catalogue import (
    CATALOGUE,
    QUASI,
    RECORDED,
    Source,
    entry,
    set_size,
    tape_of,
)
from catoptric.sampling.noise.keys import NoiseSource
from catoptric.sampling.noise.tape import check_size, passing

NOISE_VERSION = 1
"""Enters the key of a stored draw; raised when any source changes its values."""

SOURCES: Mapping[str, NoiseSource] = {
    name: source.make("", name) for name, source in CATALOGUE.items() if source.is_plain
}
"""The sources that a name alone makes; more take something behind it (`CATALOGUE`)."""


def noise_source(name: str, what: str = "noise source") -> NoiseSource:
    """The source called `name`: `(seed, purpose, shape) -> float32 array, standard normal`.

    Args:
        name: of an entry of the catalogue, with what stands behind it, as in "comfyui-batch:4".
        what: what kind of name it is, as the sentence of an error has it.

    Raises:
        InputError: for an unknown name, with the nearest one, or a name that says too little.
    """
    return entry(name, what).make(name.partition(":")[2], name)


def noise_version(name: str) -> int | str:
    """What must enter a stored draw's key besides the source's name.

    Raises:
        InputError: an unknown name, or a recording that cannot be opened.
    """
    source = entry(name)
    if source.group == RECORDED:
        return tape_of(name, name.partition(":")[2], source.name == "entropy").version
    return NOISE_VERSION


def passing_source(name: str) -> NoiseSource:
    """A source for a test, which uses up no recording: bytes pass once and are not kept.

    Any other source is itself; "entropy" needs no file here.

    Raises:
        InputError: as `noise_source`.
    """
    source, rest = entry(name), name.partition(":")[2]
    if source.name == "entropy":
        return passing(None)
    return passing(tape_of(name, rest, False).path) if source.name == "file" else noise_source(name)


def check_room(name: str, seeds: Sequence[int], purpose: str, shape: tuple[int, ...]) -> None:
    """Refuses, before anything is drawn, more noise than a recording has bytes left for.

    Raises:
        InputError: says how many draws it holds; any source but a file has room.
    """
    if entry(name).name == "file":
        tape_of(name, name.partition(":")[2], False).check_room(seeds, purpose, shape)


def check_passing_room(name: str, draws: int, shape: tuple[int, ...]) -> None:
    """The same for `passing_source`, which starts at the file's start.

    Raises:
        InputError: as `check_room`.
    """
    if entry(name).name == "file":
        check_size(tape_of(name, name.partition(":")[2], False).path, draws, math.prod(shape))


def never_pairs(name: str) -> bool:
    """Whether two draws of one seed may differ: recordings, which no other source can share.

    Raises:
        InputError: for an unknown name.
    """
    return entry(name).group == RECORDED


__all__ = [
    "CATALOGUE",
    "NOISE_VERSION",
    "QUASI",
    "RECORDED",
    "SOURCES",
    "Arrangement",
    "NoiseSource",
    "Source",
    "arranged",
    "check_passing_room",
    "check_room",
    "entry",
    "never_pairs",
    "noise_source",
    "noise_version",
    "passing_source",
    "set_size",
]
