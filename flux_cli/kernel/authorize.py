"""The one door: a request and the facts go in, a permit or every reason against comes out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from flux_cli.domain.intents import Spend
from flux_cli.domain.money import Money
from flux_cli.domain.refusals import Refusal
from flux_cli.kernel import verdict
from flux_cli.kernel.facts import Facts
from flux_cli.kernel.invariants import INVARIANTS, SHAPE, holds_after
from flux_cli.kernel.limits import PAYEE_SCOPES, every_limit, parts, room
from flux_cli.kernel.mandates import left_units
from flux_cli.kernel.policy import RULES
from flux_cli.kernel.verdict import Denied, Permit, Ruling, Verdict

PERMIT_LIFETIME = timedelta(minutes=15)
"""How long leave to spend lasts; the facts it rests on grow old."""


def ruled(spend: Spend, facts: Facts) -> tuple[Ruling, ...]:
    """What every rule says, most serious first.

    A malformed request is ruled on by its shape alone, before any limit is compared with it.
    """
    shape = tuple(ruling for rule in SHAPE for ruling in rule(spend, facts))
    if any(ruling.refusal for ruling in shape):
        return shape
    rules = (*RULES, *INVARIANTS)
    return shape + tuple(ruling for rule in rules for ruling in rule(spend, facts))


def authorize(spend: Spend, facts: Facts) -> Verdict:
    """Ask every rule, so that a denial lists all that is wrong and not only the first."""
    rulings = ruled(spend, facts)
    refusals = tuple(ruling.refusal for ruling in rulings if ruling.refusal)
    if refusals:
        return Denied(refusals, most_that_would_pass(spend, facts, refusals))
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


def most_that_would_pass(spend: Spend, facts: Facts, refusals: tuple[Refusal, ...]) -> Money | None:
    """The largest amount no cap refuses, or None where a smaller amount would not help.

    Never more than was asked, though a larger amount may be above a limit's `below`. The quorum or
    the owner may still have to agree to it: their threshold is not a cap.
    """
    codes = {refusal.code for refusal in refusals} - AWAITED
    if not codes or not all(answered_by_less(code) for code in codes):
        return None
    # A smaller amount can only come under more limits, so this falls to the largest that passes.
    most, before = min(ceilings(spend, facts, spend.amount.units)), spend.amount.units
    while most < before:
        most, before = min(ceilings(spend, facts, most)), most
    return Money(most, spend.amount.asset) if most > 0 else None


def ceilings(spend: Spend, facts: Facts, units: int) -> Iterator[int]:
    """What each cap leaves to a payment of `units`, which are among the ceilings."""
    policy = facts.policy
    yield from (units, facts.available.units)
    if policy.minimum_balance is not None:
        yield facts.available.units - policy.minimum_balance.units
    seats = facts.tally.conditions.max_amount if facts.tally else None
    mandated = (mandate.per_payment for mandate in facts.mandates)
    for cap in (policy.per_payment, facts.budget_left, seats, *mandated):
        if cap is not None:
            yield cap.units
    yield from (left_units(mandate) for mandate in facts.mandates[:1])
    shares = {share.payee: share.amount.units for share in spend.shares}
    for _, limit in every_limit(facts):
        judged = limit.below is None or units <= limit.below.units
        for subject, _ in parts(limit, spend):
            if limit.scope not in PAYEE_SCOPES and judged:
                yield room(limit, subject, facts)
            # Of several shares each may be of any smaller size, so `below` spares none of them.
            elif limit.scope in PAYEE_SCOPES and (judged or len(shares) > 1):
                shares[subject] = min(shares[subject], room(limit, subject, facts))
    yield sum(shares.values())


def answered_by_less(code: str) -> bool:
    """Whether a smaller amount would answer this refusal: a cap on amounts, not on their number."""
    return code in CAPS or (code.endswith("_exceeded") and "_count_" not in f"_{code}")


CAPS = frozenset({"insufficient_funds", "below_minimum_balance"})
"""The refusals of an amount that are not named for their cap."""

AWAITED = frozenset({"quorum_required", "owner_required"})
"""The refusals that an approval answers."""
