"""A trace in words: the names of its sides, its figures as text, the sentence that leads."""

from typing import Any

from catoptric.report.result import Result, number, rows, table
from catoptric.report.words import MINUS, interface_name, listed, percent, quoted, visible

UNKNOWN = "\u2014"
# Below this, in fractions of the final value, a response does not count as past its mark.
OVER = 0.05
LEVEL = "95 %"


def guidance_words(settings: Result) -> str:
    """Return guidance in a few words: "constant 8", "7.5 on sigma 1 to 6", "no guidance"."""
    guidance = table(settings, "guidance")
    scale, form = number(guidance.get("scale")), visible(guidance.get("form") or "constant")
    if scale is None or scale == 1.0:
        return "no guidance"
    if form == "interval":
        low, high = number(guidance.get("low")), number(guidance.get("high"))
        return f"guidance {scale:g} on sigma {low:g} to {high:g}"
    return f"{form} guidance {scale:g}"


def sampler_words(settings: Result) -> str:
    """Return the sampler in a few words: "euler, 20 steps", "pid at tolerance 0.01"."""
    sampler = table(settings, "sampler")
    solver, steps = visible(sampler.get("solver") or "?"), number(sampler.get("steps"))
    if steps is not None:
        return f"{solver}, {steps:.0f} steps"
    tolerance = number(sampler.get("rtol"))
    return solver if tolerance is None else f"{solver} at tolerance {tolerance:g}"


def side_names(result: Result) -> list[str]:
    """Return a name for each side: what tells it from the other, else its interface."""
    sides = rows(result, "traces")
    owners = [_owner(side) for side in sides]
    if len(sides) < 2:
        return owners
    first, second = (table(side, "settings") for side in sides)
    names: list[list[str]] = [[], []]
    if owners[0] != owners[1]:
        names = [[owners[0]], [owners[1]]]
    for knob, words in (("guidance", guidance_words), ("sampler", sampler_words)):
        # Two interfaces differ in their samplers as a rule; the settings below say how.
        told_apart = knob == "sampler" and owners[0] != owners[1]
        if first.get(knob) != second.get(knob) and not told_apart:
            texts = [words(settings) for settings in (first, second)]
            if texts[0] == texts[1]:
                texts = _differences(table(first, knob), table(second, knob))
            names = [[*name, text] for name, text in zip(names, texts, strict=True)]
    if not names[0]:
        texts = [
            ", ".join(
                f"{knob} {_values(table(settings, knob))}"
                for knob in ("start", "noise")
                if first.get(knob) != second.get(knob)
            )
            for settings in (first, second)
        ]
        names = [[text] for text in texts]
    return [", ".join(name) for name in names]


def _owner(side: Result) -> str:
    name = interface_name(side.get("interface"))
    return "reference sampling" if name == "reference" else name


def _differences(first: Result, second: Result) -> list[str]:
    keys = [key for key in {**first, **second} if first.get(key) != second.get(key)]
    return [
        ", ".join(f"{visible(key)} {_short(settings.get(key))}" for key in keys)
        for settings in (first, second)
    ]


def _values(settings: Result) -> str:
    return " ".join(_short(value) for value in settings.values())


def _short(value: Any) -> str:
    found = number(value)
    return visible(value) if found is None else f"{found:g}"


def past(fraction: object, digits: int = 0) -> str:
    """Return a fraction of the final value as a percentage, an em dash when unknown."""
    found = number(fraction)
    if found is None:
        return UNKNOWN
    text = percent(found, digits)
    return text.lstrip(MINUS) if float(f"{100 * found:.{digits}f}") == 0 else text


def sigma_words(sigma: object) -> str:
    """Return a noise level with two or three digits, an em dash when unknown."""
    found = number(sigma)
    if found is None:
        return UNKNOWN
    return f"{found:.0f}" if found >= 100 else f"{float(f'{found:.2g}'):g}"


def lambda_words(stretch: object) -> str:
    """Return a stretch of lambda with two digits, an em dash when unknown."""
    found = number(stretch)
    return UNKNOWN if found is None else f"{found:.2f}".replace("-", MINUS)


def mean_words(mean: Result, show: Any, *, interval: bool = True) -> str:
    """Return a mean over seeds, with its interval in brackets where there is one.

    Args:
        mean: `value`, `low`, `high`.
        show: how a value is written.
        interval: Whether to add the interval.
    """
    value = show(mean.get("value"))
    low, high = number(mean.get("low")), number(mean.get("high"))
    if not interval or low is None or high is None:
        return str(value)
    ends = [str(show(end)).removesuffix(" %") for end in (low, high)]
    return f"{value} [{ends[0]} to {ends[1]}]"


def band_rows(side: Result) -> list[Result]:
    """Return the means of every band, the whole picture last."""
    return rows(table(side, "summary"), "bands")


def band_label(result: Result, index: int) -> str:
    """Return a band as a row's head: "Mean colour", "2-3 cycles", "Whole picture"."""
    label = visible(rows(result, "bands")[index].get("label"))
    if label == "whole":
        return "Whole picture"
    if label == "0":
        return "Mean colour"
    radii = label.replace("-", "\u2013")
    return f"{radii} cycle{'' if label == '1' else 's'}"


def largest_band(side: Result) -> tuple[int, float] | None:
    """Return the band that overshoots most and by how much, the whole picture apart."""
    found = [
        (i, value)
        for i, row in enumerate(band_rows(side)[:-1])
        if (value := number(table(row, "overshoot").get("value"))) is not None
    ]
    return max(found, key=lambda pair: pair[1]) if found else None


def whole_overshoot(side: Result) -> float | None:
    """Return the mean overshoot of the whole picture, a fraction of its final value."""
    whole = band_rows(side)
    return number(table(whole[-1], "overshoot").get("value")) if whole else None


def lead(result: Result) -> str:
    """Return the sentence that says what the sampler did."""
    sides, names = rows(result, "traces"), side_names(result)
    prompt = quoted(result.get("prompt") or "")
    overs = [whole_overshoot(side) for side in sides]
    for side, name, over in zip(sides, names, overs, strict=True):
        if over is None:
            _, kinds = _unfinished(side)
            why = f"no seed finished ({kinds})" if kinds else "no seed ended with a finite one"
            who = "The sampler" if len(sides) == 1 else name
            return f"{who} did not reach a picture of {prompt}: {why}."
    if len(sides) == 1:
        count, _ = _unfinished(sides[0])
        only = f"On the {len(rows(sides[0], 'samples')) - count} seeds that finished: "
        return (only if count else "") + _lead_of_one(sides[0], prompt, float(overs[0] or 0.0))
    first, second = (float(over or 0.0) for over in overs)
    change = table(rows(result, "comparison")[-1], "overshoot")
    sure = ""
    if number(change.get("low")) is not None:
        ends = [points_words(change.get(end)) for end in ("low", "high")]
        sure = f" ({LEVEL} interval {ends[0]} to {ends[1]})"
    apart = points_words(change.get("value"))
    if max(first, second) <= OVER:
        return (
            f"Neither {names[0]} nor {names[1]} drove {prompt} past its final picture: "
            f"{past(first)} and {past(second)} over, {apart} points "
            f"apart{sure}."
        )
    return (
        f"On the way to {prompt}, {names[0]} overshot the final picture by {past(first)}, "
        f"{names[1]} by {past(second)}: a change of {apart} points{sure}."
    )


def _unfinished(side: Result) -> tuple[int, str]:
    """Return how many seeds did not finish, and how they ended in words."""
    bad = [s for s in rows(side, "samples") if s.get("status") != "done"]
    return len(bad), listed(sorted({visible(s.get("status")).replace("_", " ") for s in bad}))


def _idle_steps(side: Result) -> tuple[float, float] | None:
    """Return accepted steps and those after every pixel was settled, means over seeds."""
    taken, late = [], []
    for sample in rows(side, "samples"):
        points, steps = table(sample, "points"), table(sample, "steps")
        pairs = zip(points.get("sigma") or [], points.get("settled") or [], strict=True)
        done = [sigma for sigma, share in pairs if (number(share) or 0.0) >= 1.0]
        if not done:
            return None
        starts = [s for s, a in zip(steps["sigma"], steps["accepted"], strict=True) if a]
        taken.append(len(starts))
        # A step that starts where all is settled cannot change a pixel any more.
        late.append(sum(start <= done[0] * (1 + 1e-9) for start in starts))
    return (sum(taken) / len(taken), sum(late) / len(late)) if taken else None


def points_words(fraction: object) -> str:
    """Return a change of a fraction in signed points, an em dash when unknown."""
    found = number(fraction)
    if found is None:
        return UNKNOWN
    return f"{round(100 * found):+d}".replace("-", MINUS).replace("+0", "0")


def _lead_of_one(side: Result, prompt: str, over: float) -> str:
    owner, whole = _owner(side), band_rows(side)[-1]
    most = table(table(table(side, "summary"), "settled"), "most")
    settled = f"nine tenths of its pixels were final from sigma {sigma_words(most.get('value'))} on"
    if over > OVER:
        peak = sigma_words(table(whole, "peak_sigma").get("value"))
        rest = sigma_words(table(whole, "settled_sigma").get("value"))
        return (
            f"Under {owner}, {prompt} was driven {past(over)} past its final picture, most at "
            f"sigma {peak}, and came to rest at {rest}; {settled}."
        )
    return f"Under {owner}, {prompt} came to its final picture without overshoot; {settled}."


def remarks(result: Result) -> list[str]:
    """Return what a reader must know besides: how measured, rows that failed, coarse steps."""
    sides, names = rows(result, "traces"), side_names(result)
    count = len(result.get("seeds") or [])
    found = []
    largest = largest_band(sides[0]) if len(sides) == 1 else None
    if largest is not None and largest[1] > OVER:
        found.append(
            f"The band that overshot most is {band_label(result, largest[0]).lower()}: "
            f"{past(largest[1])} past its final value."
        )
    idle = [_idle_steps(side) for side in sides]
    if None not in idle:
        parts = [
            f"{late:.3g} of {taken:.3g}{f' ({name})' if len(sides) > 1 else ''}"
            for (taken, late), name in zip([i for i in idle if i], names, strict=True)
        ]
        found.append(f"Steps taken after every pixel had its final colour: {listed(parts)}.")
    for side, name in zip(sides, names, strict=True):
        bad, kinds = _unfinished(side)
        if bad:
            told = [visible(row.get("advice")) for row in rows(side, "unfinished")]
            advice = "".join(f" {text[:1].upper()}{text[1:]}." for text in told)
            found.append(f"{name}: {bad} of {count} seeds did not finish ({kinds}).{advice}")
    if count == 1:
        found.append("One seed: no interval can be given. Use -n for more.")
    return found
