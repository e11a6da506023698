"""A preset: an interface file with the settings that were found and where they came from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from catoptric.sampling import Settings


def preset_text(settings: Settings, name: str, remarks: Sequence[str]) -> str:
    """The file's text: an interface that `draw`, `audit` and `grid` take by its path.

    Args:
        settings: what was found.
        name: how sentences call it.
        remarks: lines of comment at its head.
    """
    lines = [f"# {' '.join(remark.split())}" for remark in remarks]
    lines += [f"name = {_toml(name)}", 'version = "tuned"']
    for table, values in settings.to_dict().items():
        lines += ["", f"[{table}]", *_rows(values)]
    return "\n".join(lines) + "\n"


def _rows(values: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {_toml(value)}" for key, value in values.items()]


def _toml(value: Any) -> str:
    # A JSON string is a TOML string; numbers and booleans are spelled alike.
    if isinstance(value, float):
        text = repr(value)
        return text if any(c in text for c in ".en") else f"{text}.0"
    return json.dumps(value)
