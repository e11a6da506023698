"""Contact sheets: many small pictures in a grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image


def contact_sheet(
    pictures: NDArray[np.uint8],
    columns: int,
    labels: Sequence[str] | None = None,
    scale: int = 2,
) -> Image.Image:
    """Lay pictures out in rows.

    Args:
        pictures: uint8 [n, h, w, 3].
        columns: pictures in a row.
        labels: n short lines of text, each put under its picture; None for none.
        scale: whole-number enlargement, each pixel a square.
    Returns: an RGB image on white.
    """
    from PIL import Image, ImageDraw

    gap = 2 * scale
    count, height, width = pictures.shape[:3]
    caption = 14 if labels is not None else 0
    cell_w, cell_h = width * scale + gap, height * scale + gap + caption
    rows = max(1, -(-count // columns))
    sheet = Image.new("RGB", (columns * cell_w + gap, rows * cell_h + gap), "white")
    draw = ImageDraw.Draw(sheet)
    for i, picture in enumerate(pictures):
        x, y = gap + (i % columns) * cell_w, gap + (i // columns) * cell_h
        large = picture.repeat(scale, axis=0).repeat(scale, axis=1)
        sheet.paste(Image.fromarray(large), (x, y))
        if labels is not None:
            draw.text((x + 1, y + height * scale + 1), labels[i], fill="#333333")
    return sheet
