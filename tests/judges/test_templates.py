"""What is asked: enough texts, each meaning the level it asks for, and none ever trained on."""

from __future__ import annotations

import numpy as np

from catoptric.judges.even import even_rates
from catoptric.judges.templates import ASKED, TEMPLATES, words_of
from catoptric.training.judge_data import JudgePortraits, short_text, told
from catoptric.world import ATTRIBUTES, AUDITABLE, attribute, draw_portraits, parse_prompt
from catoptric.world.attributes import level_names
from catoptric.world.lexicon import vocabulary


def test_every_auditable_level_has_at_least_three_texts_that_mean_it() -> None:
    assert tuple(TEMPLATES) == AUDITABLE
    for name, levels in TEMPLATES.items():
        for level, texts in zip(attribute(name).levels, levels, strict=True):
            assert len(set(texts)) == len(levels[0]) >= 3
            for text in texts:
                assert parse_prompt(text).levels == {name: level}


def test_the_judge_is_never_trained_on_what_it_asks() -> None:
    random = np.random.Generator(np.random.Philox(key=5))
    texts = [
        short_text(about.name, level, random)
        for about in ATTRIBUTES
        for level in about.levels
        for _ in range(300)
    ]
    codes = draw_portraits(even_rates(), 9, 2000)
    texts += [told(row, i)[0] for i, row in enumerate(codes)]
    assert not ASKED & {words_of(text) for text in texts}


def test_captions_say_what_they_are_held_to_say() -> None:
    for i, row in enumerate(draw_portraits(even_rates(), 4, 300)):
        text, said = told(row, i)
        meant = {ATTRIBUTES[column].name: level_names(row)[ATTRIBUTES[column].name]
                 for column in said}  # fmt: skip
        assert parse_prompt(text).levels == meant, text


def test_one_text_of_each_attributes_is_true_of_a_portrait() -> None:
    batch = JudgePortraits(vocabulary(), batch=64, key=3).batch(1)
    assert batch.true.shape == (64, len(batch.words))
    for columns in batch.rivals.values():
        assert (batch.true[:, columns].sum(1) == 1).all()
    captions = batch.true[:, batch.captions_from :]
    assert (captions[range(captions.shape[1]), range(captions.shape[1])] == 1).all()


def test_even_portraits_say_nothing_of_each_other() -> None:
    rates = even_rates()
    for occupation in attribute("occupation").levels:
        given = {"occupation": occupation}
        assert abs(rates.probability("presentation", "woman", given) - 0.5) < 1e-12
        assert abs(rates.probability("skin", "deep", given) - 1 / 6) < 1e-12
    assert rates.probability("facial_hair", "beard", {"presentation": "woman"}) == 0
    assert rates.probability("hair_style", "bun", {"presentation": "man"}) == 0
