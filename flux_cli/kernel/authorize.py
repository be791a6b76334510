"""The one door: a request and the facts go in, a permit or every reason against comes out."""

from __future__ import annotations

from datetime import timedelta

from flux_cli.domain.intents import Spend
from flux_cli.domain.money import Money
from flux_cli.domain.refusals import Refusal
from flux_cli.kernel import verdict
from flux_cli.kernel.facts import Facts
from flux_cli.kernel.invariants import INVARIANTS, SHAPE, holds_after
from flux_cli.kernel.policy import RULES
from flux_cli.kernel.verdict import Denied, Permit, Verdict

PERMIT_LIFETIME = timedelta(minutes=15)
"""How long leave to spend lasts; the facts it rests on grow old."""


def authorize(spend: Spend, facts: Facts) -> Verdict:
    """Ask every rule, so that a denial lists all that is wrong and not only the first.

    A malformed request is denied before any limit is compared with it.
    """
    malformed = tuple(refusal for rule in SHAPE if (refusal := rule(spend, facts)))
    if malformed:
        return Denied(malformed)
    refusals = tuple(refusal for rule in (*RULES, *INVARIANTS) if (refusal := rule(spend, facts)))
    if refusals:
        return Denied(refusals, most_that_would_pass(facts, refusals))
    if not holds_after(spend, facts):
        raise AssertionError("a rule let a request pass that breaks a cap")
    return Permit(
        request_digest=spend.digest,
        requester=spend.requester,
        amount=spend.amount,
        policy_version=facts.policy.number,
        made_at=facts.now,
        expires_at=facts.now + PERMIT_LIFETIME,
        seal=verdict._SEAL,
    )


def most_that_would_pass(facts: Facts, refusals: tuple[Refusal, ...]) -> Money | None:
    """The largest amount no cap refuses, or None where a smaller amount would not help.

    The quorum or the owner may still have to agree to it: their threshold is not a cap.
    """
    codes = {refusal.code for refusal in refusals} - AWAITED
    if not codes or not codes <= CAPS:
        return None
    policy = facts.policy
    ceilings = [facts.available.units]
    known = (policy.per_payment, facts.budget_left)
    ceilings += [ceiling.units for ceiling in known if ceiling is not None]
    if policy.rolling_24h is not None:
        ceilings.append(policy.rolling_24h.units - facts.spent_24h.units)
    if facts.tally is not None and facts.tally.conditions.max_amount is not None:
        ceilings.append(facts.tally.conditions.max_amount.units)
    most = min(ceilings)
    return Money(most, facts.available.asset) if most > 0 else None


CAPS = frozenset(
    {
        "per_payment_exceeded",
        "rolling_24h_exceeded",
        "budget_exceeded",
        "insufficient_funds",
        "quorum_amount_exceeded",
    }
)
"""The refusals that a smaller amount answers."""

AWAITED = frozenset({"quorum_required", "owner_required"})
"""The refusals that an approval answers."""
