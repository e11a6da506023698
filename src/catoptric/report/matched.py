"""Matched seeds: the same noise under the reference and under the interface, side by side."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class MatchedPair:
    """Two pictures of one seed.

    Args:
        seed: The seed that both start from.
        reference: uint8 [H, W, 3], the picture under reference sampling.
        deployed: uint8 [H, W, 3], the picture under the interface.
        reference_label: What the judge says of the first, in a word ("woman", "unclear").
        deployed_label: What the judge says of the second.
        flipped: The two outcomes differ.
    """

    seed: int
    reference: "NDArray[np.uint8]"
    deployed: "NDArray[np.uint8]"
    reference_label: str
    deployed_label: str
    flipped: bool


def flips_first(matched: Sequence[MatchedPair]) -> list[MatchedPair]:
    """Return the pairs with the flipped ones first, otherwise in the order given.

    Args:
        matched: The pairs.

    Returns:
        A new list.
    """
    return sorted(matched, key=lambda pair: not pair.flipped)


def png_data_uri(picture: "NDArray[np.uint8]") -> str:
    """Return a picture as a `data:` address, so that a page needs no file beside it.

    Args:
        picture: uint8 [H, W, 3].

    Returns:
        The address, base64 of a PNG at the picture's own size.
    """
    import numpy as np
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(buffer, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
