"""What every training is given on the command line, checked before anything is made."""

from __future__ import annotations

from argparse import Namespace

import torch

from catoptric.errors import InputError


def check_given(given: Namespace, shelf: int | None = None) -> None:
    """Refuse settings that cannot work, and set the threads.

    Args:
        given: steps, batch, device and threads.
        shelf: pictures drawn at once, which a batch must divide; None where nothing is dealt out.

    Raises:
        InputError: with what would work.
    """
    if given.steps < 1 or given.batch < 1:
        raise InputError(
            f"--steps and --batch must be at least 1, not {given.steps}, {given.batch}"
        )
    if shelf is not None and shelf % given.batch:
        raise InputError(f"--batch must divide {shelf}, as 64 does; {given.batch} does not")
    if given.device != "cpu" and not torch.cuda.is_available():
        raise InputError(f"there is no device {given.device!r} here; leave --device out")
    if given.threads is not None:
        torch.set_num_threads(given.threads)
