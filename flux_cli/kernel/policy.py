"""The owner's rules for one agent, each a function that returns why it refuses, or nothing."""

from __future__ import annotations

from flux_cli.domain.intents import Spend
from flux_cli.domain.refusals import Refusal
from flux_cli.kernel.facts import Facts


def economy_running(_: Spend, facts: Facts) -> Refusal | None:
    """Nothing moves while the economy is frozen; a flag that cannot be read counts as frozen."""
    if facts.economy_frozen is False:
        return None
    return Refusal("economy_frozen", "the economy is frozen")


def agent_running(spend: Spend, facts: Facts) -> Refusal | None:
    """An agent that is frozen, or whose flag cannot be read, spends nothing."""
    if facts.agent_frozen is False:
        return None
    return Refusal("agent_frozen", f"{spend.requester} is frozen")


def agent_active(spend: Spend, facts: Facts) -> Refusal | None:
    """Only a known agent that is not paused spends; its policy can pause it too."""
    if facts.agent_active and not facts.policy.paused:
        return None
    return Refusal("agent_paused", f"{spend.requester} is paused or unknown")


def payees_allowed(spend: Spend, facts: Facts) -> Refusal | None:
    """Every payee is on the list by its exact id, or there is no list and it is registered."""
    allowed = facts.policy.payees
    strangers = [
        share.payee
        for share in spend.shares
        if share.payee not in facts.known_payees
        or (allowed is not None and share.payee not in allowed)
    ]
    if not strangers:
        return None
    return Refusal("payee_not_allowed", f"not an allowed payee: {', '.join(strangers)}")


def within_payment_cap(spend: Spend, facts: Facts) -> Refusal | None:
    """One payment is at most the per-payment cap; a cap of zero allows none."""
    cap = facts.policy.per_payment
    if cap is None or spend.amount <= cap:
        return None
    return Refusal.over("per_payment_exceeded", "one payment", cap, spend.amount)


def within_rolling_day(spend: Spend, facts: Facts) -> Refusal | None:
    """What was spent or is held in the last 24 hours, with this, is at most the daily cap."""
    cap = facts.policy.rolling_24h
    after = facts.spent_24h.units + spend.amount.units
    if cap is None or after <= cap.units:
        return None
    return Refusal("rolling_24h_exceeded", "spent and held in 24 hours", cap.units, after)


def within_budget(spend: Spend, facts: Facts) -> Refusal | None:
    """The mandate this spends from has enough left."""
    if facts.budget_left is None or spend.amount <= facts.budget_left:
        return None
    return Refusal.over("budget_exceeded", "asked of the budget", facts.budget_left, spend.amount)


def quorum_agrees(spend: Spend, facts: Facts) -> Refusal | None:
    """Above the owner's threshold, the quorum has approved this request and no other."""
    if spend.amount <= facts.policy.approval_threshold:
        return None
    tally = facts.tally
    if tally is None:
        return Refusal.over(
            "quorum_required",
            "too large without a quorum",
            facts.policy.approval_threshold,
            spend.amount,
        )
    if tally.request_digest != spend.digest:
        return Refusal("quorum_for_another_request", "the vote was on another request")
    if tally.outcome == "no_quorum":
        return Refusal("no_quorum", f"{tally.missing} of five ballots are missing")
    if tally.outcome == "hard_no":
        return Refusal("quorum_hard_no", "a seat's hard NO stands against any number of YES")
    if not tally.approved:
        return Refusal(
            "quorum_refused", "YES votes", limit=tally.needed, observed=tally.yes, unit="votes"
        )
    return None


def conditions_met(spend: Spend, facts: Facts) -> Refusal | None:
    """What the approving seats asked for holds: their lowest amount, and escrow if required."""
    tally = facts.tally
    if tally is None or not tally.approved:
        return None
    cap = tally.conditions.max_amount
    if cap is not None and spend.amount > cap:
        return Refusal.over(
            "quorum_amount_exceeded", "the approving seats allow", cap, spend.amount
        )
    if tally.conditions.require_escrow and not spend.escrowed:
        return Refusal("escrow_required", "the approving seats require escrow")
    return None


def owner_agrees(spend: Spend, facts: Facts) -> Refusal | None:
    """Above the owner's own threshold, or where a seat asks for a human, the owner has approved."""
    threshold = facts.policy.owner_threshold
    asked = facts.tally is not None and facts.tally.approved and facts.tally.conditions.human
    above = threshold is not None and spend.amount > threshold
    if not (asked or above) or facts.owner_approved:
        return None
    if above and threshold is not None:
        return Refusal.over(
            "owner_required", "too large without the owner", threshold, spend.amount
        )
    return Refusal("owner_required", "a seat asks for the owner")


RULES = (
    economy_running,
    agent_running,
    agent_active,
    payees_allowed,
    within_payment_cap,
    within_rolling_day,
    within_budget,
    quorum_agrees,
    conditions_met,
    owner_agrees,
)
"""Most serious first: the first refusal is the one a front end shows."""
