"""Text that others wrote, made safe to look at."""

from __future__ import annotations

import re

# Unicode categories Cc, Cf, Cs, Zl and Zp, written out because walking the whole character
# database at start-up would cost more than the command; a test compares the two.
_CONTROLS = r"\x00-\x1f\x7f-\x9f"
_FORMATS = (
    r"\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U00013438"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"
)
_BREAKS = r"\u2028\u2029"
_SURROGATES = r"\ud800-\udfff"
# Letters and marks that take no ink: fillers, and selectors that can smuggle whole sentences.
_INKLESS = r"\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\uffa0\ufff0-\ufff8"
_SELECTORS = r"\U000e0100-\U000e01ef"

HIDDEN = re.compile(f"[{_CONTROLS}{_FORMATS}{_BREAKS}{_SURROGATES}{_INKLESS}{_SELECTORS}]")
"""One character that a terminal obeys, reorders or does not draw."""

_ROOM = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_SURROGATE = re.compile(f"[{_SURROGATES}]")


def visible(text: str, *, lines: bool = False) -> str:
    """`text` with every character a terminal would obey or hide spelt out, as in `\\x1b`.

    Runs of tabs and line breaks become one space, so the result is one line; with `lines` each
    `\\n` stays. Nothing else is lost, so an attempt at forgery can be read.
    """
    if HIDDEN.search(text) is None:
        return text
    if lines:
        return "\n".join(visible(line) for line in text.split("\n"))
    return HIDDEN.sub(lambda match: spelt(match.group()), _ROOM.sub(" ", text))


def spelt(character: str) -> str:
    """One character as Python would write it: `\\x1b`, `\\u202e`, `\\U000e0041`."""
    point = ord(character)
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"


def whole(text: str) -> str:
    """`text` with lone surrogates, which no encoding can carry, replaced by U+FFFD."""
    return _SURROGATE.sub("\ufffd", text)
