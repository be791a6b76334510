"""One fact changed at a time: what the seats would have been shown otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flux_cli.domain.money import BOUND, Money
from flux_cli.domain.quorum import Dossier, LinePrice, Urgency

SPECIFIC = "saves 4 hours of work every week over the next 3 months"
"""A justification that names a number and a time."""


def variations(dossier: Dossier) -> Iterator[tuple[str, str, Dossier]]:
    """(fact, how it differs, the dossier with it), the smallest change of each fact first."""
    yield from _amounts(dossier)
    yield from _returns(dossier)
    yield from _means(dossier)
    yield from _work(dossier)
    yield from _trust(dossier)
    for urgency in Urgency:
        if urgency is not dossier.urgency:
            yield "urgency", f"urgency {urgency}", replace(dossier, urgency=urgency)


def _amounts(dossier: Dossier) -> Iterator[tuple[str, str, Dossier]]:
    for percent in (90, 75, 50, 33, 25, 10, 150, 200, 400, 1000):
        amount = _scaled(dossier.amount, percent)
        payees = tuple(
            replace(payee, share=_scaled(payee.share, percent)) for payee in dossier.payees
        )
        prices = tuple(replace(line, asked=_scaled(line.asked, percent)) for line in dossier.prices)
        changed = replace(dossier, amount=amount, payees=payees, prices=prices)
        yield "amount", f"{amount} asked", changed


def _returns(dossier: Dossier) -> Iterator[tuple[str, str, Dossier]]:
    claimed = dossier.claimed_return
    for times in (1, 2, 3, 4, 6, 8, 12, 20):
        back = _scaled(dossier.amount, 100 * times)
        if claimed is None or back > claimed:
            yield "claimed_return", f"a return of {back}", replace(dossier, claimed_return=back)
    for percent in (75, 50, 25, 10) if claimed is not None else ():
        assert claimed is not None, "only of a claim"
        back = _scaled(claimed, percent)
        yield "claimed_return", f"a return of {back}", replace(dossier, claimed_return=back)
    if claimed is not None:
        yield "claimed_return", "no return claimed", replace(dossier, claimed_return=None)


def _means(dossier: Dossier) -> Iterator[tuple[str, str, Dossier]]:
    for percent in (125, 150, 200, 300, 500, 1000, 75, 50, 25):
        cash = _scaled(dossier.free_cash, percent)
        yield "free_cash", f"{cash} free cash", replace(dossier, free_cash=cash)
        left = _scaled(dossier.budget_left, percent)
        yield "budget_left", f"{left} left in the budget", replace(dossier, budget_left=left)
    for asked_of_usual in (100, 75):
        if any(line.known for line in dossier.prices):
            prices = tuple(_usual(line, asked_of_usual) for line in dossier.prices)
            words = f"prices at {asked_of_usual} % of the usual"
            yield "prices", words, replace(dossier, prices=prices)


def _work(dossier: Dossier) -> Iterator[tuple[str, str, Dossier]]:
    if not dossier.deliverables:
        named = replace(dossier, deliverables=(dossier.purpose,))
        yield "deliverables", "what is delivered named", named
    for checks in range(1, 2 * len(dossier.deliverables) + 1):
        if checks > dossier.acceptance_checks:
            words = f"acceptance checks: {checks}"
            yield "acceptance_checks", words, replace(dossier, acceptance_checks=checks)
    if dossier.acceptance_checks:
        none = replace(dossier, acceptance_checks=0)
        yield "acceptance_checks", "no acceptance check", none
    specific = replace(dossier, justification=SPECIFIC)
    yield "justification", "a justification that names a number and a time", specific
    if dossier.turnaround_hours is not None and dossier.slack_hours is not None:
        for hours in (2 * dossier.turnaround_hours, dossier.turnaround_hours - 1):
            words = f"a deadline in {hours} h"
            yield "slack_hours", words, replace(dossier, slack_hours=hours)
    for pieces in (1, 2, 3):
        if pieces > len(dossier.evidence):
            attached = replace(dossier, evidence=tuple("attached" for _ in range(pieces)))
            yield "evidence", f"pieces of evidence attached: {pieces}", attached


def _trust(dossier: Dossier) -> Iterator[tuple[str, str, Dossier]]:
    if not all(payee.allowed for payee in dossier.payees):
        allowed = tuple(replace(payee, allowed=True) for payee in dossier.payees)
        yield "payees", "every payee allowed", replace(dossier, payees=allowed)
    for settled in (1, 3, 5, 10):
        if any(payee.settled < settled for payee in dossier.payees):
            known = tuple(
                replace(payee, settled=max(settled, payee.settled), rejected=0)
                for payee in dossier.payees
            )
            words = f"{settled} settled contracts with every payee"
            yield "payees", words, replace(dossier, payees=known)
    escrow = "the money in escrow" if not dossier.escrowed else "no escrow"
    yield "escrowed", escrow, replace(dossier, escrowed=not dossier.escrowed)
    if dossier.duplicates_7d:
        yield "duplicates_7d", "no request like it in 7 days", replace(dossier, duplicates_7d=0)
    if dossier.same_payee_24h:
        once = replace(dossier, same_payee_24h=0)
        yield "same_payee_24h", "no other payment to the payee in 24 hours", once
    if dossier.injections:
        clean = replace(dossier, injections=())
        yield "injections", "no text that talks to the voters", clean
    for claims, accuracy in ((5, 60), (5, 80), (5, 100)):
        if claims > dossier.settled_claims or accuracy > dossier.accuracy_percent:
            proven = replace(dossier, settled_claims=claims, accuracy_percent=accuracy)
            yield "accuracy_percent", f"{accuracy} % of {claims} settled claims come true", proven


def _usual(line: LinePrice, percent: int) -> LinePrice:
    if not line.known:
        return line
    middle = sorted(line.known, key=lambda price: price.units)[len(line.known) // 2]
    return replace(line, asked=_scaled(middle, percent))


def _scaled(money: Money, percent: int) -> Money:
    units = max(-BOUND, min(money.units * percent // 100, BOUND))
    if money.units > 0:
        units = max(units, 1)
    # Whole cents, where there are some, read better and decide the same.
    cent = 10 ** max(money.asset.exponent - 2, 0)
    return Money(units // cent * cent if units >= cent else units, money.asset)
