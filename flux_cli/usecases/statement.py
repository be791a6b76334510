"""An account's statement: what it held, what came and went, what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flux_cli.domain.journal import wallet
from flux_cli.domain.money import Asset, Money, find_asset, total
from flux_cli.errors import Fix, InvalidInput, LedgerCorrupt, NotFound
from flux_cli.usecases.exports import Exports
from flux_cli.usecases.ports import EntryRecord, Reader
from flux_cli.usecases.trial_balance import accounts_of
from flux_cli.usecases.view_agents import agent_named
from flux_cli.usecases.view_entries import PAGE


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as the account saw it: who was on the other side, the change, what it left."""

    record: EntryRecord
    others: tuple[str, ...]
    amount: Money
    balance: Money


@dataclass(frozen=True, slots=True)
class Statement:
    """An account in one asset from `since` (None: its beginning) to `until`, oldest first.

    `head` is the hash of the ledger's last movement at `until`.
    """

    account: str
    since: datetime | None
    until: datetime
    opening: Money
    lines: tuple[Line, ...]
    head: str

    @property
    def came(self) -> Money:
        """All that arrived."""
        moved = [line.amount for line in self.lines if line.amount.units > 0]
        return total(moved, self.opening.asset)

    @property
    def went(self) -> Money:
        """All that left, as a positive amount."""
        moved = [-line.amount for line in self.lines if line.amount.units < 0]
        return total(moved, self.opening.asset)

    @property
    def closing(self) -> Money:
        """What the account held at the end."""
        return self.lines[-1].balance if self.lines else self.opening


def account_and_asset(reader: Reader, subject: str, code: str | None) -> tuple[str, Asset]:
    """The account that `subject` names, or the wallet of that agent, and which asset of it.

    Raises `NotFound`, and `InvalidInput` where it holds several and none is named.
    """
    accounts = reader.accounts()
    if any(one.name == subject for one in accounts):
        name = subject
    elif ":" in subject:
        name = accounts_of(accounts, subject)[0].name
    else:
        name = wallet(agent_named(reader, subject).name)
    assets = {one.balance.asset.code: one.balance.asset for one in accounts if one.name == name}
    if code is None and len(assets) > 1:
        raise InvalidInput(
            f"{name} holds {', '.join(assets)}: a statement is of one",
            subject=name,
            param="--asset",
            fixes=tuple(Fix(f"of {one}", _again(subject, one)) for one in assets),
        )
    if code is not None and code not in assets:
        find_asset(code)  # a code that is none is told apart from one that was never here
        raise NotFound(f"{name} never held {code}", subject=name)
    if not assets:
        raise NotFound(
            f"nothing has ever moved through {name}",
            subject=name,
            fixes=(Fix("see which accounts there are", ("flux", "ledger", "accounts")),),
        )
    return name, next(iter(assets.values())) if code is None else assets[code]


def _again(subject: str, code: str) -> tuple[str, ...]:
    return ("flux", "ledger", "statement", subject, "--asset", code)


def statement_of(
    reader: Reader,
    account: str,
    asset: Asset,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Statement:
    """The statement of `account`, read back from its end to its beginning.

    Raises `LedgerCorrupt` where the entries do not lead to what the account held.
    """
    start = 0 if since is None else reader.position(since, strictly=True)
    end = reader.position(until)
    opening = reader.balance_at(account, asset, start)
    balance = opening
    lines: list[Line] = []
    for record in reversed(_entries(reader, account, start, end)):
        legs = [leg for leg in record.entry.postings if leg.amount.asset == asset]
        amount = next((leg.amount for leg in legs if leg.account == account), None)
        if amount is None:
            continue  # it moved another asset, or back what it had moved
        balance = balance + amount
        came = amount.units > 0
        others = tuple(leg.account for leg in legs if (leg.amount.units > 0) is not came)
        lines.append(Line(record, others, amount, balance))
    closing = reader.balance_at(account, asset, end)
    if balance != closing:
        raise LedgerCorrupt(f"{account} holds {closing}, its entries lead to {balance}")
    return Statement(
        account, since, until or reader.now, opening, tuple(lines), reader.head(end)[1]
    )


def _entries(reader: Reader, account: str, start: int, end: int) -> list[EntryRecord]:
    """The entries that touch `account` in between, newest first."""
    found: list[EntryRecord] = []
    before = end + 1
    while page := reader.entries(account=account, before=before, limit=PAGE):
        kept = [record for record in page if record.seq > start]
        found += kept
        if len(kept) < PAGE:
            break
        before = page[-1].seq
    return found


def page_of(exports: Exports, statement: Statement) -> Iterator[str]:
    """The statement as a page to read and to print."""
    return exports.statement(
        statement.account,
        statement.opening,
        [line.record for line in statement.lines],
        until=statement.until,
        head=statement.head,
        simulated=True,
    )
