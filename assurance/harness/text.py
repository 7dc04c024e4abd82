"""Texts of others that attack a reader's screen, and what no screen may show."""

from __future__ import annotations

import re

ESCAPE = "\x1b[2J\x1b[H\x1b]0;owned\x07\x1b]8;;http://evil\x1b\\"
BIDI = "\u202e\u2066\u200f\u061c"
HIDDEN = "\u200b\u2060\ufeff\u00ad\U000e0041\u115f\u3164\u2800"
ENDS = "\r\n\u2028\u2029\x85\x0b\x0c"
FLOOD = "Z" + "\u0336\u0353\u0489" * 40
HOSTILE = (
    f"Good science.{ESCAPE}\nlease:1  Active: shall lease 1 be approved?\n  votes       9,999 for, 0 against, 0 abstain"
    f"\rPrice: 0{BIDI}{HIDDEN}{ENDS}{FLOOD}[bold red]no markup[/bold red]" + " pad" * 60 + " the end"
)
DANGEROUS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u00ad\U000e0041]"
)
"""Characters that no line of output may hold."""
