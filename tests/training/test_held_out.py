"""Captions of the training: pairs held out are never said, and what is said biases nothing."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from catoptric.models.spectral.text import WORDS
from catoptric.training.held_out import is_held_out, training_caption
from catoptric.world import AUDITABLE, attribute, column, draw_portraits, load_rates, parse_prompt

COUNT = 6000


def test_no_caption_says_a_held_out_pair_and_all_are_true() -> None:
    codes = draw_portraits(load_rates(None), 5, COUNT)
    seen_pairs = 0
    for key, row in enumerate(codes):
        words = training_caption(row, key)
        condition = parse_prompt(words)
        assert condition.matches(row[None]).all(), words
        assert len(words.split()) < WORDS
        pairs = list(combinations(condition.items, 2))
        seen_pairs += len(pairs)
        assert not any(is_held_out(*pair) for pair in pairs), words
    assert seen_pairs > COUNT


def test_one_pair_in_twenty_is_held_out_whichever_comes_first() -> None:
    levels = [(name, level) for name in AUDITABLE for level in attribute(name).levels]
    pairs = [p for p in combinations(levels, 2) if p[0][0] != p[1][0]]
    held = [is_held_out(*pair) for pair in pairs]
    assert held == [is_held_out(other, one) for one, other in pairs]
    assert 0.02 < np.mean(held) < 0.08
    assert not any(is_held_out(("presentation", "woman"), other) for other in levels)


def test_who_is_called_a_doctor_and_no_more_follows_the_rates() -> None:
    """Were one sex's beards mentioned and not their absence, plain captions would lean."""
    codes = draw_portraits(load_rates(None), 6, 60_000)
    doctors = codes[codes[:, column("occupation")] == attribute("occupation").index("doctor")]
    plain = [
        row
        for key, row in enumerate(doctors)
        if parse_prompt(training_caption(row, key)).levels == {"occupation": "doctor"}
    ]
    woman = np.array([row[column("presentation")] == 0 for row in plain])
    rate, spread = 0.379, np.sqrt(0.379 * 0.621 / len(woman))
    assert len(woman) > 300
    assert abs(woman.mean() - rate) < 3.5 * spread
