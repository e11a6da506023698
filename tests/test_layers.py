"""Data flows one way: nothing imports what stands above it."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src/catoptric"
# What each package may import, besides itself.
BASE = {"errors", "files", "hashing", "lists"}
ALLOWED = {
    "world": BASE,
    "sampling": BASE,
    "attribution": BASE,
    "runs": BASE,
    "models": BASE | {"world"},
    "judges": BASE | {"world", "models"},
    "training": BASE | {"world", "models", "sampling", "judges"},
    "studio": BASE | {"world", "models", "judges", "sampling", "runs"},
    "tracing": BASE | {"sampling"},
    "interfaces": BASE,
    "audit": BASE | {"world", "models", "sampling", "runs", "studio", "attribution", "tracing"},
    "lab": BASE
    | {"world", "models", "sampling", "runs", "studio", "attribution", "tracing", "audit"},
    "randomness": BASE | {"world", "models", "sampling", "runs", "studio", "attribution", "audit"},
    "report": BASE | {"runs", "models", "studio", "audit", "lab", "tracing", "randomness"},
}


def imported(path: Path) -> set[str]:
    """Packages of ours that a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        found |= {n.split(".")[1] for n in names if n.startswith("catoptric.")}
    return found


def test_no_package_imports_what_stands_above_it() -> None:
    wrong = []
    for package, allowed in ALLOWED.items():
        for path in sorted((SOURCE / package).rglob("*.py")):
            wrong += [
                f"{path.relative_to(SOURCE)} imports {name}"
                for name in sorted(imported(path) - allowed - {package})
            ]
    assert wrong == []


def test_every_package_has_its_place() -> None:
    packages = {p.parent.name for p in SOURCE.glob("*/__init__.py")}
    assert packages == {*ALLOWED, "cli"}
