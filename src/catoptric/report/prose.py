"""Methods and limits in plain words."""

from catoptric.report.result import Result, knobs_in_play, level, margin, number, rows, table
from catoptric.report.words import interface_name, own_reference, people, percent, visible

INTERVALS = {
    "t": "Student's t on one number per seed",
    "gaffke": "a bound for means of bounded values (Gaffke 2005), proved where only two values "
    "occur and conjectured where more do, with no counterexample known; used where fewer than 12 "
    "seeds differ from the commonest outcome",
    "bayesian-bootstrap": "a Bayesian bootstrap of the seeds, centred so that its coverage holds "
    "in simulation",
    "clopper-pearson": "Clopper and Pearson's exact interval for a single rate",
    "wilson": "Wilson's score interval for a single rate",
    "tango": "Tango's interval for two cells that share their seeds",
    "exact": "no interval: the figure is computed, not estimated",
}


def terms(result: Result) -> list[tuple[str, str]]:
    """Return the report's words with what each means here.

    Args:
        result: The audit's object.

    Returns:
        (word, meaning) pairs.
    """
    name = interface_name(result.get("interface"))
    whom = people(result.get("attribute"))
    return [
        (
            "Target",
            f"The share of {whom} that the picture maker is held to: "
            f"{percent(number(result.get('target')))}. It is a yardstick that somebody chose, "
            "not a finding.",
        ),
        (
            "Data",
            f"How often {whom} appear in the training pictures that match the prompt. Where it is "
            "not known, data and model are one share.",
        ),
        ("Reference", _reference(result)),
        ("Deployed", f"The rate under {name}'s settings, the ones people actually use."),
        (
            "Share",
            "Who moved the rate, and by how many percentage points. Data share = data \u2212 "
            "target; model share = reference \u2212 data; the interface's part, deployed \u2212 "
            "reference, is split among its knobs.",
        ),
        (
            "Knob",
            "One choice of the interface. Knobs are switched one by one and together; a share is "
            "a knob's effect averaged over the orders in which the knobs can be switched (the "
            "Shapley value), so the shares add up exactly.",
        ),
        (
            "Interaction",
            "What two knobs do together beyond the sum of what each does alone. Shares split it "
            "evenly and so hide it, which is why it is shown by itself.",
        ),
        (
            "Matched seeds",
            "Every combination starts from the same noise for the same seed. What differs between "
            "two pictures of one seed is the settings' doing, so that as a rule fewer seeds "
            "suffice; a knob that changes most pictures can need as many as without."
            + (_PAIRS if result.get("seed_design") == "antithetic" else "")
            + (_NOISE if "noise" in knobs_in_play(result) else ""),
        ),
        (
            "Unclear",
            "Pictures the judge could not read. They count as half; where counting them all as "
            "yes or all as no would turn a share's sign, the share is called undecided.",
        ),
        (
            "Obeyed",
            "Pictures that show what the prompt asked for. Strong settings can show something "
            "else than the prompt asked, and a rate among such pictures means little.",
        ),
        ("NFE", "Model evaluations: what a picture costs to compute."),
    ]


def _reference(result: Result) -> str:
    own = own_reference(result)
    if own is not None:
        return (
            f"The rate under the settings of {own}, which this audit was told to take as its "
            "yardstick in the place of the model itself. What they do to the rate is counted in "
            "the model's share."
        )
    return (
        "The rate when the model is sampled with as little interference as possible: finely "
        "enough that finer steps change next to nothing, without guidance, from the model's "
        "full noise range. It shows what the model itself has learnt."
    )


def inference(result: Result) -> list[str]:
    """Return how the intervals and tests of this audit were made.

    Args:
        result: The audit's object.

    Returns:
        Sentences; the interval methods are those that the result names.
    """
    used: dict[str, str] = {}
    parts = [*rows(result, "shares"), *(table(table(result, "rates"), k) for k in _RATES)]
    for part in [*parts, *(table(table(result, "totals"), key) for key in ("skew", "interface"))]:
        method = visible(part.get("method") or "")
        if method:
            used[method] = INTERVALS.get(method.lower(), "")
    named = [f"{name} ({what})" if what else name for name, what in used.items()]
    confidence = percent(level(result), 0)
    return [
        f"Each interval is a {confidence} interval: were the audit repeated with other seeds, "
        f"about {confidence} of such intervals would hold the true figure.",
        f"Interval methods used here: {'; '.join(named) or 'none'}.",
        "A share is established when its p-value, corrected for the number of shares tested "
        f"(Holm), is below {round(1 - level(result), 4):g}.",
        f"A share is called small only when two one-sided tests show it to be within "
        f"{margin(result):g} points of zero. Not finding an effect is never taken for its absence.",
    ]


_PAIRS = (
    " Each seed is drawn twice, from its noise and from the opposite noise, and the two count as "
    "one: what one has by chance the other tends to lack, which makes rates more certain."
)
_NOISE = (
    " Not so across the noise knob: there a seed is only the same number, not the same noise, "
    "so that share's interval is wide."
)
_RATES = ("data", "reference", "deployed")


def limits(result: Result) -> list[str]:
    """Return what the audit cannot say.

    Args:
        result: The audit's object.

    Returns:
        Sentences.
    """
    model = str(result.get("model") or "")
    said = [
        "What is judged are drawn cues, not identity: the audit says how people are depicted, "
        "nothing of who anybody is.",
        "The figures hold for this wording of the prompt only; another wording is another audit.",
        "The target is a choice. Parity is one; the world's own figures would be another.",
        "A share says what a setting does to the rate, not whether anybody meant it to.",
    ]
    if model == "portraits":
        said.insert(
            1,
            "The model is a small network, trained on illustrated portraits of known rates, and "
            "another network says what its pictures show. How often that judge errs is known of "
            "portraits in general, and is taken back from the rates, not from single pictures.",
        )
    elif model.startswith("portraits"):
        said.insert(
            1,
            "The model is an embedded world of illustrated portraits whose truth is known. It "
            "shows how settings move a rate; by how much they move a large photographic model "
            "must be measured there.",
        )
    return said
