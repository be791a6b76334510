"""Escrows without work to hand in: the payer alone says when the money goes on or comes back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

from flux_cli.domain import escrows
from flux_cli.domain.escrows import EscrowState
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.entrypoints.sdk.given import LONGEST_MEMO, key_of, money_of, text_of
from flux_cli.entrypoints.sdk.objects import Escrow, EscrowResult, EscrowStatus
from flux_cli.entrypoints.sdk.payments import NO_POLICY, absent, quietly
from flux_cli.entrypoints.sdk.seen import code_of, first_refusal, said, see_escrow
from flux_cli.entrypoints.sdk.wording import KEY_REUSED, once_approved, role_of
from flux_cli.errors import Frozen, KeyReused, NotFound, WrongState
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.agent_history import every
from flux_cli.usecases.end_escrow import Part, refund_escrow, release_escrow, submit_work
from flux_cli.usecases.open_escrow import LONGEST_LIFE, EscrowRequest, create_escrow
from flux_cli.usecases.ports import Deps

LIFE: timedelta = LONGEST_LIFE
"""How long an escrow of the SDK stays locked; after it only the payer can be given it back."""

NOTHING_HANDED_IN = hashlib.sha256(b"").hexdigest()
"""The engine pays for work that was handed in; here the payer accepts without any."""

ONCE = "sdk"
"""The key of an escrow's one release, and of its one refund: a repetition changes nothing."""


def lock(
    deps: Deps, from_agent: str, to_agent: str, cents: int, memo: str | None, key: str | None
) -> EscrowResult:
    """Lock money of one agent for another; see `AgentPaySDK.create_escrow`."""
    amount = money_of(cents)
    purpose = text_of(memo, "memo", LONGEST_MEMO).strip() or f"escrow for {to_agent}"
    key = key_of(key) or deps.ids.new("event")
    if missing := absent(deps, from_agent, to_agent):
        return EscrowResult(False, None, *missing)
    if from_agent == to_agent:
        message = f"{from_agent} would pay itself"
        return EscrowResult(False, None, "RECIPIENT_NOT_ALLOWED", message)
    request = EscrowRequest(from_agent, to_agent, amount, purpose, from_agent, LIFE)
    try:
        made = create_escrow(deps, request, key=key, progress=quietly)
    except KeyReused:
        message = f"idempotency key {key!r} already names another escrow"
        return EscrowResult(False, None, KEY_REUSED, message)
    except NotFound as error:
        return EscrowResult(False, None, NO_POLICY, error.message)
    except Frozen as error:
        return EscrowResult(False, None, "AGENT_PAUSED", error.message)
    if isinstance(made, PaymentIntent):
        return _not_locked(made, key)
    return EscrowResult(True, see_escrow(made))


def _not_locked(intent: PaymentIntent, key: str) -> EscrowResult:
    refusal = first_refusal(intent)
    assert refusal is not None, "what is not approved was refused or waits"
    message = said(refusal)
    if intent.state is IntentState.AWAITING_OWNER:
        message += once_approved(intent.id, key)
    return EscrowResult(False, None, code_of(refusal), message)


def release(deps: Deps, escrow_id: str) -> EscrowResult:
    """The payer accepts: the payee is paid all of it, once."""

    def accepted(escrow: escrows.Escrow) -> escrows.Escrow | Denied:
        if escrow.state is EscrowState.FUNDED:
            submit_work(deps, escrow.id, NOTHING_HANDED_IN, by=escrow.payee)
        return release_escrow(deps, escrow.id, Part(), by=escrow.evaluator, key=ONCE)

    return _ended(deps, escrow_id, accepted)


def cancel(deps: Deps, escrow_id: str) -> EscrowResult:
    """The payer takes it back, once."""

    def rejected(escrow: escrows.Escrow) -> escrows.Escrow | Denied:
        return refund_escrow(deps, escrow.id, by=escrow.evaluator, key=ONCE)

    return _ended(deps, escrow_id, rejected)


def _ended(
    deps: Deps, escrow_id: str, end: Callable[[escrows.Escrow], escrows.Escrow | Denied]
) -> EscrowResult:
    with deps.store.reading() as reader:
        escrow = reader.lookup(escrows.Escrow, id=escrow_id)
    if escrow is None:
        return EscrowResult(False, None, "ESCROW_NOT_FOUND", f"no escrow {escrow_id[:64]!r}")
    try:
        ended = end(escrow)
    except Frozen as error:
        return EscrowResult(False, see_escrow(escrow), "AGENT_PAUSED", error.message)
    except WrongState as error:
        with deps.store.reading() as reader:
            now = see_escrow(reader.get(escrows.Escrow, escrow_id))
        return EscrowResult(False, now, "ESCROW_NOT_LOCKED", error.message)
    assert isinstance(ended, escrows.Escrow), "the evaluator itself asks"
    return EscrowResult(True, see_escrow(ended))


def escrow_of(deps: Deps, escrow_id: str) -> Escrow | None:
    """The escrow of this id, or None."""
    with deps.store.reading() as reader:
        escrow = reader.lookup(escrows.Escrow, id=escrow_id)
    return None if escrow is None else see_escrow(escrow)


def escrows_of(
    deps: Deps, agent: str, role: str | None, status: EscrowStatus | str | None
) -> list[Escrow]:
    """An agent's escrows, newest first; see `AgentPaySDK.list_agent_escrows`."""
    role_of(role)
    wanted = None if status is None else EscrowStatus(status.upper())
    found: dict[str, Escrow] = {}
    with deps.store.reading() as reader:
        if role in ("payer", None):
            found |= {one.id: see_escrow(one) for one in every(reader, escrows.Escrow, payer=agent)}
        if role in ("payee", None):
            found |= {one.id: see_escrow(one) for one in every(reader, escrows.Escrow, payee=agent)}
    in_order = [found[escrow_id] for escrow_id in sorted(found, reverse=True)]
    return [one for one in in_order if wanted is None or one.status is wanted]
