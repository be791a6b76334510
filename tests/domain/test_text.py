import sys
import unicodedata

import pytest

from flux_cli.domain.text import HIDDEN, visible, whole

NAUGHTY = [
    ("escape", "\x1b[31mred", "\\x1b[31mred"),
    ("clipboard write", "\x1b]52;c;aGk=\x07", "\\x1b]52;c;aGk=\\x07"),
    ("title", "\x1b]0;owned\x1b\\", "\\x1b]0;owned\\x1b\\"),
    ("hyperlink", "\x1b]8;;http://x\x1b\\y", "\\x1b]8;;http://x\\x1b\\y"),
    ("bell and backspace", "a\x07\x08b", "a\\x07\\x08b"),
    ("nul", "a\x00b", "a\\x00b"),
    ("delete", "a\x7fb", "a\\x7fb"),
    ("8-bit escape", "\x9b2J\x9d0;t\x9c", "\\x9b2J\\x9d0;t\\x9c"),
    ("right to left override", "gpj\u202eexe", "gpj\\u202eexe"),
    ("isolates", "\u2066a\u2069", "\\u2066a\\u2069"),
    ("zero width", "pay\u200bpal\u200d\ufeff", "pay\\u200bpal\\u200d\\ufeff"),
    ("soft hyphen", "a\u00adb", "a\\xadb"),
    ("tag letters", "a\U000e0041", "a\\U000e0041"),
    ("selectors that carry bytes", "a\U000e0141", "a\\U000e0141"),
    ("inkless letters", "\u3164\u115f", "\\u3164\\u115f"),
    ("lone surrogate", "a\udc80", "a\\udc80"),
    ("carriage return", "safe\rforged", "safe forged"),
    ("line breaks", "a\n\nb\r\nc\x0bd\x0ce\x85f", "a b c d e f"),
    ("unicode line breaks", "a\u2028b\u2029c", "a b c"),
    ("tab", "a\tb", "a b"),
]


@pytest.mark.parametrize(
    ("text", "shown"), [row[1:] for row in NAUGHTY], ids=[r[0] for r in NAUGHTY]
)
def test_what_a_terminal_would_obey_or_hide_is_spelt_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize("text", ["", "Zoë – 東京 $5", "[red]not markup[/red]", "👍🏽", "‘’“”…"])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_lines_can_stay_lines() -> None:
    assert visible("one\ntwo\x1b\r\nthree", lines=True) == "one\ntwo\\x1b \nthree"


def test_nothing_shown_has_to_be_shown_again() -> None:
    everything = "".join(map(chr, range(sys.maxunicode + 1)))

    assert visible(visible(everything)) == visible(everything)


def test_every_control_format_and_separator_of_unicode_is_known() -> None:
    missed = [
        f"{point:x}"
        for point in range(sys.maxunicode + 1)
        if unicodedata.category(chr(point)) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        and not HIDDEN.match(chr(point))
    ]

    assert missed == []


def test_a_lone_surrogate_becomes_a_character_that_can_be_encoded() -> None:
    assert whole("a\ud800b") == "a\ufffdb"
