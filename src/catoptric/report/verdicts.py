"""What may be said of a share: one word, by the rules of inference and nothing else."""

from enum import StrEnum

from catoptric.report.result import Result, level, margin, number


class Verdict(StrEnum):
    """The words of the report, each with one meaning (see `MEANINGS`)."""

    EXACT = "known exactly"
    ESTABLISHED = "established"
    ESTABLISHED_SMALL = "established, small"
    SMALL = "shown small"
    UNDECIDED = "undecided"
    OPEN = "open"
    SAME = "same setting"
    UNKNOWN = "unknown"


MEANINGS = {
    Verdict.EXACT: "computed from the training pictures, not estimated; no chance is involved",
    Verdict.ESTABLISHED: "told apart from zero after Holm's correction for several tests",
    Verdict.ESTABLISHED_SMALL: "told apart from zero, and shown to lie within the margin",
    Verdict.SMALL: "shown to lie within the margin around zero by two one-sided tests",
    Verdict.UNDECIDED: "its sign depends on how pictures the judge could not read are counted",
    Verdict.OPEN: "neither told apart from zero nor shown to be small; more seeds may settle it",
    Verdict.SAME: "the interface leaves this as the reference has it, so there is nothing to share",
    Verdict.UNKNOWN: "not measured; the reason stands beside it",
}

SETTLED = (Verdict.EXACT, Verdict.ESTABLISHED, Verdict.ESTABLISHED_SMALL)


def verdict(result: Result, share: Result) -> Verdict:
    """Return the one word that the rules of inference allow for a share.

    A null is claimed only where the equivalence tests passed (`equivalent` is true). A sign that
    changes with how unclear pictures are counted makes a share undecided; only a share that was
    shown to be small, and stays within the margin however they are counted, keeps that word,
    since the sign of next to nothing always wavers.

    Args:
        result: The audit's object (level and margin).
        share: One of its shares.

    Returns:
        The verdict.
    """
    if str(share.get("reason") or "").lower().startswith("same setting"):
        return Verdict.SAME
    points = number(share.get("points"))
    if points is None:
        return Verdict.UNKNOWN
    p_holm = number(share.get("p_holm"))
    if p_holm is None and (share.get("source") == "data" or share.get("method") == "exact"):
        return Verdict.EXACT
    small = share.get("equivalent") is True
    ends = [number(share.get(key)) for key in ("unclear_low", "unclear_high")]
    if ends[0] is not None and ends[1] is not None:
        stays_small = small and max(abs(ends[0]), abs(ends[1])) < margin(result)
        if ends[0] * ends[1] < 0 and not stays_small:
            return Verdict.UNDECIDED
    # 1 - 0.95 is a hair above 0.05: without the rounding p = 0.05 would pass as below it.
    if p_holm is not None and p_holm < round(1 - level(result), 12):
        return Verdict.ESTABLISHED_SMALL if small else Verdict.ESTABLISHED
    return Verdict.SMALL if small else Verdict.OPEN
