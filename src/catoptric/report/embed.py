"""What a page may contain: text as text, data as data, and a policy that forbids any request."""

import base64
import hashlib
import html
import json
import re
from collections.abc import Sequence
from typing import Any

from catoptric.report.result import plain
from catoptric.report.words import visible


def esc(text: object) -> str:
    """Return text from anywhere as HTML that shows it; safe in elements and quoted attributes."""
    return html.escape(visible(text), quote=True)


def prose(text: object) -> str:
    """Return a sentence as HTML: curly apostrophes, numbers held to their units at line ends."""
    curly = re.sub(r"(?<=\w)'(?=s\b)", "\u2019", visible(text))
    held = re.sub(r"(?<=\d) (?=(?:%|points?\b))", "&nbsp;", esc(curly))
    interval = r"&nbsp;% interval (\S+) to (\S+)"
    return re.sub(interval, r"&nbsp;%&nbsp;interval&nbsp;\1&nbsp;to&nbsp;\2", held)


def script_json(value: Any) -> str:
    """Return JSON that can stand inside a script element without ending it.

    Args:
        value: The data; what is not finite becomes null.

    Returns:
        ASCII JSON in which no character has a meaning in HTML.
    """
    text = json.dumps(plain(value), allow_nan=False)
    # Inside a script element HTML knows no escapes, JSON does.
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def json_data_uri(value: Any) -> str:
    """Return pretty JSON as a `data:` address that a link can offer for download."""
    text = json.dumps(plain(value), allow_nan=False, indent=2)
    return "data:application/json;base64," + base64.b64encode(text.encode()).decode("ascii")


def content_policy(scripts: Sequence[str]) -> str:
    """Return the content security policy of a page that runs these scripts and nothing else.

    Args:
        scripts: The exact text of every script element that is to run.

    Returns:
        The policy: no request to anywhere, pictures only from within the page, and a script only
        if it is one of these; a breakout that an escape had missed would not run either.
    """
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"
        for text in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def vega_bundle() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script that needs nothing from elsewhere.

    Returns:
        JavaScript, safe inside a script element.
    """
    import altair as alt
    import vl_convert

    # vl_convert knows minor versions ("6.1"), Altair names a patch ("v6.1.0").
    version = ".".join(alt.VEGALITE_VERSION.lstrip("v").split(".")[:2])
    # The stub asks for a snippet that the function itself does without.
    bundle = str(vl_convert.javascript_bundle(vl_version=version))  # type: ignore[call-arg]
    # The two strings that change how HTML reads a script element; in JavaScript strings and
    # patterns the escaped forms mean the same.
    return bundle.replace("</script", "<\\/script").replace("<!--", "\\x3c!--")
