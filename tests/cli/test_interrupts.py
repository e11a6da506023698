"""Ctrl-C: exit code 130 and one sentence, wherever it strikes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from catoptric.cli import main
from catoptric.cli.app import INTERRUPTED, run


def interrupt(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("arguments", "where", "says"),
    [
        (["world"], "catoptric.cli.show.show_world", "interrupted; nothing finished is lost"),
        (["draw", "a doctor"], "catoptric.audit.drawing.draw_pictures", "interrupted"),
        (["audit", "a doctor"], "catoptric.audit.default_folder", "interrupted"),  # not begun yet
        (["audit", "a doctor", "--run", "here"], "catoptric.audit.audit", "are kept in here"),
        (["report", "here"], "catoptric.audit.last_request", "interrupted"),
    ],
)
def test_ctrl_c_is_answered_with_one_sentence(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    where: str,
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(where, interrupt)
    assert run(arguments) == INTERRUPTED
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1
    assert says in captured.err


def test_ctrl_c_while_the_commands_are_imported_is_answered_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Striking:
        find_spec = staticmethod(interrupt)

    monkeypatch.delitem(sys.modules, "catoptric.cli.app")
    monkeypatch.setattr(sys, "meta_path", [Striking, *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == INTERRUPTED
    assert capsys.readouterr().err == "catoptric: interrupted; nothing finished is lost\n"


def test_ctrl_c_inside_executed_text_ends_with_130_too(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        "import sys\n"
        "from catoptric import cli\n"
        "from catoptric.cli import show\n"
        "show.show_world = lambda *_, **__: exec('raise KeyboardInterrupt')\n"
        "sys.argv[1:] = ['world']\n"
        "cli.main()\n"
    )
    # Of the two ways to start, a file and -m, only the second dies of the signal.
    command = [sys.executable, "-m", "script"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == INTERRUPTED
    assert done.stderr == "catoptric: interrupted; nothing finished is lost\n"
