"""The values of an interface's knobs, read from TOML tables and refused when they cannot work."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from catoptric.errors import InputError
from catoptric.sampling.aliases import schedule_alias, solver_alias
from catoptric.sampling.names import unknown
from catoptric.sampling.network_settings import Encoder, Precision
from catoptric.sampling.noise import (
    Arrangement,
    NoiseSource,
    arranged,
    never_pairs,
    noise_source,
)
from catoptric.sampling.options import ADAPTIVE, FIXED, PID_PRESETS, Options, PidOptions
from catoptric.sampling.schedules import TAKES_RHO, schedule_name
from catoptric.sampling.tables import Check, check_keys, number, one_of, read, whole

SAMPLING_VERSION = 3
"""Enters the key of a stored draw; raised when any solver changes its numbers."""

Table = Mapping[str, Any]

_SCALE = number(-100.0, 1000.0)
_RAMP: Mapping[str, tuple[Check, Any]] = {
    "scale": (_SCALE, None),
    "end": (number(0.0, 1.0, above=True), 1.0),
    "direction": (one_of("rising", "falling"), "rising"),
}

FORMS: Mapping[str, Mapping[str, tuple[Check, Any]]] = {
    "constant": {"scale": (_SCALE, None)},
    "interval": {
        "scale": (_SCALE, None),
        "low": (number(0.0), None),
        "high": (number(0.0, above=True), None),
    },
    "linear": _RAMP,
    "cosine": _RAMP,
    "exponential": {**_RAMP, "steepness": (number(-50.0, 50.0), 3.0)},
}
"""The keys of each form of guidance: check and default (None = must be given)."""

MIXES: Mapping[str, Mapping[str, tuple[Check, Any]]] = {
    "linear": {},
    "apg": {
        "parallel": (number(-10.0, 10.0), 0.0),
        "norm": (number(0.0), 0.0),
        "momentum": (number(-1.0, 1.0), 0.0),
    },
    "zero_star": {"zero_above": (number(0.0, above=True), None)},
    "perp_neg": {"negative_scale": (number(0.0, 100.0), 1.0)},
}
"""The keys of each way to put the two estimates together: check and default (None = not used)."""

_RESCALE = number(0.0, 1.0)


@dataclass(frozen=True)
class Guidance:
    """How strongly the condition is pushed, as a function of sigma (see `guidance.weight`).

    Attributes:
        form: constant, interval, linear, cosine or exponential.
        scale: w0; 1 = no guidance.
        low, high: the interval (low, high] in sigma; interval only.
        end: share of the range, 0 < e <= 1, at which a ramp ends; ramps only.
        direction: "rising" (little early, most late) or "falling"; ramps only.
        steepness: k of the exponential; 0 = linear.
        mix: "apg", "zero_star" or "perp_neg"; None = on the line through both estimates.
        parallel, norm, momentum: of APG (see `combine.projected`); momentum 0 = none.
        zero_above: CFG-Zero*'s zero-init: nothing moves at sigmas above; None = none.
        negative_scale: of Perp-Neg: how strongly the negative condition is left.
        rescale: share to which the spread is pulled to the conditional estimate's; None = none.
    """

    form: str = "constant"
    scale: float = 1.0
    low: float | None = None
    high: float | None = None
    end: float | None = None
    direction: str | None = None
    steepness: float | None = None
    mix: str | None = None
    parallel: float | None = None
    norm: float | None = None
    momentum: float | None = None
    zero_above: float | None = None
    negative_scale: float | None = None
    rescale: float | None = None

    @classmethod
    def from_dict(cls, table: Table, where: str = "[guidance]") -> "Guidance":
        """Read from a table; any form with scale 1 is the constant 1.

        Raises:
            InputError: for an unknown form, mix or key, a missing or impossible value.
        """
        form, mix = table.get("form", "constant"), table.get("mix", "linear")
        if form not in FORMS:
            raise unknown(f"guidance form in {where}", form, FORMS)
        if mix not in MIXES:
            raise unknown(f"guidance mix in {where}", mix, MIXES)
        allowed, own = FORMS[form], MIXES[mix]
        kind = f"form {form!r}" + ("" if mix == "linear" else f" and mix {mix!r}")
        check_keys(table, {"form", "mix", "rescale", *allowed, *own}, f"{where} of {kind}")
        values: dict[str, Any] = {}
        for name, (check, default) in allowed.items():
            value = table.get(name, default)
            if value is None:
                raise InputError(f"{where} of form {form!r} needs a value for {name!r}")
            values[name] = check(f"{name} in {where}", value)
        if form == "interval" and values["low"] >= values["high"]:
            raise InputError(
                f"{where} needs low < high, not {values['low']:g} and {values['high']:g}"
            )
        for name, (check, default) in own.items():
            value = table.get(name, default)
            values[name] = None if value is None else check(f"{name} in {where}", value)
        if mix != "linear":
            values["mix"] = mix
        rescale = _RESCALE(f"rescale in {where}", table.get("rescale", 0.0))
        if rescale > 0.0:
            values["rescale"] = rescale
        return cls() if values["scale"] == 1.0 else cls(form=form, **values)

    def to_dict(self) -> dict[str, Any]:
        """The canonical table: only the keys that the form has."""
        if self.scale == 1.0:
            return {"form": "constant", "scale": 1.0}
        own = {name: getattr(self, name) for name in FORMS[self.form]}
        # Only what is used: a setting that was stored before a key existed keeps its form.
        later = ("mix", *MIXES[self.mix or "linear"], "rescale")
        more = {name: getattr(self, name) for name in later if getattr(self, name) is not None}
        return {"form": self.form, **own, **more}


@dataclass(frozen=True)
class Sampler:
    """Solver, schedule and steps.

    Attributes:
        solver: a name in `FIXED` or `ADAPTIVE`; a table may also give an alias.
        schedule: a name in `SCHEDULES`; None for adaptive solvers.
        steps: number of steps; None for adaptive solvers.
        rho: the schedule's curvature, where it has one.
        options: the solver's own options, a frozen dataclass.
        coarse_above: sigma above which steps run on the model's coarse grid (`two_grids`); None =
            on the whole grid throughout.
    """

    solver: str
    schedule: str | None
    steps: int | None
    rho: float | None
    options: Options
    coarse_above: float | None = None

    @classmethod
    def from_dict(cls, table: Table, where: str = "[sampler]") -> "Sampler":
        """Read from a table; "automatic" becomes the schedule it means for the solver.

        Raises:
            InputError: for an unknown solver, schedule or key, a missing or impossible value.
        """
        if "solver" not in table:
            raise InputError(f"{where} needs a solver: {', '.join(sorted({*FIXED, *ADAPTIVE}))}")
        meant = solver_alias(table["solver"], where)
        rest = {**meant, **{name: value for name, value in table.items() if name != "solver"}}
        solver = rest.pop("solver")
        coarse_above = _coarse_above(rest.pop("coarse_above", None), solver, where)
        if solver in ADAPTIVE:
            for name in ("steps", "schedule"):
                if name in rest:
                    raise InputError(
                        f"{where}: solver {solver!r} chooses its own steps, so it takes no "
                        f"{name}; its cost is set by rtol and atol"
                    )
            rest = {**preset_options(solver, rest.pop("preset", None), where), **rest}
            return cls(solver, None, None, None, read(ADAPTIVE[solver], rest, where), coarse_above)
        for name in ("schedule", "steps"):
            if name not in rest:
                raise InputError(f"{where} needs a value for {name!r} with solver {solver!r}")
        schedule = schedule_name(schedule_alias(rest.pop("schedule")), solver)
        steps = whole(1, 10_000)(f"steps in {where}", rest.pop("steps"))
        rho = None
        if schedule in TAKES_RHO:
            given = rest.pop("rho", TAKES_RHO[schedule])
            rho = number(0.0, 100.0, above=True)(f"rho in {where}", given)
        kind = FIXED[solver]
        allowed = {"solver", "schedule", "steps", "coarse_above", *(f.name for f in fields(kind))}
        check_keys(rest, allowed | ({"rho"} if rho is not None else set()), where)
        return cls(solver, schedule, steps, rho, read(kind, rest, where), coarse_above)

    @property
    def is_adaptive(self) -> bool:
        """Whether the solver chooses its own steps."""
        return self.solver in ADAPTIVE

    def to_dict(self) -> dict[str, Any]:
        """The canonical table: every option by name, nothing that the solver does not have."""
        own = {"solver": self.solver, "schedule": self.schedule, "steps": self.steps}
        # Left out where it is off: a setting that was stored before it existed keeps its form.
        grids = {"coarse_above": self.coarse_above}
        every = {**own, "rho": self.rho, **self.options.table(), **grids}
        return {name: value for name, value in every.items() if value is not None}


def _coarse_above(value: Any, solver: str, where: str) -> float | None:
    """The switch of grids, refused for a solver that would cross it more than once."""
    if value is None:
        return None
    if solver == "restart":
        raise InputError(
            f"{where}: restart goes up again, across coarse_above: take another solver, or leave "
            "coarse_above out"
        )
    return float(number(0.0, above=True)(f"coarse_above in {where}", value))


def preset_options(solver: str, name: Any, where: str) -> Mapping[str, float]:
    """The options that a preset stands for; none where none is named.

    Raises:
        InputError: for an unknown preset, or a solver that has none.
    """
    if name is None:
        return {}
    if solver != "pid":
        raise InputError(f"{where}: presets are for solver 'pid', not {solver!r}")
    if name not in PID_PRESETS:
        raise unknown(f"preset in {where}", name, PID_PRESETS)
    return PID_PRESETS[name]


def pid_without_noise(given: Table, where: str, **base: Any) -> PidOptions:
    """The options of `pid` for a function that has no noise to give it; `preset` is one of them.

    Args:
        given: as in the table [sampler], without the solver.
        where: the function's name for the error.
        base: options that hold unless given.

    Raises:
        InputError: for what a table would be refused for, or eta > 0.
    """
    rest = dict(given)
    preset = preset_options("pid", rest.pop("preset", None), where)
    chosen = read(PidOptions, {**base, **preset, **rest}, where)
    if chosen.eta > 0.0:
        raise InputError(
            f"{where} adds no noise on the way, so it takes no eta but 0, not {chosen.eta:g}: "
            "leave it out, or use `sample`"
        )
    return chosen


@dataclass(frozen=True)
class Start:
    """Where sampling starts: x = scale(sigma) times standard normal noise.

    Attributes:
        sigma: first noise level, or "model" for the model's sigma_max.
        scale: "sigma", or "sqrt(1+sigma^2)" (noise and data of variance 1 together).
    """

    sigma: float | str = "model"
    scale: str = "sigma"

    @classmethod
    def from_dict(cls, table: Table, where: str = "[start]") -> "Start":
        """Read from a table.

        Raises:
            InputError: for an unknown key or an impossible value.
        """
        check_keys(table, {"sigma", "scale"}, where)
        sigma = table.get("sigma", "model")
        if isinstance(sigma, str):
            sigma = one_of("model")(f"sigma in {where}", sigma)
        else:
            sigma = number(0.0, above=True)(f"sigma in {where}", sigma)
        scales = one_of("sigma", "sqrt(1+sigma^2)")
        return cls(sigma, scales(f"scale in {where}", table.get("scale", "sigma")))

    def to_dict(self) -> dict[str, Any]:
        """The canonical table."""
        return asdict(self)


@dataclass(frozen=True)
class Noise:
    """Where noise comes from, and how it is arranged.

    Attributes:
        source: a name of `noise.CATALOGUE`, with what stands behind it.
        arrange: "plain", or what is changed in the source's noise (`noise/arrange.py`).
    """

    source: str = "philox"
    arrange: Arrangement = field(default_factory=Arrangement)

    def __post_init__(self) -> None:
        if self.arrange != Arrangement() and never_pairs(self.source):
            raise InputError(
                f"noise recorded from a true source is never paired or arranged, so {self.source} "
                f"takes no arrange = {str(self.arrange)!r}; take philox, or leave arrange out"
            )

    @classmethod
    def from_dict(cls, table: Table, where: str = "[noise]") -> "Noise":
        """Read from a table.

        Raises:
            InputError: for an unknown key, source or arrangement.
        """
        check_keys(table, {"source", "arrange"}, where)
        source = table.get("source", "philox")
        noise_source(source, f"noise source in {where}")
        return cls(source, Arrangement.parse(table.get("arrange", "plain"), f"arrange in {where}"))

    def drawn(self) -> NoiseSource:
        """The source, arranged: `(seed, purpose, shape) -> float32 array, standard normal`."""
        return arranged(noise_source(self.source), self.arrange)

    def to_dict(self) -> dict[str, Any]:
        """The canonical table; plain noise needs no word."""
        plain = self.arrange == Arrangement()
        return {"source": self.source} | ({} if plain else {"arrange": str(self.arrange)})


@dataclass(frozen=True)
class Settings:
    """All knobs that sampling has; a part of what determines a picture."""

    guidance: Guidance
    sampler: Sampler
    start: Start
    noise: Noise
    encoder: Encoder = field(default_factory=Encoder)
    precision: Precision = field(default_factory=Precision)

    @classmethod
    def from_dict(cls, table: Table, where: str = "settings") -> "Settings":
        """Read from nested tables; `sampler` must be given.

        Raises:
            InputError: for an unknown key, anything a table refuses, or tables that do not go
                together.
        """
        check_keys(table, {"guidance", "sampler", "start", "noise", "encoder", "precision"}, where)
        for name, inner in table.items():
            if not isinstance(inner, Mapping):
                raise InputError(f"{name} in {where} must be a table, not {inner!r}")
        guidance = Guidance.from_dict(table.get("guidance", {"scale": 1.0}))
        sampler = Sampler.from_dict(table.get("sampler", {}))
        if guidance.momentum and sampler.solver == "dpm_adaptive":
            raise InputError(
                "momentum in [guidance] remembers every estimate, and dpm_adaptive compares steps "
                "that share theirs: set momentum to 0, or take 'pid' or a fixed solver"
            )
        return cls(
            guidance,
            sampler,
            Start.from_dict(table.get("start", {})),
            Noise.from_dict(table.get("noise", {})),
            Encoder.from_dict(table.get("encoder", {})),
            Precision.from_dict(table.get("precision", {})),
        )

    def to_dict(self) -> dict[str, Any]:
        """Canonical nested tables, fit for JSON and for a content hash."""
        made = {
            "guidance": self.guidance.to_dict(),
            "sampler": self.sampler.to_dict(),
            "start": self.start.to_dict(),
            "noise": self.noise.to_dict(),
        }
        # Only where it is used: settings that were stored before there was one keep their form.
        if self.encoder != Encoder():
            made["encoder"] = self.encoder.to_dict()
        if self.precision != Precision():
            made["precision"] = self.precision.to_dict()
        return made
