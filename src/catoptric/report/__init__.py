"""What a person reads: the audit's answer in a terminal, on a page, on a contact sheet.

Everything here takes the JSON object that `audit --json` prints (a plain dict) and computes no
figure of its own; what the rules of inference allow to be said of a share is decided in one place
(`verdict`). Text from users is shown, never acted upon.
"""

from catoptric.report.headline import Headline, headline
from catoptric.report.matched import MatchedPair
from catoptric.report.page import page_html, write_page
from catoptric.report.remedy import remedy_sentence
from catoptric.report.sheet import matched_sheet
from catoptric.report.terminal import print_report
from catoptric.report.verdicts import Verdict, verdict

__all__ = [
    "Headline",
    "MatchedPair",
    "Verdict",
    "headline",
    "matched_sheet",
    "page_html",
    "print_report",
    "remedy_sentence",
    "verdict",
    "write_page",
]
