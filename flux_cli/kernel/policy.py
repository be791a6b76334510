"""The owner's rules for one agent, each a function that gives its rulings; none, no such rule."""

from __future__ import annotations

from collections.abc import Iterator

from flux_cli.domain.intents import Spend
from flux_cli.domain.refusals import Refusal
from flux_cli.kernel.facts import Facts
from flux_cli.kernel.limits import WORDS, within_limits
from flux_cli.kernel.mandates import MANDATES
from flux_cli.kernel.verdict import Ruling, at_most, must


def economy_running(_: Spend, facts: Facts) -> Iterator[Ruling]:
    """Nothing moves while the economy is frozen; a flag that cannot be read counts as frozen."""
    running = facts.economy_frozen is False
    yield must("economy_running", running, "economy_frozen", "the economy is frozen")


def agent_running(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """An agent that is frozen, or whose flag cannot be read, spends nothing."""
    running = facts.agent_frozen is False
    yield must("agent_running", running, "agent_frozen", f"{spend.requester} is frozen")


def agent_active(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """Only a known agent that is not paused spends; its policy can pause it too."""
    active = facts.agent_active and not facts.policy.paused
    yield must("agent_active", active, "agent_paused", f"{spend.requester} is paused or unknown")


def payees_allowed(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """Every payee is on the list by its exact id, or there is no list and it is registered."""
    allowed = facts.policy.payees
    strangers = [
        share.payee
        for share in spend.shares
        if share.payee not in facts.known_payees
        or (allowed is not None and share.payee not in allowed)
    ]
    message = f"not an allowed payee: {', '.join(strangers)}"
    yield must("payees_allowed", not strangers, "payee_not_allowed", message)


def payees_not_denied(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """No payee is on the list of those that are never paid, whatever else allows them."""
    denied = [share.payee for share in spend.shares if share.payee in facts.policy.denied_payees]
    yield must("payees_not_denied", not denied, "payee_denied", f"denied: {', '.join(denied)}")


def asset_allowed(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """The asset is one the policy names, by its exact code, where it names any."""
    if facts.policy.assets is not None:
        code = spend.amount.asset.code
        allowed = code in facts.policy.assets
        yield must("asset_allowed", allowed, "asset_not_allowed", f"{code} may not be spent")


def rail_allowed(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """The rail is one the policy names, where it names any."""
    if facts.policy.rails is not None:
        allowed = spend.rail in facts.policy.rails
        yield must(
            "rail_allowed", allowed, "rail_not_allowed", f"not an allowed rail: {spend.rail}"
        )


def within_hours(_: Spend, facts: Facts) -> Iterator[Ruling]:
    """The time is inside one of the policy's hours, in UTC; with no hours every time is."""
    if facts.policy.hours:
        inside = any(hours.include(facts.moment) for hours in facts.policy.hours)
        yield must("hours", inside, "outside_hours", "payments are not allowed at this time")


def justified(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """Where the owner wants one, there is a justification with a letter or a digit in it."""
    if facts.policy.require_justification:
        given = any(character.isalnum() for character in spend.justification)
        message = "a payment needs a justification"
        yield must("justification", given, "justification_required", message)


def returns_enough(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """The claimed return is at least the policy's percent of the amount; no claim is zero.

    Judged by cross-multiplication; the percent that is shown is rounded down.
    """
    least = facts.policy.least_return_percent
    if least is not None:
        claimed = 0 if spend.claimed_return is None else spend.claimed_return.units
        percent, message = claimed * 100 // spend.amount.units, "claimed return, of the amount"
        refusal = Refusal("return_too_low", message, least, percent, "percent")
        enough = claimed * 100 >= least * spend.amount.units
        yield Ruling("least_return", None if enough else refusal, least, percent, "percent")


def paid_once(_: Spend, facts: Facts) -> Iterator[Ruling]:
    """The same payees, amount and purpose are paid once in the policy's duplicate window."""
    window = facts.policy.duplicate_window
    if window is not None:
        message, code = f"the same was paid in {WORDS[window]}", "duplicate_payment"
        yield at_most("duplicate", message, 0, facts.duplicates, code, "payments")


def within_payment_cap(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """One payment is at most the per-payment cap; a cap of zero allows none."""
    cap = facts.policy.per_payment
    if cap is not None:
        yield at_most("per_payment", "one payment", cap.units, spend.amount.units)


def within_budget(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """The run this spends for has enough left."""
    left = facts.budget_left
    if left is not None:
        yield at_most("budget", "asked of the budget", left.units, spend.amount.units)


def leaves_minimum(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """The minimum balance stays in the wallet."""
    minimum = facts.policy.minimum_balance
    if minimum is not None:
        free = facts.available.units - minimum.units
        message, code = "asked of what is above the minimum balance", "below_minimum_balance"
        yield at_most("minimum_balance", message, free, spend.amount.units, code)


def quorum_agrees(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """Above the owner's threshold, the quorum has approved this request and no other."""
    threshold = facts.policy.approval_threshold.units
    tally, message = facts.tally, "too large without a quorum"
    if tally is None or spend.amount.units <= threshold:
        yield at_most("quorum", message, threshold, spend.amount.units, "quorum_required")
    elif tally.request_digest != spend.digest:
        yield must("quorum", False, "quorum_for_another_request", "the vote was on another request")
    elif tally.outcome == "no_quorum":
        message = f"{tally.missing} of five ballots are missing"
        yield must("quorum", False, "no_quorum", message)
    elif tally.outcome == "hard_no":
        message = "a seat's hard NO stands against any number of YES"
        yield must("quorum", False, "quorum_hard_no", message)
    else:
        refusal = Refusal("quorum_refused", "YES votes", tally.needed, tally.yes, "votes")
        passed = None if tally.approved else refusal
        yield Ruling("quorum", passed, tally.needed, tally.yes, "votes")


def conditions_met(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """What the approving seats asked for holds: their lowest amount, and escrow if required."""
    tally = facts.tally
    if tally is None or not tally.approved:
        return
    cap = tally.conditions.max_amount
    if cap is not None:
        message = "the approving seats allow"
        yield at_most("quorum_amount", message, cap.units, spend.amount.units)
    if tally.conditions.require_escrow:
        message = "the approving seats require escrow"
        yield must("escrow", spend.escrowed, "escrow_required", message)


def owner_agrees(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """Above the owner's own threshold, or where a seat asks for a human, the owner has approved."""
    threshold, tally = facts.policy.owner_threshold, facts.tally
    if facts.owner_approved:
        yield Ruling("owner")
    elif threshold is not None and spend.amount.units > threshold.units:
        message = "too large without the owner"
        yield at_most("owner", message, threshold.units, spend.amount.units, "owner_required")
    else:
        asked = tally is not None and tally.approved and tally.conditions.human
        yield must("owner", not asked, "owner_required", "a seat asks for the owner")


RULES = (
    economy_running,
    agent_running,
    agent_active,
    payees_allowed,
    payees_not_denied,
    asset_allowed,
    rail_allowed,
    within_hours,
    *MANDATES,
    justified,
    returns_enough,
    paid_once,
    within_payment_cap,
    within_limits,
    within_budget,
    leaves_minimum,
    quorum_agrees,
    conditions_met,
    owner_agrees,
)
"""Most serious first: the first refusal is the one a front end shows."""
