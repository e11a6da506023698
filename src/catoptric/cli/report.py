"""`catoptric report`: the last audit of a run again, from its stored pictures."""

from __future__ import annotations

from pathlib import Path

import typer

EXAMPLE = """Example:

  catoptric report runs/a-portrait-of-a-doctor-0123456789 --report doctor.html
"""


def report(
    run: Path = typer.Argument(..., help="Folder of a run, as `catoptric audit` printed it."),
    json_: bool = typer.Option(False, "--json", help="Print one JSON object and nothing else."),
    page: Path = typer.Option(
        None, "--report", help="Where to write the page (default: report.html in the run)."
    ),
) -> None:
    """Make the report of a run's last audit again."""
    from catoptric.audit import audit as run_audit
    from catoptric.audit import default_workers, last_request
    from catoptric.cli.progress import shown_progress
    from catoptric.cli.show import show_audit

    request = last_request(run)
    with shown_progress(run) as progress:
        found = run_audit(request, run, workers=default_workers(), progress=progress)
    show_audit(found, run, page, as_json=json_)


report.__doc__ = f"{report.__doc__}\n\n{EXAMPLE}"
