"""The ledger for hledger, which accepts it in strict mode and refuses it when an amount changes.

https://hledger.org/hledger.html#journal
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date

from flux_cli.adapters.exports.plain_text import account_name, assets_of, coded, facts
from flux_cli.domain.journal import EntryKind
from flux_cli.domain.money import Asset, Money
from flux_cli.domain.text import spelt, visible
from flux_cli.usecases.ports import AccountBalance, EntryRecord

_CLOSING = "balances"
"""The payee of the last transaction, which moves nothing and asserts every balance."""


def hledger(entries: Iterable[EntryRecord], accounts: Sequence[AccountBalance]) -> Iterator[str]:
    """The lines of the file: what there is, each entry, and what each account holds after all.

    `entries` are all there are, oldest first; `accounts` what they add up to.
    """
    yield "decimal-mark .\n"
    for asset in assets_of(accounts):
        point = "." if asset.exponent == 0 else ""
        shown = Money(1000 * 10**asset.exponent, asset).decimal
        yield f"commodity {shown}{point} {_commodity(asset)}\n"
    for kind in (*EntryKind, _CLOSING):
        yield f"payee {kind}\n"
    for name in dict.fromkeys(account.name for account in accounts):
        yield f"account {account_name(name)}  ; flux_account: {coded(name)}\n"
    last = date(1970, 1, 1)
    for record in entries:
        last = record.recorded_at.astimezone(UTC).date()
        yield from _transaction(record, last)
    yield f"\n{last} * {_CLOSING} | what each account holds\n"
    for account in accounts:
        held = account.balance
        nothing = Money(0, held.asset)
        yield f"    {account_name(account.name)}  {_amount(nothing)} = {_amount(held)}\n"


def _transaction(record: EntryRecord, day: date) -> Iterator[str]:
    # A semicolon would begin a comment, in which a stranger's text could set tags and dates.
    memo = visible(record.entry.memo).replace(";", spelt(";"))
    yield f"\n{day} * {record.entry.kind} | {memo}".rstrip(" ") + "\n"
    for name, text in facts(record):
        yield f"    ; {name}: {text}\n"
    for posting in record.entry.postings:
        yield f"    {account_name(posting.account)}  {_amount(posting.amount)}\n"


def _amount(money: Money) -> str:
    return f"{money.decimal} {_commodity(money.asset)}"


def _commodity(asset: Asset) -> str:
    """The code, in quotes where hledger would take a digit or a dot in it for the amount's."""
    return asset.code if asset.code.isalpha() else f'"{asset.code}"'
