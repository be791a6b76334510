"""Entries: movements of money between accounts, which balance by their shape."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from flux_cli.domain.canonical import digest
from flux_cli.domain.money import Money

WORLD = "world"
"""Where money comes from and where it leaves to; the one account that may be negative."""

MOST_MOVES = 1000


class EntryKind(StrEnum):
    """Why money moved."""

    TOP_UP = "top_up"
    WITHDRAWAL = "withdrawal"
    PAYMENT = "payment"
    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"
    ESCROW_FUND = "escrow_fund"
    ESCROW_RELEASE = "escrow_release"
    ESCROW_REFUND = "escrow_refund"
    STREAM_ACCRUAL = "stream_accrual"
    CARD_LOAD = "card_load"
    CARD_CAPTURE = "card_capture"
    CARD_REFUND = "card_refund"
    FEE = "fee"
    EXCHANGE = "exchange"
    BRAIN_COST = "brain_cost"
    GAS = "gas"
    SETTLEMENT = "settlement"
    ADJUSTMENT = "adjustment"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class Move:
    """An amount that leaves one account and arrives in another."""

    source: str
    target: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Posting:
    """One signed amount in one account: negative leaves, positive arrives."""

    account: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Entry:
    """What to record once: `key` names it for ever, `decision_id` is the kernel's leave.

    Its moves happen together, in order. `reference` is the object it concerns (an intent, a
    contract); `run_id` the run it is part of.
    """

    key: str
    kind: EntryKind
    moves: tuple[Move, ...]
    memo: str = ""
    decision_id: str | None = None
    reference: str | None = None
    run_id: str | None = None

    @property
    def fingerprint(self) -> str:
        """What a retry with the same key must repeat exactly."""
        return digest(self)

    @property
    def postings(self) -> tuple[Posting, ...]:
        """What each account loses or gains in all, in the order they are first named."""
        sums: dict[str, dict[str, Money]] = {}
        for move in self.moves:
            code = move.amount.asset.code
            for account, amount in ((move.source, -move.amount), (move.target, move.amount)):
                held_there = sums.setdefault(account, {})
                held_there[code] = held_there[code] + amount if code in held_there else amount
        return tuple(
            Posting(account, amount)
            for account, amounts in sums.items()
            for amount in amounts.values()
            if amount.units
        )


def transfer(
    key: str,
    kind: EntryKind,
    source: str,
    target: str,
    amount: Money,
    *,
    memo: str = "",
    decision_id: str | None = None,
    reference: str | None = None,
    run_id: str | None = None,
) -> Entry:
    """The entry that moves `amount` from `source` to `target` and nothing else."""
    return Entry(key, kind, (Move(source, target, amount),), memo, decision_id, reference, run_id)


def wallet(agent: str) -> str:
    """The account of an agent's available money."""
    return f"wallet:{agent}"


def held(agent: str) -> str:
    """The account of an agent's reserved money."""
    return f"held:{agent}"


def card_account(card_id: str) -> str:
    """The account of what is left on a card."""
    return f"card:{card_id}"


def escrow(contract_id: str) -> str:
    """The account of the money locked for a contract."""
    return f"escrow:{contract_id}"


def stream_account(stream_id: str) -> str:
    """The account of what a stream was funded with and has not yet paid."""
    return f"stream:{stream_id}"


def fees(name: str) -> str:
    """The account of one kind of fee, or of what rounding left over."""
    return f"fees:{name}"


def faults(entry: Entry) -> tuple[str, ...]:
    """What is wrong with `entry`, a sentence each; the ledger's SQL refuses the same."""
    found: list[str] = []
    if not 0 < len(entry.moves) <= MOST_MOVES:
        found.append(f"an entry has from one to {MOST_MOVES} moves")
    for move in entry.moves:
        if move.amount.units <= 0:
            found.append(f"the move from {move.source} is of nothing or less")
        if move.source == move.target:
            found.append(f"the move from {move.source} stays where it is")
    if (
        len({move.amount.asset for move in entry.moves}) > 1
        and entry.kind is not EntryKind.EXCHANGE
    ):
        found.append("two assets meet only in an exchange")
    if entry.decision_id is not None and len(entry.moves) != 1:
        found.append("leave to spend is for one move")
    return tuple(found)
