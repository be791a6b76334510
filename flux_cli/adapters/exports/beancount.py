"""The ledger for beancount 3, which accepts it as it is and refuses it when an amount changes.

https://beancount.github.io/docs/beancount_language_syntax.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, timedelta

from flux_cli.adapters.exports.plain_text import account_name, assets_of, coded, facts
from flux_cli.domain.text import visible
from flux_cli.usecases.ports import AccountBalance, EntryRecord

_BEGINNING = date(1970, 1, 1)


def beancount(entries: Iterable[EntryRecord], accounts: Sequence[AccountBalance]) -> Iterator[str]:
    """The lines of the file: what there is, each entry, and what each account holds after all.

    `entries` are all there are, oldest first; `accounts` what they add up to.
    """
    yield 'option "title" "Flux ledger"\n'
    for asset in assets_of(accounts):
        yield f"{_BEGINNING} commodity {asset.code}\n"
    yield from _opened(accounts)
    last = _BEGINNING
    for record in entries:
        last = record.recorded_at.astimezone(UTC).date()
        yield from _transaction(record, last)
    yield "\n"
    for account in accounts:
        # Without `~ 0`, beancount would overlook a difference of one smallest unit.
        held, asset = account.balance, account.balance.asset
        yield (
            f"{last + timedelta(days=1)} balance {account_name(account.name)}"
            f"  {held.decimal} ~ 0 {asset.code}\n"
        )


def _opened(accounts: Sequence[AccountBalance]) -> Iterator[str]:
    codes: dict[str, list[str]] = {}
    for account in accounts:
        codes.setdefault(account.name, []).append(account.balance.asset.code)
    for name, held in codes.items():
        yield f"{_BEGINNING} open {account_name(name)} {','.join(held)}\n"
        yield f"  flux_account: {_quoted(coded(name))}\n"


def _transaction(record: EntryRecord, day: date) -> Iterator[str]:
    yield f"\n{day} * {_quoted(visible(record.entry.memo))}\n"
    for name, text in facts(record):
        yield f"  {name}: {_quoted(text)}\n"
    for posting in record.entry.postings:
        amount = posting.amount
        yield f"  {account_name(posting.account)}  {amount.decimal} {amount.asset.code}\n"


def _quoted(text: str) -> str:
    """A beancount string; what it is given has no control characters."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
