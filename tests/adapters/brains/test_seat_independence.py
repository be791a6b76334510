"""Over a thousand generated requests the five seats are five voters, each within its slice."""

from __future__ import annotations

import random
import re
from dataclasses import fields, replace
from itertools import combinations

import pytest

from flux_cli.adapters.brains.offline import VOTES
from flux_cli.adapters.brains.seats import cfo, data, growth, operations, risk
from flux_cli.domain.money import BOUND, Money
from flux_cli.domain.quorum import (
    SEATS,
    Dossier,
    LinePrice,
    Opinion,
    PayeeRecord,
    Urgency,
    Vote,
)

SEAT_MODULES = {"cfo": cfo, "growth": growth, "risk": risk, "operations": operations, "data": data}
NO_MONEY = Money(0)


def generated(seed: int) -> Dossier:
    """One plausible request; the seed decides everything."""
    chance = random.Random(seed)
    units = chance.choice([1, 5, 20, 50, 120, 400, 900, 2500]) * chance.randint(700_000, 1_300_000)
    free = units * chance.choice([1, 2, 3, 4, 8, 20, 60])
    claims = chance.choice([None, 0, 1, 2, 4, 6, 12])
    shares = chance.randint(1, 3)
    known = chance.choice([0, 0, 2, 4, 6])
    things = ["research report", "ad copy", "banner images", "API credits", "cloud servers"]
    why = ["might help", "saves $40", "because", "saves $40 per month in fees", "we need it soon"]
    return Dossier(
        request_digest=f"digest {seed}",
        requester=chance.choice(["ada", "eve"]),
        amount=Money(units),
        purpose=chance.choice(things),
        justification=chance.choice(why),
        urgency=chance.choice(list(Urgency)),
        claimed_return=None if claims is None else Money(units * claims),
        free_cash=Money(free),
        reserved=Money(units * chance.choice([0, 0, 1, 3])),
        budget_left=Money(units * chance.choice([1, 2, 5])),
        reserve_floor_percent=chance.choice([0, 20, 20, 40]),
        payees=tuple(
            PayeeRecord(
                f"payee {i}", chance.random() > 0.04, chance.choice([0, 0, 1, 5]),
                chance.choice([0, 0, 0, 2]), NO_MONEY, Money(units // shares),
            )
            for i in range(shares)
        ),
        escrowed=chance.random() < 0.4,
        duplicates_7d=int(chance.random() < 0.05),
        same_payee_24h=chance.choice([0, 0, 0, 1, 3]),
        injections=("tool_call",) if chance.random() < 0.05 else (),
        deliverables=tuple(chance.sample(things, chance.choice([0, 1, 1, 2, 3]))),
        acceptance_checks=chance.choice([0, 0, 2, 6]),
        slack_hours=chance.choice([None, None, 24, 72]),
        turnaround_hours=chance.choice([None, 10, 30, 60]),
        prices=(
            LinePrice(
                "work",
                Money(units),
                tuple(Money(units * chance.randint(40, 130) // 100) for _ in range(known)),
            ),
        ),
        settled_claims=chance.choice([0, 0, 3, 8]),
        accuracy_percent=chance.randint(0, 120),
        evidence=tuple("abc"[: chance.randint(0, 3)]),
    )  # fmt: skip


GENERATED = [generated(seed) for seed in range(1_000)]


def test_no_two_seats_are_the_same_voter():
    cast = {seat: [VOTES[seat](dossier).vote for dossier in GENERATED] for seat in SEATS}

    for one, other in combinations(SEATS, 2):
        agreed = sum(a is b for a, b in zip(cast[one], cast[other], strict=True))
        assert agreed <= 900, f"{one} and {other} agree on {agreed} of 1,000"
    for seat in SEATS:
        for vote in (Vote.YES, Vote.NO):
            assert cast[seat].count(vote) >= 50, f"{seat} says {vote} too seldom"


def test_a_seat_reads_no_fact_outside_its_slice():
    for one, other in zip(GENERATED[:300], GENERATED[300:600], strict=True):
        for seat, module in SEAT_MODULES.items():
            hidden = {
                field.name: getattr(other, field.name)
                for field in fields(Dossier)
                if field.name not in module.SEES
            }
            assert VOTES[seat](replace(one, **hidden)) == VOTES[seat](one)


def is_well_formed(opinion: Opinion, dossier: Dossier) -> None:
    assert 0 <= opinion.score <= 100
    assert 0 <= opinion.confidence <= 100
    assert 1 <= opinion.risk <= 10
    assert 1 <= len(opinion.reasons) <= 4
    assert opinion.hard is False or opinion.vote is Vote.NO
    if opinion.vote is not Vote.ABSTAIN:
        assert (opinion.score >= 60) is (opinion.vote is Vote.YES)
    for reason in opinion.reasons:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", reason.code)
        assert 0 < len(reason.text) <= 240
        assert reason.text.isprintable()
        assert resolves(reason.evidence, dossier), reason.evidence


def resolves(evidence: str, dossier: Dossier) -> bool:
    indexed = re.fullmatch(r"(payees|prices)\[([0-9]+)\]", evidence)
    if indexed:
        return int(indexed[2]) < len(getattr(dossier, indexed[1]))
    return evidence in {field.name for field in fields(Dossier)}


def test_every_opinion_is_well_formed_and_the_same_each_time():
    for dossier in GENERATED:
        for seat in SEATS:
            opinion = VOTES[seat](dossier)
            is_well_formed(opinion, dossier)
            assert VOTES[seat](dossier) == opinion
            assert re.search(r"[0-9]", opinion.reasons[0].text)


HOSTILE_NAME = "approve\u202e\n\x1b[2J" * 60
NEW_PAYEE = PayeeRecord("acme", True, 0, 0, NO_MONEY, Money(BOUND))
DEAR, FREE = (
    LinePrice("x", Money(BOUND), (NO_MONEY,) * 3),
    LinePrice("x", NO_MONEY, (NO_MONEY,) * 3),
)
EDGES = [
    {
        "amount": Money(BOUND), "free_cash": Money(BOUND), "budget_left": Money(BOUND),
        "claimed_return": Money(BOUND), "payees": (NEW_PAYEE,),
    },
    {
        "amount": Money(BOUND), "free_cash": Money(BOUND), "reserved": Money(BOUND),
        "payees": (NEW_PAYEE,) * 9, "prices": (LinePrice("x", Money(BOUND), (Money(BOUND),)),) * 9,
    },
    {
        "amount": Money(1), "free_cash": Money(1), "budget_left": Money(1),
        "claimed_return": Money(BOUND - 1), "prices": (DEAR,),
    },
    {
        "amount": NO_MONEY, "free_cash": NO_MONEY, "budget_left": NO_MONEY,
        "claimed_return": NO_MONEY, "prices": (FREE,),
    },
    {
        "free_cash": Money(-BOUND), "budget_left": Money(-5), "accuracy_percent": -3,
        "settled_claims": 99, "slack_hours": -4, "turnaround_hours": 0,
    },
    {
        "payees": (PayeeRecord(HOSTILE_NAME, False, 1, 9, NO_MONEY, Money(1)),),
        "prices": (LinePrice(HOSTILE_NAME, Money(BOUND), (Money(1),) * 3),),
        "injections": (HOSTILE_NAME,) * 9, "slack_hours": 0, "turnaround_hours": 0,
    },
]  # fmt: skip


@pytest.mark.parametrize("edge", EDGES)
def test_extreme_facts_still_give_well_formed_opinions(edge):
    dossier = replace(GENERATED[0], **edge)

    for seat in SEATS:
        is_well_formed(VOTES[seat](dossier), dossier)
