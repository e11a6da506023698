"""The terminal report: complete, plain, and inside its width."""

import io
from pathlib import Path

import pytest
from report_cases import CASES, doctor, dropped_knob, unclear_and_disobedient, with_nulls
from rich.console import Console

from catoptric.report import print_report


def printed(result, width=80, **more):
    page = more.pop("page", None)
    stream = io.StringIO()
    print_report(result, Console(file=stream, width=width, **more), page=page)
    return stream.getvalue()


def row(text, label):
    """The line of the waterfall that starts with a label (the table comes after it)."""
    return next(line for line in text.splitlines() if line.startswith(label))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("width", [80, 120])
def test_every_line_but_the_command_fits_the_width(case, width):
    for line in printed(CASES[case](), width).splitlines():
        assert len(line) <= width or line.startswith("Again:")


def test_the_waterfall_runs_from_target_to_deployed_with_the_largest_knob_first():
    lines = printed(doctor()).splitlines()
    labels = [
        "Target",
        "Training",
        "Model",
        "Reference",
        "Guidance",
        "Start",
        "Sampler",
        "Deployed",
    ]
    first = next(i for i, line in enumerate(lines) if line.startswith("Target"))
    assert [line.split()[0] for line in lines[first : first + 8]] == labels


def test_bars_join_where_one_share_ends_and_the_next_begins():
    text = printed(doctor(), 120)
    data, guidance = row(text, "Training data"), row(text, "Guidance")
    assert data.rindex("█") == row(text, "Target").index("●")
    assert abs(data.index("█") - row(text, "Reference").index("●")) <= 2
    assert guidance.rindex("█") == row(text, "Reference").index("●")
    assert guidance.index("├") < guidance.index("┤")


def test_settled_and_unsettled_bars_differ_without_colour():
    text = printed(doctor())
    assert "█" in row(text, "Guidance")
    assert "░" in row(text, "Start")
    assert "█" not in row(text, "Start")


def test_no_color_prints_no_colour_and_the_same_text(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    text = printed(doctor(), force_terminal=True, color_system="truecolor")
    assert "\x1b[1m" in text
    assert "\x1b[33m" not in text
    assert "\x1b[34m" not in text


def test_markup_and_controls_in_the_prompt_are_shown_and_not_obeyed():
    prompt = "[bold]x[/bold] <script>alert(1)</script> \x1b[31mred"
    result = doctor() | {"prompt": prompt, "notes": ["[red]n[/red]"], "command": f"run {prompt}"}
    result["shares"][3]["reason"] = "[link=x]y[/link]"
    text = printed(result, 120)
    assert "[bold]x[/bold] <script>alert(1)</script>" in " ".join(text.split())
    assert "[red]n[/red]" in text
    assert "\x1b" not in text


def test_ascii_terminals_get_ascii():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    print_report(doctor() | {"prompt": "café"}, Console(file=stream, width=80))
    stream.flush()
    text = stream.buffer.getvalue().decode("ascii")
    assert "#" in row(text, "Guidance")
    assert "-13.1" in text


def test_reasons_stand_where_figures_are_missing():
    assert "no picture could be judged" in row(printed(with_nulls()), "Guidance")
    assert "same setting" in row(printed(dropped_knob()), "Start")


def test_unclear_ranges_are_given_where_they_matter():
    assert "Sampler −3.1 / +5.9" in printed(unclear_and_disobedient(), 120)
    assert "unclear pictures all no" not in printed(doctor())


def test_another_yardstick_is_named():
    assert "Reference: the model itself" in printed(doctor(), 120)
    result = doctor() | {"reference": "plain-20", "request": {"reference": "mine.toml"}}
    text = " ".join(printed(result, 120).split())
    assert "Reference: the settings of plain-20" in text
    assert "the model itself, interfered" not in text


def test_the_cost_of_looking_for_a_remedy_is_told():
    assert "look for a remedy" not in printed(doctor())
    result = doctor() | {"remedy_cost": {"pictures": 5632, "nfe": 190_000}}
    text = " ".join(printed(result).split())
    assert "and 5 632 pictures, 190 000 model evaluations to look for a remedy" in text


def test_only_a_p_value_that_exists_is_called_unadjusted():
    assert printed(doctor()).count("(p unadjusted)") == 2
    result = doctor()
    result["totals"]["skew"]["p"] = None
    assert printed(result).count("(p unadjusted)") == 1


def test_where_things_lie_and_how_to_go_on_is_said():
    text = printed(doctor(), page=Path("out/report.html"))
    assert "out/report.html" in text
    assert doctor()["command"] in text


def test_only_notable_interactions_are_listed():
    result = doctor()
    result["interactions"] = [
        {"knobs": ["guidance", "start"], "points": 3.0, "low": 1.0, "high": 5.0},
        {"knobs": ["sampler", "start"], "points": 3.0, "low": -1.0, "high": 7.0},
    ]
    text = printed(result)
    assert "Guidance × start" in text
    assert "Sampler × start" not in text


def test_missing_extras_are_no_reason_to_fail():
    result = doctor()
    for key in ("settings", "notes", "command", "seed_units", "interactions", "cells", "remedy"):
        del result[key]
    assert "guidance" in printed(result)
