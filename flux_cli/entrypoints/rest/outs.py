"""What clients get: the fields they may rely on. Others are only ever added."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from flux_cli.entrypoints.http.problem import MEDIA_TYPE

T = TypeVar("T", bound=BaseModel)

WHY = {
    400: "not a request, or without its Idempotency-Key",
    401: "no key, or none that is valid",
    402: "there is no money for it, or the card does not pay",
    403: "the key may not, or it was judged and denied; `payment` says why",
    404: "nothing of this name or id that the key sees",
    405: "not a method of this path",
    408: "the body took too long",
    409: "its state does not allow it, or the key is being carried out",
    413: "the body is too large",
    422: "not understood, or the Idempotency-Key names another request",
    429: "too many requests of this key",
    503: "busy; repeat with the same key",
}

ALWAYS = (400, 401, 403, 408, 409, 413, 422, 429, 503)
"""What any request may be answered."""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How these statuses are described."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": WHY[status], "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


class _Out(BaseModel):
    model_config = ConfigDict(extra="allow")


class Problem(_Out):
    """Why something was not done (RFC 9457); `code` is stable."""

    type: str
    title: str
    status: int
    code: str
    detail: str


class MoneyOut(BaseModel):
    """An amount: exact in `amount_minor`, readable in `decimal`."""

    amount_minor: int
    currency: str
    exponent: int
    decimal: str


class PageOf(BaseModel, Generic[T]):
    """One page; `next` is the cursor for `after`."""

    object: Literal["list"]
    data: list[T]
    has_more: bool
    next: str | None


class HealthOut(BaseModel):
    """That the server answers."""

    object: Literal["health"] = "health"
    status: Literal["ok"] = "ok"
    version: str
    simulated: Literal[True] = True


class CapsOut(BaseModel):
    """An agent's limits; null is no limit of that kind."""

    per_payment: MoneyOut | None
    per_day: MoneyOut | None
    owner_threshold: MoneyOut | None
    payees: list[str] | None
    paused: bool


class PurseOut(BaseModel):
    """Money that is free, that is set aside, and both."""

    available: MoneyOut
    held: MoneyOut
    total: MoneyOut


class AgentOut(_Out):
    """An agent."""

    object: Literal["agent"]
    id: str
    name: str
    display_name: str
    kind: str
    status: str
    frozen: bool
    created_at: datetime
    policy: CapsOut
    wallet: PurseOut
    metadata: dict[str, Any]
    total_earned: MoneyOut
    total_spent: MoneyOut
    net_profit: MoneyOut


class WalletOut(_Out):
    """An agent's wallet; `balances` has a line for each asset."""

    object: Literal["wallet"]
    id: str
    agent: str
    available: MoneyOut
    held: MoneyOut
    total: MoneyOut


class SideOut(_Out):
    """What one entry did to one account."""

    object: Literal["ledger_side"]
    id: str
    agent: str
    delta: MoneyOut
    entry_type: str
    reference_id: str
    balance_after: MoneyOut
    memo: str
    created_at: datetime
    counterparty: str | None


class RecordOut(_Out):
    """A summary of what the ledger says."""

    object: str


class ShareOut(BaseModel):
    """A payee's part."""

    payee: str
    amount: MoneyOut


class RefusalOut(_Out):
    """One rule's reason, with the two numbers that disagreed."""

    code: str
    message: str
    limit: int | None
    observed: int | None


class PaymentOut(_Out):
    """A payment and what was decided."""

    object: Literal["payment"]
    id: str
    state: str
    requester: str
    amount: MoneyOut
    captured: MoneyOut
    refunded: MoneyOut
    shares: list[ShareOut]
    purpose: str
    refusals: list[RefusalOut]
    rail: str
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    metadata: dict[str, Any]
    idempotency_key: str | None


class QuorumOut(_Out):
    """How the seats voted on a payment."""

    object: Literal["quorum"]
    id: str
    state: str
    votes: str | None
    ballots: list[dict[str, Any]]


class EscrowOut(_Out):
    """Money of one agent that is locked for another."""

    object: Literal["escrow"]
    id: str
    payer: str
    payee: str
    evaluator: str
    amount: MoneyOut
    locked: MoneyOut
    state: str
    memo: str
    created_at: datetime
    updated_at: datetime
    expires_at: datetime


class StreamOut(_Out):
    """Money per second."""

    object: Literal["stream"]
    id: str
    payer: str
    payee: str
    state: str
    funded: MoneyOut
    paid: MoneyOut
    accrued: MoneyOut
    owed: MoneyOut
    created_at: datetime


class CardOut(_Out):
    """A SIMULATED card, its number masked and its CVV nowhere."""

    object: Literal["card"]
    id: str
    number: str
    last_four: str
    holder: str
    purpose: str
    limit: MoneyOut
    spent: MoneyOut
    remaining: MoneyOut
    state: str
    intent_id: str
    issued_at: datetime
    expires_at: datetime
    simulated: Literal[True]


class CardRequestOut(_Out):
    """What became of a wish for a card."""

    object: Literal["card_request"]
    card: CardOut | None
    payment: PaymentOut
    quorum: QuorumOut | None


class AuthorizationOut(_Out):
    """A merchant's claim on a card. SIMULATED."""

    object: Literal["authorization"]
    id: str
    merchant: str
    amount: MoneyOut
    captured: MoneyOut
    simulated: Literal[True]


class EntryOut(_Out):
    """An entry of the journal."""

    object: Literal["entry"]
    id: str
    seq: int
    kind: str
    memo: str
    recorded_at: datetime
    amount: MoneyOut


class RunOut(_Out):
    """A goal carried out."""

    object: Literal["run"]
    id: str
    state: str
    goal: str
    created_at: datetime


class CartOut(_Out):
    """A cart over several shops."""

    object: Literal["cart"]
    id: str
    state: str
    buyer: str
    wish: str
    hash: str
    total: MoneyOut
    payment_id: str | None


class SettlementOut(_Out):
    """What leaves over a chain."""

    object: Literal["settlement"]
    id: str
    state: str
    intent_id: str


class OptionsOut(_Out):
    """The best cart for a wish, what else there was, and how it was found."""

    object: Literal["options"]
    cart: CartOut | None
    options: list[dict[str, Any]]
    telemetry: dict[str, Any]


class ExecutionOut(_Out):
    """What became of buying a cart."""

    object: Literal["execution"]
    status: str
    cart_id: str
    payment_id: str | None
    logs: list[str]
    transaction_hashes: list[str]
