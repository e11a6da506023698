"""How many hands there are."""

from __future__ import annotations

import os


def default_workers() -> int:
    """One per core that this process may use."""
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1)
