"""The embedded world: illustrated portraits whose truth is known.

Rates (a file of conditional tables) say how often each attribute is drawn; `draw_portraits` turns
them into codes, `render` turns codes into pictures, `picture_set` keeps the fixed draw behind the
model `portraits-exact`. `parse_prompt` reads what a prompt demands, `caption` says in words what
a portrait shows. Truth is in the drawing: every auditable attribute can be told from the pixels.
"""

from catoptric.world.attributes import (
    ATTRIBUTE_NAMES,
    ATTRIBUTES,
    AUDITABLE,
    Attribute,
    Codes,
    attribute,
    codes_of,
    column,
    fixed_by,
    level_names,
)
from catoptric.world.captions import caption
from catoptric.world.condition import Condition
from catoptric.world.picture_set import PictureSet, picture_set
from catoptric.world.prompts import parse_prompt
from catoptric.world.rates import Rates, draw_portraits
from catoptric.world.rates_file import load_rates, rates_template
from catoptric.world.renderer import render
from catoptric.world.sheet import contact_sheet
from catoptric.world.show import RatesRow, example_codes, rates_rows
from catoptric.world.storage import cache_folder

__all__ = [
    "ATTRIBUTES",
    "ATTRIBUTE_NAMES",
    "AUDITABLE",
    "Attribute",
    "Codes",
    "Condition",
    "PictureSet",
    "Rates",
    "RatesRow",
    "attribute",
    "cache_folder",
    "caption",
    "codes_of",
    "column",
    "contact_sheet",
    "draw_portraits",
    "example_codes",
    "fixed_by",
    "level_names",
    "load_rates",
    "parse_prompt",
    "picture_set",
    "rates_rows",
    "rates_template",
    "render",
]
