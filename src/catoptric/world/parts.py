"""The drawing: which parts a portrait is stacked from, back to front, and their SVG sources.

Garments, faces and props are our own files in svg/; hair and glasses are generic parts of the
`python_avatars` package (MIT). Parts of it that quote film characters or real people are left out.
In every source, `currentColor` stands for the one colour that varies (skin, hair, cloth, wall).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from catoptric.world.attributes import attribute

VIEW = 'viewBox="-8 -8 280 280"'
"""The square of python_avatars' 264 x 280 canvas that is shown: room above for a toque."""

PALETTES: Mapping[str, Mapping[str, str]] = {
    "skin": {
        "pale": "#fbdcc7", "light": "#efbd92", "tan": "#d99e68", "brown": "#b4743c",
        "dark": "#875029", "deep": "#54301f",
    },
    "hair_colour": {
        "black": "#1c1718", "brown": "#5f3a24", "red": "#b4481c", "blond": "#e3b95c",
        "grey": "#8d9095", "white": "#f1eee8",
    },
    "clothing": {
        "red": "#c8343c", "blue": "#2d6cb8", "green": "#2f8f5b", "yellow": "#eab82d",
        "purple": "#7d4fa8", "grey": "#6a727d",
    },
    "background": {
        "sky": "#a9d3f2", "sand": "#f0dfb2", "mint": "#a8dfc1", "rose": "#f4b9c1",
        "lilac": "#c9b8ea", "stone": "#b9bfc6",
    },
}  # fmt: skip

HAIR: Mapping[str, str] = {
    "bob": "bob", "bun": "bun", "curls": "curly", "afro": "fro", "long-straight": "straight_2",
    "long-swept": "straight_1", "shoulder-length": "long_not_too_long",
    "braids": "twist_long_hair", "waves": "loose_hair", "bald": "no_hair", "crop": "caesar",
    "flat-top": "short_flat", "side-part": "short_round", "short-curls": "short_curly",
    "quiff": "quiff", "short-waves": "short_waved", "twists": "short_dreads_1",
    "pompadour": "pompadour",
}  # fmt: skip
"""Hair style to the python_avatars file that draws it."""

COVERS: Mapping[str, str | None] = {
    "bare": None,
    "toque": "M-8 280 V190 Q26 92 66 78 H198 Q238 92 272 190 V280 Z",
    "brim": "M-8 280 V100 L50 70 H214 L272 100 V280 Z",
}
"""Hats over the hair, and the region of the canvas in which hair is then still seen."""

COVER_OF: Mapping[str, str] = {"chef": "toque", "engineer": "brim", "firefighter": "brim"}
"""The cover of an occupation; bare when not named."""

HEADGEAR = ("chef", "engineer", "firefighter", "nurse", "scientist")
PROPS = ("programmer", "scientist", "lawyer", "teacher", "librarian")
BACKDROPS = ("teacher", "librarian")


@dataclass(frozen=True)
class Family:
    """A place in the stack: the parts that may lie there, one of them on each portrait."""

    name: str
    axes: tuple[str, ...]
    """Attributes whose levels choose the part; "cover" is the hat over the hair."""
    source: Callable[..., str | None]
    """From the level of each axis but the tint to an SVG; None where nothing is drawn."""
    tint: str | None = None
    """The axis, always the last, that only colours the part."""

    @property
    def shape(self) -> tuple[int, ...]:
        """How many levels each axis has."""
        return tuple(len(axis_levels(axis)) for axis in self.axes)


def axis_levels(axis: str) -> tuple[str, ...]:
    """The levels of an axis of a family."""
    return tuple(COVERS) if axis == "cover" else attribute(axis).levels


def _backdrop(occupation: str) -> str:
    return own(f"backdrop_{occupation}" if occupation in BACKDROPS else "backdrop")


def _body(presentation: str) -> str:
    return own(f"body_{presentation}")


def _garment(occupation: str) -> str:
    return own(f"garment_{occupation}")


def _brows(presentation: str, expression: str, facial_hair: str) -> str:
    brows = own(f"brows_{presentation}_{expression}")
    if facial_hair == "none" or presentation == "woman":
        return brows
    return brows.replace("</svg>", f"{inner(own(facial_hair))}</svg>")


def _face(presentation: str, expression: str) -> str:
    return own(f"face_{presentation}_{expression}")


def _hair(cover: str, style: str) -> str:
    drawing = borrowed(f"top/hair/{HAIR[style]}.svg")
    coloured = r'(<[^>]*\bid="(?:Hair-Color|Color)"[^>]*?)\bfill="[^"]*"'
    drawing = re.sub(coloured, r'\1fill="currentColor"', drawing)
    below = COVERS[cover]
    if below is None:
        return f"<svg {NAMESPACES} {VIEW}>{drawing}</svg>"
    return (
        f'<svg {NAMESPACES} {VIEW}><clipPath id="brim"><path d="{below}"/></clipPath>'
        f'<g clip-path="url(#brim)">{drawing}</g></svg>'
    )


def _glasses(glasses: str) -> str | None:
    return own("glasses") if glasses == "yes" else None


def _headgear(occupation: str) -> str | None:
    return own(f"headgear_{occupation}") if occupation in HEADGEAR else None


def _prop(occupation: str) -> str | None:
    return own(f"prop_{occupation}") if occupation in PROPS else None


FAMILIES: tuple[Family, ...] = (
    Family("backdrop", ("occupation", "background"), _backdrop, "background"),
    Family("body", ("presentation", "skin"), _body, "skin"),
    Family("garment", ("occupation", "clothing"), _garment, "clothing"),
    Family(
        "brows", ("presentation", "expression", "facial_hair", "hair_colour"), _brows, "hair_colour"
    ),
    Family("face", ("presentation", "expression"), _face),
    Family("hair", ("cover", "hair_style", "hair_colour"), _hair, "hair_colour"),
    Family("glasses", ("glasses",), _glasses),
    Family("headgear", ("occupation",), _headgear),
    Family("prop", ("occupation",), _prop),
)
"""Back to front."""

NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


@cache
def own(name: str) -> str:
    """One of our drawings in svg/."""
    return files("catoptric.world").joinpath(f"svg/{name}.svg").read_text(encoding="utf-8")


def inner(svg: str) -> str:
    """The content of an SVG without its root element."""
    return svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")]


@cache
def borrowed(path: str) -> str:
    """A part of python_avatars as a group: its root element becomes <g>, namespaces kept."""
    text = files("python_avatars").joinpath(f"avatar_parts/{path}").read_text(encoding="utf-8")
    text = re.sub(r"<\?xml.*?\?>", "", text)
    root = re.search(r"<svg([^>]*)>", text)
    assert root is not None, path
    spaces = " ".join(re.findall(r'xmlns:?\w*="[^"]*"', root[1]))
    return f"<g {spaces}>{inner(text)}</g>"
