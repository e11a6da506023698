"""The parts of the trace's page, each a piece of HTML."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from catoptric.report.embed import esc, prose
from catoptric.report.matched import png_data_uri
from catoptric.report.result import Result, number, rows, table
from catoptric.report.trace_words import (
    band_label,
    band_rows,
    guidance_words,
    lambda_words,
    lead,
    mean_words,
    past,
    points_words,
    remarks,
    sampler_words,
    side_names,
    sigma_words,
)
from catoptric.report.words import count, visible

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Film = Mapping[int, Sequence[tuple[float, "NDArray[np.uint8]"]]]


def answer(result: Result) -> str:
    """Return the first thing a reader sees: the sentence, the remarks, four figures."""
    listing = "".join(f"<li>{prose(remark)}</li>" for remark in remarks(result))
    notes = f'<ul class="remarks">{listing}</ul>' if listing else ""
    return f"<h1>{prose(lead(result))}</h1>{notes}{_tiles(result)}"


def _tiles(result: Result) -> str:
    sides = rows(result, "traces")
    tiles: list[tuple[str, list[str], str]] = [
        (
            "Overshoot",
            [past(table(band_rows(s)[-1], "overshoot").get("value")) for s in sides],
            "of the whole picture, past its final value",
        ),
        (
            "90 % of pixels final",
            [f"sigma {_settled(s, 'most')}" for s in sides],
            "half of them at " + " and ".join(_settled(s, "half") for s in sides),
        ),
        ("Steps", [_steps_words(s) for s in sides], "each, accepted and rejected"),
        (
            "Evaluations",
            [_mean(s, "nfe") for s in sides],
            "of the model, each seed",
        ),
    ]
    several = len(sides) > 1
    cells = []
    for label, values, meaning in tiles:
        shown = "".join(
            f"<span>{_swatch(k) if several else ''}{prose(value)}</span>"
            for k, value in enumerate(values)
        )
        cells.append(f"<div><dt>{label}</dt><dd>{shown}<small>{prose(meaning)}</small></dd></div>")
    return f'<dl class="rates tiles">{"".join(cells)}</dl>'


def _settled(side: Result, which: str) -> str:
    return sigma_words(table(table(table(side, "summary"), "settled"), which).get("value"))


def _mean(side: Result, name: str) -> str:
    value = number(table(table(side, "summary"), name).get("value"))
    return "\u2014" if value is None else f"{value:.3g}"


def _steps_words(side: Result) -> str:
    rejected = number(table(table(side, "summary"), "rejected").get("value")) or 0.0
    taken = _mean(side, "accepted")
    return taken if rejected == 0 else f"{taken} + {rejected:.2g}"


def _swatch(side: int) -> str:
    return f'<i class="side s{side}"></i>'


def key(result: Result) -> str:
    """Return which line is which side; nothing for one side."""
    names = side_names(result)
    if len(names) < 2:
        return ""
    items = "".join(f"<li>{_swatch(k)}{esc(name)}</li>" for k, name in enumerate(names))
    return f'<ul class="key">{items}</ul>'


def film_section(result: Result, films: Sequence[Film]) -> str:
    """Return the filmstrip of the first seed."""
    seeds = [seed for seed in result.get("seeds") or [] if any(seed in film for film in films)]
    if not seeds:
        return ""
    return (
        f'<section class="first"><h2>What the sampler took the picture to be</h2>'
        f'<p class="lede">The estimate of the finished picture at falling noise (sigma), seed '
        f"{count(seeds[0])}.</p>{_film(result, films, seeds[0])}</section>"
    )


def more_films(result: Result, films: Sequence[Film]) -> str:
    """Return the filmstrips of the other seeds."""
    seeds = [seed for seed in result.get("seeds") or [] if any(seed in film for film in films)][1:]
    if not seeds:
        return ""
    strips = "".join(f"<h3>Seed {count(seed)}</h3>{_film(result, films, seed)}" for seed in seeds)
    return f"<section><h2>Other seeds</h2>{strips}</section>"


def _film(result: Result, films: Sequence[Film], seed: int) -> str:
    names, strips = side_names(result), []
    for k, film in enumerate(films):
        frames = []
        for sigma, picture in film.get(seed, ()):
            final = sigma == 0.0
            words = "final" if final else f"{sigma:.0f}" if sigma >= 100 else f"{sigma:.3g}"
            about = "finished picture" if final else f"estimate at sigma {words}"
            frames.append(
                f'<li{" class=end" if final else ""}><img alt="{esc(about)}" '
                f'src="{png_data_uri(picture)}">{esc(words)}</li>'
            )
        head = f"<p>{_swatch(k)}{esc(names[k])}</p>" if len(films) > 1 else ""
        strips.append(f'<div class="film" tabindex="0">{head}<ol>{"".join(frames)}</ol></div>')
    return "".join(strips)


def scope_section(result: Result, *, has_error: bool) -> str:
    """Return the frames of the instruments that share one axis."""
    first = (result.get("seeds") or [0])[0]
    error = '<div id="error" class="chart"></div>' if has_error else ""
    scaled = " and its scaled error (1 = tolerance)" if has_error else ""
    return (
        "<section><h2>The waveform</h2>"
        '<p class="lede">How far the estimate has come towards the final picture: 0 is the '
        "model&#8217;s resting picture, 1 the final one, above 1 is past it. Thin lines are seeds, "
        "the thick line their mean, the grey strip is 1 &#177; 5&nbsp;%. Time runs to the right, "
        f"as noise falls.</p>{key(result)}"
        '<div class="scope"><div id="response" class="chart"></div>'
        '<div id="weight" class="chart"></div>'
        f'<div id="h" class="chart"></div>{error}'
        '<div id="settled" class="chart"></div>'
        '<p class="axis">sigma, noise standard deviation in pixel units</p></div>'
        f'<p class="lede">Below the response: the guidance weight; each step&#8217;s size in '
        f"lambda = &#8722;ln sigma{scaled}, for seed {count(first)} (a cross is a rejected step); "
        "the share of pixels that have their final colour for good.</p></section>"
    )


def bands_section(result: Result) -> str:
    """Return the small charts of all bands and the tables of their figures."""
    sides = rows(result, "traces")
    small = "".join(
        f"<div><h3>{esc(band_label(result, i))}</h3><p>{_overs(sides, i)}</p>"
        f'<div id="band{i}" class="chart"></div></div>'
        for i in range(len(rows(result, "bands")))
    )
    return (
        "<section><h2>Band by band</h2>"
        '<p class="lede">The picture split by fineness: waves per picture, from its mean colour '
        "over broad shapes to edges. Overshoot under each name.</p>"
        f'{key(result)}<div class="multiples">{small}</div>{_band_table(result)}</section>'
    )


def _overs(sides: Sequence[Result], band: int) -> str:
    texts = [
        f"{_swatch(k) if len(sides) > 1 else ''}"
        + prose(past(table(band_rows(side)[band], "overshoot").get("value")))
        for k, side in enumerate(sides)
    ]
    return " &nbsp; ".join(texts)


def _band_table(result: Result) -> str:
    sides, names = rows(result, "traces"), side_names(result)
    several = len(sides) > 1
    heads = ["Overshoot", "Undershoot", "Rise", "Settling", "Settled from"]
    lines = []
    for i in range(len(rows(result, "bands"))):
        for k, side in enumerate(sides):
            row = band_rows(side)[i]
            cells = [
                mean_words(table(row, "overshoot"), past),
                mean_words(table(row, "undershoot"), past, interval=False),
                mean_words(table(row, "rise"), lambda_words, interval=False),
                mean_words(table(row, "settling"), lambda_words, interval=False),
                f"sigma {sigma_words(table(row, 'settled_sigma').get('value'))}",
            ]
            head = f'<th scope="row">{esc(band_label(result, i))}</th>' if k == 0 else "<th></th>"
            side_cell = _side_cell(k, names[k]) if several else ""
            figures = "".join(f'<td class="n">{prose(cell)}</td>' for cell in cells)
            lines.append(f"<tr>{head}{side_cell}{figures}</tr>")
    titles = "".join(f'<th scope="col" class="n">{head}</th>' for head in heads)
    side_head = '<th scope="col">Side</th>' if several else ""
    return (
        f'<div class="scroll"><table><caption>Means over {count(len(result.get("seeds") or []))} '
        "seeds, which are consecutive and no random sample, in brackets 95&nbsp;% t intervals. "
        "Rise and settling are stretches of lambda."
        f'</caption><thead><tr><th scope="col">Band</th>{side_head}{titles}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>{_changes(result)}"
    )


def _side_cell(side: int, name: str) -> str:
    return f'<td>{_swatch(side)}<span class="wide">{esc(name)}</span></td>'


def _changes(result: Result) -> str:
    comparison = rows(result, "comparison")
    if not comparison:
        return ""
    lines = "".join(
        f'<tr><th scope="row">{esc(band_label(result, i))}</th>'
        + "".join(
            f'<td class="n">{prose(mean_words(table(row, name), show))}</td>'
            for name, show in (
                ("overshoot", points_words),
                ("undershoot", points_words),
                ("rise", lambda_words),
                ("settling", lambda_words),
            )
        )
        + "</tr>"
        for i, row in enumerate(comparison)
    )
    heads = "".join(
        f'<th scope="col" class="n">{name}</th>'
        for name in ("Overshoot, points", "Undershoot, points", "Rise", "Settling")
    )
    names = side_names(result)
    return (
        f'<div class="scroll"><table><caption>Change from {esc(names[0])} to {esc(names[1])}, '
        "seed by seed.</caption><thead><tr>"
        f'<th scope="col">Band</th>{heads}</tr></thead><tbody>{lines}</tbody></table></div>'
    )


def path_section(result: Result) -> str:
    """Return the shapes of the paths."""
    lines = []
    for side, name in zip(rows(result, "traces"), side_names(result), strict=True):
        for which, what in (("estimate_path", "estimate"), ("state_path", "noisy state")):
            shape = table(table(side, "summary"), which)
            figures = [
                ("length", 3),
                ("detour", 4),
                ("turning", 3),
                ("dimension", 3),
            ]
            cells = "".join(
                f'<td class="n">{esc(_figure(table(shape, key_), digits))}</td>'
                for key_, digits in figures
            )
            lines.append(f'<tr><th scope="row">{esc(name)}</th><td>{what}</td>{cells}</tr>')
    heads = "".join(
        f'<th scope="col" class="n">{name}</th>'
        for name in ("Length", "Detour", "Turning, degrees", "Directions")
    )
    return (
        "<section><h2>The path</h2>"
        '<p class="lede">Length is rms per pixel; detour is length over the straight line; turning '
        "the sum of all bends; directions the effective number of dimensions the path spreads in "
        "(1 is a line). Means over seeds.</p>"
        f'<div class="scroll"><table><thead><tr><th scope="col">Side</th><th scope="col">Path of '
        f"the</th>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table></div></section>"
    )


def _figure(mean: Result, digits: int) -> str:
    value = number(mean.get("value"))
    return "\u2014" if value is None else f"{value:.{digits}g}"


def steps_section(result: Result) -> str:
    """Return every attempted step of the first seed, folded away."""
    blocks = []
    for side, name in zip(rows(result, "traces"), side_names(result), strict=True):
        samples = rows(side, "samples")
        if not samples:
            continue
        steps = table(samples[0], "steps")
        names = ("sigma", "sigma_next", "h", "error", "weight")
        columns = [steps.get(n) or [] for n in names]
        body = "".join(
            "<tr>"
            + "".join(f'<td class="n">{esc(_cell(v))}</td>' for v in row)
            + f"<td>{'accepted' if accepted else 'rejected'}</td></tr>"
            for accepted, *row in zip(steps.get("accepted") or [], *columns, strict=True)
        )
        heads = "".join(
            f'<th scope="col" class="n">{text}</th>'
            for text in ("From sigma", "To sigma", "h", "Error", "w")
        )
        blocks.append(
            f"<details><summary>Every step of seed {count(samples[0].get('seed'))}, {esc(name)}"
            f'</summary><div class="scroll"><table><thead><tr>{heads}<th scope="col">Step</th>'
            f"</tr></thead><tbody>{body}</tbody></table></div></details>"
        )
    return f"<section><h2>Steps</h2>{''.join(blocks)}</section>"


def _cell(value: Any) -> str:
    found = number(value)
    return "\u2014" if found is None else f"{found:.4g}"


def settings_section(result: Result) -> str:
    """Return the settings of each side."""
    items = []
    for side, name in zip(rows(result, "traces"), side_names(result), strict=True):
        settings = table(side, "settings")
        start, noise = table(settings, "start"), table(settings, "noise")
        words = [
            guidance_words(settings),
            sampler_words(settings),
            f"start at {_start(start)}",
            f"{visible(noise.get('source') or '?')} noise",
        ]
        items.append(f"<dt>{esc(name)}</dt><dd>{esc('; '.join(words))}</dd>")
    return f'<section><h2>Settings</h2><dl class="plain">{"".join(items)}</dl></section>'


def _start(start: Result) -> str:
    sigma = number(start.get("sigma"))
    return "the model\u2019s first sigma" if sigma is None else f"sigma {sigma:g}"


def reading_section(result: Result) -> str:
    """Return what the words mean."""
    measured = sum(int(number(s.get("measured")) or 0) for s in rows(result, "traces"))
    return (
        "<section><h2>How it was measured</h2><ul class=plain>"
        "<li>The sampler ran untouched; its pictures are those that <code>draw</code> makes. At "
        "every state that it accepted the guided estimate of the final picture was then taken "
        f"({count(measured)} estimates, beside the evaluations above), so that all solvers are "
        "measured alike.</li>"
        "<li>Response of a band: the estimate&#8217;s part along the final picture, r = "
        "&#10216;estimate, final&#10217; / |final|&#178;, over the band&#8217;s waves and all "
        "colour channels.</li>"
        "<li>Overshoot is the largest r less 1; undershoot the smallest r where it is below 0; "
        "rise the stretch of lambda from 10 to 90&nbsp;% of the way between the first response and "
        "1; settling from that 10&nbsp;% until r stays within 5&nbsp;% of 1. Extremes are those of "
        "the states that the sampler stood on: a coarse schedule can step over a peak.</li>"
        "<li>A pixel is settled once none of its channels strays by more than 5&nbsp;% of the "
        "range from its final value any more.</li></ul></section>"
    )
