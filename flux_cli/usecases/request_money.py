"""Asking for money: kernel, then quorum, then kernel again, then the hold and the card."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from flux_cli.domain.decisions import Decision
from flux_cli.domain.free_text import bounded
from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent, Spend
from flux_cli.domain.journal import wallet
from flux_cli.domain.money import Money
from flux_cli.domain.quorum import (
    SEATS,
    Ballot,
    Tally,
    count,
)
from flux_cli.domain.refusals import Refusal
from flux_cli.errors import InvalidAmount, KeyReused, WrongState
from flux_cli.kernel.authorize import authorize
from flux_cli.kernel.verdict import Denied, Permit, Verdict
from flux_cli.usecases.capture_payment import hold_entry, pay_out
from flux_cli.usecases.cast_ballots import cast_ballots
from flux_cli.usecases.draw_mandate import reserve
from flux_cli.usecases.gather_facts import gather_facts, policy_of
from flux_cli.usecases.idempotency import LONGEST_MADE, check_key
from flux_cli.usecases.issue_card import issue_card, prepare_cards, usual_terms
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import (
    Deps,
    Progress,
    Reader,
    Transaction,
)

INTENT_LIFETIME = timedelta(minutes=15)
OWNER_LIFETIME = timedelta(hours=24)
"""How long a request waits for the owner."""


def request_money(
    deps: Deps, request: MoneyRequest, *, key: str, progress: Progress
) -> PaymentIntent:
    """The decided intent: approved with its hold and card, denied with every reason, or waiting.

    The same key finds what was decided before and asks nobody twice. Raises `KeyReused` where
    the key names another request, `InvalidAmount` for nothing, `InvalidInput` for no key.
    """
    check_key(key, LONGEST_MADE)
    if request.capture_method is CaptureMethod.CARD:
        prepare_cards(deps)
    intent = _open_intent(deps, request, key)
    if intent.state is IntentState.AWAITING_QUORUM:
        cast_ballots(deps, intent, request, progress)
        intent = _decide(deps, intent.id)
    return intent


def _open_intent(deps: Deps, request: MoneyRequest, key: str) -> PaymentIntent:
    """Find the intent of this key, or record a new one with the kernel's first verdict."""

    def opened(tx: Transaction) -> PaymentIntent:
        draft = draft_intent(deps, tx, request, key)
        found = tx.lookup(PaymentIntent, key=key)
        if found is not None:
            if _named_by_key(found) != _named_by_key(draft):
                raise KeyReused(f"{key!r} already names another payment", subject=found.id)
            return found
        verdict = authorize(draft.spend, gather_facts(tx, draft, None))
        if isinstance(verdict, Denied) and verdict.waits_for == "quorum_required":
            waiting = replace(draft, state=IntentState.AWAITING_QUORUM)
            tx.put(waiting, "payment.awaiting_quorum", run_id=draft.run_id)
            return waiting
        return apply_verdict(deps, tx, draft, verdict, None, is_new=True)

    return deps.store.write(opened)


def _named_by_key(intent: PaymentIntent) -> tuple[str, str, int]:
    """What a retry with the same key must repeat exactly."""
    return intent.request_digest, intent.capture_method, intent.hold_hours


def draft_intent(deps: Deps, reader: Reader, request: MoneyRequest, key: str) -> PaymentIntent:
    """The intent a request would record, not yet judged; raises `InvalidAmount` for nothing."""
    if request.amount.units <= 0:
        raise InvalidAmount("ask for more than nothing")
    nothing = Money(0, request.amount.asset)
    spend = _spend(request, key)
    return PaymentIntent(
        id=deps.ids.new("payment_intent"),
        key=key,
        state=IntentState.DRAFT,
        requester=request.requester,
        amount=request.amount,
        shares=request.shares,
        purpose=spend.purpose,
        justification=spend.justification,
        claimed_return=request.claimed_return,
        urgency=request.urgency,
        category=request.category,
        rail=request.rail,
        mandate_id=request.mandate_id,
        plan_digest=request.plan_digest,
        reference=request.reference,
        escrowed=request.escrowed,
        capture_method=request.capture_method,
        hold_hours=request.hold_hours,
        always_vote=request.always_vote,
        request_digest=spend.digest,
        budget_left=request.budget,
        run_id=request.run_id,
        decision_id=None,
        card_id=None,
        yes=0,
        no=0,
        abstain=0,
        needed=0,
        refusals=(),
        most_that_would_pass=None,
        captured=nothing,
        released=nothing,
        refunded=nothing,
        late=False,
        created_at=reader.now,
        expires_at=reader.now + INTENT_LIFETIME,
        decided_at=None,
    )


def _spend(request: MoneyRequest, key: str) -> Spend:
    """Exactly what of a request is judged."""
    return Spend(
        requester=request.requester,
        amount=request.amount,
        shares=request.shares,
        purpose=bounded(request.purpose, 600),
        justification=bounded(request.justification, 600),
        claimed_return=request.claimed_return,
        category=request.category,
        rail=request.rail,
        mandate_id=request.mandate_id,
        plan_digest=request.plan_digest,
        reference=request.reference,
        escrowed=request.escrowed,
        key=key,
    )


def _decide(deps: Deps, intent_id: str) -> PaymentIntent:
    """Count the ballots and judge again on today's facts; apply the verdict in the same write."""
    with deps.store.begin() as tx:
        intent = tx.get(PaymentIntent, intent_id)
        if intent.state is not IntentState.AWAITING_QUORUM:
            return intent
        tally = _tally(deps, tx, intent)
        verdict = authorize(intent.spend, gather_facts(tx, intent, tally and tally.for_kernel))
        return apply_verdict(deps, tx, intent, verdict, tally)


def _tally(deps: Deps, reader: Reader, intent: PaymentIntent) -> Tally | None:
    """The count of the ballots on this request; None where nobody was asked."""
    free_cash = reader.balance(wallet(intent.requester), intent.amount.asset)
    needed = deps.settings.bar.needed(intent.amount, free_cash)
    ballots = reader.find(Ballot, request_digest=intent.request_digest, limit=2 * len(SEATS))
    if not ballots and intent.state is not IntentState.AWAITING_QUORUM:
        return None
    rules = replace(deps.settings.rules, bar=deps.settings.bar)
    return count(ballots, intent.request_digest, needed, rules)


def approve_payment(deps: Deps, intent_id: str) -> PaymentIntent:
    """The owner's yes to a payment that waits for it; everything is judged again first.

    The caller has made sure that it is the owner. Raises `NotFound`, and `WrongState` where the
    payment does not wait for the owner or has waited too long.
    """
    with deps.store.reading() as reader:
        asked = reader.lookup(PaymentIntent, id=intent_id)
    if asked is not None and asked.capture_method is CaptureMethod.CARD:
        prepare_cards(deps)
    with deps.store.begin() as tx:
        intent = _awaiting_owner(tx, intent_id)
        tally = _tally(deps, tx, intent)
        facts = gather_facts(tx, intent, tally and tally.for_kernel, owner_approved=True)
        return apply_verdict(deps, tx, intent, authorize(intent.spend, facts), tally)


def deny_payment(deps: Deps, intent_id: str, reason: str) -> PaymentIntent:
    """The owner's no to a payment that waits for it. Raises `NotFound`, `WrongState`."""
    with deps.store.begin() as tx:
        intent = _awaiting_owner(tx, intent_id)
        said = bounded(reason, 240) or "the owner said no"
        denied = replace(
            intent,
            state=IntentState.DENIED,
            refusals=(Refusal("owner_refused", said),),
            most_that_would_pass=None,
            decided_at=tx.now,
        )
        tx.put(denied, "payment.denied", run_id=intent.run_id)
    return denied


def _awaiting_owner(tx: Transaction, intent_id: str) -> PaymentIntent:
    intent = tx.get(PaymentIntent, intent_id)
    if intent.state is not IntentState.AWAITING_OWNER:
        raise WrongState(
            f"the payment is {intent.state}, it does not wait for you", subject=intent.id
        )
    if tx.now >= intent.expires_at:
        raise WrongState("the payment waited too long for you; ask for it again", subject=intent.id)
    return intent


def apply_verdict(
    deps: Deps,
    tx: Transaction,
    intent: PaymentIntent,
    verdict: Verdict,
    tally: Tally | None,
    *,
    is_new: bool = False,
) -> PaymentIntent:
    """Record the verdict; a permit also moves the hold and issues the card, in this transaction.

    `is_new` says that nothing of the intent is recorded yet.
    """
    if tally is not None:
        intent = replace(
            intent, yes=tally.yes, no=tally.no, abstain=tally.abstain, needed=tally.needed
        )
    if isinstance(verdict, Denied):
        return _refuse(deps, tx, intent, verdict, tally)
    decision = _decision(deps, tx, intent, verdict, tally)
    if not verdict.covers(intent.request_digest, tx.now):
        raise AssertionError("the permit is for another request")
    tx.put(decision, "decision.permit", run_id=intent.run_id, is_new=True)
    pays = intent.capture_method is CaptureMethod.AUTOMATIC and not intent.settles_outside
    approved = replace(
        intent,
        state=IntentState.CAPTURED if pays else IntentState.APPROVED,
        captured=intent.amount if pays else intent.captured,
        decision_id=decision.id,
        decided_at=tx.now,
        expires_at=tx.now + timedelta(hours=intent.hold_hours),
        refusals=(),
        most_that_would_pass=None,
    )
    if intent.mandate_id is not None:
        reserve(tx, intent.mandate_id, intent.amount)
    if intent.capture_method is CaptureMethod.CARD:
        tx.post(hold_entry(approved))
        return _put_on_card(deps, tx, approved)
    if pays:
        pay_out(tx, approved)
        tx.put(approved, "payment.captured", run_id=intent.run_id, is_new=is_new)
        return approved
    tx.post(hold_entry(approved))
    tx.put(approved, "payment.approved", run_id=intent.run_id)
    return approved


def _put_on_card(deps: Deps, tx: Transaction, intent: PaymentIntent) -> PaymentIntent:
    tx.put(intent, "payment.approved", run_id=intent.run_id)
    issue_card(deps, tx, intent, usual_terms(deps, intent), f"card:{intent.id}")
    return tx.get(PaymentIntent, intent.id)


def _refuse(
    deps: Deps, tx: Transaction, intent: PaymentIntent, denied: Denied, tally: Tally | None
) -> PaymentIntent:
    state = IntentState.DENIED
    if {refusal.code for refusal in denied.refusals} == {"no_quorum"}:
        # Silence is not an opinion: the request waits, and may be asked again.
        return intent
    expires_at = intent.expires_at
    if tally is not None:
        denied = replace(denied, refusals=tuple(_told(one, tally) for one in denied.refusals))
    if denied.waits_for == "owner_required":
        state, expires_at = IntentState.AWAITING_OWNER, tx.now + OWNER_LIFETIME
    decision = _decision(deps, tx, intent, denied, tally)
    tx.put(decision, "decision.denied", run_id=intent.run_id)
    refused = replace(
        intent,
        state=state,
        decision_id=None,
        refusals=denied.refusals,
        most_that_would_pass=denied.most,
        decided_at=tx.now if state is IntentState.DENIED else None,
        expires_at=expires_at,
    )
    tx.put(refused, f"payment.{state}", run_id=intent.run_id)
    return refused


def _told(refusal: Refusal, tally: Tally) -> Refusal:
    """The count's own sentence, where the kernel's two numbers do not say what refused."""
    enough = refusal.code == "quorum_refused" and tally.yes >= tally.needed
    if enough or (refusal.code == "owner_required" and tally.outcome == "split"):
        return Refusal(refusal.code, tally.why)
    return refusal


def _decision(
    deps: Deps, tx: Transaction, intent: PaymentIntent, verdict: Verdict, tally: Tally | None
) -> Decision:
    permit = verdict if isinstance(verdict, Permit) else None
    return Decision(
        id=deps.ids.new("decision"),
        intent_id=intent.id,
        request_digest=intent.request_digest,
        requester=intent.requester,
        verdict="permit" if permit else "denied",
        amount=intent.amount,
        policy_version=permit.policy_version
        if permit
        else policy_of(tx, intent.requester, intent.amount.asset).number,
        refusals=verdict.refusals if isinstance(verdict, Denied) else (),
        tally=tally,
        made_at=tx.now,
        expires_at=permit.expires_at if permit else tx.now,
    )
