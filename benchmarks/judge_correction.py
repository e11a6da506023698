"""A judge that errs, and the correction that takes its errors back.

The truth: an audit of the exact model, whose pictures are known. A planted judge sees it through
a sensitivity of 0.90 and a specificity of 0.80, and is itself known only from 500 pictures of each
kind. With its errors taken back the audit must recover the truth; as it stands it must miss it.

Bars: over 100 planted judges the corrected 95 % interval of the reference rate covers the true one
in at least 93 %, and the uncorrected one in at most half; the corrected model share is within its
own interval of 0, and the uncorrected one calls it a bias.

Run: python benchmarks/judge_correction.py --run FOLDER   (a minute; pictures are kept in FOLDER)
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from tables import printed

SENSITIVITY, SPECIFICITY = 0.90, 0.80
VALIDATED = 500
JUDGES = 100
BAR, MOST_UNCORRECTED = 0.93, 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path)
    kept = parser.parse_args().run

    from catoptric.attribution import JudgeError, decompose
    from catoptric.audit import Request, audit, default_workers
    from catoptric.audit.step_clock import silent

    with tempfile.TemporaryDirectory() as temporary, printed(__file__) as say:
        request = Request(prompt="a portrait of a doctor", seeds=512, remedy=False)
        folder = Path(temporary) / "run" if kept is None else kept
        found = audit(request, folder, workers=default_workers(), progress=silent)
        truth = np.stack([reading.outcomes for reading in found.readings], axis=1)
        players, data = found.cells.game.players, found.data
        rate = float(np.nanmean(truth[:, 0]))
        true = decompose(players, truth, reference_minus=data)
        say(f"truth: reference {100 * rate:.1f} %, data {100 * (data or 0):.1f} %; shares "
            + ", ".join(f"{s.player} {s.points:+.1f}" for s in true.shares))  # fmt: skip
        say(f"judge: sensitivity {SENSITIVITY}, specificity {SPECIFICITY}, known from {VALIDATED} "
            "pictures of each kind")  # fmt: skip
        say()
        covered = {"corrected": 0, "as judged": 0}
        biased = dict.fromkeys(covered, 0)
        knobs = {name: np.zeros(len(players)) for name in covered}
        widths: dict[str, list[float]] = {name: [] for name in covered}
        for number in range(JUDGES):
            random = np.random.Generator(np.random.Philox(key=[5, number]))
            said_yes = np.where(truth == 1.0, SENSITIVITY, 1.0 - SPECIFICITY)
            judged = (random.random(truth.shape) < said_yes).astype(float)
            judged[np.isnan(truth)] = np.nan
            hits = random.binomial(VALIDATED, SENSITIVITY)
            passed = random.binomial(VALIDATED, SPECIFICITY)
            counts = np.array([[passed, VALIDATED - passed], [VALIDATED - hits, hits]])
            for name, error in (("corrected", JudgeError(counts)), ("as judged", None)):
                split = decompose(players, judged, reference_minus=data, judge=error)
                low, high = split.reference.low, split.reference.high
                assert low is not None
                assert high is not None
                assert split.model is not None
                # The true rate is that of the same seeds: the judge alone is on trial.
                covered[name] += low <= rate <= high
                widths[name].append(50 * (high - low))
                assert split.model.p_holm is not None
                biased[name] += split.model.p_holm < 0.05
                for k, (share, known) in enumerate(zip(split.shares, true.shares, strict=True)):
                    assert share.low is not None
                    assert share.high is not None
                    assert known.points is not None
                    knobs[name][k] += share.low <= known.points <= share.high
        say(f"{'':12}{'covers the rate':>17}{'half-width':>12}{'calls the model biased':>25}"
            "   covers each knob's share")  # fmt: skip
        for name in covered:
            each = ", ".join(
                f"{p} {100 * n / JUDGES:.0f} %" for p, n in zip(players, knobs[name], strict=True)
            )
            say(f"{name:12}{100 * covered[name] / JUDGES:15.1f} %{np.mean(widths[name]):9.1f} pt"
                f"{100 * biased[name] / JUDGES:23.1f} %   {each}")  # fmt: skip
        missed = []
        if covered["corrected"] < BAR * JUDGES:
            missed.append("corrected coverage")
        if covered["as judged"] > MOST_UNCORRECTED * JUDGES:
            missed.append("the uncorrected judge does not miss")
        say()
        said = f"MISSED: {', '.join(missed)}" if missed else "held"
        bars = f"corrected at least {100 * BAR:g} %, as judged at most {100 * MOST_UNCORRECTED:g} %"
        say(f"bars: {bars}: {said}")
    if missed:
        raise SystemExit("missed")


if __name__ == "__main__":
    main()
