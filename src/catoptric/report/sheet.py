"""The contact sheet of matched seeds as one picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from catoptric.errors import InputError
from catoptric.report.matched import MatchedPair, flips_first
from catoptric.report.words import shortened, visible

if TYPE_CHECKING:
    from PIL import Image

SCALE_TO = 128
GAP = 8
CAPTION = 36
HEAD = 48
PAPER, INK, MUTED, FLIP = "#fbfaf7", "#1d2327", "#5c6770", "#a8481f"


def matched_sheet(matched: Sequence[MatchedPair], *, columns: int = 4) -> "Image.Image":
    """Return the pairs on a grid: reference left, deployed right, flips framed and first.

    Args:
        matched: At least one pair.
        columns: Pairs per row.

    Returns:
        An RGB picture; save it as PNG.

    Raises:
        InputError: There is no pair to show.
    """
    from PIL import Image, ImageDraw, ImageFont

    if not matched:
        raise InputError("There are no matched seeds to show; audit at least one seed first.")
    pairs = flips_first(matched)
    columns = max(1, min(columns, len(pairs)))
    height, width = pairs[0].reference.shape[:2]
    # Whole multiples only: a pixel of the picture stays a square on the sheet.
    scale = max(1, SCALE_TO // max(height, width))
    wide, high = width * scale, height * scale
    cell = 2 * wide + GAP // 2 + 2 * GAP, high + CAPTION + 2 * GAP
    rows = -(-len(pairs) // columns)
    sheet = Image.new("RGB", (columns * cell[0] + 2 * GAP, rows * cell[1] + HEAD + GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    font, small = ImageFont.load_default(14), ImageFont.load_default(12)
    flips = sum(pair.flipped for pair in pairs)
    draw.text((2 * GAP, GAP), "Same seed: reference, then deployed", fill=INK, font=font)
    legend = f"{flips} of {len(pairs)} flipped (framed)"
    draw.text((2 * GAP, GAP + 18), legend, fill=FLIP if flips else MUTED, font=font)
    for position, pair in enumerate(pairs):
        left = GAP + (position % columns) * cell[0]
        top = HEAD + (position // columns) * cell[1]
        for side, picture in enumerate((pair.reference, pair.deployed)):
            shown = Image.fromarray(picture).resize((wide, high), Image.Resampling.NEAREST)
            sheet.paste(shown, (left + GAP + side * (wide + GAP // 2), top + GAP))
        if pair.flipped:
            box = (left + 2, top + 2, left + cell[0] - 3, top + cell[1] - 3)
            draw.rectangle(box, outline=FLIP, width=3)
        # The default font has no arrow, hence the words.
        labels = [
            shortened(visible(text), 16) for text in (pair.reference_label, pair.deployed_label)
        ]
        change = f"{labels[0]} to {labels[1]}" if pair.flipped else labels[0]
        below = top + GAP + high + 3
        draw.text((left + GAP, below), change, fill=FLIP if pair.flipped else INK, font=font)
        draw.text((left + GAP, below + 17), f"seed {pair.seed}", fill=MUTED, font=small)
    return sheet
