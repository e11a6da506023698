"""What a test of polarity was asked for: plain values, checked before anything is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from catoptric.audit.interface import Interface, load_interface
from catoptric.audit.knobs import KNOBS, make_cells
from catoptric.audit.request import MOST_SEEDS, Request
from catoptric.audit.seeds import AUDIT_BLOCK, seeds_of
from catoptric.errors import InputError
from catoptric.lists import listed
from catoptric.sampling import PARTS, Arrangement, Settings
from catoptric.sampling.noise.parts import check_part

GUIDANCES = (1.0, 3.0, 7.5)
DEFAULT_SEEDS = 256
# The reference's own solver is taken to where smaller steps change next to nothing, which costs
# five times as much.
QUICK: Mapping[str, str | int] = {"solver": "dpmpp_2m", "schedule": "karras", "steps": 20}
MOST_PICTURES = 500_000


@dataclass(frozen=True)
class PolarityRequest:
    """A test of polarity as asked for.

    Attributes:
        base: prompt, model, rates, interface, overrides, attribute, margin and seed key.
        parts: which parts are flipped.
        guidance: at which scales.
        seeds: of every arm.
    """

    base: Request
    parts: tuple[str, ...] = PARTS
    guidance: tuple[float, ...] = GUIDANCES
    seeds: int = DEFAULT_SEEDS

    def __post_init__(self) -> None:
        if not self.parts or not self.guidance:
            raise InputError("name at least one part and one guidance scale")
        for part in self.parts:
            check_part(part, "part in --parts")
        for name, values in (("--parts", self.parts), ("--guidance", self.guidance)):
            if len(set(values)) < len(values):
                raise InputError(f"{name} names a value twice; name each once")
        if any(one.partition("=")[0].strip() == "guidance.scale" for one in self.base.overrides):
            raise InputError(
                "guidance.scale is what --guidance names here: leave it out of --set, as in "
                "--guidance 1,3"
            )
        if not 2 <= self.seeds <= MOST_SEEDS:
            raise InputError(f"--seeds must lie between 2 and {MOST_SEEDS:,}, not {self.seeds}")
        if self.pictures > MOST_PICTURES:
            raise InputError(
                f"this would draw {self.pictures:,} pictures; at most {MOST_PICTURES:,} at once: "
                "name fewer --parts or --guidance, or lower --seeds"
            )

    @property
    def pictures(self) -> int:
        """Pictures in the run when it is done."""
        return self.seeds * len(self.guidance) * (1 + 2 * len(self.parts))

    @property
    def drawn_seeds(self) -> list[int]:
        """The seeds, a keyed random sample; an audit of this prompt has the same ones."""
        return seeds_of(self.seeds, self.base.seed_key, AUDIT_BLOCK)

    def interface_at(self, guidance: float) -> Interface:
        """The interface with one guidance scale."""
        own = self.base.overrides
        loaded = load_interface(self.base.interface, [*own, f"guidance.scale={guidance!r}"])
        if self.base.interface == "reference" and "sampler" not in loaded.overridden:
            return replace(loaded, tables={**loaded.tables, "sampler": QUICK})
        return loaded

    def settings_at(self, guidance: float) -> Settings:
        """Every knob at one guidance scale, the noise plain.

        Raises:
            InputError: settings that cannot be, or noise that is arranged already.
        """
        cells = make_cells(self.interface_at(guidance), load_interface("reference"), KNOBS)
        if cells.deployed.noise.arrange != Arrangement():
            raise InputError(
                "noise.arrange is what this command varies: leave it out of the interface and "
                "of --set"
            )
        return cells.deployed


def parse_parts(text: str | None) -> tuple[str, ...]:
    """Parts from "whole,dc,4-5"; all of them for None.

    Raises:
        InputError: an item that is missing.
    """
    if text is None:
        return PARTS
    return listed(text, "--parts")


def parse_scales(text: str) -> tuple[float, ...]:
    """Guidance scales from "1,3,7.5".

    Raises:
        InputError: an item that is missing, or no number.
    """
    items = listed(text, "--guidance")
    try:
        return tuple(float(item) for item in items)
    except ValueError as error:
        raise InputError(f"--guidance takes numbers, as in 1,3,7.5, not {text!r}") from error
