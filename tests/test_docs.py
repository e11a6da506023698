"""Documentation is a contract: its commands run, its options exist, its figures are printed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from catoptric.cli.app import app, run

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
FILES = {"my-rates.toml": ROOT / "docs/rates.md", "mine.toml": ROOT / "docs/interfaces.md"}


def blocks(page: Path, kind: str) -> list[str]:
    return [text for found, text in FENCE.findall(page.read_text()) if found == kind]


def commands() -> list[str]:
    found = []
    for page in PAGES:
        for text in blocks(page, ""):
            found += [line for line in text.splitlines() if line.startswith("catoptric ")]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("command", commands())
def test_every_command_in_the_docs_runs(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, page in FILES.items():
        Path(name).write_text(blocks(page, "toml")[0])
    arguments = shlex.split(command)[1:]
    if arguments[0] == "audit":  # as written, but on few seeds
        arguments += ["--max-seeds", "8", "--workers", "1", "--no-remedy"]
    if arguments[0] == "grid":
        arguments += ["--measure", "2", "--seeds", "1", "--workers", "1"]
    if arguments[:2] == ["noise", "effect"]:
        arguments += ["--pictures", "16", "--workers", "1"]
    if arguments[0] == "tune":
        arguments += ["--trials", "9", "--seeds", "16", "--held-out", "16", "--workers", "1"]
    assert run(arguments) == 0


def options(command: object) -> set[str]:
    return {word for parameter in command.params for word in parameter.opts if word[0] == "-"}  # type: ignore[attr-defined]


def every_command() -> dict[str, object]:
    """Commands by name, those of groups as "noise test"."""
    import typer

    found: dict[str, object] = {}
    waiting = [("", typer.main.get_command(app))]
    while waiting:
        prefix, group = waiting.pop()
        for name, command in group.commands.items():  # type: ignore[attr-defined]
            found[f"{prefix}{name}"] = command
            if hasattr(command, "commands"):
                waiting.append((f"{prefix}{name} ", command))
    return found


def test_every_command_and_option_is_documented() -> None:
    text = (ROOT / "docs/commands.md").read_text()
    for name, command in every_command().items():
        assert f"## {name}" in text
        section = text.split(f"## {name}\n")[1].split("\n## ")[0]
        for option in options(command):
            assert f"`{option}" in section, f"{name} {option}"


def test_every_help_holds_an_example_that_the_docs_or_tests_run() -> None:
    for name, command in every_command().items():
        assert f"catoptric {name}" in (command.help or ""), name  # type: ignore[attr-defined]


def test_the_readmes_example_is_what_the_script_printed() -> None:
    block = (ROOT / "README.md").read_text().split("<!-- example -->\n")[1]
    printed = (ROOT / "benchmarks/readme_example.txt").read_text()
    assert block.split("<!-- /example -->")[0] == f"```\n{printed}```\n"


def test_every_table_stands_beside_its_script_and_names_files_that_exist() -> None:
    for table in (ROOT / "benchmarks").glob("*.txt"):
        assert table.with_suffix(".py").is_file(), table
    for page in PAGES:
        for path in re.findall(r"`((?:benchmarks|docs|src)/[\w./-]+)`", page.read_text()):
            assert (ROOT / path).exists(), f"{page.name} names {path}"
