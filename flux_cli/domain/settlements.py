"""Settlements: one line of an approved payment on its way to a chain, and the proof it arrived."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flux_cli.domain.authorizations import Terms
from flux_cli.domain.canonical import digest
from flux_cli.domain.mandates import Mandate
from flux_cli.domain.money import Money

ARC = "arc"
"""The rail on which USDC leaves over the Arc chain."""

TESTNET, MAINNET = 5042002, 5042
TOKEN = "0x3600000000000000000000000000000000000000"  # noqa: S105 - a contract, no secret
EXPLORERS = {TESTNET: "https://testnet.arcscan.app/tx/"}
"""Where anybody can look a settlement up."""

WEI_PER_UNIT = 10**12
"""One millionth of USDC in the 18 decimals that gas is counted in: one balance, two views."""

NO_HASH = "0" * 64


class SettlementState(StrEnum):
    """How far a settlement has come; what is on hold stays so until one of the last three."""

    PROPOSED = "proposed"
    AUTHORIZED = "authorized"
    """The gate let it pass and its terms are fixed; nothing is signed."""

    SIGNED = "signed"
    """The authorization and a transaction are kept; nothing was sent from this state yet."""

    BROADCAST = "broadcast"
    REVERTED_OPEN = "reverted_open"
    """A transaction failed, yet anybody may still send the authorization until it expires."""

    NEEDS_HUMAN = "needs_human"
    REFUSED = "refused"
    SETTLED = "settled"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


ENDED = frozenset(
    {
        SettlementState.REFUSED,
        SettlementState.SETTLED,
        SettlementState.EXPIRED,
        SettlementState.CANCELLED,
    }
)
UNSIGNED = frozenset({SettlementState.PROPOSED, SettlementState.AUTHORIZED})
OPEN = tuple(state for state in SettlementState if state not in ENDED)


class Purpose(StrEnum):
    """What a transaction is for."""

    PAY = "pay"
    CANCEL = "cancel"


class Outcome(StrEnum):
    """What became of a transaction, as far as it is known."""

    OPEN = "open"
    MINED = "mined"
    REVERTED = "reverted"
    LOST = "lost"
    """Another transaction took its place in the account's order."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """An EIP-3009 signature, and the seconds since 1970 between which it holds (exclusive)."""

    v: int
    r: str
    s: str
    valid_after: int
    valid_before: int


@dataclass(frozen=True, slots=True)
class Proof:
    """Where on the chain it was paid: a transaction whose logs say exactly what was agreed.

    Its `sender` may be a stranger, who then paid the gas. `fee_wei` is what the gas cost.
    """

    tx_hash: str
    block_number: int
    block_hash: str
    transfer_log: int
    authorization_log: int
    sender: str
    gas_used: int
    fee_wei: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """One share of a payment intent that leaves by a chain.

    `nonce` is derived from `terms` and is what the token refuses to pay twice; `valid_before` is
    fixed before anything is signed. `from_block` is where looking for it begins. `local` says that
    the chain is one on this machine, so that nothing real has moved. `reason` is why it waits or
    ended; `attempts` counts its transactions.
    """

    id: str
    intent_id: str
    line: int
    state: SettlementState
    requester: str
    payee: str
    amount: Money
    terms: Terms
    nonce: str
    spend: str
    valid_after: int
    valid_before: int
    authorization: Authorization | None
    cancelled: Authorization | None
    from_block: int
    local: bool
    attempts: int
    reason: str
    proof: Proof | None
    gas: Money | None
    run_id: str | None
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed transaction that carries a settlement's authorization, or its cancellation.

    `account_nonce` is its place in the order of the payer's transactions on the chain; one place
    is given to one settlement, and `bump` counts the transactions signed for it.
    """

    id: str
    settlement_id: str
    purpose: Purpose
    chain_id: int
    address: str
    account_nonce: int
    bump: int
    tip_wei: int
    max_fee_wei: int
    raw: str
    tx_hash: str
    outcome: Outcome
    signed_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Fees:
    """What one gas may cost, in wei."""

    tip_wei: int
    max_fee_wei: int


GWEI = 10**9
LEAST_FEE = 40 * GWEI


def first_fees(base_fee: int, tip: int, ceiling: int) -> Fees:
    """What a first attempt offers: twice the base fee, at least 40 gwei, and the tip."""
    return Fees(min(tip, ceiling), min(max(2 * base_fee, LEAST_FEE) + tip, ceiling))


def bumped(fees: Fees, base_fee: int, ceiling: int) -> Fees | None:
    """Both fees ×1.25, and enough for the base fee; None where the ceiling leaves no room.

    A node replaces a transaction only by one that pays at least a tenth more.
    """
    tip = -(-fees.tip_wei * 5 // 4)
    most = max(-(-fees.max_fee_wei * 5 // 4), 2 * base_fee + tip)
    least = -(-fees.max_fee_wei * 11 // 10)
    most = min(most, ceiling)
    return Fees(min(tip, most), most) if most >= least else None


def cart_hash(spend_text: str) -> str:
    """The hash of what was approved, from its canonical text."""
    return hashlib.sha256(spend_text.encode()).hexdigest()


def mandate_hash(mandate: Mandate | None) -> str:
    """What names a mandate in a nonce: its key and content, never an id that is made anew."""
    if mandate is None:
        return NO_HASH
    return digest([mandate.key, mandate.holder, mandate.purpose, mandate.total])


def gas_units(fee_wei: int) -> int:
    """A fee in millionths of USDC, rounded up: the ledger never says less than was paid."""
    return -(-fee_wei // WEI_PER_UNIT)
