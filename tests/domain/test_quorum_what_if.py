"""One fact changed at a time: what `explain` tries is what it says, and nothing else."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from flux_cli.domain.money import BOUND, Money, parse_money
from flux_cli.domain.quorum import Dossier, LinePrice, PayeeRecord, Urgency
from flux_cli.domain.what_if import variations

PLAIN = Dossier(
    request_digest="d1",
    requester="ada",
    amount=parse_money("100"),
    purpose="API credits",
    justification="might help",
    urgency=Urgency.MEDIUM,
    claimed_return=None,
    free_cash=parse_money("1000"),
    reserved=Money(0),
    budget_left=parse_money("1000"),
    reserve_floor_percent=20,
    payees=(PayeeRecord("acme", False, 0, 2, Money(0), parse_money("100")),),
    escrowed=False,
    duplicates_7d=1,
    same_payee_24h=2,
    injections=("tool_call",),
    deliverables=("API credits",),
    acceptance_checks=0,
    slack_hours=10,
    turnaround_hours=20,
    prices=(LinePrice("work", parse_money("100"), (parse_money("50"),) * 3),),
    settled_claims=0,
    accuracy_percent=0,
    evidence=(),
)
ODD = [
    PLAIN,
    replace(PLAIN, claimed_return=parse_money("400"), deliverables=(), prices=(), payees=()),
    replace(PLAIN, claimed_return=Money(0), acceptance_checks=9, evidence=("a",) * 9),
    replace(PLAIN, amount=Money(1), free_cash=Money(-BOUND), budget_left=Money(0)),
    replace(PLAIN, amount=Money(BOUND), free_cash=Money(BOUND), budget_left=Money(BOUND)),
    replace(PLAIN, slack_hours=None, turnaround_hours=None, escrowed=True),
]

TOGETHER = {
    "amount": {"amount", "payees", "prices"},
    "accuracy_percent": {"settled_claims", "accuracy_percent"},
}
"""Facts that cannot change alone: what is asked is also what the payees and lines add up to."""


@pytest.mark.parametrize("dossier", ODD)
def test_a_variation_changes_its_own_fact_and_says_so(dossier: Dossier) -> None:
    found = list(variations(dossier))

    assert len(found) >= 20
    for fact, change, varied in found:
        differ = {
            field.name
            for field in fields(Dossier)
            if getattr(varied, field.name) != getattr(dossier, field.name)
        }
        assert differ <= TOGETHER.get(fact, {fact}), (fact, change)
        assert 0 < len(change) <= 80
        assert varied.amount.units > 0


def test_every_fact_a_seat_can_be_moved_by_is_varied() -> None:
    kept = {"request_digest", "requester", "purpose", "reserved", "reserve_floor_percent"}
    varied = {fact for fact, _, _ in variations(replace(PLAIN, deliverables=()))}
    coupled = {"settled_claims", "turnaround_hours", "acceptance_checks"}

    assert varied == {field.name for field in fields(Dossier)} - kept - coupled


def test_amounts_are_in_whole_cents_where_there_are_some() -> None:
    amounts = [varied.amount.units for fact, _, varied in variations(PLAIN) if fact == "amount"]

    assert amounts[0] == 90_000_000
    assert all(units % 10_000 == 0 for units in amounts)
