"""What the ledger says of an agent: its entries, what it earned and spent, and in sum.

Each is told from the side of one wallet, as whoever has the wallet sees it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from flux_cli.domain.card_network import Authorization
from flux_cli.domain.cards import Card
from flux_cli.domain.contracts import Contract, ContractState
from flux_cli.domain.escrows import Escrow, EscrowState
from flux_cli.domain.identifiers import entry_seq
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.journal import EntryKind, card_account, escrow, held, wallet
from flux_cli.domain.money import CREDIT, Money
from flux_cli.domain.notes import Note, note_id
from flux_cli.usecases.describe_run import Document
from flux_cli.usecases.ports import EntryRecord, Reader
from flux_cli.usecases.wallets import Purse, known_agent, purses, purses_of

T = TypeVar("T")

PAGE = 1000


class EntryType(StrEnum):
    """Why a wallet's money changed."""

    PAYMENT = "payment"
    ESCROW_LOCK = "escrow_lock"
    ESCROW_RELEASE = "escrow_release"
    ESCROW_CANCEL = "escrow_cancel"
    STREAM_TICK = "stream_tick"
    TOP_UP = "top_up"
    WITHDRAWAL = "withdrawal"
    ADJUSTMENT = "adjustment"


@dataclass(frozen=True, slots=True)
class Side:
    """What one entry did to one account. `agent` is an agent's name, or the account's of none.

    `reference` names the payment, escrow or card it belongs to, else the entry itself.
    """

    id: str
    seq: int
    agent: str
    delta: Money
    entry_type: EntryType
    reference_id: str
    balance_after: Money
    memo: str
    created_at: datetime
    counterparty: str | None


TYPES = {
    EntryKind.TOP_UP: EntryType.TOP_UP,
    EntryKind.WITHDRAWAL: EntryType.WITHDRAWAL,
    EntryKind.PAYMENT: EntryType.PAYMENT,
    EntryKind.HOLD: EntryType.PAYMENT,
    EntryKind.CAPTURE: EntryType.PAYMENT,
    EntryKind.REFUND: EntryType.PAYMENT,
    EntryKind.ESCROW_FUND: EntryType.ESCROW_LOCK,
    EntryKind.ESCROW_RELEASE: EntryType.ESCROW_RELEASE,
    EntryKind.ESCROW_REFUND: EntryType.ESCROW_CANCEL,
    EntryKind.STREAM_ACCRUAL: EntryType.STREAM_TICK,
}
"""The rest are adjustments; a hold for an escrow is its lock."""

EARNING = frozenset(
    {EntryKind.PAYMENT, EntryKind.CAPTURE, EntryKind.ESCROW_RELEASE, EntryKind.STREAM_ACCRUAL}
)


def history_of(reader: Reader, agent: str, limit: int, before: int | None = None) -> list[Side]:
    """The sides of the latest `limit` entries of an agent's wallet, newest first."""
    known_agent(reader, agent)
    account = wallet(agent)
    records = reader.entries(account=account, limit=limit, before=before)
    return [side for record in records for side in sides_of(reader, record, {account})]


def sides_of(reader: Reader, record: EntryRecord, accounts: set[str]) -> Iterator[Side]:
    """What one entry did to each of these accounts, in CREDIT."""
    last = record.seq + len(record.entry.moves) - 1
    for posting in record.entry.postings:
        if posting.account in accounts and posting.amount.asset == CREDIT:
            yield Side(
                id=record.id,
                seq=record.seq,
                agent=_name(posting.account),
                delta=posting.amount,
                entry_type=_type(reader, record),
                reference_id=reference_of(reader, record),
                balance_after=reader.balance_at(posting.account, CREDIT, last),
                memo=memo_of(reader, record),
                created_at=record.recorded_at,
                counterparty=_counterparty(reader, record, posting.account),
            )


def memo_of(reader: Reader, record: EntryRecord) -> str:
    """What an entry is for: a top-up's memo is in the program's note, an escrow's is its own."""
    if record.entry.kind is EntryKind.TOP_UP:
        return str(noted(reader, record.id).get("memo", record.entry.memo))
    locked = _escrow(reader, record.entry.reference)
    return record.entry.memo if locked is None else locked.memo


def reference_of(reader: Reader, record: EntryRecord) -> str:
    """The escrow, payment or card an entry belongs to; else the entry itself."""
    reference = record.entry.reference
    locked = _escrow(reader, reference)
    if locked is not None:
        return locked.id
    return record.id if reference is None or reference.startswith("agt_") else reference


def _escrow(reader: Reader, reference: str | None) -> Escrow | None:
    """The escrow of this id, or the one that the payment of this id was locked in."""
    if reference is None:
        return None
    return reader.lookup(Escrow, id=reference) or reader.lookup(Escrow, intent_id=reference)


def by_reference(reader: Reader, reference: str) -> list[Side]:
    """Both sides of a payment, escrow, card, charge or entry, oldest first, which sum to zero.

    What merely passed through a held or escrow account is left out; what is still there is not.
    """
    records = _records(reader, reference)
    accounts = {posting.account for record in records for posting in record.entry.postings}
    passing = {one for one in accounts if not one.startswith("wallet:")}
    empty = {one for one in passing if not _left(records, one)}
    return [side for record in records for side in sides_of(reader, record, accounts - empty)]


def _left(records: list[EntryRecord], account: str) -> int:
    """What these entries left in an account."""
    postings = [posting for record in records for posting in record.entry.postings]
    return sum(one.amount.units for one in postings if one.account == account)


def _records(reader: Reader, reference: str) -> list[EntryRecord]:
    """What belongs to a payment, escrow, card or entry, oldest first; none if it is unknown."""
    seq = entry_seq(reference)
    if seq is not None:
        record = reader.entry_at(seq)
        return [] if record is None or record.id != reference else [record]
    claim, locked = reader.lookup(Authorization, id=reference), _escrow(reader, reference)
    card = reader.lookup(Card, id=reference if claim is None else claim.card_id)
    named = card or locked
    intent_id = reference if named is None else named.intent_id
    intent = reader.lookup(PaymentIntent, id=intent_id)
    if intent is None:
        return []
    accounts = {wallet(intent.requester), held(intent.requester)}
    accounts |= {wallet(share.payee) for share in intent.shares}
    accounts |= set() if locked is None else {escrow(locked.id)}
    accounts |= set() if intent.card_id is None else {card_account(intent.card_id)}
    references = {intent_id, intent.card_id, None if locked is None else locked.id} - {None}
    claims = reader.find(Authorization, card_id=intent.card_id) if intent.card_id else []
    accounts |= {card_account(one.id) for one in claims}
    references |= {one.id for one in claims}
    found = {
        record.seq: record
        for account in accounts
        for record in every_entry(reader, account, since=intent.created_at)
        if record.entry.reference in references
    }
    return [found[place] for place in sorted(found)]


def _type(reader: Reader, record: EntryRecord) -> EntryType:
    kind = record.entry.kind
    if kind in (EntryKind.HOLD, EntryKind.RELEASE):
        intent = _intent(reader, record)
        if intent is not None and intent.escrowed and intent.run_id is None:
            locks = kind is EntryKind.HOLD
            return EntryType.ESCROW_LOCK if locks else EntryType.ESCROW_CANCEL
    return TYPES.get(kind, EntryType.ADJUSTMENT)


def _intent(reader: Reader, record: EntryRecord) -> PaymentIntent | None:
    reference = record.entry.reference
    if reference is None:
        return None
    claim = reader.lookup(Authorization, id=reference)
    if claim is not None:
        reference = reader.get(Card, claim.card_id).intent_id
    return reader.lookup(PaymentIntent, id=reference)


def _counterparty(reader: Reader, record: EntryRecord, account: str) -> str | None:
    """The one agent at the other end of an entry, where there is one."""
    others = {_name(posting.account) for posting in record.entry.postings}
    if all(posting.account.startswith("wallet:") for posting in record.entry.postings):
        found = others
    else:
        found = _parties(reader, record)
    found = found - {_name(account)}
    return found.pop() if len(found) == 1 else None


def _parties(reader: Reader, record: EntryRecord) -> set[str]:
    reference = record.entry.reference or ""
    locked = reader.lookup(Escrow, id=reference)
    if locked is not None:
        return {locked.payer, locked.payee}
    intent = _intent(reader, record)
    if intent is None:
        return set()
    return {intent.requester, *(share.payee for share in intent.shares)}


def _name(account: str) -> str:
    return account.removeprefix("wallet:")


def earnings_of(reader: Reader, agent: str) -> Document:
    """What an agent was paid, newest first; what it gave back is a negative amount."""
    known_agent(reader, agent)
    rows = []
    for record in every_entry(reader, wallet(agent)):
        for side in sides_of(reader, record, {wallet(agent)}):
            kind, came = record.entry.kind, side.delta.units > 0
            if (kind in EARNING and came) or (kind is EntryKind.REFUND and not came):
                rows.append(_row(side, "from_agent", side.delta))
    earned = credit_of(agent, purses(reader)).earned
    return {
        "agent_id": agent,
        "total_earned": earned,
        "transaction_count": len(rows),
        "transactions": rows,
    }


def expenses_of(reader: Reader, agent: str) -> Document:
    """What an agent paid, newest first; what was given back to it is a negative amount."""
    known_agent(reader, agent)
    rows = []
    for record in every_entry(reader, wallet(agent)):
        for side in sides_of(reader, record, {wallet(agent)}):
            paid = _paid(reader, record, side)
            if paid.units:
                rows.append(_row(side, "to_agent", paid))
    spent = spent_of(credit_of(agent, purses(reader)))
    return {
        "agent_id": agent,
        "total_spent": spent,
        "transaction_count": len(rows),
        "transactions": rows,
    }


def _paid(reader: Reader, record: EntryRecord, side: Side) -> Money:
    """What of one side was spent for good: of a hold, what was paid from it since."""
    kind, nothing = record.entry.kind, Money(0)
    if kind is EntryKind.HOLD and side.delta.units < 0:
        intent = _intent(reader, record)
        return nothing if intent is None else _paid_from(reader, intent)
    if kind is EntryKind.REFUND:
        return nothing - side.delta if side.delta.units > 0 else nothing
    if kind in EARNING or kind in (EntryKind.FEE, EntryKind.BRAIN_COST, EntryKind.GAS):
        return nothing - side.delta if side.delta.units < 0 else nothing
    return nothing


def _paid_from(reader: Reader, intent: PaymentIntent) -> Money:
    locked = reader.lookup(Escrow, intent_id=intent.id)
    if locked is not None:
        return locked.released
    if intent.card_id is not None:
        return reader.get(Card, intent.card_id).spent
    return intent.captured


def _row(side: Side, other: str, amount: Money) -> Document:
    return {
        "transaction_id": side.reference_id,
        other: side.counterparty,
        "amount": amount,
        "purpose": side.memo,
        "timestamp": side.created_at,
        "balance_after": side.balance_after,
    }


def summary_of(reader: Reader, agent: str) -> Document:
    """An agent's money in sum."""
    known_agent(reader, agent)
    purse = credit_of(agent, purses(reader))
    spent = spent_of(purse)
    return {
        "agent_id": agent,
        "current_balance": purse.available,
        "total_earned": purse.earned,
        "total_spent": spent,
        "net_profit": purse.earned - spent,
        "hold": purse.set_aside,
        "total_wallet": purse.available + purse.set_aside,
    }


def stats_of(reader: Reader, agent: str) -> Document:
    """An agent's record; rates and averages of nothing are None."""
    totals = summary_of(reader, agent)
    moved = [*_amounts(earnings_of(reader, agent)), *_amounts(expenses_of(reader, agent))]
    asked = list(every(reader, PaymentIntent, requester=agent))
    approved = sum(intent.decision_id is not None for intent in asked)
    denied = sum(intent.state is IntentState.DENIED for intent in asked)
    jobs = sum(1 for _ in every(reader, Escrow, payee=agent, state=EscrowState.COMPLETED))
    jobs += sum(1 for _ in every(reader, Contract, provider=agent, state=ContractState.SETTLED))
    return {
        "agent_id": agent,
        "total_earned": totals["total_earned"],
        "total_spent": totals["total_spent"],
        "transaction_count": len(moved),
        "avg_transaction_size": _average(moved),
        "jobs_completed": jobs,
        "approval_rate": approved / (approved + denied) if approved + denied else None,
        "balance": totals["current_balance"],
        "hold": totals["hold"],
    }


def _amounts(listed: Document) -> list[Money]:
    transactions = listed["transactions"]
    assert isinstance(transactions, list), "a summary lists its transactions"
    return [row["amount"] for row in transactions]


def _average(amounts: list[Money]) -> Money | None:
    """The mean size, rounded down; None of nothing."""
    if not amounts:
        return None
    return Money(sum(abs(one.units) for one in amounts) // len(amounts))


def credit_of(agent: str, known: dict[str, list[Purse]]) -> Purse:
    """An agent's purse of CREDIT, of all that `purses` found."""
    found = [one for one in purses_of(agent, known) if one.available.asset == CREDIT]
    return found[0] if found else purses_of(agent, {})[0]


def spent_of(purse: Purse) -> Money:
    """What was paid and did not come back; what is only set aside is not spent yet."""
    return purse.spent - purse.set_aside


def noted(reader: Reader, subject: str) -> dict[str, object]:
    """The metadata that a program gave with an object."""
    note = reader.lookup(Note, id=note_id(subject))
    found = {} if note is None else json.loads(note.text)
    assert isinstance(found, dict), "metadata was a dict when it was kept"
    return found


def every(reader: Reader, kind: type[T], **equal: str | int) -> Iterator[T]:
    """Every object whose fields equal these, newest first."""
    before: str | None = None
    while page := reader.find(kind, limit=PAGE, before=before, **equal):  # type: ignore[arg-type]
        yield from page
        before = str(getattr(page[-1], "id"))  # noqa: B009 - every kept object has one


def every_entry(
    reader: Reader, account: str, *, since: datetime | None = None
) -> Iterator[EntryRecord]:
    """Every entry that touched an account, newest first."""
    before: int | None = None
    while page := reader.entries(account=account, limit=PAGE, before=before, since=since):
        yield from page
        before = page[-1].seq
