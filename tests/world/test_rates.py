"""Rates: exact probabilities, keyed draws, and errors that help."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from catoptric.errors import InputError
from catoptric.world import (
    ATTRIBUTE_NAMES,
    Rates,
    attribute,
    column,
    draw_portraits,
    load_rates,
    rates_rows,
    rates_template,
)

BLS = {
    "doctor": 0.379, "nurse": 0.896, "chef": 0.196, "engineer": 0.107, "programmer": 0.184,
    "teacher": 0.710, "scientist": 0.419, "lawyer": 0.345, "firefighter": 0.035,
    "librarian": 0.830,
}  # fmt: skip


def write(folder: Path, text: str) -> Path:
    path = folder / "rates.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_shipped_rates_of_women_are_the_published_ones(rates: Rates) -> None:
    assert {row.occupation: row.woman for row in rates_rows(rates)} == pytest.approx(BLS)


def test_probability_equals_the_sum_over_the_whole_joint(rates: Rates) -> None:
    """Ten-line reference: enumerate, multiply, add."""
    names = ("occupation", "presentation", "skin", "facial_hair", "hair_colour")
    yes = total = 0.0
    for levels in itertools.product(*(range(len(attribute(n).levels)) for n in names)):
        at = dict(zip(names, levels, strict=True))
        p = 1.0
        for table in rates.tables:
            if table.attribute in at:
                p *= table.values[(*(at[g] for g in table.given), at[table.attribute])]
        if at["hair_colour"] == 0 and at["facial_hair"] == 3:
            total += p
            yes += p * (at["skin"] == 5)
    known = {"hair_colour": "black", "facial_hair": "beard"}
    assert rates.probability("skin", "deep", known) == pytest.approx(yes / total, abs=1e-12)
    assert rates.probability_of(known) == pytest.approx(total, abs=1e-12)


def test_levels_of_an_attribute_sum_to_one(rates: Rates) -> None:
    for name in ATTRIBUTE_NAMES:
        levels = attribute(name).levels
        given = {"occupation": "nurse"} if name != "occupation" else None
        assert sum(rates.probability(name, level, given) for level in levels) == pytest.approx(1)


def test_draws_follow_the_rates(rates: Rates) -> None:
    codes = draw_portraits(rates, 1, 40_000)
    for table in rates.tables:
        name = table.attribute
        for i, level in enumerate(attribute(name).levels):
            p = rates.probability(name, level)
            found = float(np.mean(codes[:, column(name)] == i))
            assert abs(found - p) <= 4.5 * np.sqrt(p * (1 - p) / 40_000) + 1e-12
    nurses = codes[codes[:, 0] == 1]
    assert abs(np.mean(nurses[:, 1] == 0) - 0.896) < 0.025


def test_draws_are_keyed_and_a_longer_draw_begins_with_the_shorter(rates: Rates) -> None:
    long = draw_portraits(rates, 7, 500)
    assert np.array_equal(long[:123], draw_portraits(rates, 7, 123))
    assert not np.array_equal(long, draw_portraits(rates, 8, 500))


def test_a_level_of_rate_zero_is_never_drawn(tmp_path: Path) -> None:
    path = write(tmp_path, "[occupation]\ndoctor = 0.5\nnurse = 0.5\n[glasses]\nyes = 1\nno = 0")
    codes = draw_portraits(load_rates(path), 0, 5000)
    assert set(np.unique(codes[:, 0])) == {0, 1}
    assert set(np.unique(codes[:, column("glasses")])) == {0}


def test_own_file_plants_a_dependence_on_two_attributes(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        [skin]
        given = ["occupation", "presentation"]
        doctor = { woman = { deep = 1.0 }, man = { pale = 0.25, dark = 0.75 } }
        default = { default = { light = 1.0 } }
        [glasses]
        given = "presentation"
        woman = { yes = 0.9 }
        man = { yes = 0.1 }
        """,
    )
    rates = load_rates(path)
    doctor = {"occupation": "doctor"}
    assert rates.probability("skin", "deep", doctor) == pytest.approx(0.379)
    assert rates.probability("skin", "dark", {**doctor, "presentation": "man"}) == pytest.approx(
        0.75
    )
    assert rates.probability("glasses", "yes", doctor) == pytest.approx(0.379 * 0.9 + 0.621 * 0.1)
    codes = draw_portraits(rates, 2, 4000)
    women = codes[(codes[:, 0] == 0) & (codes[:, 1] == 0)]
    assert set(women[:, column("skin")]) == {attribute("skin").index("deep")}
    assert rates.hash != load_rates().hash


def test_hash_is_that_of_the_numbers_not_of_the_layout(tmp_path: Path) -> None:
    path = write(tmp_path, "# a comment\n" + rates_template())
    assert load_rates(path).hash == load_rates().hash


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[occupation]\ndoctor = 0.6\nnurse = 0.6", "sum to 1.2"),
        ("[occupation]\ndoctor = 0.6", "sum to 0.6"),
        ("[glasses]\nyes = -0.1\nno = 1.1", "yes = -0.1"),
        ("[glasses]\nyes = 'often'", "a number from 0 to 1"),
        ("[glasses]\nyes = nan", "a number from 0 to 1"),
        ("[glasses]\nyes = true\nno = 0", "a number from 0 to 1"),
        ("[glases]\nyes = 0.5", "did you mean glasses?"),
        ("[occupation]\ndocter = 1", "did you mean doctor?"),
        ("[glasses]\ngiven = 'skin'\npale = { yess = 1 }\ndefault = { yes = 1 }", "mean yes?"),
        ("[glasses]\ngiven = 'skin'\npale = { yes = 1 }", "says nothing of light"),
        ("[glasses]\ngiven = 'skin'\ndefault = 0.5", "must be a table"),
        ("[glasses]\ngiven = 'background'\nyes = 1", "may only list occupation"),
        ("[glasses]\ngiven = ['skin', 'occupation']", "in order: occupation, skin"),
        ("[occupation]\ngiven = 'skin'", "drawn first"),
        ("glasses = 0.5", "must be a table"),
        ("[facial_hair]\nnone = 0.5\nbeard = 0.5", "draws beard on a woman"),
        ("[hair_style]\nbob = 1", "draws bob on a man"),
        ("this is not TOML", "not valid TOML"),
    ],
)
def test_a_bad_rates_file_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        load_rates(write(tmp_path, text))
    message = str(caught.value)
    assert said in message
    assert "\n" not in message
    assert len(message) < 400


def test_missing_folder_and_binary_rates_files_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no rates file"):
        load_rates(tmp_path / "absent.toml")
    with pytest.raises(InputError, match="cannot be read"):
        load_rates(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not text"):
        load_rates(tmp_path / "binary")


def test_a_condition_of_probability_zero_has_no_rate(tmp_path: Path) -> None:
    rates = load_rates(write(tmp_path, "[occupation]\ndoctor = 1.0"))
    with pytest.raises(InputError, match="probability 0"):
        rates.probability("presentation", "woman", {"occupation": "nurse"})
