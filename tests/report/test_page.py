"""The page: self-contained, escaped, written whole."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest
from report_cases import CASES, doctor, dropped_knob, null, pairs, with_nulls

from catoptric.errors import InputError
from catoptric.report import matched_sheet, page_html, write_page
from catoptric.report.charts import interactions_spec, waterfall_spec

EVIL = "</script><script>alert(1)</script><!--<script>[bold]x[/bold]\"'&"
ADDRESSES = {"src", "href", "srcset", "data", "action", "poster", "background", "xlink:href"}


class Reader(HTMLParser):
    """Collects what a browser would see: tags, visible text, the text of scripts."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.scripts, self.styles, self.text = [], [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            (self.scripts if tag == "script" else self.styles).append("")

    def handle_data(self, data):
        inside = self.tags[-1][0] if self.cdata_elem else ""
        if inside == "script":
            self.scripts[-1] += data
        elif inside == "style":
            self.styles[-1] += data
        else:
            self.text += data


def test_another_yardstick_and_what_is_only_conjectured_are_said():
    plain = Reader(page_html(doctor(), [])).text
    assert "the model itself" in plain
    result = doctor() | {"reference": "plain-20", "request": {"reference": "mine.toml"}}
    result["shares"][2]["method"] = "gaffke"
    text = Reader(page_html(result, [])).text
    assert "the settings of plain-20, which this audit was told to take as its yardstick" in text
    assert "without guidance, from the model's full noise range" not in text
    assert "conjectured where more do" in text


@pytest.fixture(scope="module")
def evil():
    result = doctor() | {"prompt": EVIL, "interface": EVIL, "notes": [EVIL], "command": EVIL}
    result["shares"][3]["knob"] = EVIL
    result["shares"][3]["reason"] = EVIL
    result["interactions"][0]["knobs"] = [EVIL, EVIL]
    result["settings"]["deployed"]["guidance"][EVIL] = EVIL
    result["remedy"]["candidate"] = result["run"] = EVIL
    matched = [
        type(pair)(pair.seed, pair.reference, pair.deployed, EVIL, EVIL, pair.flipped)
        for pair in pairs(4)
    ]
    return Reader(page_html(result, matched)), result


@pytest.mark.parametrize("case", CASES)
def test_the_page_asks_nothing_of_anybody(case):
    page = Reader(page_html(CASES[case](), pairs(3)))
    for tag, attributes in page.tags:
        assert tag not in ("link", "iframe", "object", "embed", "base", "form")
        for name, value in attributes.items():
            assert name not in ADDRESSES or value.startswith("data:"), (tag, name, value)
            assert not name.startswith("on")
    assert not re.search(r"url\(|@import", "".join(page.styles))
    # All but the charting library, which holds addresses as names it never fetches.
    ours = [text for text in page.scripts if len(text) < 300_000]
    assert len(ours) == len(page.scripts) - 1
    assert not any("http" in text for text in [*ours, *page.styles])


def test_the_policy_allows_exactly_the_page_s_own_scripts():
    page = Reader(page_html(doctor(), []))
    policy = next(a["content"] for _, a in page.tags if a.get("http-equiv"))
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "'unsafe-inline'" not in policy.split("style-src")[0]
    run = [s for s, t in zip(page.scripts, script_types(page), strict=True) if t is None]
    hashes = {base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in run}
    assert hashes == set(re.findall(r"'sha256-([^']+)'", policy))


def script_types(page):
    return [attributes.get("type") for tag, attributes in page.tags if tag == "script"]


def test_user_text_adds_no_element_and_no_attribute(evil):
    page, _ = evil
    plain = Reader(page_html(doctor(), pairs(4)))
    assert [t for t, _ in page.tags].count("script") == 4
    assert {t for t, _ in page.tags} == {t for t, _ in plain.tags}
    names = {name for _, attributes in page.tags for name in attributes}
    assert names == {name for _, attributes in plain.tags for name in attributes}


def test_user_text_is_shown_as_it_was_written(evil):
    page, _ = evil
    assert page.text.count("<script>alert(1)</script>") >= 5
    assert "[bold]x[/bold]" in page.text


def test_embedded_json_is_the_result_and_cannot_end_its_script(evil):
    page, result = evil
    data = [s for s, t in zip(page.scripts, script_types(page), strict=True) if t is not None]
    assert json.loads(data[0]) == json.loads(json.dumps(result))
    assert all("<" not in text and "&" not in text for text in data)
    link = next(a for t, a in page.tags if t == "a" and "download" in a)
    assert json.loads(base64.b64decode(link["href"].split(",")[1])) == json.loads(data[0])


def test_user_text_stands_in_no_expression_of_a_chart():
    result = doctor()
    result["shares"][3]["knob"] = "MARK"
    result["interactions"][0]["knobs"] = ["MARK", "b"]
    for spec in (waterfall_spec(result), interactions_spec(result)):
        without_data = {k: v for k, v in spec.items() if k != "datasets"}
        assert "Mark" not in keys_and_expressions(without_data)
        assert "MARK" not in keys_and_expressions(without_data)
        assert "url" not in json.dumps(spec)


def keys_and_expressions(node):
    if isinstance(node, dict):
        return " ".join(
            f"{key} {value if key in ('filter', 'labelExpr', 'expr', 'href') else ''} "
            f"{keys_and_expressions(value) if key not in ('sort', 'values') else ''}"
            for key, value in node.items()
        )
    return " ".join(map(keys_and_expressions, node)) if isinstance(node, list) else ""


def test_not_finite_numbers_become_null_and_not_invalid_json():
    result = doctor()
    result["shares"][2]["p"] = float("nan")
    result["cells"][0]["nfe"] = np.int64(7)
    page = Reader(page_html(result, []))
    embedded = json.loads(page.scripts[0])
    assert embedded["shares"][2]["p"] is None
    assert embedded["cells"][0]["nfe"] == 7


def test_flipped_pairs_come_first_marked_and_every_picture_has_words():
    page = Reader(page_html(doctor(), pairs(20, 4)))
    items = [a.get("class") for t, a in page.tags if t == "li" and a.get("class") in (None, "flip")]
    pictures = [a for t, a in page.tags if t == "img"]
    assert items.count("flip") == 4
    first = items.index("flip")
    assert items[first : first + 4] == ["flip"] * 4
    assert len(pictures) == 40
    assert all(re.match(r"Seed \d+, \w+: (woman|man)$", a["alt"]) for a in pictures)


def test_the_contact_sheet_claims_no_flip_where_there_is_none():
    text = Reader(page_html(doctor(), pairs(4, 0))).text
    assert "None of these 4 pairs flipped." in text
    assert "changed the answer" not in text


def test_the_noise_knob_is_said_not_to_share_its_noise():
    result = doctor()
    assert "across the noise knob" not in Reader(page_html(result, [])).text
    result["cells"][-1]["coalition"].append("noise")
    assert "across the noise knob" in Reader(page_html(result, [])).text


def test_pictures_are_embedded_unchanged():
    from io import BytesIO

    from PIL import Image

    matched = pairs(1)
    page = Reader(page_html(doctor(), matched))
    uri = next(a["src"] for t, a in page.tags if t == "img")
    shown = np.asarray(Image.open(BytesIO(base64.b64decode(uri.split(",")[1]))))
    assert np.array_equal(shown, matched[0].reference)


def test_every_section_says_what_it_must():
    text = Reader(page_html(doctor(), pairs(2))).text
    for words in (
        "Of the 24-point shortfall",
        "drawn cues, not identity",
        "this wording of the prompt only",
        "embedded world of illustrated portraits",
        "NFE each",
        "start.sigma",
        "14.6146",
        "a-portrait-of-a-doctor-3f9a12c0",
        "torch 2.9.0",
        "half-width 4",
    ):
        assert words in text.replace("\u00a0", " ")
    assert "runs/a-portrait" not in text.split("Look at the JSON")[0]


def test_shares_without_figures_leave_no_bar_and_a_reason():
    values = waterfall_values(with_nulls())
    guidance = next(row for row in values if row["label"] == "Guidance")
    assert guidance["start"] is None
    assert guidance["end"] is None
    assert "no picture could be judged" in guidance["word"]
    same = next(row for row in waterfall_values(dropped_knob()) if row["label"] == "Start")
    assert same["end"] == same["start"]


@pytest.mark.parametrize("case", [doctor, null])
def test_the_waterfall_ends_where_the_deployed_rate_is(case):
    values = waterfall_values(case())
    assert values[-2]["end"] == pytest.approx(values[-1]["end"], abs=0.1)


def waterfall_values(result):
    found = []

    def walk(node):
        if isinstance(node, dict):
            if "values" in node:
                found.append(node["values"])
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    spec = waterfall_spec(result)
    walk(spec)
    found += spec.get("datasets", {}).values()
    return max(found, key=len)


def test_the_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "new" / "report.html"
    assert write_page(doctor(), [], path) == path
    first = path.read_text(encoding="utf-8")
    write_page(null(), pairs(2), path)
    assert path.read_text(encoding="utf-8") != first
    assert os.listdir(path.parent) == ["report.html"]
    assert path.stat().st_size < 3_000_000


def test_a_failed_write_keeps_the_old_page_and_says_one_sentence(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="no space left on device"):
        write_page(doctor(), [], path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["report.html"]


def test_the_sheet_frames_flips_and_places_them_first(tmp_path):
    sheet = np.asarray(matched_sheet(pairs(12, 2)))
    frame = (sheet == (0xA8, 0x48, 0x1F)).all(axis=-1)
    columns = np.flatnonzero(frame.sum(axis=0) > 100)
    assert columns.max() < sheet.shape[1] // 2 + 8
    assert len(columns) == 12
    with pytest.raises(InputError):
        matched_sheet([])


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_a_browser_without_network_draws_both_charts(tmp_path):
    path = write_page(doctor() | {"prompt": EVIL}, pairs(2), tmp_path / "report.html")
    # A proxy that nobody listens at: whatever the page asked for would fail and be logged.
    done = subprocess.run(
        [
            *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
            *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
            *("--disable-sync", "--proxy-server=127.0.0.1:9", "--enable-logging=stderr"),
            *(f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=5000"),
            *("--window-size=390,2000", "--dump-dom", path.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    drawn = done.stdout.split('id="catoptric-result"')[0]
    assert drawn.count("<svg") == 2
    assert "var(--interface)" in done.stdout
    assert "CONSOLE" not in done.stderr
