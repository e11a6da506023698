"""Names of files, and files that are written whole or not at all."""

from __future__ import annotations

import os
import re
from pathlib import Path
from uuid import uuid4

from catoptric.errors import InputError


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees all of it or none.

    Raises:
        InputError: it cannot be written there.
    """
    temporary = path.with_name(f".{path.name[:40]}.{os.getpid()}.{uuid4().hex[:8]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


def slug(text: str, longest: int = 40) -> str:
    """A text as part of a file's name: lower-case letters, digits and single dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:longest].strip("-") or "untitled"
