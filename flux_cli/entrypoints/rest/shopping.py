"""`/api`: a wish made into a cart, and the cart bought; its prices are the shops' own."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from flux_cli.domain.carts import Cart, CartState
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.settlements import Settlement
from flux_cli.domain.text import visible
from flux_cli.domain.wishes import with_flags
from flux_cli.entrypoints.rest import forms
from flux_cli.entrypoints.rest.call import (
    WAITS,
    Answer,
    Call,
    IdempotencyKey,
    MayPay,
    MayPropose,
    denied,
    room,
    told,
)
from flux_cli.entrypoints.rest.outs import ExecutionOut, OptionsOut, problems
from flux_cli.entrypoints.rest.payments import tell_payment
from flux_cli.entrypoints.rest.problems import Refused
from flux_cli.usecases.ask_wish import ask_wish
from flux_cli.usecases.checkout import Moved, Terms, Undecided, checkout
from flux_cli.usecases.describe_run import Document
from flux_cli.usecases.make_cart import Unfilled, Wish, make_cart
from flux_cli.usecases.view_carts import describe_cart, describe_found, describe_unfillable

router = room("/api", "shopping")

MOST_OPTIONS = 100
ENDED: dict[int | str, dict[str, Any]] = {
    202: {"description": "it waits for a decision or a shop", "model": ExecutionOut},
    **problems(403, 404, 409, 503),
}


@router.post("/orchestrate", response_model=OptionsOut, responses=problems(404, 422, 503))
def orchestrate(form: forms.OrchestrateForm, call: MayPropose, key: IdempotencyKey) -> Response:
    """Find the best cart for a wish over all trusted shops; nothing is bought."""
    with call.deps.store.reading() as reader:
        call.own(reader, form.agent, (form.agent,), "agent")
        today = reader.now.date()

    def carry_out(engine_key: str) -> Answer:
        log = Log()
        spec = ask_wish(
            call.deps, form.agent, form.prompt, today, key=engine_key, progress=log.hear
        )
        spec = with_flags(spec, forms.some_money(form.budget), None)
        if form.strategy is not None:
            spec = replace(spec, strategy=Strategy(form.strategy))
        wish = Wish(form.agent, form.prompt, spec)
        filled = make_cart(call.deps, wish, key=engine_key, keep=True, progress=log.hear)
        if isinstance(filled, Unfilled):
            why = describe_unfillable(filled.why)
            raise Refused(422, "no_cart", filled.why.reason, {"relaxations": why["relaxations"]})
        found = describe_found(filled.found, filled.cart.strategy)
        offers = found.pop("offers")
        assert isinstance(offers, list), "offers are told as rows"
        document: Document = {
            "id": filled.cart.id,
            "cart": told("cart", describe_cart(filled.cart)),
            "options": offers[:MOST_OPTIONS],
            "telemetry": found | {"logs": log.lines, "latency_ms": log.milliseconds},
        }
        return Answer(200, told("options", document))

    return call.once(key, form, carry_out)


@router.post("/execute_payment", response_model=ExecutionOut, responses=ENDED)
def execute(form: forms.ExecuteForm, call: MayPay, key: IdempotencyKey) -> Response:
    """Buy a cart: one approval, each shop once. Called again it goes on where it ended."""
    with call.deps.store.reading() as reader:
        cart = reader.lookup(Cart, id=form.cart_id)
        call.own(reader, cart, () if cart is None else (cart.buyer,), "cart")

    def carry_out(_: str) -> Answer:
        log = Log()
        terms = Terms(expected_hash=form.hash or "")
        ended = checkout(call.deps, form.cart_id, terms, progress=log.hear)
        if isinstance(ended, Moved):
            changes = [{"shop": shop, "change": change} for shop, change in ended.changes]
            detail = "the cart cannot be bought as it was made; nothing was bought"
            raise Refused(409, "cart_moved", detail, {"changes": changes})
        if isinstance(ended, Undecided):
            return _undecided(call, ended, log)
        return _bought(call, ended, log)

    return call.once(key, form, carry_out)


def _undecided(call: Call, ended: Undecided, log: Log) -> Answer:
    with call.deps.store.reading() as reader:
        payment = told("payment", tell_payment(call, reader, ended.intent))
    if ended.intent.state is IntentState.DENIED:
        said = "; ".join(refusal.message for refusal in ended.intent.refusals)
        return denied("policy_violation", said, payment=payment, logs=log.lines)
    status = ended.intent.state.value
    return Answer(WAITS, _execution(ended.cart, ended.intent.id, status, log, [], []))


def _bought(call: Call, cart: Cart, log: Log) -> Answer:
    with call.deps.store.reading() as reader:
        intent = None if cart.intent_id is None else reader.get(PaymentIntent, cart.intent_id)
        left = [] if intent is None else reader.find(Settlement, intent_id=intent.id)
        hashes = [one.proof.tx_hash for one in left if one.proof is not None and not one.local]
        entries = [] if intent is None else reader.entries_of(intent.id)
        kept = [{"id": one.id, "hash": reader.head(one.seq)[1]} for one in entries]
    status = WAITS if cart.state is CartState.BUYING else 200
    return Answer(status, _execution(cart, cart.intent_id, cart.state.value, log, hashes, kept))


def _execution(
    cart: Cart,
    payment_id: str | None,
    status: str,
    log: Log,
    hashes: list[str],
    kept: list[dict[str, str]],
) -> Document:
    fields: Document = {
        "id": cart.id,
        "cart_id": cart.id,
        "status": status,
        "payment_id": payment_id,
        "total": cart.total,
        "orders": describe_cart(cart)["orders"],
        "logs": log.lines,
        # Only a chain's are hashes of transactions; what is simulated has its ledger's entries.
        "transaction_hashes": hashes,
        "ledger_entries": kept,
        "simulated": True,
    }
    return told("execution", fields)


class Log:
    """What was done on the way, in lines of cleaned text."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._begun = time.monotonic()

    def hear(self, step: str, /, **facts: object) -> None:
        """Keep one step."""
        said = " ".join(f"{name}={value}" for name, value in facts.items())
        self.lines.append(visible(f"{step} {said}".strip())[:300])

    @property
    def milliseconds(self) -> int:
        """How long it has taken."""
        return int(1000 * (time.monotonic() - self._begun))
