"""The owner's rules for one agent, each a function that gives its rulings; none, no such rule."""

from __future__ import annotations

from collections.abc import Iterator

from flux_cli.domain.facts import Facts
from flux_cli.domain.intents import Spend
from flux_cli.domain.mandates import MandateState
from flux_cli.domain.refusals import Refusal, Ruling
from flux_cli.kernel.limits import within_limits
from flux_cli.kernel.verdict import at_most, capped, listed, must


def nothing_frozen(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """Nothing moves while the economy or the agent is frozen; an unreadable flag is a freeze."""
    for rule, flag, who in (
        ("economy", facts.economy_frozen, "the economy"),
        ("agent", facts.agent_frozen, spend.requester),
    ):
        yield must(f"{rule}_running", flag is False, f"{rule}_frozen", f"{who} is frozen")


def agent_active(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """Only a known agent that is not paused spends; its policy can pause it too."""
    active = facts.agent_active and not facts.policy.paused
    yield must("agent_active", active, "agent_paused", f"{spend.requester} is paused or unknown")


def payees_allowed(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """Every payee is registered, is on the list by its exact id where there is one, not denied."""
    known, payees = facts.known_payees, [share.payee for share in spend.shares]
    allowed = known if facts.policy.payees is None else known & facts.policy.payees
    yield from listed("payees", "payee_not_allowed", "not an allowed payee", payees, allowed)
    denied = [payee for payee in payees if payee in facts.policy.denied_payees]
    yield must("payees_denied", not denied, "payee_denied", f"never paid: {', '.join(denied)}")


def asset_and_rail_allowed(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """The asset and the rail are ones the policy names, exactly, where it names any."""
    codes, policy = (spend.amount.asset.code,), facts.policy
    yield from listed("assets", "asset_not_allowed", "not allowed", codes, policy.assets)
    yield from listed("rails", "rail_not_allowed", "not allowed", (spend.rail,), policy.rails)


def within_hours(_: Spend, facts: Facts) -> Iterator[Ruling]:
    """The time is inside one of the policy's hours, in UTC; with no hours every time is."""
    if facts.policy.hours:
        inside = any(hours.include(facts.moment) for hours in facts.policy.hours)
        yield must("hours", inside, "outside_hours", "payments are not allowed at this time")


def mandates_known(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """The facts hold the named mandate and its whole line of parents, and no other."""
    named = [spend.mandate_id, *(mandate.parent_id for mandate in facts.mandates)]
    known = named == [*(mandate.id for mandate in facts.mandates), None]
    message = "the mandate's line of parents is not known"
    yield must("mandates", known, "facts_incomplete", message)


def mandates_in_force(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """Every mandate of the line is active and not expired; the requester holds the first."""
    for one in facts.mandates:
        active, valid = one.state is MandateState.ACTIVE, facts.moment < one.expires_at
        message = f"{one.id} is {one.state.value}"
        yield must("mandate_active", active, "mandate_inactive", message)
        yield must("mandate_valid", valid, "mandate_expired", f"{one.id} has expired")
    for one in facts.mandates[:1]:
        held, message = one.holder == spend.requester, f"{one.id} is held by {one.holder}"
        yield must("mandate_held", held, "mandate_of_another", message)


def mandates_allow(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """Every mandate of the line allows the payees and the category, by their exact names."""
    payees = [share.payee for share in spend.shares]
    for one in facts.mandates:
        code, message = "mandate_payee_not_allowed", f"not a payee of {one.id}"
        yield from listed("mandate_payees", code, message, payees, one.payees)
        code, message = "mandate_category_not_allowed", f"not a category of {one.id}"
        yield from listed("mandate_categories", code, message, (spend.category,), one.categories)


def within_mandates(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """One payment is within every mandate's cap, and within what is left in the one spent from.

    What the parents have left does not count: this mandate's total is already reserved there.
    """
    for one in facts.mandates:
        message = f"one payment under {one.id}"
        yield from capped("mandate_per_payment", message, one.per_payment, spend.amount)
    for one in facts.mandates[:1]:
        left = one.total.units - one.spent.units - one.reserved.units
        yield at_most("mandate", f"asked of {one.id}", left, spend.amount.units)


def justified(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """Where the owner wants one, there is a justification with a letter or a digit in it."""
    if facts.policy.require_justification:
        given = any(character.isalnum() for character in spend.justification)
        yield must("justification", given, "justification_required", "a justification is wanted")


def returns_enough(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """The claimed return is at least the policy's percent of the amount; no claim is zero.

    Judged by cross-multiplication; the percent that is shown is rounded down.
    """
    least, units = facts.policy.least_return_percent, spend.amount.units
    if least is not None:
        claimed = 0 if spend.claimed_return is None else spend.claimed_return.units * 100
        message = "claimed return, in percent of the amount"
        refusal = Refusal("return_too_low", message, least, claimed // units, "percent")
        enough = claimed >= least * units
        yield Ruling("return", None if enough else refusal, least, claimed // units, "percent")


def paid_once(_: Spend, facts: Facts) -> Iterator[Ruling]:
    """The same payees, amount and purpose are paid once in the policy's duplicate window."""
    window, code = facts.policy.duplicate_window, "duplicate_payment"
    if window is not None:
        message = f"the same was paid in {window.words}"
        yield at_most("duplicate", message, 0, facts.duplicates, code, "payments")


def within_payment_cap(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """One payment is at most the per-payment cap; a cap of zero allows none."""
    return capped("per_payment", "one payment", facts.policy.per_payment, spend.amount)


def within_budget(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """The run this spends for has enough left."""
    return capped("budget", "asked of the budget", facts.budget_left, spend.amount)


def leaves_minimum(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """The minimum balance stays in the wallet."""
    minimum, message = facts.policy.minimum_balance, "asked of what is above the minimum balance"
    if minimum is not None:
        free, code = facts.available.units - minimum.units, "below_minimum_balance"
        yield at_most("minimum_balance", message, free, spend.amount.units, code)


def quorum_agrees(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """Above the owner's threshold, the quorum has approved this request and no other."""
    threshold, tally = facts.policy.approval_threshold.units, facts.tally
    if tally is None or spend.amount.units <= threshold:
        message, units = "too large without a quorum", spend.amount.units
        yield at_most("quorum", message, threshold, units, "quorum_required")
    elif tally.request_digest != spend.digest:
        yield must("quorum", False, "quorum_for_another_request", "the vote was on another request")
    elif tally.outcome == "no_quorum":
        yield must("quorum", False, "no_quorum", f"{tally.missing} of five ballots are missing")
    elif tally.outcome == "hard_no":
        message = "a seat's hard NO stands against any number of YES"
        yield must("quorum", False, "quorum_hard_no", message)
    else:
        refusal = Refusal("quorum_refused", "YES votes", tally.needed, tally.yes, "votes")
        against = None if tally.approved else refusal
        yield Ruling("quorum", against, tally.needed, tally.yes, "votes")


def conditions_met(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """What the approving seats asked for holds: their lowest amount, and escrow if required."""
    if facts.tally is not None and facts.tally.approved:
        asked, message = facts.tally.conditions, "the approving seats allow"
        yield from capped("quorum_amount", message, asked.max_amount, spend.amount)
        kept, message = spend.escrowed, "the approving seats require escrow"
        yield must("escrow", kept or not asked.require_escrow, "escrow_required", message)


def owner_agrees(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """Above the owner's own threshold, or where a seat asks for a human, the owner has approved."""
    threshold, tally, units = facts.policy.owner_threshold, facts.tally, spend.amount.units
    if facts.owner_approved:
        yield Ruling("owner")
    elif threshold is not None and units > threshold.units:
        message = "too large without the owner"
        yield at_most("owner", message, threshold.units, units, "owner_required")
    else:
        asked = tally is not None and tally.approved and tally.conditions.human
        yield must("owner", not asked, "owner_required", "a seat asks for the owner")


RULES = (
    nothing_frozen, agent_active, payees_allowed, asset_and_rail_allowed,
    within_hours, mandates_known, mandates_in_force, mandates_allow, within_mandates, justified,
    returns_enough, paid_once, within_payment_cap, within_limits, within_budget, leaves_minimum,
    quorum_agrees, conditions_met, owner_agrees,
)  # fmt: skip
"""Most serious first: the first refusal is the one a front end shows."""
