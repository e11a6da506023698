"""The README's example: the default audit's words, and its first matched seeds as a picture.

It writes the README's block and docs/images/matched.png.

Run: python benchmarks/readme_example.py
"""

from __future__ import annotations

import io
import os
import re
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(<!-- example -->\n).*?(<!-- /example -->)", re.DOTALL)
SHOWN = 48


def main() -> None:
    """Run the audit and put its words and picture into the README."""
    from rich.console import Console

    from catoptric.audit import Request, audit, default_workers, to_json
    from catoptric.report import matched_sheet, print_report
    from catoptric.report.matching import matched_pairs

    with tempfile.TemporaryDirectory() as folder:
        found = audit(
            Request("a portrait of a doctor"),
            Path(folder) / "run",
            workers=default_workers(),
            progress=lambda *_: None,
        )
        words = io.StringIO()
        print_report(to_json(found), Console(file=words, width=80, color_system=None))
        matched_sheet(matched_pairs(found, SHOWN), columns=6).save(ROOT / "docs/images/matched.png")
    text = "\n".join(line.rstrip() for line in words.getvalue().strip().splitlines())
    readme = ROOT / "README.md"
    block = BLOCK.sub(lambda m: f"{m[1]}```\n{text}\n```\n{m[2]}", readme.read_text())
    readme.write_text(block)
    Path(__file__).with_suffix(".txt").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
