"""The files a user gave with an audit, kept with its run, so that it can be told again anywhere."""

from __future__ import annotations

from pathlib import Path

from catoptric.audit.interface import BUILT_IN
from catoptric.audit.request import Request
from catoptric.errors import InputError
from catoptric.runs import Store, damaged

FOLDER = "given"
# What a request may name a file for.
FILES = ("interface", "reference", "rates")


def keep_request(store: Store, request: Request) -> None:
    """Keep a request with its run, with copies of the files it names.

    Raises:
        InputError: a copy cannot be written.
    """
    copied = {
        name: _copy(store.folder, name, given)
        for name in FILES
        if (given := getattr(request, name)) is not None and given not in BUILT_IN
    }
    store.set_meta("last_request", request.to_dict() | copied)


def _copy(folder: Path, name: str, given: str) -> str:
    """Copy a file into the run; the path kept is relative to the run."""
    source, target = Path(given), folder / FOLDER / name / Path(given).name
    try:
        content = source.read_bytes()
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.is_file() or target.read_bytes() != content:
            target.write_bytes(content)
    except OSError as error:
        raise InputError(f"{source} cannot be kept in {folder}: {error.strerror}") from error
    return str(target.relative_to(folder))


def last_request(folder: Path) -> Request:
    """What the last audit of a run was asked for, with the files as they were then.

    Raises:
        InputError: no run there, or none that was audited.
    """
    store = Store.open(folder, create=False)
    values = store.meta("last_request")
    store.close()
    if values is None:
        raise InputError(f"the run in {folder} holds no audit yet; run `catoptric audit` first")
    if not isinstance(values, dict) or not {"prompt", *FILES} <= values.keys():
        raise damaged(store.path)
    for name in FILES:
        if values[name] is not None and values[name] not in BUILT_IN:
            values[name] = str(folder / values[name])
    return Request.from_dict(values)
