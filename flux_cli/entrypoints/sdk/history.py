"""What the ledger says of an agent: its entries, what it earned and spent, and in sum."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from flux_cli.domain.card_network import Authorization
from flux_cli.domain.cards import Card
from flux_cli.domain.contracts import Contract, ContractState
from flux_cli.domain.escrows import Escrow, EscrowState
from flux_cli.domain.identifiers import entry_seq
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.journal import EntryKind, card_account, escrow, held, wallet
from flux_cli.domain.money import CREDIT, Money
from flux_cli.entrypoints.sdk.given import cents_of
from flux_cli.entrypoints.sdk.objects import EntryType, LedgerEntry, Row
from flux_cli.entrypoints.sdk.pages import every, every_entry
from flux_cli.entrypoints.sdk.seen import credit_of, noted, see_wallet, spent_of
from flux_cli.usecases.ports import EntryRecord, Reader
from flux_cli.usecases.wallets import known_agent, purses

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


def history_of(reader: Reader, agent: str, limit: int) -> list[LedgerEntry]:
    """The entries of an agent's wallet, newest first."""
    known_agent(reader, agent)
    records = islice(every_entry(reader, wallet(agent)), limit)
    return [side for record in records for side in sides_of(reader, record, {wallet(agent)})]


def sides_of(reader: Reader, record: EntryRecord, accounts: set[str]) -> Iterator[LedgerEntry]:
    """What one entry did to each of these accounts, in CREDIT."""
    last = record.seq + len(record.entry.moves) - 1
    for posting in record.entry.postings:
        if posting.account in accounts and posting.amount.asset == CREDIT:
            yield LedgerEntry(
                entry_id=record.id,
                agent_id=_name(posting.account),
                delta_amount=cents_of(posting.amount),
                entry_type=_type(reader, record),
                reference_id=reference_of(reader, record),
                balance_after=cents_of(reader.balance_at(posting.account, CREDIT, last)),
                memo=memo_of(reader, record),
                created_at=record.recorded_at,
                counterparty_id=_counterparty(reader, record, posting.account),
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


def by_reference(reader: Reader, reference: str) -> list[LedgerEntry]:
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


def earnings_of(reader: Reader, agent: str) -> Row:
    """What an agent was paid, newest first; what it gave back is a negative amount."""
    known_agent(reader, agent)
    rows = []
    for record in every_entry(reader, wallet(agent)):
        for side in sides_of(reader, record, {wallet(agent)}):
            kind, came = record.entry.kind, side.delta_amount > 0
            if (kind in EARNING and came) or (kind is EntryKind.REFUND and not came):
                rows.append(_row(side, "from_agent", side.delta_amount))
    earned = credit_of(agent, purses(reader)).earned
    return {
        "agent_id": agent,
        "total_earned": cents_of(earned),
        "transaction_count": len(rows),
        "transactions": rows,
    }


def expenses_of(reader: Reader, agent: str) -> Row:
    """What an agent paid, newest first; what was given back to it is a negative amount."""
    known_agent(reader, agent)
    rows = []
    for record in every_entry(reader, wallet(agent)):
        for side in sides_of(reader, record, {wallet(agent)}):
            paid = _paid(reader, record, side)
            if paid:
                rows.append(_row(side, "to_agent", paid))
    spent = spent_of(credit_of(agent, purses(reader)))
    return {
        "agent_id": agent,
        "total_spent": cents_of(spent),
        "transaction_count": len(rows),
        "transactions": rows,
    }


def _paid(reader: Reader, record: EntryRecord, side: LedgerEntry) -> int:
    """What of one side was spent for good, in cents: of a hold, what was paid from it since."""
    kind = record.entry.kind
    if kind is EntryKind.HOLD and side.delta_amount < 0:
        intent = _intent(reader, record)
        return 0 if intent is None else cents_of(_paid_from(reader, intent))
    if kind is EntryKind.REFUND:
        return -side.delta_amount if side.delta_amount > 0 else 0
    if kind in EARNING or kind in (EntryKind.FEE, EntryKind.BRAIN_COST, EntryKind.GAS):
        return max(-side.delta_amount, 0)
    return 0


def _paid_from(reader: Reader, intent: PaymentIntent) -> Money:
    locked = reader.lookup(Escrow, intent_id=intent.id)
    if locked is not None:
        return locked.released
    if intent.card_id is not None:
        return reader.get(Card, intent.card_id).spent
    return intent.captured


def _row(side: LedgerEntry, other: str, cents: int) -> dict[str, object]:
    return {
        "transaction_id": side.reference_id,
        other: side.counterparty_id,
        "amount": cents,
        "purpose": side.memo,
        "timestamp": side.created_at.isoformat(),
        "balance_after": side.balance_after,
    }


def summary_of(reader: Reader, agent: str) -> Row:
    """An agent's money in sum."""
    known_agent(reader, agent)
    purse = credit_of(agent, purses(reader))
    spent, money = spent_of(purse), see_wallet(purse)
    return {
        "agent_id": agent,
        "current_balance": money.balance,
        "total_earned": cents_of(purse.earned),
        "total_spent": cents_of(spent),
        "net_profit": cents_of(purse.earned - spent),
        "hold": money.hold,
        "total_wallet": money.total,
    }


def stats_of(reader: Reader, agent: str) -> Row:
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
        "avg_transaction_size": sum(moved) // len(moved) if moved else None,
        "jobs_completed": jobs,
        "approval_rate": approved / (approved + denied) if approved + denied else None,
        "balance": totals["current_balance"],
        "hold": totals["hold"],
    }


def _amounts(listed: Row) -> list[int]:
    transactions = listed["transactions"]
    assert isinstance(transactions, list), "a summary lists its transactions"
    return [abs(row["amount"]) for row in transactions]
