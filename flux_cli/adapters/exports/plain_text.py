"""What the two plain-text ledgers share: account names, and text that obeys nothing.

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
from collections.abc import Iterable

from flux_cli.domain.canonical import instant
from flux_cli.domain.money import Asset
from flux_cli.usecases.ports import AccountBalance, EntryRecord

_ROOTS = {
    "wallet": "Assets",
    "held": "Assets",
    "card": "Assets",
    "escrow": "Assets",
    "stream": "Assets",
    "fees": "Expenses",
    "brain": "Expenses",
    "gas": "Expenses",
}
"""Where each kind of account hangs; `world` and any other hang from Equity."""

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


def assets_of(accounts: Iterable[AccountBalance]) -> list[Asset]:
    """What the accounts are counted in, each asset once, by code."""
    return sorted({account.balance.asset for account in accounts}, key=lambda asset: asset.code)


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
