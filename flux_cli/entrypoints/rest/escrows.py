"""Escrows without work to hand in: the evaluator, at first the payer, lets go or takes back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Path
from starlette.responses import Response

from flux_cli.domain.escrows import Escrow, EscrowState
from flux_cli.domain.intents import PaymentIntent
from flux_cli.entrypoints.rest import forms
from flux_cli.entrypoints.rest.call import (
    Answer,
    Call,
    IdempotencyKey,
    MayPay,
    MayRead,
    denied,
    room,
    shown,
    told,
)
from flux_cli.entrypoints.rest.outs import EscrowOut, problems
from flux_cli.entrypoints.rest.payments import AWAITED, outcome, parties, quietly
from flux_cli.entrypoints.rest.problems import Refused
from flux_cli.errors import Frozen, WrongState
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.describe_run import Document
from flux_cli.usecases.end_escrow import Part, refund_escrow, release_escrow, submit_work
from flux_cli.usecases.open_escrow import EscrowRequest, create_escrow
from flux_cli.usecases.view_escrows import describe_escrow

router = room("/v1", "escrows")

EscrowId = Annotated[str, Path(min_length=1, max_length=64)]

NOTHING_HANDED_IN = hashlib.sha256(b"").hexdigest()
"""The engine pays for work that was handed in; here the evaluator accepts without any."""

ONCE = "sdk"
"""The key of an escrow's one release, and of its one refund, whichever front end asks."""

MADE: dict[int | str, dict[str, Any]] = {**AWAITED, **problems(403, 404, 409, 422)}


@router.post("/escrows", status_code=201, response_model=EscrowOut, responses=MADE)
def lock(form: forms.EscrowForm, call: MayPay, key: IdempotencyKey) -> Response:
    """Lock money of one agent for another, if the payer's policy allows it.

    Where it waits for an approval the payment is told; repeat with the same key afterwards.
    """
    evaluator = form.evaluator or form.from_agent
    with call.deps.store.reading() as reader:
        parties(call, reader, form.from_agent, form.to_agent)
        call.own(reader, evaluator, (evaluator,), "agent")

    def carry_out(engine_key: str) -> Answer:
        memo = form.memo.strip() or f"escrow for {form.to_agent}"
        request = EscrowRequest(
            form.from_agent,
            form.to_agent,
            forms.money(form.amount),
            memo,
            evaluator,
            timedelta(hours=form.hours),
        )
        made = create_escrow(call.deps, request, key=engine_key, progress=quietly)
        if isinstance(made, PaymentIntent):
            return outcome(call, made)
        return Answer(201, told("escrow", describe_escrow(made)))

    return call.once(key, form, carry_out)


@router.get("/escrows/{escrow_id}", response_model=EscrowOut, responses=problems(404))
def show_escrow(escrow_id: EscrowId, call: MayRead) -> Response:
    """Show an escrow as it stands."""
    return shown(told("escrow", describe_escrow(_seen(call, escrow_id, acting=False))))


@router.post(
    "/escrows/{escrow_id}/release", response_model=EscrowOut, responses=problems(403, 404, 409)
)
def release(
    escrow_id: EscrowId, form: forms.Nothing, call: MayPay, key: IdempotencyKey
) -> Response:
    """Pay the payee what is locked, once."""

    def accepted(escrow: Escrow) -> Escrow | Denied:
        if escrow.state is EscrowState.FUNDED:
            submit_work(call.deps, escrow.id, NOTHING_HANDED_IN, by=escrow.payee)
        return release_escrow(call.deps, escrow.id, Part(), by=escrow.evaluator, key=ONCE)

    return _end(call, escrow_id, form, key, accepted)


@router.post(
    "/escrows/{escrow_id}/cancel", response_model=EscrowOut, responses=problems(403, 404, 409)
)
def cancel(escrow_id: EscrowId, form: forms.Nothing, call: MayPay, key: IdempotencyKey) -> Response:
    """Give the payer back what is locked, once."""

    def rejected(escrow: Escrow) -> Escrow | Denied:
        return refund_escrow(call.deps, escrow.id, by=escrow.evaluator, key=ONCE)

    return _end(call, escrow_id, form, key, rejected)


def _end(
    call: Call,
    escrow_id: str,
    form: forms.Nothing,
    key: str,
    end: Callable[[Escrow], Escrow | Denied],
) -> Response:
    escrow = _seen(call, escrow_id, acting=True)

    def carry_out(_: str) -> Answer:
        try:
            ended = end(escrow)
        except (Frozen, WrongState) as error:
            now: Document = {
                "escrow": told("escrow", describe_escrow(_seen(call, escrow_id, acting=True)))
            }
            raise Refused(409, error.code, error.message, now) from None
        if isinstance(ended, Denied):
            reasons = "; ".join(refusal.message for refusal in ended.refusals)
            return denied("denied", reasons)
        return Answer(200, told("escrow", describe_escrow(ended)))

    return call.once(key, form, carry_out)


def _seen(call: Call, escrow_id: str, *, acting: bool) -> Escrow:
    """The escrow, if the key sees a side of it; `acting`, if it acts for its evaluator."""
    with call.deps.store.reading() as reader:
        escrow = reader.lookup(Escrow, id=escrow_id)
        if escrow is None:
            names: tuple[str, ...] = ()
        elif acting:
            names = (escrow.evaluator,)
        else:
            names = (escrow.payer, escrow.payee, escrow.evaluator)
        return call.own(reader, escrow, names, "escrow")
