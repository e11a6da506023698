"""What to do about it: the remedy that was measured, as a sentence."""

from collections.abc import Mapping

from catoptric.report.result import Result, level, number, table
from catoptric.report.words import (
    interface_name,
    people,
    percent,
    points_phrase,
    span,
    visible,
)


def settings_phrase(settings: object) -> str:
    """Return settings as `name = value`, nested tables by dotted names.

    Args:
        settings: A mapping, or anything that reads as text.

    Returns:
        One line.
    """
    return ", ".join(f"{name} = {value}" for name, value in flattened(settings).items())


def flattened(settings: object, prefix: str = "") -> dict[str, str]:
    """Return nested settings as one flat dict of dotted name to text.

    Args:
        settings: Nested mappings; a scalar at the top has the name "value".
        prefix: What stands before every name.

    Returns:
        The flat dict, in the order of the input.
    """
    if not isinstance(settings, Mapping):
        return {prefix or "value": _scalar(settings)}
    flat: dict[str, str] = {}
    for key, value in settings.items():
        name = f"{prefix}.{visible(key)}" if prefix else visible(key)
        flat.update(flattened(value, name))
    return flat


def _scalar(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_scalar(part) for part in value)}]"
    return visible(value)


def _distance(points: float, what: str) -> str:
    if abs(points) < 0.05:
        return f"at {what}"
    return f"{points_phrase(abs(points))} {'above' if points > 0 else 'below'} {what}"


def remedy_sentence(result: Result) -> str:
    """Return what change of the interface was measured to help, or why none is offered.

    Args:
        result: The audit's object.

    Returns:
        A sentence or two; empty when the audit says nothing of a remedy.
    """
    remedy = table(result, "remedy")
    rate = table(remedy, "rate")
    value = number(rate.get("value"))
    if not remedy and not result.get("remedy_reason"):
        return ""
    if not remedy.get("candidate") or value is None:
        reason = visible(
            remedy.get("reason") or result.get("remedy_reason") or "none of the candidates passed"
        )
        return f"No remedy is offered: {reason.rstrip('.')}."
    knob = visible(remedy.get("knob") or "the settings")
    name, candidate = interface_name(result.get("interface")), visible(remedy["candidate"])
    settings = remedy.get("settings")
    inside = f" ({settings_phrase(settings)})" if settings else ""
    interval = (
        f" ({percent(level(result), 0)} interval "
        f"{span(rate.get('low'), rate.get('high'), 0, as_percent=True)})"
        if number(rate.get("low")) is not None and number(rate.get("high")) is not None
        else ""
    )
    distances = [
        _distance(points, what)
        for key, what in (
            ("points_from_reference", "the reference"),
            ("points_from_target", "the target"),
        )
        if (points := number(remedy.get(key))) is not None
    ]
    where = f": {' and '.join(distances)}" if distances else ""
    sentence = (
        f"With {name}'s {knob} changed to {candidate}{inside}, the share of "
        f"{people(result.get('attribute'))} is {percent(value, 0)}{interval} on fresh seeds{where}."
    )
    extra = [
        f"{visible(text).strip().rstrip('.').capitalize()}."
        if key == "reason"
        else f"Mind: {visible(text).strip().rstrip('.')}."
        for key in ("warning", "reason")
        if (text := remedy.get(key))
    ]
    return " ".join([sentence, *extra])
