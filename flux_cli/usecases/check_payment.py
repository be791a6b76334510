"""Would this payment pass? Every rule's answer, and nothing written."""

from __future__ import annotations

from dataclasses import dataclass

from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.journal import wallet
from flux_cli.domain.money import Money
from flux_cli.domain.policies import Policy
from flux_cli.domain.quorum import SEATS
from flux_cli.domain.refusals import Refusal, Ruling
from flux_cli.kernel.authorize import authorize, ruled
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.describe_run import Document, shallow
from flux_cli.usecases.gather_facts import gather_facts
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.request_money import draft_intent


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the kernel says of a request as things are now, before any seat was asked.

    `outcome` is `permit`, `denied`, `quorum` or `owner`: what is missing first. `votes_needed` is
    what the quorum would need, None where it would not be asked; `asks_owner` says whether the
    owner would be asked too. `most` is the most that would pass, None where less would not help.
    """

    intent: PaymentIntent
    outcome: str
    rulings: tuple[Ruling, ...]
    votes_needed: int | None
    asks_owner: bool
    most: Money | None
    policy_version: int

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Why it would be denied; the approvals it would wait for are no reasons."""
        if self.outcome != "denied":
            return ()
        refused = [ruling.refusal for ruling in self.rulings if ruling.refusal]
        waits = ("quorum_required", "owner_required")
        return tuple(refusal for refusal in refused if refusal.code not in waits)


def check_payment(deps: Deps, request: MoneyRequest, *, policy: Policy | None = None) -> Judgement:
    """Judge a request by today's facts, under `policy` if one is to be tried.

    Raises `NotFound` for an unknown agent or mandate.
    """
    with deps.store.reading() as reader:
        intent = draft_intent(deps, reader, request, "check")
        facts = gather_facts(reader, intent, None, policy=policy)
        rulings = ruled(intent.spend, facts)
        verdict = authorize(intent.spend, facts)
        free_cash = reader.balance(wallet(intent.requester), intent.amount.asset)
    codes = {ruling.refusal.code for ruling in rulings if ruling.refusal}
    outcome, most = "permit", verdict.most if isinstance(verdict, Denied) else None
    if isinstance(verdict, Denied):
        outcome = (verdict.waits_for or "denied").removesuffix("_required")
    asked = "quorum_required" in codes
    return Judgement(
        intent=intent,
        outcome=outcome,
        rulings=rulings,
        votes_needed=deps.settings.bar.needed(intent.amount, free_cash) if asked else None,
        asks_owner="owner_required" in codes,
        most=most if outcome == "denied" else intent.amount,
        policy_version=facts.policy.number,
    )


def describe_judgement(judgement: Judgement) -> Document:
    """The judgement as one document; the limits of amounts are Money."""
    intent = judgement.intent
    return {
        "outcome": judgement.outcome,
        "requester": intent.requester,
        "amount": intent.amount,
        "shares": [shallow(share) for share in intent.shares],
        "purpose": intent.purpose,
        "category": intent.category,
        "rail": intent.rail,
        "capture_method": intent.capture_method,
        "mandate_id": intent.mandate_id,
        "policy_version": judgement.policy_version,
        "asks_quorum": judgement.votes_needed is not None,
        "votes_needed": judgement.votes_needed,
        "seats": len(SEATS),
        "asks_owner": judgement.asks_owner,
        "most_that_would_pass": judgement.most,
        "rules": [_rule(ruling, intent) for ruling in judgement.rulings],
        "dry_run": True,
        "simulated": True,
    }


def _rule(ruling: Ruling, intent: PaymentIntent) -> Document:
    awaited = ruling.code in ("quorum_required", "owner_required")
    refused = "asks" if awaited else "refused"
    return {
        "rule": ruling.rule,
        "outcome": "passed" if ruling.refusal is None else refused,
        "limit": _number(ruling.limit, ruling, intent),
        "observed": _number(ruling.observed, ruling, intent),
        "unit": ruling.unit,
        "payee": ruling.payee,
        "code": ruling.code,
        "message": None if ruling.refusal is None else ruling.refusal.message,
    }


def _number(number: int | None, ruling: Ruling, intent: PaymentIntent) -> Money | int | None:
    if number is None or ruling.unit != "money":
        return number
    return Money(number, intent.amount.asset)
