"""Documents of every kind, drawn by seed, with characters that trip software up."""

from __future__ import annotations

import csv
import html
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass

TOPICS = ("lantern", "battery", "tent", "stove", "kettle")
UNITS = ("€", "grams", "hours", "%", "litres")
ODD = (
    "naïve", "Zoë", "e\u0301te\u0301", "日本語の説明", "Ünïcödé", "🔦", "👩‍👩‍👧", "ﬁne", "½", "№7",
    "co\u00adop", "non\u00a0breaking", "thin\u2009space", "“quoted”", "‘single’", "—", "…", "x²",
    "<b>not bold</b>", "&amp;", "&#65;", "a|b", "[1]", "\\[2\\]", "`code`", "*star*", "_under_",
    "$5", "100%", "C:\\path", "=1+1", "@risk", "::error::", "{{x}}", "%s", "\u4e2d\u6587",
    "Łódź", "ß", "Ω",
)  # fmt: skip
HIDDEN = ("zero\u200bwidth", "\u202ebidi", "\u2066iso\u2069late", "word\u2060joiner", "bell\x07")
BREAKS = ("\n", "\r\n", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\n\n", "\t", "\r")
RIGHT_TO_LEFT = ("مرحبا", "שלום")


@dataclass(frozen=True)
class Made:
    """A document, and what a reader would see of it: page by page, each a list of passages."""

    name: str
    data: bytes
    pages: tuple[tuple[str, ...], ...]


def sentence(draw: random.Random, odd: Sequence[str] = ODD) -> str:
    """One statement with a figure, on one of the topics."""
    topic, unit = draw.choice(TOPICS), draw.choice(UNITS)
    extra = [draw.choice(odd) for _ in range(draw.randrange(4))]
    words = ["The", topic, *extra, draw.choice(("costs", "weighs", "lasts", "holds"))]
    return " ".join([*words, str(draw.randrange(2, 900)), unit]) + draw.choice(".!…")


def paragraph(draw: random.Random, odd: Sequence[str] = ODD) -> str:
    return " ".join(sentence(draw, odd) for _ in range(draw.randrange(1, 5)))


def text(draw: random.Random) -> Made:
    """Plain text with every kind of break between and inside its paragraphs, perhaps a mark."""
    odd = ODD + HIDDEN + BREAKS + RIGHT_TO_LEFT
    parts = [paragraph(draw, odd) for _ in range(30)]
    whole = "".join(part + draw.choice(BREAKS) for part in parts)
    data = (draw.choice(("", "\ufeff")) + whole).encode()
    return Made("notes.txt", data, (tuple(parts),))


def markdown(draw: random.Random) -> Made:
    """Headings, bullets, quotations and a table."""
    odd = ODD + HIDDEN + RIGHT_TO_LEFT
    newline, parts = draw.choice(("\n", "\r\n")), []
    for _ in range(12):
        parts.append("#" * draw.randrange(1, 4) + f" About the {draw.choice(TOPICS)}")
        parts.append(paragraph(draw, odd))
        parts += [f"{draw.choice('-*+')} {sentence(draw, odd)}" for _ in range(3)]
        parts.append(f"> {sentence(draw, odd)}")
    cells = [(draw.choice(TOPICS), str(draw.randrange(900)), "~ é") for _ in range(6)]
    parts.append("| Thing | Price | Note |")
    parts.append("|---|---|---|")
    parts += [f"| {' | '.join(row)} |" for row in cells]
    return Made("notes.md", (newline * 2).join(parts).replace(
        newline * 2 + "|", newline + "|").encode(), (tuple(parts),))  # fmt: skip


def separated(draw: random.Random) -> Made:
    """Values with quotation marks, separators and line breaks inside them."""
    out = io.StringIO()
    mark = draw.choice(",;\t")
    writer = csv.writer(out, delimiter=mark, lineterminator=draw.choice(("\n", "\r\n")))
    writer.writerow(["thing", "price", "note"])
    odd = (*ODD, 'say "this"', "a,b;c\td", "two\nlines", "")
    for _ in range(40):
        writer.writerow([draw.choice(TOPICS), draw.randrange(900), draw.choice(odd)])
    name = "prices.tsv" if mark == "\t" else "prices.csv"
    return Made(name, out.getvalue().encode(), ((out.getvalue(),),))


def webpage(draw: random.Random) -> Made:
    """Tags inside sentences, entities, lists, a table, scripts, and text that nobody sees."""
    shown: list[str] = []
    body = ["<!doctype html><html><head><title>Not shown costs 1 €</title>",
            "<style>p { content: 'The tent costs 666 €.' }</style></head><body>"]  # fmt: skip
    for _ in range(20):
        words = paragraph(draw, ODD + RIGHT_TO_LEFT)
        shown.append(words)
        tag = draw.choice(("p", "li", "blockquote", "div"))
        body.append(f"<{tag}>{_marked_up(draw, words)}</{tag}>")
    secret = "The tent secretly costs 666 €."
    body += [f"<script>'{secret}'</script>", f"<p hidden>{secret}</p>", f"<!-- {secret} -->",
             f"<div style='display: none'><p>{secret}</p></div>"]  # fmt: skip
    rows = [["Thing", "Price"], *([t, f"{draw.randrange(900)} €"] for t in TOPICS)]
    body.append("<table>" + "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows
    ) + "</table></body></html>")  # fmt: skip
    shown += [" | ".join(row) for row in rows]
    return Made("page.html", "\n".join(body).encode(), (tuple(shown),))


def _marked_up(draw: random.Random, words: str) -> str:
    made = []
    for word in words.split(" "):
        safe = html.escape(word, quote=draw.random() < 0.5)
        tag = draw.choice(("", "", "", "b", "em", "a", "span"))
        made.append(f"<{tag}>{safe}</{tag}>" if tag else safe)
    return draw.choice((" ", "\n  ")).join(made)


def pdf(draw: random.Random) -> Made:
    """Pages of lines, each glyph named in Unicode as word processors do."""
    pages = []
    for _ in range(4):
        words = " ".join(paragraph(draw) for _ in range(3)).split(" ")
        lines, line = [], ""
        for word in words:
            if len(line) > 60:
                lines, line = [*lines, line], ""
            line = f"{line} {word}" if line else word
        pages.append((*lines, line))
    return Made("paper.pdf", pdf_of(pages), tuple(pages))


def pdf_of(pages: Sequence[Sequence[str]]) -> bytes:
    """A PDF of these lines, in a font whose glyphs are numbered as they first come."""
    glyphs = {c: n for n, c in enumerate(dict.fromkeys("".join(map("".join, pages))), 1)}
    count = len(pages)
    kids = " ".join(f"{6 + 2 * at} 0 R" for at in range(count))
    mapping = "\n".join(f"<{n:04x}> <{c.encode('utf-16-be').hex()}>" for c, n in glyphs.items())
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def\n"
        "1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{len(glyphs)} beginbfchar\n{mapping}\nendbfchar endcmap end end"
    )
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>",
        "<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H"
        " /DescendantFonts [4 0 R] /ToUnicode 5 0 R >>",
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /DW 500"
        " /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>",
        _stream(cmap),
    ]
    for at, lines in enumerate(pages):
        shown = "\n".join(f"<{''.join(f'{glyphs[c]:04x}' for c in line)}> Tj T*" for line in lines)
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842]"
            f" /Resources << /Font << /F 3 0 R >> >> /Contents {7 + 2 * at} 0 R >>"
        )
        objects.append(_stream(f"BT /F 11 Tf 14 TL 40 800 Td\n{shown}\nET"))
    out, places = b"%PDF-1.7\n", []
    for number, item in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{item}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    tail = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer << /Size {size} /Root 1 0 R >>\n"
    return out + f"{tail}startxref\n{len(out)}\n%%EOF\n".encode()


def _stream(content: str) -> str:
    return f"<< /Length {len(content)} >>\nstream\n{content}\nendstream"


KINDS = (text, markdown, separated, webpage, pdf)
