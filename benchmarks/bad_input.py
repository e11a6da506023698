"""Bad input, as a user meets it: each ends with one sentence and exit code 2.

Run: python benchmarks/bad_input.py
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tables import printed

DOCTOR = "a portrait of a doctor"
SHORT = 160


def cases(folder: Path) -> list[tuple[str, list[str]]]:
    """What is tried: a name and the words behind `catoptric`."""
    (folder / "typo.toml").write_text("[guidance]\nscael = 7.5\n")
    (folder / "sum.toml").write_text("[presentation]\nwoman = 0.6\nman = 0.6\n")
    (folder / "short.bin").write_bytes(bytes(range(256)) * 400)
    (folder / "corrupt").mkdir()
    (folder / "corrupt" / "run.sqlite").write_bytes(b"rubbish" * 1000)
    other = ["audit", "a nurse", "--seeds", "2", "--no-remedy", "--run", "other", "--workers", "1"]
    subprocess.run([sys.executable, "-m", "catoptric", *other], cwd=folder, capture_output=True)
    audit = ["audit", DOCTOR]
    pairs = [*audit, "--seed-design", "antithetic", "--knobs", "noise"]
    return [
        ("empty prompt", ["audit", ""]),
        ("unknown word", ["audit", "a portrait of a plumber"]),
        ("unknown knob", [*audit, "--knobs", "guidnce"]),
        ("interface file with a typo", [*audit, "--interface", "typo.toml"]),
        ("target outside [0, 1]", [*audit, "--target", "1.2"]),
        ("half-width 0.04", [*audit, "--half-width", "0.04"]),
        ("seeds 0", [*audit, "--seeds", "0"]),
        ("seeds with half-width", [*audit, "--seeds", "64", "--half-width", "4"]),
        ("rates that sum to 1.2", [*audit, "--rates", "sum.toml"]),
        ("run folder of another prompt", [*audit, "--run", "other"]),
        ("corrupt run file", [*audit, "--run", "corrupt"]),
        ("10,000 characters", ["audit", "x" * 10_000]),
        ("<script>", ["audit", "a <script>alert(1)</script> doctor"]),
        *sampler_cases(),
        ("unknown noise source", ["noise", "test", "rand"]),
        ("unknown card", ["draw", DOCTOR, "--set", "noise.source=a1111-gpu:rtx-4091"]),
        ("Sobol' beyond its dimensions", ["noise", "test", "sobol", "--shape", "16x128x128"]),
        ("a file too short to test", ["noise", "test", "file:short.bin"]),
        (
            "a file too short for pictures",
            ["noise", "effect", DOCTOR, "--sources", "file:short.bin"],
        ),
        ("no such file of noise", ["draw", DOCTOR, "--set", "noise.source=file:no.bin"]),
        ("a negative seed", ["draw", DOCTOR, "--seed", "-1"]),
        ("an enormous seed", ["draw", DOCTOR, "--seed", str(2**80)]),
        ("an enormous seed key", ["noise", "test", "philox", "--seed-key", str(2**80)]),
        ("a default we cannot imitate", [*audit, "--interface", "a1111", "--knobs", "noise"]),
        # Noise, opposite noise and seeds.
        ("a folder of noise", ["draw", DOCTOR, "--set", "noise.source=file:other"]),
        (
            "noise set where sources are compared",
            ["noise", "effect", DOCTOR, "--sources", "randu", "--set", "noise.source=comfyui"],
        ),
        ("an unknown part of the noise", ["polarity", DOCTOR, "--parts", "whole,dk"]),
        ("guidance set twice", ["polarity", DOCTOR, "--set", "guidance.scale=3"]),
        ("the opposite of an opposite", ["polarity", DOCTOR, "--set", "noise.arrange=opposite"]),
        ("the opposite of recorded noise", ["polarity", DOCTOR, "--set", "noise.source=entropy:t"]),
        ("seeds under one prompt", ["seeds", DOCTOR]),
        ("seeds under one prompt, said twice", ["seeds", "a doctor", "A  doctor."]),
        ("two seeds", ["seeds", "--seeds", "2"]),
        ("an unknown seed design", [*audit, "--seed-design", "antithetc"]),
        ("half a pair", [*pairs, "--seeds", "25"]),
        ("pairs of recorded noise", [*pairs, "--set", "noise.source=entropy:t"]),
    ]


def sampler_cases() -> list[tuple[str, list[str]]]:
    """What the sampler and its laboratory refuse; draws start from the reference's `pid`."""

    def changed(*settings: str) -> list[str]:
        return ["draw", DOCTOR, *(word for one in settings for word in ("--set", one))]

    comfy = ["--interface", "comfyui"]
    grid = ["grid", DOCTOR, "--interface", "reference", "--x"]
    interval = ("guidance.form=interval", "guidance.low=6", "guidance.high=1")
    momentum = ("guidance.scale=4", "guidance.mix=apg", "guidance.momentum=0.5")
    return [
        ("an unknown solver", changed("sampler.solver=dpmpp_2n")),
        ("a solver without its schedule", changed("sampler.solver=euler")),
        ("a schedule's name that means two", [*changed("sampler.schedule=Beta"), *comfy]),
        ("steps 0", [*changed("sampler.steps=0"), *comfy]),
        ("a first sigma of 0", changed("start.sigma=0")),
        ("a negative first sigma", changed("start.sigma=-1")),
        ("an interval that rises", [*changed(*interval), *comfy]),
        ("tolerance 0", changed("sampler.rtol=0")),
        ("a tolerance below rounding", changed("sampler.rtol=1e-8")),
        ("a negative integral coefficient", changed("sampler.i=-1")),
        ("a norm for pictures only", changed("sampler.norm=band")),
        ("an unknown preset", changed("sampler.preset=fst")),
        ("Perp-Neg without a negative", [*changed("guidance.mix=perp_neg"), *comfy]),
        ("momentum under dpm_adaptive", changed("sampler.solver=dpm_adaptive", *momentum)),
        ("a trace that goes back up", ["trace", *changed("sampler.solver=restart")[1:], *comfy]),
        ("a grid's value twice", [*grid, "guidance=1,1.0"]),
        ("a grid's norm that cannot be", [*grid, "sampler.norm=element,channel"]),
        ("a goal of no evaluations", ["tune", DOCTOR, "--budget", "0"]),
    ]


def main() -> None:
    """Print what each says; fail when one says it otherwise."""
    failures = 0
    with printed(__file__) as say, tempfile.TemporaryDirectory() as root:
        for name, arguments in cases(Path(root)):
            done = subprocess.run(
                [sys.executable, "-m", "catoptric", *arguments],
                cwd=root,
                capture_output=True,
                text=True,
            )
            lines = done.stderr.strip().splitlines()
            good = done.returncode == 2 and len(lines) == 1 and not done.stdout
            failures += not good
            sentence = lines[-1] if lines else "(nothing)"
            cut = sentence if len(sentence) <= SHORT else sentence[:SHORT] + " ..."
            say(f"{name} -> exit {done.returncode}\n    {cut}")
        arguments = ["draw", DOCTOR, "-n", "1", "--set", "sampler.p=-0.5"]
        done = subprocess.run(
            [sys.executable, "-m", "catoptric", *arguments],
            cwd=root,
            capture_output=True,
            text=True,
        )
        failures += done.returncode != 0 or "pushes against the trend" not in done.stderr
        said = done.stderr.strip()
        say(f"a negative proportional coefficient (allowed) -> exit {done.returncode}\n    {said}")
    if failures:
        raise SystemExit(f"{failures} cases are not one sentence and exit code 2")


if __name__ == "__main__":
    main()
