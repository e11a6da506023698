"""What all tests share: one cache folder of their own, one small exact model, one thread."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from catoptric.studio.portraits import ExactPortraits

# Before torch loads, as the command line does.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests start from an empty cache folder, as a new user does."""
    before = os.environ.get("CATOPTRIC_CACHE")
    os.environ["CATOPTRIC_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["CATOPTRIC_CACHE"]
    else:
        os.environ["CATOPTRIC_CACHE"] = before


@pytest.fixture(scope="session")
def small_model() -> ExactPortraits:
    """The exact model over 1,500 portraits: a second to make."""
    import torch

    from catoptric.studio.portraits import ExactPortraits
    from catoptric.world import load_rates, picture_set

    torch.set_num_threads(1)
    return ExactPortraits(picture_set(load_rates(None), size=1500))


@pytest.fixture(scope="session")
def full_model() -> ExactPortraits:
    """`portraits-exact` itself."""
    import torch

    from catoptric.studio.portraits import ExactPortraits
    from catoptric.world import load_rates

    torch.set_num_threads(1)
    return ExactPortraits.of(load_rates(None))


@pytest.fixture(scope="module")
def small_world(small_model: ExactPortraits) -> Iterator[None]:
    """`portraits-exact` has 1,500 portraits: for what does not depend on their number.

    It ends with the module: worker processes load the whole model, and would refuse to draw for a
    parent that still holds the small one.
    """
    from catoptric.studio.portraits import ExactPortraits

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ExactPortraits, "of", classmethod(lambda cls, rates: small_model))
        yield
