"""The shipped rates, and 3,000 portraits drawn at them."""

import pytest

from catoptric.world import PictureSet, Rates, load_rates, picture_set


@pytest.fixture(scope="session")
def rates() -> Rates:
    return load_rates()


@pytest.fixture(scope="session")
def portraits(rates: Rates) -> PictureSet:
    return picture_set(rates, size=3000)
