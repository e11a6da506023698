"""Knobs that only a network has: how its text encoder reads, and in which numbers it computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from catoptric.errors import InputError
from catoptric.sampling.tables import Check, check_keys, one_of, whole

Table = Mapping[str, Any]

POOLINGS = ("trained", "mean", "first")
# How interfaces number the layer that a prompt is read from: their option, and its value for our
# layer -1, the last, and -2: A1111's 1 and 2, ComfyUI's -1 and -2, diffusers' 0 and 1.
LAYER_OPTIONS: Mapping[str, tuple[Check, Callable[[int], int]]] = {
    "layer": (whole(-100, -1), lambda value: value),
    "CLIP_stop_at_last_layers": (whole(1, 100), lambda value: -value),
    "stop_at_clip_layer": (whole(-100, -1), lambda value: value),
    "clip_skip": (whole(0, 99), lambda value: -value - 1),
}


@dataclass(frozen=True)
class Encoder:
    """How a prompt is read by a model's text encoder.

    Attributes:
        layer: whose output is read: -1 the last, -2 the one before ("clip skip 2"), and so on.
        pooling: of its words into one vector: "trained", "mean" or "first".
    """

    layer: int = -1
    pooling: str = "trained"

    @classmethod
    def from_dict(cls, table: Table, where: str = "[encoder]") -> Encoder:
        """Read from a table; the layer may be given as any interface numbers it.

        Raises:
            InputError: for an unknown key, an impossible value, or the layer given twice.
        """
        check_keys(table, {"pooling", *LAYER_OPTIONS}, where)
        given = [name for name in LAYER_OPTIONS if name in table]
        if len(given) > 1:
            raise InputError(f"{where} gives the layer twice, as {given[0]} and as {given[1]}")
        layer = -1
        for name in given:
            check, meant = LAYER_OPTIONS[name]
            layer = meant(check(f"{name} in {where}", table[name]))
        pooling = one_of(*POOLINGS)(f"pooling in {where}", table.get("pooling", "trained"))
        return cls(layer, pooling)

    def to_dict(self) -> dict[str, Any]:
        """The canonical table."""
        return asdict(self)


@dataclass(frozen=True)
class Precision:
    """In which numbers a model's dense layers compute.

    Attributes:
        dtype: "float32", or "bfloat16": 8 bits of mantissa, twice as fast where a processor has
            it. What a sampler sees is float32 either way.
    """

    dtype: str = "float32"

    @classmethod
    def from_dict(cls, table: Table, where: str = "[precision]") -> Precision:
        """Read from a table.

        Raises:
            InputError: for an unknown key or dtype.
        """
        check_keys(table, {"dtype"}, where)
        dtype = one_of("float32", "bfloat16")(f"dtype in {where}", table.get("dtype", "float32"))
        return cls(dtype)

    def to_dict(self) -> dict[str, Any]:
        """The canonical table."""
        return asdict(self)
