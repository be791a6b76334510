"""The mandates a request spends from: the leaf and every one above it must allow it."""

from __future__ import annotations

from collections.abc import Iterator

from flux_cli.domain.intents import Spend
from flux_cli.domain.mandates import Mandate, MandateState
from flux_cli.kernel.facts import Facts
from flux_cli.kernel.verdict import Ruling, at_most, must


def mandates_known(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """The facts hold the named mandate and its whole line of parents, and no other."""
    named = [spend.mandate_id, *(mandate.parent_id for mandate in facts.mandates)]
    known = [*(mandate.id for mandate in facts.mandates), None]
    message = "the mandate's line of parents is not known"
    yield must("mandates_known", named == known, "facts_incomplete", message)


def mandates_in_force(_: Spend, facts: Facts) -> Iterator[Ruling]:
    """Every mandate of the line is active and has not expired."""
    for mandate in facts.mandates:
        active = mandate.state is MandateState.ACTIVE
        yield must(
            "mandate_active", active, "mandate_inactive", f"{mandate.id} is {mandate.state.value}"
        )
        valid = facts.moment < mandate.expires_at
        yield must("mandate_valid", valid, "mandate_expired", f"{mandate.id} has expired")


def mandate_held(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """Only its holder spends from a mandate; what a child holds is the child's alone."""
    for mandate in facts.mandates[:1]:
        held = mandate.holder == spend.requester
        message = f"{mandate.id} is not held by {spend.requester}"
        yield must("mandate_held", held, "mandate_of_another", message)


def mandates_allow(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """Every mandate of the line allows the payees and the category, by their exact names."""
    for mandate in facts.mandates:
        if mandate.payees is not None:
            strangers = [share.payee for share in spend.shares if share.payee not in mandate.payees]
            message = f"not a payee of {mandate.id}: {', '.join(strangers)}"
            yield must("mandate_payees", not strangers, "mandate_payee_not_allowed", message)
        if mandate.categories is not None:
            allowed = spend.category in mandate.categories
            message = f"not a category of {mandate.id}: {spend.category}"
            yield must("mandate_categories", allowed, "mandate_category_not_allowed", message)


def within_mandates(spend: Spend, facts: Facts) -> Iterator[Ruling]:
    """One payment is within every mandate's cap, and within what is left in the one spent from.

    What the parents have left does not count: this mandate's total is already reserved there.
    """
    for mandate in facts.mandates:
        if mandate.per_payment is not None:
            yield at_most(
                "mandate_per_payment",
                f"one payment under {mandate.id}",
                mandate.per_payment.units,
                spend.amount.units,
            )
    for mandate in facts.mandates[:1]:
        yield at_most("mandate", f"asked of {mandate.id}", left_units(mandate), spend.amount.units)


def left_units(mandate: Mandate) -> int:
    """What is left in a mandate, in plain integers that no bound can stop."""
    return mandate.total.units - mandate.spent.units - mandate.reserved.units


MANDATES = (mandates_known, mandates_in_force, mandate_held, mandates_allow, within_mandates)
