"""The command line: one file per command, help and parsing only; the work is done elsewhere.

Results go to stdout, progress and complaints to stderr. Exit codes: 0 done, 2 bad input (one
sentence), 130 interrupted.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    # Before torch loads: its idle OpenMP workers otherwise spin, and on a shared core a parallel
    # region then waits a whole scheduler slice (measured: 50 times slower).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        from catoptric.cli.app import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # while that was still being imported
        print("catoptric: interrupted; nothing finished is lost", file=sys.stderr)
        code = 130
    # Where Ctrl-C struck in text that was being executed, as the making of a dataclass is,
    # `python -m` would still die of the signal in the end; executing other text takes that back.
    exec("")
    sys.exit(code)
