"""What is printed and written about noise: complete, escaped, without any request."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

from rich.console import Console

from catoptric.report.noise_page import answer, noise_html
from catoptric.report.noise_terminal import print_battery, print_effect, print_sources

EVIL = "file:</svg><script>alert(1)</script>\x1b[31m.bin"
FIGURES = ("rate", "obeyed", "brightness", "contrast", "colour", "detail")


def comparison(figure: str, points: float | None, verdict: str) -> dict[str, Any]:
    low, high = (None, None) if points is None else (points - 3, points + 3)
    return {"figure": figure, "value": 40.0 + (points or 0.0), "points": points, "low": low} | {
        "high": high,
        "power": 0.9,
        "verdict": verdict,
    }


def arm(source: str, verdict: str, points: float | None) -> dict[str, Any]:
    return {
        "source": source,
        "pictures": 1600,
        "independent_units": 1600,
        "verdict": verdict,
        "power": None if points is None else 0.91,
        "comparisons": [comparison(figure, points, verdict) for figure in FIGURES],
    }


def effect(*arms: dict[str, Any]) -> dict[str, Any]:
    return {
        "prompt": 'a "doctor" <b>',
        "interface": "reference",
        "attribute": "presentation:woman",
        "margin": 5.0,
        "figures": list(FIGURES),
        "yardstick": {"pictures": 3200, "means": {"rate": 40.9}},
        "sources": list(arms),
    }


ARMS = (
    arm("comfyui", "harmless", 1.1),
    arm(EVIL, "harmful", 14.0),
    arm("sobol", "undecided", None),
)


def shown(print_: Any, *what: Any) -> str:
    text = StringIO()
    print_(*what, Console(file=text, width=80))
    return text.getvalue()


def test_the_page_asks_for_nothing_and_runs_nothing() -> None:
    page = noise_html(effect(*ARMS))
    assert "<script" not in page
    assert "\x1b" not in page
    assert "default-src 'none'; script-src ;" in page
    addresses = re.findall(r'(?:src|href|xlink:href|action)="([^"]*)"', page)
    assert all(address.startswith("data:") for address in addresses)
    assert "url(" not in page
    assert "&lt;/svg&gt;" in page
    assert "a “a &quot;doctor&quot; &lt;b&gt;”" not in page
    assert "&lt;b&gt;" in page


def test_the_page_shows_every_source_with_its_numbers() -> None:
    page = noise_html(effect(*ARMS))
    assert page.count("<svg") == 3
    assert page.count('class="whisker"') == 2  # nothing is drawn where nothing is known
    assert "+14.0" in page
    assert "+11.0 to +17.0" in page
    assert "40.9 % of 3,200 pictures" in page


def test_the_answer_follows_the_verdicts() -> None:
    assert answer(effect(*ARMS)) == (
        f"Noise from {EVIL.replace(chr(27), chr(0xFFFD))} changes pictures made from "
        '“a "doctor" <b>”. 1 of 3 sources of noise is shown to be harmless: within 5 points of '
        "philox in every figure. Neither is shown of sobol."
    )
    both = effect(arm("comfyui", "harmless", 0.0), arm("sfc64", "harmless", 0.0))
    assert answer(both).startswith("All 2 sources of noise are shown to be harmless")


def test_the_terminal_fits_and_tells_the_same() -> None:
    text = shown(print_effect, effect(*ARMS))
    assert "+1.1 (−1.9 to +4.1)" in text
    assert "undecided" in text
    assert "\x1b[31m" not in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80


def test_failed_tests_are_marked_and_explained() -> None:
    row = {"looks_at": "x", "value": 135_359.0, "expected": 4095.0, "meaning": "they follow a rule"}
    tests = [
        row | {"test": "triples", "p": 0.0, "p_holm": 0.0, "failed": True, "reason": None},
        row | {"test": "law", "p": 0.31, "p_holm": 1.0, "failed": False, "reason": None},
        row
        | {"test": "channels", "p": None, "p_holm": None, "failed": False, "value": None}
        | {"expected": None, "reason": "there is one channel"},
    ]
    text = shown(print_battery, {"tests": tests, "verdict": "randu: not sound noise"})
    assert "135,359" in text
    assert "< 0.001 FAIL" in text
    assert "triples: they follow a rule" in text
    assert text.count("they follow a rule") == 1
    assert "there is one channel" in text
    assert "randu: not sound noise." in text


def test_the_list_says_what_is_unchecked() -> None:
    rows = [
        {"name": "a1111-gpu", "form": "a1111-gpu:CARD", "group": "replay", "about": "a card"}
        | {"checked": "UNCHECKED: no card"},
        {"name": "philox", "form": "philox", "group": "keyed", "about": "good", "checked": ""},
    ]
    text = shown(print_sources, rows)
    assert "a1111-gpu:CARD" in text
    assert "a1111-gpu: UNCHECKED: no card" in text
    assert "philox: " not in text
