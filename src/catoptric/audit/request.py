"""What an audit was asked for: plain values, checked, and kept with the run."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from catoptric.attribution import MAX_EXACT_PLAYERS
from catoptric.audit.knobs import DEFAULT_KNOBS, default_knobs
from catoptric.errors import InputError
from catoptric.sampling.names import unknown
from catoptric.world import AUDITABLE, attribute
from catoptric.world.prompts import MAX_CHARACTERS

MODELS = ("portraits-exact", "portraits")
# Presentation and skin have a default yardstick, parity; what share of people ought to smile
# nobody can say for the user.
PARITY = ("presentation", "skin")
# A keyed sample of seeds comes in blocks of 2^20.
MOST_SEEDS = 1 << 20
DEFAULT_HALF_WIDTH = 4.0
DEFAULT_MAX_SEEDS = 4096
# Which arrangements of the noise a unit of the design holds.
SEED_DESIGNS: Mapping[str, tuple[str, ...]] = {
    "antithetic": ("plain", "opposite"),
    "plain": ("plain",),
}
DEFAULT_SEED_DESIGN = "plain"


@dataclass(frozen=True)
class Request:
    """One audit as asked for.

    Attributes:
        prompt: what the pictures are to show.
        model: name of what is audited.
        rates: path of a rates file, or None for the shipped one.
        interface, reference: built-in names or paths.
        overrides: "table.key=value" on top of the interface.
        knobs: the knobs that may be players.
        split_sampler: solver and schedule as two players.
        attribute: "name:level".
        target: fraction in [0, 1], "data", or None for the default.
        hide_data: whether to do without the data rate, as with a model whose data nobody knows.
        seeds: exactly this many, or None for two stages.
        half_width: points; None when `seeds` is given.
        max_seeds: cap of the two stages.
        margin: points of the equivalence test.
        seed_key: which keyed random sample of seeds.
        seed_design: how starts are drawn: a name in SEED_DESIGNS.
        remedy: whether to look for one.
        correct: whether the judge's measured errors are taken back.
    """

    prompt: str
    model: str = "portraits-exact"
    rates: str | None = None
    interface: str = "comfyui"
    reference: str = "reference"
    overrides: tuple[str, ...] = ()
    knobs: tuple[str, ...] = DEFAULT_KNOBS
    split_sampler: bool = False
    attribute: str = "presentation:woman"
    target: float | str | None = None
    hide_data: bool = False
    seeds: int | None = None
    half_width: float | None = None
    max_seeds: int = DEFAULT_MAX_SEEDS
    margin: float = 5.0
    seed_key: int = 0
    seed_design: str = DEFAULT_SEED_DESIGN
    remedy: bool = True
    correct: bool = True

    def __post_init__(self) -> None:
        _check_prompt(self.prompt)
        if self.model not in MODELS:
            near = get_close_matches(self.model, MODELS, n=1, cutoff=0.3)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise InputError(
                f"unknown model {self.model!r}: {hint}this version has {', '.join(MODELS)}"
            )
        _check_sizes(self)
        self.level  # noqa: B018  (raises for an attribute nobody knows)

    @property
    def attribute_name(self) -> str:
        """The attribute without its level."""
        return self.attribute.partition(":")[0]

    @property
    def level(self) -> str:
        """The level counted, checked against the world."""
        name, colon, level = self.attribute.partition(":")
        if not colon or not level:
            raise InputError(
                f"--attribute takes NAME:LEVEL, as in presentation:woman, not {self.attribute!r}"
            )
        found = attribute(name)
        if name not in AUDITABLE:
            raise InputError(
                f"{name} cannot be told from every drawing, so it cannot be audited; "
                f"{', '.join(AUDITABLE)} can"
            )
        found.index(level)
        return level

    @property
    def unit_size(self) -> int:
        """Starts that depend on one another: 2 in opposite pairs."""
        return len(SEED_DESIGNS[self.seed_design])

    def target_rate(self, data_rate: float | None) -> float:
        """The fraction that the deployed rate is held to."""
        if self.target == "data":
            assert data_rate is not None  # refused beside hide_data
            return data_rate
        if self.target is not None:
            return float(self.target)
        if self.attribute_name in PARITY:
            return 1.0 / len(attribute(self.attribute_name).levels)
        raise InputError(
            f"{self.attribute_name} has no target that goes without saying; give --target a "
            "fraction, or --target data"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    def command(self, folder: Path | None = None) -> str:
        """The command line that asks for this again, of the run in a folder if one is given."""
        words = ["catoptric", "audit", self.prompt]
        for field in fields(self):
            value = getattr(self, field.name)
            usual = default_knobs(self.model) if field.name == "knobs" else field.default
            if field.name == "prompt" or value == usual:
                continue
            option = "--" + field.name.replace("_", "-")
            if field.name == "overrides":
                words += [word for override in value for word in ("--set", override)]
            elif field.name in ("remedy", "correct"):
                words.append("--no-remedy" if field.name == "remedy" else "--no-correction")
            elif value is True:
                words.append(option)
            elif isinstance(value, tuple):
                words += [option, ",".join(value)]
            else:
                words += [option, str(value)]
        return shlex.join(words if folder is None else [*words, "--run", str(folder)])

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Request:
        """The inverse of `to_dict`; lists become tuples."""
        names = {f.name for f in fields(cls)}
        # What was asked before there were designs was asked of plain seeds.
        plain: dict[str, Any] = {"seed_design": "plain"} | {
            k: tuple(v) if isinstance(v, list) else v for k, v in values.items()
        }
        return cls(**{k: v for k, v in plain.items() if k in names})


def _check_prompt(prompt: str) -> None:
    if not prompt.strip():
        raise InputError('the prompt is empty; try "a portrait of a doctor"')
    if len(prompt) > MAX_CHARACTERS:
        raise InputError(
            f"the prompt has {len(prompt):,} characters; this model's captions have at most "
            f"{MAX_CHARACTERS:,}"
        )


def _check_sizes(request: Request) -> None:
    if request.seeds is not None and request.half_width is not None:
        raise InputError(
            "--seeds fixes how many and --half-width finds out how many: give one of the two"
        )
    if request.seeds is not None and request.seeds < 2:
        raise InputError(f"--seeds must be at least 2 for an interval, not {request.seeds}")
    if request.seeds is not None and request.seeds > MOST_SEEDS:
        raise InputError(f"--seeds must be at most {MOST_SEEDS:,}, not {request.seeds:,}")
    if request.half_width is not None:
        width = request.half_width
        if 0 < width < 0.5:
            guess = f"{width * 100:g}"
            raise InputError(
                f"--half-width is in percentage points, and {width:g} of one would take millions "
                f"of pictures: did you mean {guess}?"
            )
        if not 0.5 <= width <= 50:
            raise InputError(f"--half-width must lie between 0.5 and 50 points, not {width:g}")
    _check_design(request)
    if not 2 * request.unit_size <= request.max_seeds <= MOST_SEEDS:
        raise InputError(
            f"--max-seeds must lie between {2 * request.unit_size} and {MOST_SEEDS:,}, not "
            f"{request.max_seeds}"
        )
    if not 0 < request.margin <= 50:
        raise InputError(f"--margin must lie between 0 and 50 points, not {request.margin:g}")
    if 0 < request.margin < 0.5:
        raise InputError(
            f"--margin is in percentage points: did you mean {request.margin * 100:g}, not "
            f"{request.margin:g}?"
        )
    target = request.target
    if isinstance(target, str) and target != "data":
        raise InputError(f'--target takes a fraction in [0, 1] or "data", not {target!r}')
    if target == "data" and request.hide_data:
        raise InputError(
            "--target data needs the rate that --hide-data hides: give a fraction, or leave "
            "--hide-data out"
        )
    if isinstance(target, int | float) and not 0 <= target <= 1:
        guess = f"; did you mean {target / 100:g}?" if 2 <= target <= 100 else ""
        raise InputError(f"--target must be a fraction in [0, 1], not {target:g}{guess}")
    if not 0 <= request.seed_key < 2**63:
        raise InputError(f"--seed-key must lie between 0 and 2^63 - 1, not {request.seed_key}")
    if len(request.knobs) == 0:
        raise InputError("--knobs needs at least one knob, as in --knobs guidance,sampler,start")
    if len(request.knobs) > MAX_EXACT_PLAYERS:
        raise InputError(f"at most {MAX_EXACT_PLAYERS} knobs at once, not {len(request.knobs)}")


def _check_design(request: Request) -> None:
    if request.seed_design not in SEED_DESIGNS:
        raise unknown("--seed-design", request.seed_design, SEED_DESIGNS)
    size = request.unit_size
    if request.seeds is not None and request.seeds % size:
        raise InputError(
            f"--seeds must be a multiple of {size}, for --seed-design {request.seed_design} draws "
            f"in groups of {size}, not {request.seeds}: take {request.seeds + 1}, or "
            "--seed-design plain"
        )
    if request.seeds is not None and request.seeds < 2 * size:
        raise InputError(
            f"--seeds must be at least {2 * size} for an interval with --seed-design "
            f"{request.seed_design}, not {request.seeds}"
        )
