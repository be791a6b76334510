"""What follows on an authorisation: captures, reversals and refunds, within one transaction."""

from __future__ import annotations

from dataclasses import replace

from flux_cli.domain.card_network import Authorization, AuthorizationState, DeclineReason
from flux_cli.domain.cards import Card, CardState
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.journal import EntryKind, transfer, wallet
from flux_cli.domain.money import Money
from flux_cli.kernel.corrections import Correction, correct
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.card_moves import keep, let_go, pay, settle_payment, take
from flux_cli.usecases.correct_payment import correction_facts, record_correction
from flux_cli.usecases.ports import Deps, Transaction

ENDED = {
    CardState.USED: DeclineReason.ALREADY_USED,
    CardState.EXPIRED: DeclineReason.EXPIRED,
    CardState.CANCELLED: DeclineReason.CARD_CANCELLED,
}

DENIED = {
    "economy_frozen": DeclineReason.FROZEN,
    "agent_frozen": DeclineReason.FROZEN,
    "clock_behind_ledger": DeclineReason.CLOCK_BEHIND_LEDGER,
    "insufficient_funds": DeclineReason.INSUFFICIENT_FUNDS,
}
"""The kernel's refusals of a refund whose amount is right."""


def capture(
    tx: Transaction,
    card: Card,
    claim: Authorization,
    amount: Money | None,
    key: str,
    *,
    final: bool,
) -> Authorization | DeclineReason:
    """Pay the payee from what is held for a claim; for an expired one, from the card."""
    late = claim.state is AuthorizationState.EXPIRED
    if not late and claim.state is not AuthorizationState.OPEN:
        return DeclineReason.AUTHORIZATION_CLOSED
    room = claim.released if late else claim.open_amount
    wanted = room if amount is None else amount
    if wanted > room:
        return DeclineReason.OVER_CAPTURE
    if late and (against := _against_late(tx, card, claim, wanted)):
        return against
    card = pay(tx, card, claim, wanted, f"{key}:capture", held=not late)
    claim = replace(claim, captured=claim.captured + wanted, late=claim.late or late)
    if late:
        claim = replace(claim, released=claim.released - wanted)
    rest = claim.open_amount
    if final and rest.units > 0:
        card, claim = let_go(tx, card, claim, rest, f"{key}:release")
    if final or room == wanted:
        claim = replace(claim, state=AuthorizationState.CAPTURED)
    tx.put(claim, "authorization.captured", run_id=card.run_id)
    keep(tx, take(tx, card, claim, key), "card.charged")
    return claim


def _against_late(
    tx: Transaction, card: Card, claim: Authorization, wanted: Money
) -> DeclineReason | None:
    """Why an expired claim is not paid after all: nothing beyond the card pays for it."""
    if not card.is_live:
        return ENDED[card.state]
    if max(tx.now, tx.ledger_time) >= card.expires_at:
        return DeclineReason.EXPIRED
    if card.taken_by not in (None, claim.id):
        return DeclineReason.ALREADY_USED
    return DeclineReason.OVER_LIMIT if wanted > card.remaining else None


def reverse(
    tx: Transaction, card: Card, claim: Authorization, amount: Money | None, key: str
) -> Authorization | DeclineReason:
    """Let go of what is held for a claim, or of a part of it."""
    if claim.state is not AuthorizationState.OPEN:
        return DeclineReason.AUTHORIZATION_CLOSED
    wanted = claim.open_amount if amount is None else amount
    if wanted > claim.open_amount:
        return DeclineReason.OVER_REVERSAL
    card, claim = let_go(tx, card, claim, wanted, f"{key}:release")
    claim = ended(claim, AuthorizationState.REVERSED)
    tx.put(claim, "authorization.reversed", run_id=card.run_id)
    keep(tx, card, "card.reversed")
    return claim


def ended(claim: Authorization, otherwise: AuthorizationState) -> Authorization:
    """The claim as it stands once some of it was let go."""
    if claim.open_amount.units > 0:
        return claim
    captured = claim.captured.units > 0 and otherwise is AuthorizationState.REVERSED
    return replace(claim, state=AuthorizationState.CAPTURED if captured else otherwise)


def refund(
    deps: Deps,
    tx: Transaction,
    card: Card,
    claim: Authorization,
    amount: Money | None,
    key: str,
) -> Authorization | DeclineReason:
    """Give captured money back from the payee's wallet to the holder's, if the kernel lets it."""
    wanted = claim.refundable if amount is None else amount
    if wanted.units == 0 or wanted > claim.refundable:
        return DeclineReason.OVER_REFUND
    assert card.payee is not None, "a card on the network has a payee"
    intent = tx.get(PaymentIntent, card.intent_id)
    ask = Correction(
        purpose="card refund",
        key=key,
        amount=wanted,
        allowance=claim.refundable,
        **correction_facts(tx, intent, card.payee),
    )
    verdict = correct(ask)
    decision_id = record_correction(deps, tx, intent, ask, verdict)
    if isinstance(verdict, Denied):
        return DENIED[verdict.refusals[0].code]
    tx.post(
        transfer(
            f"{key}:refund",
            EntryKind.REFUND,
            wallet(card.payee),
            wallet(card.holder),
            wanted,
            memo=f"refund: {claim.merchant}",
            decision_id=decision_id,
            reference=claim.id,
            run_id=card.run_id,
        )
    )
    claim = replace(claim, refunded=claim.refunded + wanted)
    card = replace(card, refunded=card.refunded + wanted)
    tx.put(claim, "authorization.refunded", run_id=card.run_id)
    tx.put(card, "card.refunded", run_id=card.run_id)
    settle_payment(tx, card)
    return claim
