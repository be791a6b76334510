"""The ledger for beancount 3, which accepts it as it is and refuses it when an amount changes.

https://beancount.github.io/docs/beancount_language_syntax.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, timedelta

from flux_cli.adapters.exports.plain_text import account_name, coded, facts, legs
from flux_cli.domain.money import Asset, Money
from flux_cli.domain.text import visible
from flux_cli.usecases.ports import AccountBalance, EntryRecord

_BEGINNING = date(1970, 1, 1)


def beancount(
    entries: Iterable[EntryRecord], accounts: Sequence[AccountBalance], assets: Collection[Asset]
) -> Iterator[str]:
    """The lines of the file: what there is, each entry, and what each account holds after all.

    `entries` are all entries, oldest first; `accounts` all balances; `assets` those they are in.
    """
    yield 'option "title" "Flux ledger"\n'
    for asset in assets:
        # Half a unit: enough for the division in a total price, too little to hide a change.
        half = Money(5, Asset(asset.code, asset.exponent + 1)).decimal
        yield f'option "inferred_tolerance_default" "{asset.code}:{half}"\n'
    for asset in assets:
        yield f"{_BEGINNING} commodity {asset.code}\n"
    yield from _opened(accounts)
    last = _BEGINNING
    for record in entries:
        last = record.recorded_at.astimezone(UTC).date()
        yield from _transaction(record, last)
    yield "\n"
    for account in accounts:
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
    for posting, price in legs(record):
        amount = posting.amount
        cost = f" @@ {price.decimal} {price.asset.code}" if price else ""
        yield f"  {account_name(posting.account)}  {amount.decimal} {amount.asset.code}{cost}\n"


def _quoted(text: str) -> str:
    """A beancount string; what it is given has no control characters."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
