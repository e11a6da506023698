"""What to say of settings that are allowed but odd, and of draws that did not finish."""

from __future__ import annotations

from collections.abc import Mapping

from catoptric.sampling import ADVICE, PidOptions, Settings, Status

# A label's reason for these says how the sampling ended, not what the judge made of it.
_ENDED = {s.name.lower(): ADVICE[s] for s in Status if s is not Status.DONE}


def advice(reason: str) -> str | None:
    """What to do about a draw that ended so; None where it finished.

    Args:
        reason: why a draw is unclear, or a status: "max_steps", "not_finite", ...
    """
    return _ENDED.get(reason)


def unfinished(reasons: Mapping[str, int], total: int) -> list[str]:
    """A sentence for each way in which draws did not finish.

    Args:
        reasons: why draws are unclear, with counts.
        total: draws in all.
    """
    return [
        f"{count} of {total} pictures did not finish ({reason.replace('_', ' ')}): {_ENDED[reason]}"
        for reason, count in sorted(reasons.items())
        if reason in _ENDED
    ]


def oddities(settings: Settings) -> list[str]:
    """What is allowed but may not be meant: negative coefficients of a controller."""
    options = settings.sampler.options
    if not isinstance(options, PidOptions):
        return []
    negative = [
        f"{name} = {getattr(options, name):g}" for name in "pd" if getattr(options, name) < 0
    ]
    if not negative:
        return []
    return [
        f"{' and '.join(negative)} in [sampler] pushes against the trend of the error: steps lag "
        "behind what it allows, and more are rejected"
    ]
