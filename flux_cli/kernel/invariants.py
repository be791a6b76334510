"""What must hold whatever the owner's policy says; checked before it, and again after a yes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from flux_cli.domain.facts import Facts, parts
from flux_cli.domain.intents import Spend
from flux_cli.domain.mandates import MandateState
from flux_cli.domain.money import BOUND, Money
from flux_cli.domain.policies import Limit
from flux_cli.domain.refusals import Refusal, Ruling
from flux_cli.kernel.limits import counted
from flux_cli.kernel.verdict import at_most, must

CLOCK_TOLERANCE = timedelta(seconds=2)
"""How far this machine's clock may lag the ledger's latest record: a step of time correction."""


def amount_positive(spend: Spend, _: Facts) -> Iterator[Ruling]:
    """Money moves only in positive amounts within bounds, the same in whole and in every part."""
    amounts = [spend.amount.units, *(share.amount.units for share in spend.shares)]
    sound = all(0 < units <= BOUND for units in amounts)
    message = "an amount is zero, negative or out of bounds"
    yield must("amount_positive", sound, "amount_not_positive", message)


def shares_sum(spend: Spend, _: Facts) -> Iterator[Ruling]:
    """The payees' shares sum to the amount, in its asset, each payee once."""
    asset = spend.amount.asset
    same_asset = all(share.amount.asset == asset for share in spend.shares)
    payees = [share.payee for share in spend.shares]
    if same_asset and payees and len(set(payees)) == len(payees):
        amount, shares = spend.amount.units, sum(share.amount.units for share in spend.shares)
        refusal = Refusal("shares_differ", "the shares sum to", amount, shares)
        yield Ruling("shares", None if shares == amount else refusal)
    else:
        yield must("shares", False, "shares_differ", "no payee, one named twice, or another asset")


def asset_matches(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """The request, the wallet and every limit, of whatever subject, count the same asset."""
    asset = spend.amount.asset
    same = all(amount is None or amount.asset == asset for amount in every_amount(spend, facts))
    message = f"{asset.code} is not what the limits count"
    yield must("asset", same, "asset_mismatch", message)


def every_amount(spend: Spend, facts: Facts) -> Iterator[Money | None]:
    """All the amounts that a verdict compares."""
    policy = facts.policy
    yield from (policy.per_payment, policy.minimum_balance, policy.approval_threshold)
    yield from (policy.owner_threshold, spend.claimed_return, facts.available, facts.budget_left)
    yield facts.tally.conditions.max_amount if facts.tally else None
    yield from (used.amount for used in facts.used)
    for mandate in facts.mandates:
        yield from (mandate.total, mandate.spent, mandate.reserved, mandate.per_payment)
    for _, limit in facts.limits:
        yield from (limit.amount, limit.below)


def pays_another(spend: Spend, _: Facts) -> Iterator[Ruling]:
    """Nobody is its own payee."""
    another = all(share.payee != spend.requester for share in spend.shares)
    yield must("pays_another", another, "self_payment", f"{spend.requester} would pay itself")


def clock_goes_forward(_: Spend, facts: Facts) -> Iterator[Ruling]:
    """The clock has not been set back behind what the ledger has already recorded."""
    message = "the clock is behind the ledger's latest record"
    forward = facts.now + CLOCK_TOLERANCE >= facts.ledger_time
    yield must("clock", forward, "clock_behind_ledger", message)


def funds_available(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """The requester has the money, with everything held already taken off."""
    available, code = facts.available.units, "insufficient_funds"
    yield at_most("funds", "asked of the wallet", available, spend.amount.units, code)


SHAPE = (amount_positive, shares_sum, asset_matches)
"""These must be silent before the others may compare amounts."""

INVARIANTS = (pays_another, clock_goes_forward, funds_available)


def holds_after(spend: Spend, facts: Facts) -> bool:
    """The second, independent check of a yes: in plain integers, every cap holds afterwards."""
    policy, units, line = facts.policy, spend.amount.units, facts.mandates
    payees = {share.payee for share in spend.shares}
    kept = 0 if policy.minimum_balance is None else max(policy.minimum_balance.units, 0)
    caps = [policy.per_payment, facts.budget_left, *(one.per_payment for one in line)]
    lists = [facts.known_payees, policy.payees, *(one.payees for one in line)]
    return (
        0 < units <= facts.available.units - kept
        and facts.economy_frozen is False
        and facts.agent_frozen is False
        and all(cap is None or units <= cap.units for cap in caps)
        and all(one.spent.units + one.reserved.units + units <= one.total.units for one in line[:1])
        and all(one.state is MandateState.ACTIVE for one in line)
        and all(fits_after(limit, spend, facts) for _, limit in facts.limits)
        and all(allowed is None or payees <= allowed for allowed in lists)
        and not payees & policy.denied_payees
    )


def fits_after(limit: Limit, spend: Spend, facts: Facts) -> bool:
    """Whether the limit holds once the request is added to what it has counted."""
    for subject, part in parts(limit, spend):
        used = counted(limit, subject, facts)
        if used is None:
            return False
        judged = limit.below is None or limit.below.units >= part.units
        cap = limit.amount
        if judged and cap is not None and cap.units - used.amount.units < part.units:
            return False
        if judged and limit.count is not None and limit.count <= used.count:
            return False
    return True
