"""What must hold whatever the owner's policy says; checked before it, and again after a yes."""

from __future__ import annotations

from datetime import timedelta

from flux_cli.domain.intents import Spend
from flux_cli.domain.money import BOUND
from flux_cli.domain.refusals import Refusal
from flux_cli.kernel.facts import Facts

CLOCK_TOLERANCE = timedelta(seconds=2)
"""How far this machine's clock may lag the ledger's latest record: a step of time correction."""


def amount_positive(spend: Spend, _: Facts) -> Refusal | None:
    """Money moves only in positive amounts within bounds, the same in whole and in every part."""
    amounts = [spend.amount.units, *(share.amount.units for share in spend.shares)]
    if all(0 < units <= BOUND for units in amounts):
        return None
    return Refusal("amount_not_positive", "an amount is zero, negative or out of bounds")


def shares_sum(spend: Spend, _: Facts) -> Refusal | None:
    """The payees' shares sum to the amount, in its asset, each payee once."""
    asset = spend.amount.asset
    same_asset = all(share.amount.asset == asset for share in spend.shares)
    payees = [share.payee for share in spend.shares]
    if same_asset and payees and len(set(payees)) == len(payees):
        shares = sum(share.amount.units for share in spend.shares)
        if shares == spend.amount.units:
            return None
        return Refusal("shares_differ", "the shares sum to", spend.amount.units, shares)
    return Refusal("shares_differ", "the shares name no payee, one twice, or another asset")


def asset_matches(spend: Spend, facts: Facts) -> Refusal | None:
    """The request, the wallet and every limit count the same asset."""
    policy = facts.policy
    seats = facts.tally.conditions.max_amount if facts.tally else None
    limits = (
        policy.per_payment,
        policy.rolling_24h,
        policy.owner_threshold,
        facts.budget_left,
        seats,
    )
    counted = [facts.available, facts.spent_24h, policy.approval_threshold]
    counted += [limit for limit in limits if limit is not None]
    if all(amount.asset == spend.amount.asset for amount in counted):
        return None
    return Refusal("asset_mismatch", f"{spend.amount.asset.code} is not what the limits count")


def pays_another(spend: Spend, _: Facts) -> Refusal | None:
    """Nobody is its own payee."""
    if all(share.payee != spend.requester for share in spend.shares):
        return None
    return Refusal("self_payment", f"{spend.requester} would pay itself")


def clock_goes_forward(_: Spend, facts: Facts) -> Refusal | None:
    """The clock has not been set back behind what the ledger has already recorded."""
    if facts.now + CLOCK_TOLERANCE >= facts.ledger_time:
        return None
    return Refusal("clock_behind_ledger", "the clock is behind the ledger's latest record")


def funds_available(spend: Spend, facts: Facts) -> Refusal | None:
    """The requester has the money, with everything held already taken off."""
    if spend.amount <= facts.available:
        return None
    return Refusal.over("insufficient_funds", "asked of the wallet", facts.available, spend.amount)


SHAPE = (amount_positive, shares_sum, asset_matches)
"""These must be silent before the others may compare amounts."""

INVARIANTS = (pays_another, clock_goes_forward, funds_available)


def holds_after(spend: Spend, facts: Facts) -> bool:
    """The second, independent check of a yes: in plain integers, every cap holds afterwards."""
    policy, units = facts.policy, spend.amount.units
    caps = [(policy.per_payment, units), (facts.budget_left, units)]
    caps.append((policy.rolling_24h, facts.spent_24h.units + units))
    return (
        0 < units <= facts.available.units
        and facts.economy_frozen is False
        and facts.agent_frozen is False
        and all(cap is None or used <= cap.units for cap, used in caps)
        and (policy.payees is None or {share.payee for share in spend.shares} <= policy.payees)
    )
