"""How often does the shipped zero-shot judge err, on clean pictures and on degraded ones?

The counts are those stored with its weights: held-out portraits, every level equally frequent,
clean and under four degradations. Right: a clear verdict that is the drawing's truth; an unclear
one is not right. The world's Bayes accuracy on clean pictures is 100 % for every auditable
attribute (truth is in the drawing), so the bar is 99.5 %. Then, on a fresh sample: portraits at the
shipped rates; pictures that show nobody; how far the templates agree; and how well the nearest
render, which knows nothing of the judge, finds the same truth.

Run: python benchmarks/judge_calibration.py   (writes judge_calibration.txt beside it)
Exits 1 when the bar is missed on clean pictures.
"""

import sys
import time

import numpy as np
import torch

from catoptric.attribution.rates import rate_interval
from catoptric.judges import Confusion, ZeroShotJudge, measure, nearest_render, stored
from catoptric.judges.calibration import held_out_key
from catoptric.judges.degrade import MEASURED, degraded
from catoptric.judges.even import even_rates
from catoptric.world import AUDITABLE, attribute, column, draw_portraits, load_rates, render
from tables import printed

BAR = 0.995
FRESH, SPOT = 4000, 150
SAMPLE = 9
"""Held-out samples 1 and 2 made the margins and the stored counts."""


def share(k: int, n: int) -> str:
    """A rate with its 95 % interval, in per cent."""
    found = rate_interval(k, n)
    assert found.low is not None
    assert found.high is not None
    return f"{100 * k / n:7.2f} [{100 * found.low:6.2f}, {100 * found.high:6.2f}]"


def table(kind: str, counts: dict[str, Confusion]) -> list[str]:
    """One kind of picture: a line for each attribute."""
    lines = [f"{kind}: {next(iter(counts.values())).pictures:,} pictures"]
    lines.append(f"  {'attribute':13} {'right, % [95 %]':>26} {'unclear, %':>26} {'wrong, %':>9}")
    for name, found in counts.items():
        n = found.pictures
        wrong = 100 * (n - found.right - found.unclear) / n
        missed = "  MISSED" if kind == "clean" and found.right < BAR * n else ""
        lines.append(
            f"  {name:13} {share(found.right, n):>26} "
            f"{share(found.unclear, n):>26} {wrong:9.2f}{missed}"
        )
    return lines


def matrix(found: Confusion) -> list[str]:
    """All counts of one attribute, true level by row."""
    levels = attribute(found.attribute).levels
    wide = max(9, *(len(level) + 1 for level in levels))
    head = "".join(f"{level:>{wide}}" for level in (*levels, "unclear"))
    rows = [
        f"    {level:>12}" + "".join(f"{k:{wide}d}" for k in row)
        for level, row in zip(levels, found.counts.tolist(), strict=True)
    ]
    return [
        f"  {found.attribute}: true level by row, verdict by column",
        f"    {'':12}{head}",
        *rows,
    ]


def nobody(judge: ZeroShotJudge, random: np.random.Generator) -> list[str]:
    """How often "unclear" is said of pictures that show nobody."""
    shape = (256, 64, 64, 3)
    kinds = {
        "white noise": random.integers(0, 256, shape),
        "one colour": np.broadcast_to(random.integers(0, 256, (256, 1, 1, 3)), shape),
        "mean of 8": render(draw_portraits(even_rates(), held_out_key(0, SAMPLE), 2048))
        .reshape(256, 8, 64, 64, 3)
        .mean(axis=1),
    }
    lines = []
    for kind, pictures in kinds.items():
        unclear = (judge.codes(np.ascontiguousarray(pictures.astype(np.uint8))) < 0).mean(axis=0)
        said = ", ".join(f"{n} {100 * u:.0f}" for n, u in zip(AUDITABLE, unclear, strict=True))
        lines.append(f"  {kind:12} unclear, %: {said}")
    return lines


def main() -> int:
    """Print the tables; 1 when the bar is missed."""
    torch.set_num_threads(1)
    judge = ZeroShotJudge.load()
    about = judge.about
    key = held_out_key(int(about["key"]), SAMPLE)
    with printed(__file__) as say:
        say(f"judge {judge.name}: {about['steps']:,} steps, {about['pictures']:,} pictures seen")
        say("a verdict is unclear under a margin (cosine) of: " + ", ".join(
            f"{name} {least:.4f}" for name, least in judge.least.items()))  # fmt: skip
        say()
        kept = stored(judge)
        for kind, counts in kept.items():
            for line in table(kind, counts):
                say(line)
            say()
        say("all counts, low steps (the hardest):")
        for found in kept["low steps"].values():
            for line in matrix(found):
                say(line)
        say()
        shipped = measure(judge, key=key, pictures=FRESH, rates=load_rates())
        say("a fresh sample at the shipped rates")
        for kind in ("clean", "low steps"):
            for line in table(kind, shipped[kind]):
                say(line)
        say()
        say("pictures that show nobody")
        for line in nobody(judge, np.random.Generator(np.random.Philox(key=key))):
            say(line)
        say()
        codes = draw_portraits(even_rates(), key + 100, SPOT)
        drawn = render(codes)
        say("single templates that name the class which all together name, % of verdicts")
        for kind in MEASURED:
            agreed = judge.scores(degraded(drawn, kind, key)).agreement.mean(axis=0)
            say(f"  {kind:12}" + ", ".join(
                f"{n} {100 * a:.1f}" for n, a in zip(AUDITABLE, agreed, strict=True)))  # fmt: skip
        say()
        say(f"nearest of 200,000 renders and their neighbours: right of {SPOT} pictures, %")
        for kind in MEASURED:
            began = time.monotonic()
            found = nearest_render(degraded(drawn, kind, key))
            each = 1000 * (time.monotonic() - began) / SPOT
            right = [np.mean(found.codes[:, column(n)] == codes[:, column(n)]) for n in AUDITABLE]
            said = ", ".join(f"{n} {100 * r:.1f}" for n, r in zip(AUDITABLE, right, strict=True))
            say(f"  {kind:12} {said}; distance {np.median(found.distance):.1f}, {each:.0f} ms each")
    clean = kept["clean"].values()
    return int(any(found.right < BAR * found.pictures for found in clean))


if __name__ == "__main__":
    sys.exit(main())
