"""Entries: balanced movements of money between accounts, and what makes one valid."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from flux_cli.domain.canonical import digest
from flux_cli.domain.money import Asset, Money

WORLD = "world"
"""Where money comes from and where it leaves to; the one account that may be negative."""


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


@dataclass(frozen=True, slots=True)
class Posting:
    """One signed amount in one account: negative leaves, positive arrives."""

    account: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Entry:
    """A movement to record once: `key` names it for ever, `decision_id` is the kernel's leave.

    `reference` is the object it concerns (an intent, a contract); `run_id` the run it is part of.
    """

    key: str
    kind: EntryKind
    postings: tuple[Posting, ...]
    memo: str = ""
    decision_id: str | None = None
    reference: str | None = None
    run_id: str | None = None

    @property
    def fingerprint(self) -> str:
        """What a retry with the same key must repeat exactly."""
        return digest(self)


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
    """The two-legged entry that moves `amount` from `source` to `target`."""
    legs = (Posting(source, -amount), Posting(target, amount))
    return Entry(key, kind, legs, memo, decision_id, reference, run_id)


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


def faults(entry: Entry) -> tuple[str, ...]:
    """What is wrong with `entry`, a sentence each; the ledger's SQL refuses the same."""
    found: list[str] = []
    if len(entry.postings) < 2:
        found.append("an entry has at least two postings")
    sums: dict[Asset, int] = {}
    for posting in entry.postings:
        if posting.amount.units == 0:
            found.append(f"the posting in {posting.account} moves nothing")
        asset = posting.amount.asset
        sums[asset] = sums.get(asset, 0) + posting.amount.units
    touched = [(posting.account, posting.amount.asset) for posting in entry.postings]
    if len(set(touched)) < len(touched):
        found.append("an account appears twice")
    found += [f"{asset.code} does not sum to zero" for asset, units in sums.items() if units]
    if len(sums) > 1 and entry.kind is not EntryKind.EXCHANGE:
        found.append("two assets meet only in an exchange")
    return tuple(found)
