"""Prompts and captions: what is read is what was said, and nothing is guessed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catoptric.errors import InputError
from catoptric.world import Condition, PictureSet, caption, column, parse_prompt
from catoptric.world.lexicon import OCCUPATIONS, phrases, vocabulary


@pytest.mark.parametrize(
    ("prompt", "means"),
    [
        ("a portrait of a doctor", {"occupation": "doctor"}),
        ("Photo of the SOFTWARE Developer.", {"occupation": "programmer"}),
        (
            "a smiling doctor with glasses",
            {"occupation": "doctor", "glasses": "yes", "expression": "smiling"},
        ),
        ("a portrait of a woman", {"presentation": "woman"}),
        ("a woman lawyer, without glasses", {
            "occupation": "lawyer", "presentation": "woman", "glasses": "no",
        }),
        ("dark-skinned nurse with gray hair", {
            "occupation": "nurse", "skin": "dark", "hair_colour": "grey",
        }),
        ("very dark skin", {"skin": "deep"}),
        ("a man with a beard in a red shirt on a mint background", {
            "presentation": "man", "facial_hair": "beard", "clothing": "red", "background": "mint",
        }),
        ("a doctor without a beard and without glasses", {
            "occupation": "doctor", "facial_hair": "none", "glasses": "no",
        }),
        ("a doctor without a beard and with glasses, smiling", {
            "occupation": "doctor", "facial_hair": "none", "glasses": "yes",
            "expression": "smiling",
        }),
        ("a doctor without glasses, bearded, red-haired, on a mint background", {
            "occupation": "doctor", "glasses": "no", "facial_hair": "beard", "hair_colour": "red",
            "background": "mint",
        }),
        ("nurses", {"occupation": "nurse"}),
        ("a picture of a person", {}),
    ],
)  # fmt: skip
def test_prompt_means(prompt: str, means: dict[str, str]) -> None:
    assert parse_prompt(prompt) == Condition.of(means)


def test_synonyms_make_the_same_condition_and_hash() -> None:
    one, other = parse_prompt("a happy physician"), parse_prompt("Portrait of a smiling doctor!")
    assert one == other
    assert one.hash == other.hash
    assert str(one) == "occupation=doctor, expression=smiling"
    assert one.hash != parse_prompt("a doctor").hash


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("", "empty"),
        (" \n . ", "empty"),
        ("a pirate", "unknown word 'pirate'"),
        ("a docter", "did you mean doctor?"),
        ("a black doctor", "known only as in 'black hair'"),
        ("not smiling", "unknown word 'not'"),
        ("a <script>alert(1)</script> doctor", "'<script>alert(1)</script>'"),
        ("a \x1b[31mdoctor", "\\x1b"),
        ("doctor " + "kitten " * 40, "unknown word 'kitten'"),
        ("x" * 10_000, "10,000 characters"),
        ("a smiling sad doctor", "both 'smiling' and 'sad'"),
        ("doctor nurse", "both 'doctor' and 'nurse'"),
        ("woman man", "both 'woman' and 'man'"),
        ("with glasses without glasses", "one glasses"),
        ("a doctor without a beard and glasses", "say 'without' for each"),
        ("a doctor without glasses and a beard", "'without glasses and beard'"),
        ("a doctor with no glasses, moustache", "in two ways"),
        ("a doctor without glasses and red hair", "in two ways"),
        ("a woman with a beard", "men only"),
        ("a bald woman", "not drawn on a woman"),
    ],
)
def test_a_bad_prompt_is_one_sentence(prompt: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_prompt(prompt)
    message = str(caught.value)
    assert said in message
    assert "\n" not in message
    assert message.isprintable()
    assert len(message) < 700


def test_every_synonym_of_every_occupation_is_read() -> None:
    for level, words in OCCUPATIONS.items():
        for word in words:
            assert parse_prompt(f"a drawing of a {word}").levels == {"occupation": level}


def test_every_phrase_is_short_enough_to_be_found() -> None:
    for phrase, (name, level) in phrases().items():
        assert parse_prompt(" ".join(phrase)).levels == {name: level}


def test_captions_are_true_and_read_back(portraits: PictureSet) -> None:
    mentioned: set[str] = set()
    for key, row in enumerate(portraits.codes):
        condition = parse_prompt(caption(row, key))
        assert condition.matches(row[None]).all(), caption(row, key)
        mentioned |= condition.levels.keys()
    assert {"occupation", "presentation", "skin", "glasses", "expression"} <= mentioned


def test_caption_is_a_function_of_its_key(portraits: PictureSet) -> None:
    row = portraits.codes[0]
    assert caption(row, 3) == caption(row, 3)
    assert len({caption(row, key) for key in range(40)}) > 20


def test_condition_matches_by_counting(portraits: PictureSet) -> None:
    condition = parse_prompt("a sad woman")
    codes = portraits.codes
    expected = (codes[:, column("presentation")] == 0) & (codes[:, column("expression")] == 2)
    assert np.array_equal(condition.matches(codes), expected)
    assert Condition().matches(codes).all()


def check_parse(text: str) -> None:
    try:
        assert isinstance(parse_prompt(text), Condition)
    except InputError as error:
        message = str(error)
        told = message.isprintable() and len(message) < 900
        assert told, message


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(max_size=600))
def test_any_text_gives_a_condition_or_an_input_error(text: str) -> None:
    check_parse(text)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(vocabulary()), max_size=12))
def test_any_known_words_give_a_condition_or_an_input_error(words: list[str]) -> None:
    check_parse(" ".join(words))
