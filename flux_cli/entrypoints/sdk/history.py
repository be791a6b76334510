"""What the ledger says of an agent, in the SDK's words: whole cents, and times as text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import islice

from flux_cli.domain.journal import wallet
from flux_cli.domain.money import Money
from flux_cli.entrypoints.sdk.given import cents_of
from flux_cli.entrypoints.sdk.objects import LedgerEntry, Row
from flux_cli.usecases import agent_history as engine
from flux_cli.usecases.agent_history import Side
from flux_cli.usecases.describe_run import Document
from flux_cli.usecases.ports import Deps, EntryRecord, Reader
from flux_cli.usecases.wallets import known_agent


def history_of(deps: Deps, agent: str, limit: int) -> list[LedgerEntry]:
    """The latest `limit` entries of an agent's wallet, newest first."""
    account = wallet(agent)
    with deps.store.reading() as reader:
        known_agent(reader, agent)
        records = islice(engine.every_entry(reader, account), limit)
        return [side_of(reader, record, account) for record in records]


def side_of(reader: Reader, record: EntryRecord, account: str) -> LedgerEntry:
    """What one entry did to one account."""
    return next(_told(side) for side in engine.sides_of(reader, record, {account}))


def by_reference(deps: Deps, reference: str) -> list[LedgerEntry]:
    """Both sides of a payment, escrow, card, charge or entry, oldest first."""
    with deps.store.reading() as reader:
        return [_told(side) for side in engine.by_reference(reader, reference)]


def summed(deps: Deps, tell: Callable[[Reader, str], Document], agent: str) -> Row:
    """One of the engine's summaries of an agent."""
    with deps.store.reading() as reader:
        return {name: _plain(value) for name, value in tell(reader, agent).items()}


def _told(side: Side) -> LedgerEntry:
    return LedgerEntry(
        entry_id=side.id,
        agent_id=side.agent,
        delta_amount=cents_of(side.delta),
        entry_type=side.entry_type,
        reference_id=side.reference_id,
        balance_after=cents_of(side.balance_after),
        memo=side.memo,
        created_at=side.created_at,
        counterparty_id=side.counterparty,
    )


def _plain(value: object) -> object:
    if isinstance(value, list):
        return [{name: _plain(one) for name, one in row.items()} for row in value]
    if isinstance(value, Money):
        return cents_of(value)
    return value.isoformat() if isinstance(value, datetime) else value
