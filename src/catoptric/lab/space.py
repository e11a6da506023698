"""What `tune` may change, and within which bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Any, Protocol

from catoptric.lab.push import PushProfile
from catoptric.sampling import FORMS as FORM_KEYS
from catoptric.sampling import Guidance, PidOptions, Sampler, Settings

# Share of constant guidance's push that a form must keep (`PushProfile.kept`): without a floor the
# cheapest guidance is none, and "tuned" would mean "switched off". A share of the noise range would
# not do: the search then guided where the picture was already decided.
LEAST_PUSH = 0.25
# What guidance may become; "interface" is what it is, whole. In every form the way the two
# estimates are put together (mix, rescale) stays the interface's.
FORMS = ("interface", "constant", "interval", "exponential", "linear", "cosine")
ENDS = tuple(k / 20 for k in range(20, 0, -1))
RAMPS = ("exponential", "linear", "cosine")
RTOL_RANGE = (1e-4, 0.1)
BALANCED = PidOptions()


class Trial(Protocol):
    """The part of an Optuna trial that a space needs."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = ...) -> float: ...
    def suggest_categorical(self, name: str, choices: Any) -> Any: ...


# The first trials, whatever the seed: `balanced` with other tolerances, then towards the goal. They
# are also the rival that has only one dial, so they may go as far as the search itself.
FIRST_RTOL = (BALANCED.rtol, 3e-4, 3e-3, 1e-2, 3e-2)
DIAL_TRIALS = len(FIRST_RTOL) + 3


def dial(rtol: float) -> dict[str, Any]:
    """The parameters of `balanced` at another tolerance."""
    names = ("p", "i", "d", "safety", "h_init", "order")
    return {
        "rtol": rtol,
        "atol_share": BALANCED.atol / BALANCED.rtol,
        **{name: getattr(BALANCED, name) for name in names},
        "form": "interface",
    }


def next_dial(seen: Sequence[tuple[float, float]]) -> float | None:
    """The tolerance of the next of the first trials.

    After the given ones: halfway, in ln rtol, between two that the goal lies between; where it lies
    beyond them all, the end of the search's range on the side that came nearer to it.

    Args:
        seen: (rtol, by what factor the goal was missed) of those that are done.

    Returns:
        rtol; None when the goal lies beyond that end too.
    """
    if len(seen) < len(FIRST_RTOL):
        return FIRST_RTOL[len(seen)]
    ordered = sorted(seen)
    for (tight, missed), (loose, missed_too) in pairwise(ordered):
        if (missed <= 0) != (missed_too <= 0):
            return float((tight * loose) ** 0.5)
    is_tighter = abs(ordered[0][1]) < abs(ordered[-1][1])
    last, end = (ordered[0], RTOL_RANGE[0]) if is_tighter else (ordered[-1], RTOL_RANGE[1])
    return None if last[0] == end else end


def forms(own: Guidance) -> tuple[str, ...]:
    """The forms to choose from: each once, where the interface's own is constant too."""
    return tuple(form for form in FORMS if form != "constant" or own.form != "constant")


def suggest(trial: Trial, *, keep_guidance: bool, choices: Sequence[str] = FORMS) -> dict[str, Any]:
    """Values for a trial.

    Args:
        trial: an Optuna trial, or anything with its two methods.
        keep_guidance: leave the guidance as the interface has it.
        choices: from `forms`.

    Returns:
        Parameters by name, fit for `settings_of`.
    """
    found: dict[str, Any] = {
        "rtol": trial.suggest_float("rtol", *RTOL_RANGE, log=True),
        "atol_share": trial.suggest_float("atol_share", 0.01, 3.0, log=True),
        "p": trial.suggest_float("p", 0.0, 1.6),
        "i": trial.suggest_float("i", 0.2, 1.4),
        "d": trial.suggest_float("d", -0.4, 0.4),
        "safety": trial.suggest_float("safety", 0.4, 0.95),
        "h_init": trial.suggest_float("h_init", 0.1, 1.5, log=True),
        "order": trial.suggest_categorical("order", (2, 3)),
    }
    if keep_guidance:
        return found
    form = trial.suggest_categorical("form", tuple(choices))
    found["form"] = form
    if form == "interval":
        found["width"] = trial.suggest_float("width", LEAST_PUSH, 1.0)
        found["place"] = trial.suggest_float("place", 0.0, 1.0)
    elif form in RAMPS:
        found["end_place"] = trial.suggest_float("end_place", 0.0, 1.0)
        found["direction"] = trial.suggest_categorical("direction", ("rising", "falling"))
        if form == "exponential" and found["direction"] == "rising":
            found["steepness"] = trial.suggest_float("steepness", -3.0, 3.0)
        elif form == "exponential":
            # A steep fall is over before sampling has begun at an interface's low first sigma.
            found["steepness"] = trial.suggest_float("steepness_falling", -3.0, 0.0)
    return found


def settings_of(parameters: Mapping[str, Any], base: Settings, profile: PushProfile) -> Settings:
    """The settings that parameters stand for.

    Args:
        parameters: from `suggest`; without "form" the guidance stays as it is.
        base: the interface: its start and noise are kept, of its guidance all but the form.
        profile: where this prompt's guidance has something to push at.
    """
    sampler = {"solver": "pid"} | {
        name: parameters[name] for name in ("rtol", "p", "i", "d", "safety", "h_init", "order")
    }
    sampler["atol"] = parameters["rtol"] * parameters["atol_share"]
    sampler = {k: _rounded(v) if isinstance(v, float) else v for k, v in sampler.items()}
    return Settings(
        guidance=_guidance(parameters, base.guidance, profile),
        sampler=Sampler.from_dict(sampler),
        start=base.start,
        noise=base.noise,
    )


def balanced(base: Settings) -> Settings:
    """`pid` at its defaults under the interface's guidance, start and noise."""
    return Settings(
        guidance=base.guidance,
        sampler=Sampler.from_dict({"solver": "pid", **asdict(BALANCED)}),
        start=base.start,
        noise=base.noise,
    )


def _guidance(parameters: Mapping[str, Any], own: Guidance, profile: PushProfile) -> Guidance:
    form = parameters.get("form", "interface")
    if form == "interface" or own.scale == 1.0:
        return own
    stays = {k: v for k, v in own.to_dict().items() if k not in ("form", *FORM_KEYS[own.form])}
    table: dict[str, Any] = {"form": form, "scale": own.scale}
    if form == "interval":
        # The interval gives `width` of the push, and leaves `place` of the rest before it.
        before = parameters["place"] * (1.0 - parameters["width"])
        high = profile.sigma_at(before)
        low = profile.sigma_at(min(1.0, before + parameters["width"]))
        table |= {"low": _rounded(low), "high": _rounded(high)}
    elif form in RAMPS:
        table["direction"] = parameters["direction"]
        if form == "exponential":
            table["steepness"] = _rounded(parameters["steepness"])
        low, high = _ends(table, profile)
        table["end"] = _rounded(low + parameters["end_place"] * (high - low))
    return Guidance.from_dict(table | stays)


def _ends(ramp: Mapping[str, Any], profile: PushProfile) -> tuple[float, float]:
    """Between which ends a ramp keeps the least push: others would be drawn for nothing."""
    high = low = None
    for end in ENDS:
        if profile.kept(Guidance.from_dict({**ramp, "end": end})) >= LEAST_PUSH:
            low, high = end, high or end
        elif high is not None:
            break
    return (1.0, 1.0) if low is None or high is None else (low, high)


def _rounded(value: float) -> float:
    """Four digits: what a preset file shows is what was drawn."""
    return float(f"{value:.4g}")
