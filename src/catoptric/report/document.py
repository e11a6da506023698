"""The frame of a page without scripts: one file that asks nothing of anybody."""

from catoptric.report.embed import content_policy, esc, json_data_uri
from catoptric.report.result import Result
from catoptric.report.style import CSS
from catoptric.report.words import shortened, visible


def still_document(
    result: Result, *, kind: str, title: str, under: str, header: str, body: str, css: str
) -> str:
    """Return a whole HTML document that runs nothing.

    Args:
        result: The command's object, offered for download.
        kind: The command, as the brand line names it.
        title: Of the window; text from users, cut and escaped here.
        under: What stands at the right of the brand line; likewise.
        header: HTML below the brand line.
        body: HTML of the sections.
        css: Rules beside the house's own.
    """
    link = (
        f'<a class="button" download="{kind}.json" href="{json_data_uri(result)}">'
        "Every number as JSON</a>"
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{content_policy([])}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{esc(kind.capitalize())}: {esc(shortened(visible(title), 60))}</title>"
        f"<style>{CSS}{css}</style></head><body>"
        f'<header><div class="brand"><span><b>Catoptric</b> {esc(kind)}</span>'
        f"<span>{esc(shortened(under, 90))}</span></div>{header}</header>"
        f"<main>{body}<p>{link}</p></main>"
        "<footer>Made by Catoptric. This page is one file and loads nothing from elsewhere."
        "</footer></body></html>"
    )
