"""Does `portraits` draw what it is asked for, at the rates it was trained on?

Bars: under reference sampling the judged occupation is right in at least 95 % of pictures, with
guidance 2 in at least 99 %; attribute words are obeyed in at least 95 %, combinations that no
caption of the training named in at least 90 %; the mean absolute model share over all ten
occupations is at most 5 points.

An unclear verdict counts as not obeyed. The model share is (reference - data), the judge's measured
errors taken back, as in an audit. Memorisation: a picture's distance to the nearest of 20,000
portraits of the training, for generated pictures and for held-out portraits alike.

Run: python benchmarks/portraits_quality.py --run FOLDER   (six minutes of two cores; a stopped run
goes on from the pictures kept in FOLDER)
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch

from catoptric.attribution import JudgeError, decompose, rate_interval
from catoptric.models.spectral.weights import restore, shipped
from catoptric.studio.opening import open_studio
from catoptric.training.held_out import HELD_OUT_WORDING, is_held_out
from catoptric.world import (
    AUDITABLE,
    attribute,
    caption,
    contact_sheet,
    draw_portraits,
    load_rates,
    parse_prompt,
    render,
)
from portraits import GUIDED, REFERENCE, Drawn, counted, draw
from tables import printed

AT_REFERENCE, AT_GUIDANCE, EACH, HELD_OUT_PROMPTS = 24, 16, 8, 6
BARS = {"reference": 0.95, "guidance 2": 0.99, "attributes": 0.95, "held out": 0.90}
MOST_SHARE = 5.0
OCCUPATIONS = attribute("occupation").levels
TRAINED, COMPARED = 20_000, 192
WORDS = {
    ("glasses", "yes"): "{a} with glasses",
    ("glasses", "no"): "{a} without glasses",
    ("expression", "smiling"): "a smiling {}",
    ("expression", "sad"): "a sad {}",
    ("expression", "neutral"): "a serious {}",
    ("facial_hair", "beard"): "{a} with a beard",
    ("facial_hair", "moustache"): "{a} with a moustache",
    ("skin", "dark"): "{a} with dark skin",
    ("skin", "pale"): "{a} with pale skin",
    ("background", "mint"): "{a} on a mint background",
    ("background", "rose"): "{a} on a rose background",
    ("presentation", "woman"): "a female {}",
    ("presentation", "man"): "a male {}",
}


def with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def right(drawn: Drawn, occupation: str) -> int:
    """Pictures whose judged occupation is the one asked for."""
    return sum(label is not None and label["occupation"] == occupation for label in drawn.labels)


def shares(say, at_reference: dict[str, Drawn]) -> float:  # type: ignore[no-untyped-def]
    """Print (reference - data) of the share of women, by occupation; mean absolute value."""
    rates = load_rates(None)
    counts = open_studio("portraits", rates).judge_counts("presentation", "woman")
    assert counts is not None
    say("model's share of the presentation, points (reference - data)")
    say(f"{'':14}{'data':>7}{'reference':>11}{'share':>8}{'95 %':>17}")
    found = []
    for name, drawn in at_reference.items():
        data = rates.probability("presentation", "woman", {"occupation": name})
        words = [None if label is None else label["presentation"] for label in drawn.labels]
        outcomes = [np.nan if w in (None, "unclear") else float(w == "woman") for w in words]
        split = decompose((), np.array(outcomes)[:, None], reference_minus=data,
                          judge=JudgeError(counts, positive=1))  # fmt: skip
        share, rate = split.model, split.reference.value
        assert share is not None
        assert share.points is not None
        assert rate is not None
        found.append(abs(share.points))
        say(f"{name:14}{100 * data:7.1f}{100 * rate:11.1f}{share.points:+8.1f}"
            f"   {share.low:+6.1f} to {share.high:+5.1f}")  # fmt: skip
    say()
    return float(np.mean(found))


def held_out_prompts() -> list[str]:
    """Prompts that name an occupation with what no caption of the training named beside it."""
    texts = {
        "skin": "{a} with {level} skin",
        "background": "{a} on a {level} background",
        "expression": "{a} with a {level} expression",
        "facial_hair": "{a} with {level}",
    }
    found = []
    for occupation in OCCUPATIONS:
        for name, text in texts.items():
            for level in attribute(name).levels:
                if level != "none" and is_held_out(("occupation", occupation), (name, level)):
                    found.append(text.format(a=with_article(occupation), level=level))
    return found[:HELD_OUT_PROMPTS]


def held_out_wordings(rates) -> list[str]:  # type: ignore[no-untyped-def]
    """Captions in the wording that the training never used."""
    codes = draw_portraits(rates, 77 << 70, HELD_OUT_PROMPTS)
    return [caption(row, 991 + i, wording=HELD_OUT_WORDING) for i, row in enumerate(codes)]


def memorised(say, generated: np.ndarray) -> None:  # type: ignore[no-untyped-def]
    """Print distances to the training's portraits."""
    rates = load_rates(None)
    first = int(restore(shipped()).about["key"]) << 32
    shelves = range(first, first - (-TRAINED // 1536))
    trained = np.concatenate([render(draw_portraits(rates, shelf, 1536)) for shelf in shelves])
    held_out = render(draw_portraits(rates, 99 << 80, len(generated)))
    flat = torch.from_numpy(trained.reshape(len(trained), -1))
    say(f"nearest of {len(trained):,} portraits of the training, RMS in bytes: median (5 to 95 %)")
    for name, pictures in (("held-out portraits", held_out), ("generated", generated)):
        x = torch.from_numpy(pictures.reshape(len(pictures), -1)).float()
        least = torch.full((len(x),), torch.inf)
        for part in flat.split(2048):
            least = torch.minimum(least, torch.cdist(x, part.float()).amin(1))
        rms = (least / np.sqrt(x.shape[1])).numpy()
        low, middle, high = np.quantile(rms, [0.05, 0.5, 0.95])
        say(f"  {name:20}{middle:6.2f} ({low:.2f} to {high:.2f})")
    say()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path)
    kept = parser.parse_args().run
    with tempfile.TemporaryDirectory() as temporary, printed(__file__) as say:
        folder = Path(temporary) if kept is None else kept
        rates = load_rates(None)
        missed = []

        def row(name: str, bar: float | None, yes: int, n: int, more: str = "") -> None:
            interval = rate_interval(yes, n)
            said = "" if bar is None else f"  bar {100 * bar:.0f} %"
            if bar is not None and yes / n < bar:
                said += "  MISSED"
                missed.append(name)
            say(f"{name:44}{100 * yes / n:6.1f} %  ({100 * (interval.low or 0):.1f} to "
                f"{100 * (interval.high or 0):.1f}), n {n:,}{said}{more}")  # fmt: skip

        at_reference = {
            name: draw(folder, f"a portrait of {with_article(name)}", REFERENCE, AT_REFERENCE)
            for name in OCCUPATIONS
        }
        nfe = np.mean([d.nfe for d in at_reference.values()])
        row("occupation right, reference sampling", BARS["reference"],
            sum(right(d, name) for name, d in at_reference.items()),
            AT_REFERENCE * len(OCCUPATIONS), f"  ({nfe:.0f} evaluations a picture)")  # fmt: skip
        for name, d in at_reference.items():
            row(f"  {name}", None, right(d, name), AT_REFERENCE)
        guided = {
            name: draw(folder, f"a portrait of {with_article(name)}", GUIDED, AT_GUIDANCE)
            for name in OCCUPATIONS
        }
        row("occupation right, guidance 2", BARS["guidance 2"],
            sum(right(d, name) for name, d in guided.items()),
            AT_GUIDANCE * len(OCCUPATIONS))  # fmt: skip
        say()
        by_word, all_words = {}, []
        for i, ((name, level), text) in enumerate(WORDS.items()):
            drawn = []
            for occupation in OCCUPATIONS[i % 10 :: 10]:
                if is_held_out(("occupation", occupation), (name, level)):
                    continue
                prompt = text.format(occupation, a=with_article(occupation))
                drawn.append(draw(folder, prompt, GUIDED, EACH))
            by_word[f"{name} {level}"] = drawn
            all_words += drawn
        row("attribute words obeyed, guidance 2", BARS["attributes"], *counted(all_words))
        for name, drawn in by_word.items():
            if drawn:
                row(f"  {name}", None, *counted(drawn))
        pairs = [draw(folder, prompt, GUIDED, EACH) for prompt in held_out_prompts()]
        row("held-out pairs obeyed, guidance 2", BARS["held out"], *counted(pairs))
        wordings = [
            prompt
            for prompt in held_out_wordings(rates)
            if any(name in AUDITABLE for name, _ in parse_prompt(prompt).items)
        ]
        row("held-out wording obeyed, guidance 2", BARS["held out"],
            *counted([draw(folder, p, GUIDED, 8) for p in wordings]))  # fmt: skip
        say()
        mean = shares(say, at_reference)
        said = "" if mean <= MOST_SHARE else "  MISSED"
        if said:
            missed.append("model share")
        say(f"mean absolute model share {mean:.1f} points, bar {MOST_SHARE:g}{said}")
        say()
        for title, drawn_by_name in (("reference", at_reference), ("guidance 2", guided)):
            told = np.mean([
                [label is not None and label[a] != "unclear" for a in AUDITABLE]
                for d in drawn_by_name.values() for label in d.labels
            ], axis=0)  # fmt: skip
            clear = ", ".join(f"{a} {100 * t:.1f}" for a, t in zip(AUDITABLE, told, strict=True))
            say(f"verdicts that are clear, {title}, %: {clear}")
        say()
        memorised(
            say, np.concatenate([d.pictures[: COMPARED // 10] for d in at_reference.values()])
        )
        sheet = np.concatenate([d.pictures[:6] for d in at_reference.values()])
        labels = [name for name in OCCUPATIONS for _ in range(6)]
        contact_sheet(sheet, 12, labels, 2).save(Path(__file__).with_suffix(".png"))
        say(f"sheet of every occupation, reference sampling: {Path(__file__).stem}.png")
    if missed:
        raise SystemExit(f"missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
