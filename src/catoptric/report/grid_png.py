"""A grid as one PNG, written strip by strip: a large grid never stands in memory whole."""

import os
import struct
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from catoptric.errors import InputError
from catoptric.report.grid_words import captions
from catoptric.report.result import Result
from catoptric.report.sheet import INK, MUTED, PAPER
from catoptric.report.words import shortened, visible

if TYPE_CHECKING:
    from PIL import Image

Pixels = NDArray[np.uint8]
LINE = "#d9d5cb"
TILE = 80  # side of one picture at least, in pixels; whole multiples of its own
GAP = 10
BETWEEN = 3
LINE_HEIGHT = 17
CELL_WIDTH = 168  # what the captions need
SIDE = 150  # the column of row names
TITLE = 58
BLOCK = 64 * 1024


class PngWriter:
    """Writes RGB rows as they come; the file appears under its name when it is whole.

    Source: PNG specification (ISO 15948): signature, IHDR, tEXt, IDAT ..., IEND; filter type 2
    (Up), which suits drawings with flat areas.
    """

    def __init__(self, path: Path, width: int, height: int, text: Mapping[str, str]) -> None:
        self._path, self._width, self._height = path, width, height
        self._text = text
        self._rows = 0
        self._deflate = zlib.compressobj(6)
        self._pending = b""

    def __enter__(self) -> "PngWriter":
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, self._temporary = tempfile.mkstemp(
            dir=self._path.parent, prefix=f".{self._path.name}."
        )
        self._file = open(handle, "wb")
        self._file.write(b"\x89PNG\r\n\x1a\n")
        self._chunk(b"IHDR", struct.pack(">IIBBBBB", self._width, self._height, 8, 2, 0, 0, 0))
        for key, value in self._text.items():
            # iTXt holds UTF-8: keyword, not compressed, no language, no translated keyword.
            self._chunk(b"iTXt", key.encode() + b"\0\0\0\0\0" + value.encode())
        self._above = np.zeros((1, self._width * 3), np.uint8)
        return self

    def add(self, rows: Pixels) -> None:
        """Append rows: uint8 [h, width, 3]."""
        flat = np.ascontiguousarray(rows).reshape(len(rows), self._width * 3)
        above = np.concatenate([self._above, flat[:-1]])
        filtered = np.empty((len(rows), self._width * 3 + 1), np.uint8)
        filtered[:, 0] = 2
        filtered[:, 1:] = flat - above
        self._above = flat[-1:].copy()
        self._rows += len(rows)
        self._pending += self._deflate.compress(filtered.tobytes())
        while len(self._pending) >= BLOCK:
            self._chunk(b"IDAT", self._pending[:BLOCK])
            self._pending = self._pending[BLOCK:]

    def _chunk(self, kind: bytes, data: bytes) -> None:
        checksum = zlib.crc32(kind + data)
        self._file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                assert self._rows == self._height, (self._rows, self._height)
                self._chunk(b"IDAT", self._pending + self._deflate.flush())
                self._chunk(b"IEND", b"")
                self._file.close()
                umask = os.umask(0)
                os.umask(umask)
                os.chmod(self._temporary, 0o666 & ~umask)
                os.replace(self._temporary, self._path)
        finally:
            self._file.close()
            if os.path.exists(self._temporary):
                os.unlink(self._temporary)


class Sheet:
    """The measures of a grid's picture, and its strips."""

    def __init__(self, result: Result, pictures: Sequence[Pixels]) -> None:
        from PIL import ImageFont

        self.result = result
        self.pictures = pictures
        self.axes = [(a["label"], [visible(v) for v in a["values"]]) for a in result["axes"]]
        while len(self.axes) < 3:
            self.axes.append(("", [""]))
        count, self.high, self.wide = pictures[0].shape[:3]
        self.per_row = count if count < 4 else int(np.ceil(np.sqrt(count)))
        self.scale = max(1, -(-TILE // max(self.wide, self.high)))
        inner = self.per_row * (self.wide * self.scale + BETWEEN) - BETWEEN
        self.cell_width = max(inner, CELL_WIDTH) + GAP
        tiles = -(-count // self.per_row)
        self.tiles_height = tiles * (self.high * self.scale + BETWEEN)
        self.lines = len(captions(result["cells"][0]))
        self.row_height: int = GAP + self.tiles_height + self.lines * LINE_HEIGHT + 6
        self.width = SIDE + len(self.axes[0][1]) * self.cell_width + GAP
        self.fonts = {size: ImageFont.load_default(size) for size in (12, 14, 18)}

    @property
    def height(self) -> int:
        """Rows of pixels in all."""
        blocks, rows = len(self.axes[2][1]), len(self.axes[1][1])
        block: int = self.head_height + rows * self.row_height
        return TITLE + blocks * block + GAP

    @property
    def head_height(self) -> int:
        """Rows of pixels that name a block's columns."""
        return 52 if self.axes[2][0] else 32

    def strips(self) -> Iterator["Image.Image"]:
        """The picture from top to bottom."""
        yield self._title()
        for k in range(len(self.axes[2][1])):
            yield self._head(k)
            for j in range(len(self.axes[1][1])):
                yield self._row(j, k)
        yield self._blank(GAP)

    def _blank(self, height: int) -> "Image.Image":
        from PIL import Image

        return Image.new("RGB", (self.width, height), PAPER)

    def _write(
        self, strip: "Image.Image", at: tuple[int, int], text: str, size: int, ink: str, room: int
    ) -> None:
        from PIL import ImageDraw

        # The default font has neither dash nor minus sign.
        plain = text.replace("\u2014", "-").replace("\u2212", "-").replace("\u2026", "...")
        font, draw = self.fonts[size], ImageDraw.Draw(strip)
        while len(plain) > 4 and draw.textlength(plain, font=font) > room:
            plain = plain.removesuffix("...")[:-1].rstrip() + "..."
        draw.text(at, plain, fill=ink, font=font)

    def _title(self) -> "Image.Image":
        strip = self._blank(TITLE)
        room = self.width - 2 * GAP
        title = "; ".join(shortened(visible(p), 80) for p in self.result["prompts"])
        self._write(strip, (GAP, 8), title, 18, INK, room)
        seeds = self.result["seeds"]
        below = (
            f"rate of {visible(self.result['attribute'])}, flips against reference sampling, error "
            f"against the converged picture; {seeds['measured']} seeds a cell, 95 % intervals"
        )
        self._write(strip, (GAP, 34), below, 12, MUTED, room)
        return strip

    def _head(self, k: int) -> "Image.Image":
        from PIL import ImageDraw

        strip = self._blank(self.head_height)
        top = 0
        name, values = self.axes[2]
        if name:
            text = f"{name}: {values[k]}"
            self._write(strip, (GAP, 6), text, 18, INK, self.width - 2 * GAP)
            top = 24
        for i, value in enumerate(self.axes[0][1]):
            text = f"{self.axes[0][0]} {value}"
            self._write(
                strip, (SIDE + i * self.cell_width, top + 8), text, 14, INK, self.cell_width - GAP
            )
        line = self.head_height - 1
        ImageDraw.Draw(strip).line([(GAP, line), (self.width - GAP, line)], fill=LINE)
        return strip

    def _row(self, j: int, k: int) -> "Image.Image":
        from PIL import Image, ImageDraw

        strip = self._blank(self.row_height)
        name, values = self.axes[1]
        if name:
            self._write(strip, (GAP, GAP), name, 12, MUTED, SIDE - 2 * GAP)
            self._write(strip, (GAP, GAP + 17), values[j], 14, INK, SIDE - 2 * GAP)
        sizes = [len(values) for _, values in self.axes]
        for i in range(sizes[0]):
            index = (i * sizes[1] + j) * sizes[2] + k
            left = SIDE + i * self.cell_width
            for n, picture in enumerate(self.pictures[index]):
                large = picture.repeat(self.scale, axis=0).repeat(self.scale, axis=1)
                x = left + (n % self.per_row) * (self.wide * self.scale + BETWEEN)
                y = GAP + (n // self.per_row) * (self.high * self.scale + BETWEEN)
                strip.paste(Image.fromarray(large), (x, y))
            for n, line in enumerate(captions(self.result["cells"][index])):
                at = (left, GAP + self.tiles_height + n * LINE_HEIGHT)
                self._write(strip, at, line, 12, INK if n == 0 else MUTED, self.cell_width - 6)
        last = self.row_height - 1
        ImageDraw.Draw(strip).line([(GAP, last), (self.width - GAP, last)], fill=LINE)
        return strip


def write_grid_png(
    result: Result, pictures: Sequence[Pixels], path: Path, text: Mapping[str, str]
) -> Path:
    """Write the grid with named rows and columns, z as blocks one below the other.

    Args:
        result: what `grid --json` prints.
        pictures: uint8 [seeds, H, W, 3] per cell, in the result's order.
        path: where to.
        text: kept in the file under these names.

    Returns:
        The path.

    Raises:
        InputError: the file cannot be written.
    """
    sheet = Sheet(result, pictures)
    try:
        with PngWriter(path, sheet.width, sheet.height, text) as writer:
            for strip in sheet.strips():
                writer.add(np.asarray(strip))
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror}; name another --out"
        ) from error
    return path
