"""Seeds crossed with prompts and settings, in a terminal."""

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from catoptric.report.result import Result, number, rows
from catoptric.report.words import MINUS, count, p_value, people, percent, visible

ALPHA = 0.05
SHOWN = 5
COLUMNS = ("seed", "prompt", "setting", "seed x prompt", "rest")


def print_seeds(result: Result, console: Console) -> None:
    """Print what `seeds` found.

    Args:
        result: what `seeds --json` prints.
        console: where to.
    """
    console.print(Text(lead(result)))
    table = Table(
        title="Share of the variance, in %", title_justify="left", box=SIMPLE, padding=(0, 1, 0, 0)
    )
    table.add_column("attribute", no_wrap=True)
    for name in ("seed", "95 %", "p (Holm)", *COLUMNS[1:]):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows(result, "components"):
        shares = row["shares"]
        others = [number(shares[n]["value"]) for n in shares if n not in COLUMNS[:4]]
        table.add_row(
            visible(row["attribute"]).replace("_", " "),
            _whole(shares["seed"]["value"]),
            _ends(shares["seed"]),
            p_value(row["p_holm"]),
            *(_whole(shares[name]["value"]) for name in COLUMNS[1:4]),
            _whole(None if None in others else sum(v or 0.0 for v in others)),
        )
    console.print(table)
    console.print(Text(_tendencies(result)))
    console.print(
        Text(
            "Seed: what a seed does whatever the prompt and setting. Seed x prompt: what it does "
            "of one prompt under every setting. Rest: setting with either, and all three. "
            "Intervals over seeds; p by permuting seeds within each prompt."
        )
    )
    left = f" {result['left_out']} left out, a picture unclear." if result["left_out"] else ""
    scales = ", ".join(f"{scale:g}" for scale in result["guidance"])
    console.print(
        Text(
            f"{result['seeds']} seeds x {len(result['prompts'])} prompts x guidance {scales}: "
            f"{count(result['pictures'])} pictures, {result['seconds']:.0f} s.{left}"
        )
    )


def lead(result: Result) -> str:
    """The answer in a sentence, for the attribute asked for."""
    name = visible(result["attribute"]).partition(":")[0]
    asked = next((r for r in rows(result, "components") if r["attribute"] == name), None)
    if asked is None:
        return f"Every picture has the same {name}: nothing for a seed to decide."
    share, within = asked["shares"]["seed"], asked["within"]
    if share["value"] is None:
        return f"There is too little of {name} to split: {share['reason']}."
    ends = f"{_ends(share)} %"
    p = number(asked["p_holm"])
    if p is not None and p < ALPHA:
        return (
            f"Seeds have a tendency of their own: {_whole(share['value'])} % of the variance of "
            f"{name} is the seed's whatever the prompt and setting (95 % interval {ends}), "
            f"{_whole(within['value'])} % of what varies within a prompt."
        )
    return (
        f"No tendency of seeds was shown: {_whole(share['value'])} % of the variance of {name} "
        f"is the seed's whatever the prompt and setting (95 % interval {ends}, p "
        f"{p_value(p)})."
    )


def _tendencies(result: Result) -> str:
    whom = people(result["attribute"])
    seeds = rows(result, "tendencies")
    own = [one for one in seeds if one["p"] < ALPHA]
    listed = "; ".join(
        f"{one['seed']}: {percent(one['rate'], 0)}, {one['points']:+.0f} points, p "
        f"{p_value(one['p'])}".replace("-", MINUS)
        for one in seeds[:SHOWN]
    )
    return (
        f"{len(own)} of {len(seeds)} seeds can be said to make more or fewer {whom} than the "
        f"others (p adjusted for looking at all). Farthest out: {listed}."
    )


def _ends(share: Result) -> str:
    """Both ends of an interval in whole per cent; an em dash where there are none."""
    low, high = share["low"], share["high"]
    return percent(None) if low is None else f"{_whole(low)} to {_whole(high)}"


def _whole(share: object) -> str:
    """A share in whole per cent; unbiased estimates of nothing waver around 0, which is all 0."""
    value = number(share)
    return percent(None) if value is None else percent(round(value, 2) + 0.0, 0)[:-2]
