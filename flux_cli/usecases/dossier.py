"""The dossier: what the ledger knows of one request, as the seats will see it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from flux_cli.domain.canonical import digest
from flux_cli.domain.hearings import Hearing
from flux_cli.domain.injection import scan
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.journal import held, wallet
from flux_cli.domain.quorum import Dossier, LinePrice, PayeeRecord
from flux_cli.usecases.gather_facts import policy_of
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps, Reader, Settings
from flux_cli.usecases.settle_claim import claims_record

UNNAMED = frozenset({"", "payment"})
"""Purposes that name nothing: what a request says that says nothing."""

SETTLED_BEFORE = (IntentState.APPROVED, IntentState.CAPTURED)


def show_dossier(deps: Deps, intent: PaymentIntent, request: MoneyRequest) -> Dossier:
    """The dossier the seats are shown, recorded before the first is asked.

    A seat asked later, after a crash, is shown the same facts as the others were.
    """
    with deps.store.begin() as tx:
        shown = tx.lookup(Hearing, request_digest=intent.request_digest)
        if shown is not None:
            return shown.dossier
        dossier = build_dossier(tx, deps.settings, intent, request)
        hearing = Hearing(
            id=deps.ids.new("hearing"),
            intent_id=intent.id,
            request_digest=intent.request_digest,
            dossier_digest=digest(dossier),
            dossier=dossier,
            opened_at=tx.now,
        )
        tx.put(hearing, "hearing.opened", run_id=intent.run_id)
    return dossier


def build_dossier(
    reader: Reader, settings: Settings, intent: PaymentIntent, request: MoneyRequest
) -> Dossier:
    """Gather the facts of one request; other parties' text goes in bounded and stripped."""
    asset = intent.amount.asset
    free_cash = reader.balance(wallet(intent.requester), asset)
    recent = [
        other
        for other in reader.find(PaymentIntent, requester=intent.requester, limit=500)
        if other.id != intent.id and other.state in SETTLED_BEFORE
    ]
    week, day = reader.now - timedelta(days=7), reader.now - timedelta(hours=24)
    payees = {share.payee for share in intent.shares}
    settled, accuracy = claims_record(reader, intent.requester, asset)
    return Dossier(
        request_digest=intent.request_digest,
        requester=intent.requester,
        amount=intent.amount,
        purpose=intent.purpose,
        justification=intent.justification,
        urgency=intent.urgency,
        claimed_return=intent.claimed_return,
        free_cash=free_cash,
        reserved=reader.balance(held(intent.requester), asset),
        budget_left=intent.budget_left if intent.budget_left is not None else free_cash,
        reserve_floor_percent=settings.reserve_floor_percent,
        payees=_payees(reader, intent),
        escrowed=intent.escrowed,
        duplicates_7d=sum(
            other.created_at > week and same_occasion(other, intent) for other in recent
        ),
        same_payee_24h=sum(
            other.created_at > day
            and other.reference != intent.reference
            and not intent.escrowed
            and bool(payees & {share.payee for share in other.shares})
            for other in recent
        ),
        injections=scan(f"{intent.purpose}\n{intent.justification}"),
        deliverables=request.deliverables or _bought(intent),
        acceptance_checks=request.acceptance_checks,
        slack_hours=request.slack_hours,
        turnaround_hours=request.turnaround_hours,
        prices=request.prices or _paid_before(intent, recent),
        settled_claims=settled,
        accuracy_percent=accuracy,
        evidence=request.evidence,
    )


def _bought(intent: PaymentIntent) -> tuple[str, ...]:
    """What a plain purchase delivers is what it is for, where that is said."""
    purpose = intent.purpose.strip()
    return () if purpose.casefold() in UNNAMED else (purpose,)


def _paid_before(intent: PaymentIntent, recent: Sequence[PaymentIntent]) -> tuple[LinePrice, ...]:
    """The asked price beside what the requester paid the same payees for the same thing before."""
    payees = {share.payee for share in intent.shares}
    known = tuple(
        other.amount
        for other in recent
        if other.amount.asset == intent.amount.asset
        and other.purpose == intent.purpose
        and {share.payee for share in other.shares} == payees
    )
    return (LinePrice(intent.purpose, intent.amount, known),) if known else ()


def same_occasion(one: PaymentIntent, other: PaymentIntent) -> bool:
    """Whether two requests are the same payment asked for twice.

    The owner starting a second run is a new occasion; an agent repeating itself is not.
    """
    return (
        one.amount == other.amount
        and one.purpose == other.purpose
        and one.reference == other.reference
        and {share.payee for share in one.shares} == {share.payee for share in other.shares}
    )


def _payees(reader: Reader, intent: PaymentIntent) -> tuple[PayeeRecord, ...]:
    policy = policy_of(reader, intent.requester, intent.amount.asset)
    records = []
    for share in intent.shares:
        past = reader.track_record(share.payee)
        records.append(
            PayeeRecord(
                name=share.payee,
                allowed=policy.names(share.payee),
                settled=past.accepted,
                rejected=past.rejected,
                paid=reader.paid_to(share.payee, intent.amount.asset),
                share=share.amount,
            )
        )
    return tuple(records)
