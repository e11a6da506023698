"""Which models there are, by the names that the command line knows."""

from __future__ import annotations

from catoptric.models import portraits as exact
from catoptric.studio.contract import Studio
from catoptric.studio.network import NetworkPortraits
from catoptric.studio.portraits import ExactPortraits
from catoptric.world import Rates


def open_studio(name: str, rates: Rates) -> Studio:
    """A model by name; what is slow waits until it is asked for.

    Args:
        name: "portraits-exact" or "portraits".
        rates: of the world.

    Raises:
        InputError: a world that the model was not made for.
    """
    if name == exact.NAME:
        return ExactPortraits.of(rates)
    return NetworkPortraits.of(rates)
