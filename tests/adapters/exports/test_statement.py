"""A statement adds up, needs nothing from elsewhere, and shows strangers' text as text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

from flux_cli.adapters.exports.html import statement
from flux_cli.domain.journal import WORLD, Entry, EntryKind, Move, transfer, wallet
from flux_cli.domain.money import USDC, Money
from flux_cli.usecases.ports import EntryRecord

START = datetime(2026, 11, 1, 8, 5, tzinfo=UTC)
HEAD = "3f" * 32
HOSTILE = (
    "<script>alert(1)</script><img src=https://evil.example/x onerror=alert(1)>"
    "</bdi></td></table><style>*{display:none}</style>&amp;{{ 7*7 }}{% raw %}\u202egnp\x1b[31m\n\"'"
)


class Page(HTMLParser):
    """What a browser would make of the page: tags, attributes, and the text of each row."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.in_cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.in_cell = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.in_cell:
            self.rows[-1][-1] = " ".join(f"{self.rows[-1][-1]} {data}".split())


def recorded(*entries: Entry) -> list[EntryRecord]:
    times = [START + timedelta(hours=number) for number in range(len(entries))]
    return [
        EntryRecord(number, entry, at)
        for number, (entry, at) in enumerate(zip(entries, times, strict=True), 1)
    ]


def page(
    entries: list[EntryRecord], *, account: str = "wallet:ada", simulated: bool = True
) -> tuple[str, Page]:
    text = "".join(
        statement(
            account,
            Money(10_000_000),
            entries,
            until=START + timedelta(days=30),
            head=HEAD,
            simulated=simulated,
        )
    )
    return text, Page(text)


MOVED = recorded(
    transfer("a", EntryKind.TOP_UP, WORLD, wallet("ada"), Money(5_000_000), memo="November"),
    transfer("b", EntryKind.PAYMENT, wallet("ada"), wallet("eve"), Money(2_000_001)),
    transfer("c", EntryKind.PAYMENT, wallet("eve"), wallet("mia"), Money(1)),
    transfer("d", EntryKind.TOP_UP, WORLD, wallet("ada"), Money(9, USDC)),
    Entry(
        "e",
        EntryKind.EXCHANGE,
        (
            Move(wallet("ada"), WORLD, Money(1_000_000)),
            Move(WORLD, wallet("ada"), Money(990_000, USDC)),
            Move(wallet("ada"), "fees:exchange", Money(10_000)),
        ),
    ),
)


def test_each_movement_of_the_account_in_the_asset_is_a_row_and_they_add_up():
    _, read = page(MOVED)
    ids = [record.id for record in MOVED]
    assert read.rows == [
        ["Date", "Movement", "Out", "In", "Balance"],
        ["", "Opening balance", "", "", "$10.00"],
        ["1 Nov 2026, 08:05", f"top up · November from world {ids[0]}", "", "$5.00", "$15.00"],
        ["1 Nov 2026, 09:05", f"payment to wallet:eve {ids[1]}", "$2.000001", "", "$12.999999"],
        [
            "1 Nov 2026, 12:05",
            f"exchange to world , fees:exchange {ids[4]}",
            "$1.01",
            "",
            "$11.989999",
        ],
        ["", "Closing balance", "$3.010001", "$5.00", "$11.989999"],
    ]
    assert "3 movements. Hash of the ledger's last entry" in read.text
    assert HEAD in read.text


def test_a_time_without_movements_closes_as_it_opened():
    _, read = page([])
    assert "Nothing moved in this time." in read.text
    assert [read.rows[1], read.rows[-1]] == [
        ["", "Opening balance", "", "", "$10.00"],
        ["", "Closing balance", "$0.00", "$0.00", "$10.00"],
    ]


def test_simulated_money_is_said_to_be_simulated_and_other_money_is_not():
    assert "SIMULATED MONEY" in page(MOVED)[1].text
    assert "no real money moved" in page(MOVED)[1].text
    assert "SIMULATED" not in page(MOVED, simulated=False)[0]


def test_113_text_of_strangers_adds_no_markup_and_hides_nothing():
    account = wallet(HOSTILE[:120])
    calm = recorded(transfer("a", EntryKind.TOP_UP, WORLD, account, Money(5), memo="m"))
    wild = recorded(transfer("a", EntryKind.TOP_UP, WORLD, account, Money(5), memo=HOSTILE))
    text, read = page(wild, account=account)
    assert read.tags == page(calm, account=account)[1].tags
    assert "<script>alert(1)</script><img src=https://evil.example/x" in read.text
    assert "{{ 7*7 }}{% raw %}\\u202egnp\\x1b[31m" in read.text
    assert not re.search("[\u202e\x1b]", text)


def test_the_page_needs_nothing_from_elsewhere():
    text, read = page(MOVED)
    assert {name for name, _ in read.attributes} & {"src", "href", "action", "onerror"} == set()
    assert "http-equiv" in {name for name, _ in read.attributes}
    assert set(read.tags) & {"script", "link", "img", "iframe", "object"} == set()
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text
