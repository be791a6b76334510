"""The ledger as it is read: entries, and both sides of what an object moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Path, Query
from starlette.responses import Response

from flux_cli.domain.card_network import Authorization
from flux_cli.domain.cards import Card
from flux_cli.domain.contracts import Contract
from flux_cli.domain.escrows import Escrow
from flux_cli.domain.identifiers import entry_seq
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.journal import wallet
from flux_cli.domain.streams import Stream
from flux_cli.entrypoints.rest.agents import tell_side
from flux_cli.entrypoints.rest.call import Call, MayRead, listed, room, shown, told
from flux_cli.entrypoints.rest.outs import EntryOut, PageOf, SideOut, problems
from flux_cli.entrypoints.rest.pages import Limit
from flux_cli.entrypoints.rest.problems import not_found
from flux_cli.usecases.agent_history import by_reference
from flux_cli.usecases.view_entries import summarise_entry, view_entry

if TYPE_CHECKING:
    from flux_cli.usecases.ports import EntryRecord, Reader

router = room("/v1/ledger", "ledger")

Whose = Annotated[str, Query(min_length=1, max_length=64, description="The agent's exact name.")]
Before = Annotated[int | None, Query(ge=1, le=2**62, description="The last page's `next`.")]


@router.get("/entries", response_model=PageOf[EntryOut], responses=problems(404))
def list_entries(agent: Whose, call: MayRead, limit: Limit = 20, after: Before = None) -> Response:
    """List the entries that touched an agent's wallet, newest first."""
    with call.deps.store.reading() as reader:
        name = call.agent(reader, agent)
        found = reader.entries(account=wallet(name), limit=limit + 1, before=after)
        rows = [told("entry", summarise_entry(one)) for one in found[:limit]]
    return listed(rows, str(found[limit - 1].seq) if len(found) > limit else None)


@router.get("/entries/{entry_id}", response_model=EntryOut, responses=problems(404))
def show_entry(
    entry_id: Annotated[str, Path(min_length=1, max_length=64)], call: MayRead
) -> Response:
    """Show an entry whole: its moves, who allowed it, and its hash."""
    with call.deps.store.reading() as reader:
        seq = entry_seq(entry_id)
        record = None if seq is None else reader.entry_at(seq)
        if record is None or record.id != entry_id or not _sees(call, reader, record):
            raise not_found("entry")
        return shown(told("entry", view_entry(reader, record)))


@router.get("/references/{reference}", response_model=PageOf[SideOut])
def show_reference(
    reference: Annotated[str, Path(min_length=1, max_length=128)], call: MayRead
) -> Response:
    """List every side of a payment, escrow, card or entry, oldest first; they sum to zero."""
    with call.deps.store.reading() as reader:
        sides = by_reference(reader, reference) if _knows(call, reader, reference) else []
    return listed([tell_side(side) for side in sides], None)


def _knows(call: Call, reader: Reader, reference: str) -> bool:
    """Whether what is named concerns an agent that the key sees."""
    seq = entry_seq(reference)
    if seq is not None:
        record = reader.entry_at(seq)
        return record is not None and _sees(call, reader, record)
    claim = reader.lookup(Authorization, id=reference)
    return call.sight.sees_any(reader, _concerned(reader, claim.card_id if claim else reference))


def _sees(call: Call, reader: Reader, record: EntryRecord) -> bool:
    names = [name for posting in record.entry.postings for name in _owners(reader, posting.account)]
    return call.sight.sees_any(reader, names)


def _owners(reader: Reader, account: str) -> tuple[str, ...]:
    """The agents whose money is in an account."""
    kind, _, name = account.partition(":")
    if kind in ("wallet", "held"):
        return (name,)
    return _concerned(reader, name) if kind in ("card", "escrow", "stream") else ()


def _concerned(reader: Reader, object_id: str) -> tuple[str, ...]:
    """The agents that an object is about; none for an unknown one."""
    intent = reader.lookup(PaymentIntent, id=object_id)
    if intent is not None:
        return (intent.requester, *(share.payee for share in intent.shares))
    card = reader.lookup(Card, id=object_id)
    if card is not None:
        return (card.holder,)
    locked = reader.lookup(Escrow, id=object_id) or reader.lookup(Stream, id=object_id)
    if locked is not None:
        return (locked.payer, locked.payee)
    contract = reader.lookup(Contract, id=object_id)
    return () if contract is None else (contract.client, contract.provider)
