"""The owner's reversal of an entry: the same moves the other way, once."""

from __future__ import annotations

from dataclasses import dataclass

from flux_cli.domain.free_text import bounded
from flux_cli.domain.journal import Entry, EntryKind, Move
from flux_cli.errors import Fix, InvalidInput, WrongState
from flux_cli.usecases.freeze import obey_freeze
from flux_cli.usecases.ports import Deps, EntryRecord
from flux_cli.usecases.view_entries import entry_named, reversal_key

LONGEST_REASON = 240

REVERSIBLE = frozenset(
    {
        EntryKind.TOP_UP,
        EntryKind.WITHDRAWAL,
        EntryKind.FEE,
        EntryKind.EXCHANGE,
        EntryKind.BRAIN_COST,
        EntryKind.GAS,
        EntryKind.ADJUSTMENT,
    }
)
"""What no payment, card, escrow or stream keeps count of; those undo their own."""

OUTSIDE = frozenset({"world", "fees", "brain", "gas"})
"""Where money may go from a wallet without the kernel's leave (the ledger's SQL says the same)."""


@dataclass(frozen=True, slots=True)
class Reversal:
    """The entry that reverses another; `repeated` if it was there already."""

    reversed: EntryRecord
    record: EntryRecord
    repeated: bool


def reversal_of(record: EntryRecord, reason: str) -> Entry:
    """The entry that would undo `record`; nothing is checked of what accounts hold.

    Raises `WrongState` where it would take from a wallet for anyone inside, or where the moves
    are a payment's, a card's, an escrow's or a stream's own; `InvalidInput` without a reason.
    """
    why = bounded(reason, LONGEST_REASON)
    if not why:
        raise InvalidInput("say why, for the record", param="--reason")
    entry = record.entry
    plain = all(_between_a_wallet_and_outside(move) for move in entry.moves)
    if entry.kind not in REVERSIBLE or entry.decision_id is not None or not plain:
        raise WrongState(
            f"the {entry.kind} {record.id} cannot be reversed: it moved money inside the economy",
            subject=record.id,
            fixes=(_fix(entry),),
        )
    moves = tuple(Move(move.target, move.source, move.amount) for move in reversed(entry.moves))
    # Two assets meet only in an exchange, the other way too.
    exchange = len({move.amount.asset for move in moves}) > 1
    return Entry(
        reversal_key(record),
        EntryKind.EXCHANGE if exchange else EntryKind.ADJUSTMENT,
        moves,
        f"reverses entry {record.seq}: {why}",
        reference=record.id,
    )


def reverse_entry(deps: Deps, name: str, reason: str) -> Reversal:
    """Record the reversal of the entry of this id or number; a second call finds the first.

    For the owner only, who has been proved. Raises `NotFound`, `WrongState`, `InvalidInput`,
    `Frozen`, and `InsufficientFunds` where what was given is no longer there.
    """
    with deps.store.begin() as tx:
        record = entry_named(tx, name)
        made = tx.entry(reversal_key(record))
        if made is not None:
            return Reversal(record, made, repeated=True)
        entry = reversal_of(record, reason)
        obey_freeze(tx, *_agents(entry))
        return Reversal(record, tx.post(entry), repeated=False)


def _agents(entry: Entry) -> list[str]:
    accounts = [posting.account.partition(":") for posting in entry.postings]
    return [name for kind, _, name in accounts if kind == "wallet"]


def _between_a_wallet_and_outside(move: Move) -> bool:
    kinds = {account.partition(":")[0] for account in (move.source, move.target)}
    return bool(kinds & OUTSIDE) and kinds <= OUTSIDE | {"wallet"}


def _fix(entry: Entry) -> Fix:
    reference = entry.reference
    if reference is not None and reference.startswith("pi_"):
        return Fix("give it back by a refund", ("flux", "payments", "refund", reference))
    return Fix("a payment is given back by a refund: `flux payments refund ID`")
