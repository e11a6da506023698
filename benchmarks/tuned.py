"""Bar 7: on three prompts the tuned preset against `balanced`, on seeds that neither has seen.

`balanced` is `pid` at its defaults under ComfyUI's guidance, start and noise; "one dial" is the
same with the tolerance that the search itself would choose, which is the fair rival at a budget:
beating a contender that is over the budget is no win at that budget.

Run: python benchmarks/tuned.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tables import printed

PROMPTS = ("a portrait of a doctor", "a smiling nurse with glasses", "a chef")
BUDGET = 40


def main() -> None:
    """Tune for each prompt and print what the held-out seeds say."""
    import torch

    from catoptric.audit import Request, default_workers
    from catoptric.lab import TuneRequest, tune, tune_json
    from catoptric.lab.scores import Goal
    from catoptric.report.tune_terminal import FIGURES, figure, named, sentence

    torch.set_num_threads(1)
    with printed(__file__) as say, tempfile.TemporaryDirectory() as root:
        words: dict[str, list[str]] = {"balanced": [], "one dial": []}
        for k, prompt in enumerate(PROMPTS):
            request = TuneRequest(base=Request(prompt=prompt), goal=Goal(BUDGET, None))
            found = tune(
                request,
                Path(root) / str(k),
                workers=default_workers(),
                progress=lambda stage, done, total, left: None,
            )
            result = tune_json(found)
            say(f'"{prompt}", ComfyUI, {BUDGET} evaluations: {len(found.trials)} trials on')
            say(f"{request.train} seeds, figures from {request.held_out} held-out seeds")
            for contender in result["contenders"]:
                figures = ", ".join(
                    f"{name} {figure(contender[key], factor, digits)}"
                    for key, name, factor, digits in FIGURES
                )
                who, push = named(contender, result["goal"]), contender["kept_push"]
                say(f"  {who}: {figures}, push {push:.2f}")
            for verdict in result["verdicts"]:
                say(f"  {sentence(verdict)}")
                over = "" if verdict["rival_meets_goal"] else " (a rival over budget)"
                words[verdict["against"]].append(verdict["verdict"] + over)
            guidance = found.tuned.settings.guidance.to_dict()
            say(f"  guidance {guidance}")
            say()
        for rival, verdicts in words.items():
            say(f"Against {rival}: {', '.join(verdicts)}.")


if __name__ == "__main__":
    main()
