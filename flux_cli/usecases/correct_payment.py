"""Refunds: money of a captured payment that goes back the way it came, in whole or in part."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TypedDict

from flux_cli.domain.agents import ECONOMY
from flux_cli.domain.decisions import Decision
from flux_cli.domain.intents import CaptureMethod, PaymentIntent
from flux_cli.domain.journal import EntryKind, transfer, wallet
from flux_cli.domain.money import Money
from flux_cli.errors import InvalidAmount, InvalidInput, KeyReused, WrongState
from flux_cli.kernel.corrections import Correction, correct
from flux_cli.kernel.verdict import Denied, Permit, Verdict
from flux_cli.usecases.freeze import is_frozen
from flux_cli.usecases.ports import Deps, Reader, Transaction


class CorrectionFacts(TypedDict):
    """What the ledger knows of a correction."""

    payment_id: str
    payer: str
    available: Money
    economy_frozen: bool | None
    payer_frozen: bool | None
    policy_version: int
    now: datetime
    ledger_time: datetime


def correction_facts(reader: Reader, intent: PaymentIntent, payer: str) -> CorrectionFacts:
    """The facts of moving money out of `payer`'s wallet because of `intent`."""
    assert intent.decision_id is not None, "only a permitted payment is corrected"
    return {
        "payment_id": intent.id,
        "payer": payer,
        "available": reader.balance(wallet(payer), intent.amount.asset),
        "economy_frozen": is_frozen(reader, ECONOMY),
        "payer_frozen": is_frozen(reader, payer),
        "policy_version": reader.get(Decision, intent.decision_id).policy_version,
        "now": reader.now,
        "ledger_time": reader.ledger_time,
    }


def record_correction(
    deps: Deps, tx: Transaction, intent: PaymentIntent, ask: Correction, verdict: Verdict
) -> str:
    """Keep the kernel's verdict on a correction; returns the decision's id."""
    permit = verdict if isinstance(verdict, Permit) else None
    decision = Decision(
        id=deps.ids.new("decision"),
        intent_id=intent.id,
        request_digest=ask.digest,
        requester=ask.payer,
        verdict="permit" if permit else "denied",
        amount=ask.amount,
        policy_version=ask.policy_version,
        refusals=verdict.refusals if isinstance(verdict, Denied) else (),
        tally=None,
        made_at=tx.now,
        expires_at=permit.expires_at if permit else tx.now,
    )
    tx.put(decision, f"decision.{decision.verdict}", run_id=intent.run_id)
    return decision.id


def refund_payment(
    deps: Deps, intent_id: str, amount: Money | None, *, payee: str | None = None, key: str
) -> PaymentIntent | Denied:
    """Give back all that was captured and not yet refunded, or `amount` of it, once for a key.

    It leaves the payee's wallet, which must have it; no cap gets room from it. Raises `NotFound`,
    `WrongState`, `InvalidAmount`, and `KeyReused` where the key names another refund.
    """
    with deps.store.begin() as tx:
        intent = tx.get(PaymentIntent, intent_id)
        entry_key = f"refund:{intent.id}:{key}"
        recorded = tx.entry(entry_key)
        if recorded is not None:
            move = recorded.entry.moves[0]
            same_payee = payee is None or wallet(payee) == move.source
            if not same_payee or amount not in (None, move.amount):
                raise KeyReused(f"{key!r} already names another refund", subject=intent.id)
            return intent
        giver, most = _refundable(tx, intent, payee)
        wanted = most if amount is None else amount
        if wanted.asset != most.asset or not 0 < wanted.units <= most.units:
            raise InvalidAmount(f"refund more than nothing and at most {most}", param="--amount")
        ask = Correction(
            purpose="refund",
            key=key,
            amount=wanted,
            allowance=most,
            **correction_facts(tx, intent, giver),
        )
        verdict = correct(ask)
        decision_id = record_correction(deps, tx, intent, ask, verdict)
        if isinstance(verdict, Denied):
            return verdict
        tx.post(
            transfer(
                entry_key,
                EntryKind.REFUND,
                wallet(giver),
                wallet(intent.requester),
                wanted,
                memo=f"refund: {intent.purpose[:100]}",
                decision_id=decision_id,
                reference=intent.id,
                run_id=intent.run_id,
            )
        )
        refunded = replace(intent, refunded=intent.refunded + wanted)
        tx.put(refunded, "payment.refunded", run_id=intent.run_id)
        return refunded


def _refundable(reader: Reader, intent: PaymentIntent, payee: str | None) -> tuple[str, Money]:
    """Who gives back, and the most of it."""
    if intent.capture_method is CaptureMethod.ESCROW:
        raise WrongState("its money was locked: give it back from there", subject=intent.id)
    if intent.card_id is not None or intent.captured.units == 0:
        raise WrongState(
            f"the payment is {intent.state}; nothing of it was paid", subject=intent.id
        )
    payees = {share.payee: share.amount for share in intent.shares}
    if payee is None and len(payees) > 1:
        raise InvalidInput(f"say who gives back: {', '.join(payees)}", param="--payee")
    giver = payee or intent.shares[0].payee
    if giver not in payees:
        raise InvalidInput(f"{giver[:64]!r} was not paid by it", param="--payee")
    paid = payees[giver] if len(payees) > 1 else intent.captured
    given_back = reader.refunded_by(intent.id, wallet(giver), intent.amount.asset)
    if given_back >= paid:
        raise WrongState("all of it was given back already", subject=intent.id)
    return giver, paid - given_back
