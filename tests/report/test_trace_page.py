"""The trace's page: self-contained, escaped, complete, and drawn by a browser."""

from __future__ import annotations

import base64
import copy
import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from catoptric.report.trace_charts import response_spec, settled_spec, steps_spec, weight_spec
from catoptric.report.trace_page import trace_html
from catoptric.report.trace_terminal import plot, print_trace
from catoptric.report.trace_words import band_label, lead, remarks, side_names, sigma_words

EVIL = "</script><script>alert(1)</script><!--<b>\"'&\x1b[31m"


def mean(value: float | None, half: float = 0.1) -> dict[str, Any]:
    if value is None:
        return {"value": None, "low": None, "high": None, "n": 0}
    return {"value": value, "low": value - half, "high": value + half, "n": 2}


def side(name: str, over: float, guidance: dict[str, Any]) -> dict[str, Any]:
    sigma = [10.0, 3.0, 1.0, 0.3, 0.1]
    response = [0.2, 1.0 + over, 1.02, 1.0, 1.0]
    waveform = {
        "overshoot": over,
        "undershoot": 0.0,
        "rise": 0.8,
        "settling": 1.5,
        "peak_sigma": 3.0,
        "settled_sigma": 1.2,
        "reason": None,
    }
    sample = {
        "seed": 7,
        "status": "done",
        "nfe": 9,
        "accepted": 4,
        "rejected": 1,
        "steps": {
            "sigma": [10.0, 3.0, 3.0, 1.0, 0.3],
            "sigma_next": [3.0, 0.5, 1.0, 0.3, 0.1],
            "h": [1.2, 1.8, 1.1, 1.2, 1.1],
            "error": [0.3, 2.0, 0.5, 0.1, 0.01],
            "accepted": [True, False, True, True, True],
            "weight": [8.0, 8.0, 8.0, 8.0, 8.0],
        },
        "points": {
            "sigma": sigma,
            "weight": [8.0] * 5,
            "settled": [0.1, 0.4, 0.95, 1.0, 1.0],
            "response": [response] * 3,
        },
        "waveforms": [waveform] * 3,
    }
    band = {
        "overshoot": mean(over),
        "undershoot": mean(0.0),
        "rise": mean(0.8),
        "settling": mean(1.5),
        "peak_sigma": mean(3.0),
        "settled_sigma": mean(1.2),
    }
    shape = {k: mean(1.0) for k in ("length", "straight", "detour", "turning", "dimension")}
    return {
        "interface": name,
        "settings": {
            "guidance": guidance,
            "sampler": {"solver": "pid", "rtol": 0.01},
            "start": {"sigma": "model", "scale": "sigma"},
            "noise": {"source": "philox"},
        },
        "sigma_min": 0.1,
        "sigma_max": 10.0,
        "jumps": [2.0],
        "guidance": {"sigma": [10.0, 1.0, 0.1], "weight": [8.0, 8.0, 1.0]},
        "measured": 5,
        "summary": {
            "nfe": mean(9.0),
            "accepted": mean(4.0),
            "rejected": mean(1.0),
            "bands": [band] * 3,
            "settled": {"half": mean(2.0), "most": mean(1.1)},
            "estimate_path": shape,
            "state_path": shape,
        },
        "samples": [sample, copy.deepcopy(sample) | {"seed": 8}],
    }


def result(sides: int = 2, over: float = 1.5) -> dict[str, Any]:
    traces = [
        side("comfyui", over, {"form": "constant", "scale": 8.0}),
        side("comfyui", 0.02, {"form": "exponential", "scale": 8.0}),
    ][:sides]
    row = {k: mean(-1.48) for k in ("overshoot", "undershoot", "rise", "settling")}
    return {
        "schema": 1,
        "kind": "trace",
        "prompt": "a portrait of a doctor",
        "model": "portraits-exact",
        "seeds": [7, 8],
        "level": 0.95,
        "bands": [
            {"label": "0", "low": 0, "high": 1},
            {"label": "1", "low": 1, "high": None},
            {"label": "whole", "low": None, "high": None},
        ],
        "traces": traces,
        "comparison": [row] * 3 if sides > 1 else None,
        "versions": {},
    }


def films(sides: int = 2) -> list[dict[int, list[tuple[float, np.ndarray]]]]:
    grey = np.full((8, 8, 3), 90, np.uint8)
    return [{7: [(10.0, grey), (0.3, grey), (0.0, grey)], 8: [(0.0, grey)]}] * sides


def broken() -> dict[str, Any]:
    """Every seed not finite."""
    found = result(1)
    none = mean(None)
    for sample in found["traces"][0]["samples"]:
        sample |= {"status": "not_finite"}
        sample["points"] = {"sigma": [], "weight": [], "settled": [], "response": [[], [], []]}
    summary = found["traces"][0]["summary"]
    summary["bands"] = [dict.fromkeys(band, none) for band in summary["bands"]]
    summary["settled"] = {"half": none, "most": none}
    return found


class Reader(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            self.scripts[-1] += data
        elif self.cdata_elem is None:
            self.text += data


def evil() -> dict[str, Any]:
    found = result()
    found["prompt"] = found["model"] = EVIL
    for k, trace in enumerate(found["traces"]):
        trace["interface"] = EVIL + str(k)
        trace["settings"]["guidance"]["form"] = EVIL
        trace["settings"]["sampler"]["solver"] = EVIL
        trace["settings"]["noise"]["source"] = EVIL
        trace["samples"][0]["status"] = EVIL
    return found


@pytest.mark.parametrize("case", [result(1), result(2), broken(), evil()])
def test_the_page_asks_nothing_of_anybody(case: dict[str, Any]) -> None:
    page = Reader(trace_html(case, films(len(case["traces"]))))
    for tag, attributes in page.tags:
        assert tag not in ("link", "iframe", "object", "embed", "base", "form")
        for name, value in attributes.items():
            assert name not in ("src", "href", "srcset") or str(value).startswith("data:")
            assert not name.startswith("on")
    policy = next(a["content"] for _, a in page.tags if a.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy


def test_user_text_adds_no_element_and_is_shown_as_written() -> None:
    page, plain = Reader(trace_html(evil(), films())), Reader(trace_html(result(), films()))
    assert {tag for tag, _ in page.tags} == {tag for tag, _ in plain.tags}
    assert [t for t, _ in page.tags].count("script") == 3
    assert page.text.count("<script>alert(1)</script>") >= 4
    assert "\x1b" not in page.text


def test_user_text_stands_in_no_chart() -> None:
    found = evil()
    specs = [response_spec(found, 0, height=9), weight_spec(found), settled_spec(found)]
    specs += [spec for spec in (steps_spec(found, "h"), steps_spec(found, "error")) if spec]
    assert "alert" not in json.dumps(specs)


def test_the_numbers_can_be_taken_from_the_page() -> None:
    page = Reader(trace_html(result(), films()))
    link = next(a for t, a in page.tags if t == "a" and "download" in a)
    assert json.loads(base64.b64decode(str(link["href"]).split(",")[1])) == result()


def test_every_frame_of_the_films_is_on_the_page_with_words_for_it() -> None:
    page = Reader(trace_html(result(), films()))
    alts = [a["alt"] for t, a in page.tags if t == "img"]
    assert alts.count("estimate at sigma 0.3") == 2
    assert alts.count("finished picture") == 4


def test_every_attempted_step_is_in_the_tables() -> None:
    page = Reader(trace_html(result(1), films(1)))
    assert page.text.count("rejected") >= 1
    assert len(re.findall(r"accepted(?!,)", page.text)) >= 4


def test_the_lead_says_what_was_found() -> None:
    assert "150 % past its final picture" in lead(result(1))
    assert "without overshoot" in lead(result(1, over=0.01))
    two = lead(result())
    assert "constant guidance 8 overshot the final picture by 150 %" in two
    assert "−148 points (95 % interval −158 to −138)" in two
    assert "Neither" in lead(result(2, over=0.01))
    assert "no seed finished (not finite)" in lead(broken())


def test_seeds_that_did_not_finish_are_named() -> None:
    assert any("2 of 2 seeds did not finish (not finite)" in r for r in remarks(broken()))


def test_idle_steps_are_those_after_the_last_pixel_settled() -> None:
    # All settled at sigma 0.3: only the step from 0.3 on changes nothing.
    assert any("1 of 4" in remark for remark in remarks(result(1)))


def test_sides_are_named_by_what_tells_them_apart() -> None:
    assert side_names(result(1)) == ["ComfyUI"]
    assert side_names(result()) == ["constant guidance 8", "exponential guidance 8"]
    found = result()
    found["traces"][1]["settings"]["guidance"] = found["traces"][0]["settings"]["guidance"]
    found["traces"][1]["settings"]["sampler"] = {"solver": "euler", "steps": 20}
    assert side_names(found) == ["pid at tolerance 0.01", "euler, 20 steps"]
    found["traces"][1]["settings"]["sampler"] = found["traces"][0]["settings"]["sampler"]
    found["traces"][1]["settings"]["start"] = {"sigma": 14.6, "scale": "sigma"}
    assert side_names(found) == ["start model sigma", "start 14.6 sigma"]


def test_bands_and_levels_read_as_words() -> None:
    assert [band_label(result(), i) for i in range(3)] == [
        "Mean colour",
        "1 cycle",
        "Whole picture",
    ]
    assert [sigma_words(s) for s in (1000.0, 14.614, 0.0201, None)] == ["1000", "15", "0.02", "—"]


def test_the_plot_marks_the_peak_and_rules_the_final_value() -> None:
    lines = plot([np.array([np.nan, 0.0, 3.0, 1.0, 1.0])], height=4)
    assert lines[0].strip().startswith("3")
    assert lines[0].index("●") == 10 + 2
    assert "─" in lines[2]
    assert lines[2].strip().startswith("1")


@pytest.mark.parametrize("case", [result(1), result(2), broken(), evil()])
def test_the_terminal_needs_no_colour_and_no_unicode(case: dict[str, Any]) -> None:
    out = StringIO()
    console = Console(file=out, width=80, legacy_windows=False, color_system=None)
    console._encoding = "ascii"  # type: ignore[attr-defined]
    print_trace(case, console)
    text = out.getvalue()
    assert "\x1b" not in text
    assert "Response" in text


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.mark.skipif(chromium() is None, reason="needs Chromium")
def test_a_browser_draws_every_chart_under_the_policy(tmp_path: Path) -> None:
    path = tmp_path / "trace.html"
    path.write_text(trace_html(evil(), films()))
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run"
    command = [
        str(chromium()),
        *flags.split(),
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={tmp_path / 'profile'}",
        "--virtual-time-budget=5000",
        "--dump-dom",
        path.as_uri(),
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert "could not be drawn" not in done.stdout.split("<script")[0]
    # Whole picture, guidance, steps, errors, settled, and one per band.
    assert done.stdout.split("<script")[0].count("<svg") >= 5 + 3
