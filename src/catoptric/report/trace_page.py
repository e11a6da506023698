"""The trace as one HTML file: the sampler's oscilloscope, asking nothing of anybody."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from catoptric.report.embed import content_policy, esc, json_data_uri, script_json, vega_bundle
from catoptric.report.result import Result, rows
from catoptric.report.style import CSS, DRAW
from catoptric.report.trace_charts import (
    response_spec,
    settled_spec,
    steps_spec,
    weight_spec,
)
from catoptric.report.trace_sections import (
    answer,
    bands_section,
    film_section,
    more_films,
    path_section,
    reading_section,
    scope_section,
    settings_section,
    steps_section,
)
from catoptric.report.trace_words import side_names
from catoptric.report.words import shortened, visible

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Film = Mapping[int, Sequence[tuple[float, "NDArray[np.uint8]"]]]
"""seed -> (sigma, uint8 [H, W, 3]) of each frame; sigma 0 is the finished picture."""

TRACE_CSS = """
.film{overflow-x:auto;margin:.9rem 0 0;-webkit-overflow-scrolling:touch}
.film ol{display:flex;gap:.35rem;list-style:none;margin:0;padding:0;min-width:min-content}
.film li{flex:1 0 4.4rem;max-width:6.4rem;font-size:.75rem;color:var(--muted);text-align:center;
font-variant-numeric:tabular-nums}
.film img{width:100%;aspect-ratio:1;image-rendering:pixelated;display:block;border-radius:4px;
margin-bottom:.15rem}
.film li.end{color:var(--ink);font-weight:600}.film li.end img{outline:2px solid var(--ink);
outline-offset:-2px}
.film p{font-size:.8125rem;margin:.1rem 0 .3rem;color:var(--ink)}
.side{display:inline-block;width:1.5rem;height:0;border-top:3px solid var(--interface);
vertical-align:.25rem;margin-right:.45rem}
.side.s1{border-top:3px dashed var(--data)}
.scope .chart{min-height:2rem;margin:.15rem 0 .1rem}
.scope .axis{color:var(--muted);font-size:.8125rem;margin:0 0 0 52px}
.tiles{grid-template-columns:repeat(4,1fr)}
.tiles dd span{display:block;white-space:nowrap}
.two .tiles dd{font-size:1.2rem}
.multiples{display:grid;grid-template-columns:repeat(4,1fr);gap:.7rem 1rem;margin:.8rem 0 0}
.multiples h3{margin:0;font-size:.875rem}
.multiples p{margin:0;font-size:.8125rem;color:var(--muted);font-variant-numeric:tabular-nums}
.key{display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;list-style:none;padding:0;margin:.5rem 0 0;
font-size:.875rem}
@media (max-width:40rem){.tiles{grid-template-columns:1fr 1fr}.multiples{grid-template-columns:
1fr 1fr}.two .tiles dd{font-size:1.05rem}.film li{flex-basis:3.6rem}}
"""


def trace_html(result: Result, films: Sequence[Film]) -> str:
    """Return the page as text.

    Args:
        result: What `trace --json` prints.
        films: One per side.

    Returns:
        A whole HTML document: scripts, styles, pictures and data inside it.
    """
    bundle = vega_bundle()
    whole = len(rows(result, "bands")) - 1
    charts = {
        "response": response_spec(result, whole, height=230),
        "weight": weight_spec(result),
        "h": steps_spec(result, "h"),
        "error": steps_spec(result, "error"),
        "settled": settled_spec(result),
    }
    charts |= {
        f"band{i}": response_spec(result, i, height=110, small=True) for i in range(whole + 1)
    }
    drawn = {name: spec for name, spec in charts.items() if spec is not None}
    sides = len(rows(result, "traces"))
    body = "".join(
        [
            film_section(result, films),
            scope_section(result, has_error="error" in drawn),
            bands_section(result),
            path_section(result),
            more_films(result, films),
            steps_section(result),
            settings_section(result),
            reading_section(result),
        ]
    )
    title = shortened(visible(result.get("prompt") or ""), 60)
    under = " against ".join(side_names(result))
    link = (
        f'<a class="button" download="trace.json" href="{json_data_uri(result)}">'
        "Every number as JSON</a>"
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{content_policy([bundle, DRAW])}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>Trace: {esc(title)}</title><style>{CSS}{TRACE_CSS}</style></head>"
        f'<body class="{"two" if sides > 1 else "one"}">'
        f'<header><div class="brand"><span><b>Catoptric</b> trace</span>'
        f"<span>{esc(shortened(under, 90))}</span></div>{answer(result)}</header>"
        f"<main>{body}<p>{link}</p></main>"
        "<footer>Made by Catoptric. This page is one file and loads nothing from elsewhere."
        "<noscript> Its charts need JavaScript; every figure stands in the tables.</noscript>"
        "</footer>"
        f'<script type="application/json" id="charts">{script_json(drawn)}</script>'
        f"<script>{bundle}</script><script>{DRAW}</script></body></html>"
    )
