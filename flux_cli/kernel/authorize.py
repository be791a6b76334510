"""The one door: a request and the facts go in, a permit or every reason against comes out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from flux_cli.domain.facts import Facts
from flux_cli.domain.intents import Share, Spend
from flux_cli.domain.money import Money, total
from flux_cli.domain.refusals import Ruling
from flux_cli.kernel import verdict
from flux_cli.kernel.invariants import INVARIANTS, SHAPE, holds_after
from flux_cli.kernel.policy import RULES
from flux_cli.kernel.verdict import Denied, Permit, Verdict

PERMIT_LIFETIME = timedelta(minutes=15)
"""How long leave to spend lasts; the facts it rests on grow old."""


def ruled(spend: Spend, facts: Facts) -> tuple[Ruling, ...]:
    """What every rule says, most serious first; of a malformed request, the rules of its shape.

    So no limit is compared with what cannot be compared.
    """
    shape = tuple(ruling for rule in SHAPE for ruling in rule(spend, facts))
    if any(ruling.refusal for ruling in shape):
        return shape
    rules = (*RULES, *INVARIANTS)
    return shape + tuple(ruling for rule in rules for ruling in rule(spend, facts))


def authorize(spend: Spend, facts: Facts) -> Verdict:
    """Ask every rule, so that a denial lists all that is wrong and not only the first."""
    refusals = tuple(ruling.refusal for ruling in ruled(spend, facts) if ruling.refusal)
    if refusals:
        return Denied(refusals, most_that_would_pass(spend, facts))
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


def most_that_would_pass(asked: Spend, facts: Facts) -> Money | None:
    """The largest smaller amount no cap refuses, or None where less would not help.

    Of several shares, it is of one way to cut them that passes. The quorum or the owner may still
    have to agree to it. Each round cuts off what the rules call too much; since a smaller amount
    can only come under more limits (`below`), no larger one to the same payee is passed over.
    """
    spend = asked
    awaited = {None, "quorum_required", "owner_required"}
    wrong = [one for one in ruled(asked, facts) if one.code not in awaited]
    while wrong and all(one.excess > 0 for one in wrong):
        worst = max(wrong, key=lambda one: (one.payee is not None, one.excess))
        spend = cut(spend, worst.excess, worst.payee)
        again = (one for one in ruled(spend, facts) if one.rule not in ("quorum", "owner"))
        wrong = [one for one in again if one.refusal]
    return None if wrong or spend == asked else spend.amount


def cut(spend: Spend, excess: int, payee: str | None) -> Spend:
    """The request less `excess` units of the payee's share, or of the shares from the first on."""
    shares = []
    for share in spend.shares:
        taken = min(excess, share.amount.units) if payee in (None, share.payee) else 0
        excess -= taken
        shares.append(Share(share.payee, share.amount - Money(taken, share.amount.asset)))
    amount = total([share.amount for share in shares], spend.amount.asset)
    return replace(spend, amount=amount, shares=tuple(one for one in shares if one.amount.units))
