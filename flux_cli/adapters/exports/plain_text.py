"""What the two plain-text ledgers share: account names, harmless text, and prices.

An account such as `wallet:mara-insights` is named `Assets:Wallet:Mara--insights`: the root says
what kind of account it is, then come the parts before and after its first colon, each spelt so
that both programs take it. In a part, ASCII letters and digits stay, `-` is doubled, and any
other character is its code point in hexadecimal between hyphens (`_` is `-5f-`). A part begins
with a capital: one that begins with `a` to `z` is capitalised, any other gets a `0` in front.
No two accounts share a name, and `account_of` reads a name back.
"""

from __future__ import annotations

import json
import re

from flux_cli.domain.canonical import instant
from flux_cli.domain.journal import Posting
from flux_cli.domain.money import Asset, Money
from flux_cli.usecases.ports import EntryRecord

_ROOTS = {
    "wallet": "Assets",
    "held": "Assets",
    "card": "Assets",
    "escrow": "Assets",
    "stream": "Assets",
    "fees": "Expenses",
    "brain": "Expenses",
}
"""Where each kind of account hangs; `world`, `opening`, `exchange` and new kinds in Equity."""

_SPELT = re.compile(r"-([0-9a-f]*)-|[0-9A-Za-z]")


def account_name(account: str) -> str:
    """The account as both programs name it, e.g. `Assets:Wallet:Alice`."""
    kind, colon, rest = account.partition(":")
    parts = [_ROOTS.get(kind, "Equity"), _part(kind)]
    return ":".join([*parts, _part(rest)] if colon else parts)


def account_of(name: str) -> str:
    """The account that `account_name` named so."""
    return ":".join(_unspelt(part) for part in name.split(":")[1:])


def _part(text: str) -> str:
    spelt = "".join(
        letter if letter.isascii() and letter.isalnum() else "--" if letter == "-" else _hex(letter)
        for letter in text
    )
    return spelt[0].upper() + spelt[1:] if re.match("[a-z]", spelt) else "0" + spelt


def _hex(letter: str) -> str:
    return f"-{ord(letter):x}-"


def _unspelt(part: str) -> str:
    spelt = part[1:] if part[0] == "0" else part[0].lower() + part[1:]
    return _SPELT.sub(_letter, spelt)


def _letter(match: re.Match[str]) -> str:
    code: str | None = match[1]
    if code is None:
        return match[0]
    return chr(int(code, 16)) if code else "-"


def coded(text: str) -> str:
    """`text` in ASCII without quotes, commas, line breaks or outer spaces.

    What is left out is written as in JSON, `\\u002c` for a comma; `decoded` reads it back.
    """
    inner = json.dumps(text)[1:-1].replace('\\"', "\\u0022").replace(",", "\\u002c")
    inner = inner.replace("\x7f", "\\u007f")
    return re.sub("^ +| +$", lambda match: "\\u0020" * len(match[0]), inner)


def decoded(text: str) -> str:
    """The text that `coded` wrote so."""
    return str(json.loads(f'"{text}"'))


def facts(record: EntryRecord) -> list[tuple[str, str]]:
    """What is told of an entry beside its postings: a name and `coded` text each."""
    entry = record.entry
    told = (
        ("flux_id", record.id),
        ("seq", str(record.seq)),
        ("key", entry.key),
        ("kind", entry.kind.value),
        ("memo", entry.memo or None),
        ("recorded_at", instant(record.recorded_at)),
        ("decision", entry.decision_id),
        ("reference", entry.reference),
        ("run", entry.run_id),
    )
    return [(name, coded(text)) for name, text in told if text is not None]


def legs(record: EntryRecord) -> list[tuple[Posting, Money | None]]:
    """Each posting, and its total price where two assets are exchanged for each other.

    An exchange that sums to zero in each asset, through an account of its own, needs no price.
    In any other, what is given of one asset is what the other cost: each posting in the asset
    named first is priced by its share, and the largest takes what division leaves over.
    """
    postings = record.entry.postings
    sums: dict[Asset, int] = {}
    for posting in postings:
        asset = posting.amount.asset
        sums[asset] = sums.get(asset, 0) + posting.amount.units
    left = [(asset, units) for asset, units in sums.items() if units]
    if not left:
        return [(posting, None) for posting in postings]
    assert len(left) == 2, f"entry {record.seq} does not balance, or not in one way"
    (priced, given), (currency, got) = left
    assert given * got < 0, f"entry {record.seq} gives nothing for what it takes"
    shares = {
        place: posting.amount.units * -got // given
        for place, posting in enumerate(postings)
        if posting.amount.asset == priced
    }
    largest = max(shares, key=lambda place: abs(postings[place].amount.units))
    shares[largest] -= got + sum(shares.values())
    return [
        (posting, Money(abs(shares[place]), currency) if place in shares else None)
        for place, posting in enumerate(postings)
    ]
