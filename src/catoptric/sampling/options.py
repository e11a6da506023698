"""What each solver can be told, with defaults and bounds; the names of all solvers."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

from catoptric.errors import InputError
from catoptric.sampling.tables import number, one_of, option, truth, whole


@dataclass(frozen=True)
class Options:
    """Base of all option tables; solvers without options use it as it is."""

    LATER: ClassVar[frozenset[str]] = frozenset()
    """Options that came after settings had been stored: `table` leaves them out at their default,
    so that a stored setting keeps its form, and its pictures their key."""

    @property
    def noise_clock(self) -> float | None:
        """Rate of the Brownian path that step noise is drawn from; None = no noise on a path."""
        return None

    @property
    def fresh_noise(self) -> str | None:
        """Under which name noise that goes up is drawn, anew each time; None = there is none."""
        return None

    def table(self) -> dict[str, Any]:
        """The canonical table: every option by name, later ones only where they say something."""
        default = {f.name: f.default for f in fields(self)}
        return {
            name: value
            for name, value in asdict(self).items()
            if name not in self.LATER or value != default[name]
        }


@dataclass(frozen=True)
class ChurnOptions(Options):
    """Options of `euler`, `heun` and `dpm_2`: noise added before a step, which goes further down.

    Attributes:
        s_churn: how much, shared out over the steps; 0 = the deterministic solver.
        s_tmin, s_tmax: lowest and highest sigma at which noise is added.
        s_noise: factor on the noise.
    """

    LATER: ClassVar[frozenset[str]] = frozenset({"s_churn", "s_tmin", "s_tmax", "s_noise"})

    s_churn: float = option(0.0, number(0.0, 1e4))
    s_tmin: float = option(0.0, number(0.0))
    s_tmax: float = option(1e6, number(0.0, above=True))
    s_noise: float = option(1.0, number(0.0, 10.0))

    @property
    def fresh_noise(self) -> str | None:
        """Noise is needed where there is churn."""
        return "churn" if self.s_churn > 0.0 else None


@dataclass(frozen=True)
class AncestralOptions(Options):
    """Options of the ancestral solvers.

    Attributes:
        eta: share of ancestral noise; 0 = the deterministic solver.
        s_noise: factor on the noise.
    """

    eta: float = option(1.0, number(0.0, 1.0))
    s_noise: float = option(1.0, number(0.0, 10.0))

    @property
    def noise_clock(self) -> float | None:
        """Posterior noise is the bridge's at rate 1, whatever share eta of it is used."""
        return 1.0 if self.eta > 0.0 else None


@dataclass(frozen=True)
class QuietAncestralOptions(AncestralOptions):
    """Options of `ddim`, `res_multistep` and its CFG++: ancestral, without noise unless told."""

    eta: float = option(0.0, number(0.0, 1.0))


@dataclass(frozen=True)
class SdeOptions(Options):
    """Options of the SDE multistep solvers.

    Attributes:
        eta: rate of the noise; 0 = the deterministic solver.
        s_noise: factor on the noise.
    """

    eta: float = option(1.0, number(0.0, 4.0))
    s_noise: float = option(1.0, number(0.0, 10.0))

    @property
    def noise_clock(self) -> float | None:
        """The path's own rate: steps split exactly."""
        return self.eta if self.eta > 0.0 else None


@dataclass(frozen=True)
class TwoStepSdeOptions(SdeOptions):
    """Options of `dpmpp_2m_sde`.

    Attributes:
        variant: "midpoint" or "heun": the weight of the difference.
    """

    variant: str = option("midpoint", one_of("midpoint", "heun"))


@dataclass(frozen=True)
class ErSdeOptions(Options):
    """Options of `er_sde`.

    Attributes:
        order: 1, 2 or 3.
        s_noise: factor on the noise; 0 = none.
    """

    order: int = option(3, whole(1, 3))
    s_noise: float = option(1.0, number(0.0, 10.0))

    @property
    def noise_clock(self) -> float | None:
        """Disjoint steps need independent normals only; they are taken from the path of rate 1."""
        return 1.0 if self.s_noise > 0.0 else None


@dataclass(frozen=True)
class RestartOptions(Options):
    """Options of `restart`.

    Attributes:
        low, high: the restart interval in sigma.
        inner_steps: steps of each return from high to low.
        times: number of restarts.
        s_noise: factor on the noise.
    """

    low: float = option(0.1, number(0.0, 1e3, above=True))
    high: float = option(2.0, number(0.0, 1e3, above=True))
    inner_steps: int = option(9, whole(1, 1000))
    times: int = option(1, whole(0, 100))
    s_noise: float = option(1.0, number(0.0, 10.0))

    @property
    def fresh_noise(self) -> str | None:
        """Each restart's own."""
        return "restart" if self.times > 0 else None


@dataclass(frozen=True)
class MultistepOptions(Options):
    """Options of `lms` and `ipndm`.

    Attributes:
        order: slopes used at most.
    """

    order: int = option(4, whole(1, 4))


@dataclass(frozen=True)
class DeisOptions(Options):
    """Options of `deis`.

    Attributes:
        order: slopes used at most.
    """

    order: int = option(3, whole(1, 4))


@dataclass(frozen=True)
class UniPcOptions(Options):
    """Options of `uni_pc`.

    Attributes:
        order: of the predictor.
        variant: "bh1" (ComfyUI's) or "bh2" (diffusers').
    """

    order: int = option(3, whole(1, 4))
    variant: str = option("bh1", one_of("bh1", "bh2"))


@dataclass(frozen=True)
class DpmAdaptiveOptions(Options):
    """Options of `dpm_adaptive`, k-diffusion's defaults.

    Attributes:
        rtol, atol: tolerances; k-diffusion's acceptance rule lets errors up to 1.9 times pass.
        order: 3 (solvers 2 and 3) or 2 (solvers 1 and 2).
        p, i, d: controller coefficients.
        h_init: first step in lambda.
        safety: least growth factor of an accepted step.
        max_steps: attempts per sample before it is given up.
        final_denoise: whether to end with the denoised estimate at the last sigma.
        eta: share of ancestral noise, 0 .. 1, added after each accepted step and not part of its
            error; A1111's "DPM adaptive" has 1.
        s_noise: factor on the noise.
    """

    LATER: ClassVar[frozenset[str]] = frozenset({"eta", "s_noise"})

    rtol: float = option(0.05, number(0.0, 1.0, above=True))
    atol: float = option(0.0078, number(0.0, 1e3, above=True))
    order: int = option(3, whole(2, 3))
    p: float = option(0.0, number(-10.0, 10.0))
    i: float = option(1.0, number(0.0, 10.0, above=True))
    d: float = option(0.0, number(-10.0, 10.0))
    h_init: float = option(0.05, number(0.0, 10.0, above=True))
    safety: float = option(0.81, number(0.0, 2.5, above=True))
    max_steps: int = option(1000, whole(1, 1_000_000))
    final_denoise: bool = option(False, truth)
    eta: float = option(0.0, number(0.0, 1.0))
    s_noise: float = option(1.0, number(0.0, 10.0))

    @property
    def noise_clock(self) -> float | None:
        """Posterior noise is the bridge's at rate 1, as in `AncestralOptions`."""
        return 1.0 if self.eta > 0.0 else None


@dataclass(frozen=True)
class PidOptions(Options):
    """Options of `pid`.

    p = i = 1 is Gustafsson's predictive controller. Against p = 0.4, i = 0.3, safety 0.9 it takes a
    fifth fewer evaluations at equal error (benchmarks/solvers.py): the step the error allows rises
    and falls steadily along a path, so its trend is worth following. A negative p or d pushes
    against the trend: steps lag behind, more are rejected.

    Attributes:
        rtol, atol: tolerances on the error of one step.
        norm: "element", "channel" or "band" (see `norm.py`); the last two need pictures, not flat
            states.
        order: estimates used at most, 3 or 2; each sample climbs to it from 1, and again after a
            jump. With noise at most 2.
        p, i, d: controller coefficients.
        h_init: first step in lambda.
        min_step: steps at most this long in lambda are accepted whatever their error; 0 = none.
        max_step: longest step in lambda.
        safety: factor on the proposed step.
        tighten: by how much tolerances are divided where branch_low < sigma < branch_high, the
            window in which a sample decides what to become; 1 = nowhere.
        branch_low, branch_high: that window, in sigma; by default where portraits decide
            (benchmarks/pid_presets.txt).
        eta: rate of the noise; 0 = the deterministic solver.
        max_steps: attempts per sample before it is given up.
        final_denoise: whether to end with the denoised estimate at the last sigma.
        s_noise: factor on the noise.

    Raises:
        InputError: for bounds that leave no step, or a window that holds no sigma.
    """

    LATER: ClassVar[frozenset[str]] = frozenset({"s_noise"})

    rtol: float = option(1e-3, number(0.0, 1.0, above=True))
    atol: float = option(3e-5, number(0.0, 1e3, above=True))
    norm: str = option("element", one_of("element", "channel", "band"))
    order: int = option(3, whole(2, 3))
    p: float = option(1.0, number(-10.0, 10.0))
    i: float = option(1.0, number(0.0, 10.0, above=True))
    d: float = option(0.0, number(-10.0, 10.0))
    h_init: float = option(0.3, number(0.0, 10.0, above=True))
    min_step: float = option(0.0, number(0.0, 1.0))
    max_step: float = option(10.0, number(0.0, 100.0, above=True))
    safety: float = option(0.6, number(0.0, 1.0, above=True))
    tighten: float = option(1.0, number(1.0, 1e6))
    branch_low: float = option(10.0, number(0.0))
    branch_high: float = option(1e6, number(0.0, above=True))
    eta: float = option(0.0, number(0.0, 4.0))
    max_steps: int = option(1000, whole(1, 1_000_000))
    final_denoise: bool = option(True, truth)
    s_noise: float = option(1.0, number(0.0, 10.0))

    def __post_init__(self) -> None:
        if self.min_step > self.max_step:
            raise InputError(
                f"min_step {self.min_step:g} is above max_step {self.max_step:g}: no step is left"
            )
        if self.branch_low >= self.branch_high:
            raise InputError(
                f"branch_low {self.branch_low:g} must be below branch_high {self.branch_high:g}: "
                "between them tolerances are tightened"
            )

    @property
    def noise_clock(self) -> float | None:
        """The path's own rate: steps split exactly."""
        return self.eta if self.eta > 0.0 else None


PID_PRESETS: Mapping[str, Mapping[str, float]] = {
    # Without a longest step, a step of two in ln sigma can pass by luck on a smooth path.
    "fast": {"rtol": 2e-2, "atol": 6e-4, "tighten": 4.0, "max_step": 1.0},
    "balanced": {"rtol": 1e-3, "atol": 3e-5},
    "precise": {"rtol": 1e-4, "atol": 3e-6},
}
"""Named settings of `pid`; what each costs and errs by: benchmarks/pid_presets.txt."""


FIXED: Mapping[str, type[Options]] = {
    "ddim": QuietAncestralOptions,
    "deis": DeisOptions,
    "dpm_2": ChurnOptions,
    "dpm_2_ancestral": AncestralOptions,
    "dpmpp_2m": Options,
    "dpmpp_2m_cfg_pp": Options,
    "dpmpp_2m_sde": TwoStepSdeOptions,
    "dpmpp_2s_ancestral": AncestralOptions,
    "dpmpp_2s_ancestral_cfg_pp": AncestralOptions,
    "dpmpp_3m_sde": SdeOptions,
    "dpmpp_sde": AncestralOptions,
    "er_sde": ErSdeOptions,
    "euler": ChurnOptions,
    "euler_ancestral": AncestralOptions,
    "euler_ancestral_cfg_pp": AncestralOptions,
    "euler_cfg_pp": Options,
    "heun": ChurnOptions,
    "ipndm": MultistepOptions,
    "lms": MultistepOptions,
    "pndm": Options,
    "res_multistep": QuietAncestralOptions,
    "res_multistep_ancestral_cfg_pp": AncestralOptions,
    "res_multistep_cfg_pp": QuietAncestralOptions,
    "restart": RestartOptions,
    "uni_pc": UniPcOptions,
}
"""Solvers that walk a schedule."""

ADAPTIVE: Mapping[str, type[Options]] = {
    "dpm_adaptive": DpmAdaptiveOptions,
    "pid": PidOptions,
}
"""Solvers that choose their own steps, one choice per sample."""
