"""The same seeds under reference and interface, side by side, for the report."""

from __future__ import annotations

from catoptric.audit.flow import Audit
from catoptric.report.matched import MatchedPair
from catoptric.runs import Store
from catoptric.studio.painting import unpack

SHOWN = 48


def matched_pairs(found: Audit, shown: int = SHOWN) -> list[MatchedPair]:
    """The first seeds of the audit, unselected, so that the flips seen are a fair sample.

    Args:
        found: the audit; its run must still be there.
        shown: how many seeds.
    """
    seeds = found.seeds[:shown]
    reference, deployed = found.readings[0], found.readings[-1]
    model, condition = found.subject.model, found.subject.condition
    store = Store.open(found.folder, create=False)
    try:
        sides = [
            store.pictures(model.spec(condition, settings), seeds)
            for settings in (found.cells.reference, found.cells.deployed)
        ]
    finally:
        store.close()
    return [
        MatchedPair(
            seed=seed,
            reference=unpack(sides[0][seed]),
            deployed=unpack(sides[1][seed]),
            reference_label=reference.words[i],
            deployed_label=deployed.words[i],
            flipped=reference.words[i] != deployed.words[i],
        )
        for i, seed in enumerate(seeds)
    ]
