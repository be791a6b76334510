"""Payments: asked for, judged, paid or held, captured, cancelled, refunded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Path
from starlette.responses import Response

from flux_cli.domain.api_keys import HOUSE, Environment
from flux_cli.domain.canonical import digest
from flux_cli.domain.intents import RAILS_OUTSIDE, CaptureMethod, IntentState, PaymentIntent, Share
from flux_cli.domain.quorum import Urgency
from flux_cli.entrypoints.rest import forms
from flux_cli.entrypoints.rest.call import (
    WAITS,
    Answer,
    Call,
    IdempotencyKey,
    MayAdminister,
    MayPay,
    MayPropose,
    MayRead,
    denied,
    listed,
    room,
    shown,
    told,
)
from flux_cli.entrypoints.rest.outs import PageOf, PaymentOut, QuorumOut, problems
from flux_cli.entrypoints.rest.pages import After, AgentName, Limit, page
from flux_cli.entrypoints.rest.problems import Refused
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.agent_history import noted
from flux_cli.usecases.api_replies import watched
from flux_cli.usecases.capture_payment import cancel_payment, capture_payment
from flux_cli.usecases.correct_payment import refund_payment
from flux_cli.usecases.describe_run import Document, shallow
from flux_cli.usecases.gather_facts import newest_policy
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.notes import keep_note, note_in
from flux_cli.usecases.request_money import approve_payment, deny_payment, request_money
from flux_cli.usecases.view_payments import summarise_payment, view_quorum

if TYPE_CHECKING:
    from flux_cli.usecases.ports import Reader, Transaction

router = room("/v1", "payments")

PaymentId = Annotated[str, Path(min_length=1, max_length=64)]

KEYED = "pay:"
"""How the engine's key of a payment begins: the SDK's own, so the two mean the same payment."""

WAITING = (IntentState.AWAITING_OWNER, IntentState.AWAITING_QUORUM)
AWAITED: dict[int | str, dict[str, Any]] = {
    202: {"description": "it waits for the owner or the quorum", "model": PaymentOut}
}
ASKED: dict[int | str, dict[str, Any]] = {**AWAITED, **problems(403, 404, 409, 422)}


def quietly(_step: str, /, **_facts: object) -> None:
    """Nobody is told how a request gets on: the client waits for its answer."""


@router.post("/payments", status_code=201, response_model=PaymentOut, responses=ASKED)
def pay(form: forms.PaymentForm, call: MayPay, key: IdempotencyKey) -> Response:
    """Pay an agent if the payer's policy allows it, and above its threshold the owner."""
    if form.rail in RAILS_OUTSIDE and call.key.environment is not Environment.LIVE:
        raise Refused(403, "live_key_required", "this rail moves real money: use a live key")
    method = CaptureMethod.AUTOMATIC if form.capture else CaptureMethod.MANUAL
    return _ask(call, form, key, KEYED, method, form.rail)


@router.post("/intents", status_code=201, response_model=PaymentOut, responses=ASKED)
def propose(form: forms.MoneyForm, call: MayPropose, key: IdempotencyKey) -> Response:
    """Ask for money without paying it: judged and held, until it is captured or cancelled."""
    return _ask(call, form, key, "intent:", CaptureMethod.MANUAL, "simulated")


def _ask(
    call: Call, form: forms.MoneyForm, key: str, kind: str, method: CaptureMethod, rail: str
) -> Response:
    text = forms.json_text(form.metadata)
    with call.deps.store.reading() as reader:
        parties(call, reader, form.from_agent, form.to_agent)
        if newest_policy(reader, form.from_agent, forms.money(form.amount).asset) is None:
            detail = f"{form.from_agent} has no policy, so it may spend nothing"
            raise Refused(404, "no_policy", detail)

    def carry_out(engine_key: str) -> Answer:
        def at_end(tx: Transaction) -> None:
            """What became of it is answered, and noted, in the transaction that decides it."""
            intent = tx.lookup(PaymentIntent, key=f"{kind}{engine_key}")
            if intent is not None and intent.state not in WAITING:
                if text is not None:
                    note_in(tx, intent.id, text)
                call.keep(tx, key, form, tell_outcome(call, tx, intent, 201))

        deps = watched(call.deps, at_end)
        wanted = _request(form, text, method, rail)
        intent = request_money(deps, wanted, key=f"{kind}{engine_key}", progress=quietly)
        if text is not None and intent.state in WAITING:
            keep_note(call.deps, intent.id, text)
        return outcome(call, intent)

    return call.once(key, form, carry_out)


def parties(call: Call, reader: Reader, payer: str, payee: str) -> None:
    """Raise `Refused` unless the key acts for the payer and its owner has the payee."""
    if not call.sight.sees(reader, payer):
        raise Refused(404, "payer_not_found", f"no agent named {payer!r}")
    if not call.sight.knows(reader, payee):
        raise Refused(404, "payee_not_found", f"no agent named {payee!r}")


def _request(
    form: forms.MoneyForm, text: str | None, method: CaptureMethod, rail: str
) -> MoneyRequest:
    amount = forms.money(form.amount)
    return MoneyRequest(
        requester=form.from_agent,
        amount=amount,
        shares=(Share(form.to_agent, amount),),
        purpose=form.memo,
        justification=form.justification,
        claimed_return=forms.some_money(form.expected_return),
        urgency=Urgency(form.urgency),
        # What the metadata says is part of the payment: its key names no other.
        plan_digest="" if text is None else digest(text),
        reference="",
        escrowed=False,
        budget=None,
        category=form.category,
        rail=rail,
        mandate_id=form.mandate_id,
        capture_method=method,
        hold_hours=form.hold_hours,
    )


def outcome(call: Call, intent: PaymentIntent, done: int = 201) -> Answer:
    """What a request for money came to: `done`, it waits, or it was denied."""
    with call.deps.store.reading() as reader:
        return tell_outcome(call, reader, intent, done)


def tell_outcome(call: Call, reader: Reader, intent: PaymentIntent, done: int) -> Answer:
    """`outcome` in a view of the ledger that is open."""
    document = told("payment", tell_payment(call, reader, intent))
    if intent.state in WAITING:
        return Answer(WAITS, document)
    if intent.state is IntentState.DENIED:
        said = "; ".join(refusal.message for refusal in intent.refusals)
        return denied("denied", said or "it was denied", payment=document)
    return Answer(done, document)


@router.get("/payments", response_model=PageOf[PaymentOut])
@router.get("/intents", response_model=PageOf[PaymentOut])
def list_payments(
    call: MayRead,
    limit: Limit = 20,
    after: After = None,
    agent: AgentName = None,
    status: IntentState | None = None,
) -> Response:
    """List payments, newest first."""
    with call.deps.store.reading() as reader:
        found, following = page(
            call, reader, PaymentIntent, _names, limit, after, requester=agent, state=status
        )
        rows = [told("payment", tell_payment(call, reader, one)) for one in found]
    return listed(rows, following)


@router.get("/payments/{payment_id}", response_model=PaymentOut, responses=problems(404))
@router.get("/intents/{payment_id}", response_model=PaymentOut, responses=problems(404))
def show_payment(payment_id: PaymentId, call: MayRead) -> Response:
    """Show a payment as it stands."""
    with call.deps.store.reading() as reader:
        intent = seen_payment(call, reader, payment_id)
        return shown(told("payment", tell_payment(call, reader, intent)))


@router.get("/payments/{payment_id}/quorum", response_model=QuorumOut, responses=problems(404))
@router.get("/quorum/{payment_id}", response_model=QuorumOut, responses=problems(404))
def show_quorum(payment_id: PaymentId, call: MayRead) -> Response:
    """Show how the seats voted on a payment."""
    with call.deps.store.reading() as reader:
        intent = seen_payment(call, reader, payment_id)
        return shown(told("quorum", view_quorum(reader, intent)))


@router.post("/payments/{payment_id}/approve", response_model=PaymentOut, responses=ASKED)
def approve(
    payment_id: PaymentId, form: forms.Nothing, call: MayAdminister, key: IdempotencyKey
) -> Response:
    """Say the owner's yes to a payment that waits for it; everything is judged again first."""
    return _act(call, payment_id, form, key, lambda _: approve_payment(call.deps, payment_id))


@router.post("/payments/{payment_id}/deny", response_model=PaymentOut, responses=ASKED)
def deny(
    payment_id: PaymentId, form: forms.DenyForm, call: MayAdminister, key: IdempotencyKey
) -> Response:
    """Say the owner's no to a payment that waits for it."""

    def carry_out(_: str) -> Answer:
        intent = deny_payment(call.deps, payment_id, form.reason)
        with call.deps.store.reading() as reader:
            return Answer(200, told("payment", tell_payment(call, reader, intent)))

    with call.deps.store.reading() as reader:
        seen_payment(call, reader, payment_id, acting=True)
    return call.once(key, form, carry_out)


@router.post("/payments/{payment_id}/capture", response_model=PaymentOut, responses=ASKED)
def capture(
    payment_id: PaymentId, form: forms.CaptureForm, call: MayPay, key: IdempotencyKey
) -> Response:
    """Pay what is on hold, or a part of it."""
    amount = forms.some_money(form.amount)
    return _act(
        call,
        payment_id,
        form,
        key,
        lambda engine_key: capture_payment(
            call.deps, payment_id, amount, final=form.final, key=engine_key
        ),
    )


@router.post("/payments/{payment_id}/cancel", response_model=PaymentOut, responses=ASKED)
def cancel(
    payment_id: PaymentId, form: forms.Nothing, call: MayPay, key: IdempotencyKey
) -> Response:
    """Give a payment up that is not captured; what is on hold goes back."""
    return _act(call, payment_id, form, key, lambda _: cancel_payment(call.deps, payment_id))


@router.post(
    "/payments/{payment_id}/refunds", status_code=201, response_model=PaymentOut, responses=ASKED
)
def refund(
    payment_id: PaymentId, form: forms.RefundForm, call: MayPay, key: IdempotencyKey
) -> Response:
    """Give back what was captured, or a part of it; no cap gets room from it."""
    amount = forms.some_money(form.amount)
    return _act(
        call,
        payment_id,
        form,
        key,
        lambda engine_key: refund_payment(
            call.deps, payment_id, amount, payee=form.payee, key=engine_key
        ),
        201,
    )


def _act(
    call: Call,
    payment_id: str,
    form: forms.Strict,
    key: str,
    act: Callable[[str], PaymentIntent | Denied],
    done: int = 200,
) -> Response:
    """Do something to a payment that the key may act on, and tell what became of it."""

    def carry_out(engine_key: str) -> Answer:
        ended = act(engine_key)
        if isinstance(ended, Denied):
            said = "; ".join(refusal.message for refusal in ended.refusals)
            reasons = [shallow(refusal) for refusal in ended.refusals]
            return denied("denied", said, refusals=reasons)
        return outcome(call, ended, done)

    with call.deps.store.reading() as reader:
        seen_payment(call, reader, payment_id, acting=True)
    return call.once(key, form, carry_out)


def seen_payment(
    call: Call, reader: Reader, payment_id: str, *, acting: bool = False
) -> PaymentIntent:
    """The payment of this id, if the key sees it; `acting`, if it acts for its payer."""
    intent = reader.lookup(PaymentIntent, id=payment_id)
    names = () if intent is None else (intent.requester,) if acting else _names(intent)
    return call.own(reader, intent, names, "payment")


def _names(intent: PaymentIntent) -> tuple[str, ...]:
    return (intent.requester, *(share.payee for share in intent.shares))


def tell_payment(call: Call, reader: Reader, intent: PaymentIntent) -> Document:
    """A payment with its program's metadata and the key it was asked for with, if by HTTP."""
    key = None
    if intent.key.startswith(KEYED):
        key = intent.key.removeprefix(KEYED)
        if call.key.owner != HOUSE:
            key = key.removeprefix(f"{call.key.owner} ")
    return summarise_payment(intent) | {
        "metadata": noted(reader, intent.id),
        "idempotency_key": key,
    }
