"""Each offline seat judges by its own facts, says why in numbers, and differs from the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flux_cli.adapters.brains.offline import VOTES, OfflineBrain
from flux_cli.adapters.brains.seats import cfo, data, growth, operations, risk
from flux_cli.domain.money import Money, parse_money
from flux_cli.domain.quorum import (
    SEATS,
    Bar,
    Conditions,
    Dossier,
    LinePrice,
    PayeeRecord,
    Urgency,
    Vote,
)

SEAT_MODULES = {"cfo": cfo, "growth": growth, "risk": risk, "operations": operations, "data": data}
NO_MONEY = Money(0)


def payee(share: str, settled: int = 0, rejected: int = 0, allowed: bool = True) -> PayeeRecord:
    return PayeeRecord("acme", allowed, settled, rejected, NO_MONEY, parse_money(share))


def line(asked: str, *known: str) -> LinePrice:
    return LinePrice("work", parse_money(asked), tuple(parse_money(price) for price in known))


PURCHASE = Dossier(
    request_digest="d1",
    requester="ada",
    amount=parse_money("100"),
    purpose="API credits",
    justification="each $1 of API use saved $4 of manual work last month",
    urgency=Urgency.MEDIUM,
    claimed_return=parse_money("400"),
    free_cash=parse_money("10000"),
    reserved=NO_MONEY,
    budget_left=parse_money("10000"),
    reserve_floor_percent=20,
    payees=(payee("100"),),
    escrowed=False,
    duplicates_7d=0,
    same_payee_24h=0,
    injections=(),
    deliverables=("API credits",),
    acceptance_checks=0,
    slack_hours=None,
    turnaround_hours=None,
    prices=(),
    settled_claims=0,
    accuracy_percent=0,
    evidence=(),
)


def purchase(amount: str, thing: str, why: str, back: str | None, urgency: Urgency) -> Dossier:
    return replace(
        PURCHASE,
        amount=parse_money(amount),
        purpose=thing,
        deliverables=(thing,),
        justification=why,
        claimed_return=parse_money(back) if back else None,
        urgency=urgency,
        payees=(payee(amount),),
    )


ANALYTICS = purchase("50", "analytics tools", "expected return of $150", "150", Urgency.MEDIUM)
CLOUD = purchase("2500", "cloud servers", "might help us scale", None, Urgency.LOW)
SUPPORT_BOT = purchase("500", "support-bot credits", "saving $3,000/month", "9000", Urgency.MEDIUM)
CHAT = purchase("5000", "chat add-ons", "communication could be better", None, Urgency.MEDIUM)


def campaign(free: str, settled: int) -> Dossier:
    return replace(
        PURCHASE,
        amount=parse_money("120"),
        purpose="Launch campaign for the LumenTrail lantern",
        justification="Three hires for the launch; expected return of $600 within 3 months",
        claimed_return=parse_money("600"),
        free_cash=parse_money(free),
        budget_left=parse_money("120"),
        payees=(payee("50", settled), payee("30", settled), payee("40", settled)),
        escrowed=True,
        deliverables=("research report", "advertising copy", "banner images"),
        acceptance_checks=9,
        slack_hours=72,
        turnaround_hours=30,
        prices=(line("50", "20", "50"), line("30", "15", "30"), line("40", "10", "40")),
        evidence=("plan:3fa9", "quote:1", "quote:2", "quote:3"),
    )


CAMPAIGN = campaign("500", 0)


def votes(dossier: Dossier) -> dict[str, str]:
    return {seat: OfflineBrain().opinion(seat, dossier).vote.value for seat in SEATS}


def passes(dossier: Dossier) -> bool:
    opinions = [OfflineBrain().opinion(seat, dossier) for seat in SEATS]
    yes = sum(opinion.vote is Vote.YES for opinion in opinions)
    needed = Bar().needed(dossier.amount, dossier.free_cash)
    return yes >= needed and not any(opinion.hard for opinion in opinions)


@pytest.mark.parametrize(
    ("dossier", "approved", "cast"),
    [
        (PURCHASE, True, "YES YES YES YES ABSTAIN"),
        (replace(PURCHASE, urgency=Urgency.HIGH), True, "YES YES YES YES ABSTAIN"),
        (ANALYTICS, True, "YES YES YES YES ABSTAIN"),
        (CLOUD, False, "NO NO NO NO ABSTAIN"),
        (SUPPORT_BOT, True, "YES YES YES YES ABSTAIN"),
        (replace(SUPPORT_BOT, urgency=Urgency.HIGH), True, "YES YES YES YES ABSTAIN"),
        (CHAT, False, "NO NO NO NO ABSTAIN"),
        (CAMPAIGN, True, "YES YES YES YES YES"),
        (campaign("380", 1), True, "YES YES YES YES YES"),
        (campaign("260", 2), True, "YES YES YES YES YES"),
        (campaign("140", 3), False, "NO YES YES YES YES"),
    ],
    ids=[
        "api-credits", "api-credits-urgent", "analytics", "cloud", "support-bot",
        "support-bot-urgent", "chat-add-ons", "campaign", "campaign-2", "campaign-3", "campaign-4",
    ],
)  # fmt: skip
def test_a_known_case_is_decided_as_it_should_be(dossier, approved, cast):
    assert list(votes(dossier).values()) == cast.split()
    assert passes(dossier) is approved


def test_the_fourth_campaign_breaks_the_reserve_floor():
    opinion = cfo.vote(campaign("140", 3))

    assert opinion.hard
    assert opinion.reasons[0].code == "below_reserve_floor"
    assert opinion.reasons[0].text == (
        "$20.00 would stay free, below the floor of $28.00 (20 % of $140.00)"
    )


def test_a_campaign_within_its_means_states_its_numbers():
    assert cfo.vote(CAMPAIGN).reasons[1].text == "$380.00 stays free: 76 % of $500.00, floor 20 %"
    assert "$120.00 is 24 % of $500.00 free cash" in [r.text for r in cfo.vote(CAMPAIGN).reasons]


def test_only_a_yes_asks_for_conditions():
    campaign_conditions = {seat: VOTES[seat](CAMPAIGN).conditions for seat in SEATS}
    assert campaign_conditions == {
        "cfo": Conditions(max_amount=parse_money("120")),
        "growth": Conditions(),
        "risk": Conditions(require_escrow=True),
        "operations": Conditions(require_check=True),
        "data": Conditions(),
    }
    assert {VOTES[seat](PURCHASE).conditions for seat in SEATS} == {Conditions()}
    assert {VOTES[seat](CHAT).conditions for seat in SEATS} == {Conditions()}


def test_escrow_is_asked_for_a_hire_but_never_for_a_plain_purchase():
    hire = replace(PURCHASE, acceptance_checks=2)

    assert risk.vote(hire).conditions.require_escrow
    assert not risk.vote(PURCHASE).conditions.require_escrow
    assert not risk.vote(replace(hire, payees=(payee("100", 4),))).conditions.require_escrow


DEAR = (line("120", "20", "21", "22"),)
# One fact changed in the campaign or the purchase; exactly these seats' ballots move.
CHANGES = [
    (CAMPAIGN, {"prices": DEAR}, "cfo data"),
    (CAMPAIGN, {"prices": ()}, "cfo data"),
    (CAMPAIGN, {"evidence": ()}, "data"),
    (CAMPAIGN, {"evidence": ("a",)}, "data"),
    (CAMPAIGN, {"settled_claims": 5, "accuracy_percent": 90}, "cfo growth data"),
    (CAMPAIGN, {"settled_claims": 9, "accuracy_percent": 10}, "cfo growth data"),
    (CAMPAIGN, {"claimed_return": None}, "cfo growth"),
    (CAMPAIGN, {"claimed_return": parse_money("50")}, "cfo growth"),
    (CAMPAIGN, {"claimed_return": parse_money("2000")}, "cfo growth"),
    (CAMPAIGN, {"urgency": Urgency.LOW}, "growth"),
    (CAMPAIGN, {"urgency": Urgency.HIGH}, "growth risk"),
    (CAMPAIGN, {"purpose": "research and copy"}, "growth"),
    (CAMPAIGN, {"justification": "because"}, "operations"),
    (CAMPAIGN, {"justification": "x" * 700}, "operations"),
    (CAMPAIGN, {"acceptance_checks": 0}, "operations"),
    (CAMPAIGN, {"acceptance_checks": 1}, "operations"),
    (CAMPAIGN, {"slack_hours": 20}, "operations"),
    (CAMPAIGN, {"slack_hours": 40}, "operations"),
    (CAMPAIGN, {"slack_hours": None}, "operations"),
    (CAMPAIGN, {"turnaround_hours": None}, "operations"),
    (CAMPAIGN, {"turnaround_hours": 71}, "operations"),
    (CAMPAIGN, {"deliverables": ()}, "growth operations"),
    (CAMPAIGN, {"deliverables": ("launch plan",)}, "growth operations"),
    (CAMPAIGN, {"budget_left": parse_money("119.99")}, "cfo"),
    (CAMPAIGN, {"budget_left": parse_money("200")}, "cfo"),
    (CAMPAIGN, {"reserved": parse_money("400")}, "cfo"),
    (CAMPAIGN, {"reserve_floor_percent": 80}, "cfo"),
    (CAMPAIGN, {"reserve_floor_percent": 0}, "cfo"),
    (CAMPAIGN, {"free_cash": parse_money("119")}, "cfo risk"),
    (CAMPAIGN, {"free_cash": parse_money("9000")}, "cfo risk"),
    (CAMPAIGN, {"escrowed": False}, "risk"),
    (CAMPAIGN, {"duplicates_7d": 1}, "risk"),
    (CAMPAIGN, {"same_payee_24h": 3}, "risk"),
    (CAMPAIGN, {"injections": ("authority_claim",)}, "risk"),
    (CAMPAIGN, {"payees": (payee("120", 0, 0, allowed=False),)}, "risk"),
    (CAMPAIGN, {"payees": (payee("120", 3, 5),)}, "risk"),
    (CAMPAIGN, {"payees": (payee("120", 12),)}, "risk"),
    (CAMPAIGN, {"payees": ()}, "risk"),
    (CAMPAIGN, {"amount": parse_money("60")}, "cfo growth"),
    (CAMPAIGN, {"requester": "eve", "request_digest": "other"}, ""),
    (PURCHASE, {"same_payee_24h": 2}, "risk"),
    (PURCHASE, {"urgency": Urgency.HIGH}, "growth risk"),
    (PURCHASE, {"slack_hours": 10}, "operations"),
    (PURCHASE, {"turnaround_hours": 10}, ""),
    (PURCHASE, {"prices": (line("100", "90"),)}, "cfo data"),
    (PURCHASE, {"prices": (line("100", "90", "100", "110"),)}, "cfo data"),
    (PURCHASE, {"payees": (payee("9999"),)}, "risk"),
]


@pytest.mark.parametrize(("start", "change", "moved"), CHANGES)
def test_one_changed_fact_moves_exactly_the_seats_that_see_it(start, change, moved):
    changed = replace(start, **change)

    assert [s for s in SEATS if ballot(s, changed) != ballot(s, start)] == moved.split()


def ballot(seat: str, dossier: Dossier) -> tuple[object, ...]:
    """What the seat decides, its sentences apart."""
    opinion = VOTES[seat](dossier)
    codes = frozenset(reason.code for reason in opinion.reasons)
    texts = [r.text for r in opinion.reasons if r.code not in ("escrow_on", "escrow_off")]
    return (opinion.vote, opinion.score, opinion.hard, opinion.conditions, codes, tuple(texts))


HARD = [
    ("cfo", CAMPAIGN, {"free_cash": parse_money("119")}, "over_free_cash", "free_cash"),
    ("cfo", CAMPAIGN, {"budget_left": parse_money("119.99")}, "over_budget", "budget_left"),
    ("cfo", PURCHASE, {"reserved": parse_money("40000")}, "below_reserve_floor",
     "reserve_floor_percent"),
    ("growth", PURCHASE, {"claimed_return": parse_money("79")}, "value_below_cost",
     "claimed_return"),
    ("risk", CAMPAIGN, {"payees": (payee("1", 9), payee("1", 9, 0, False))}, "payee_not_allowed",
     "payees[1]"),
    ("risk", CAMPAIGN, {"duplicates_7d": 2}, "duplicate_request", "duplicates_7d"),
    ("risk", CAMPAIGN, {"injections": ("tool_call",)}, "injection_found", "injections"),
    ("operations", CAMPAIGN, {"deliverables": ()}, "no_deliverable", "deliverables"),
    ("data", CAMPAIGN, {"prices": (line("1", "1", "1"), *DEAR)}, "price_outlier", "prices[1]"),
]  # fmt: skip


@pytest.mark.parametrize(("seat", "start", "change", "code", "evidence"), HARD)
def test_a_hard_no_is_first_among_the_reasons(seat, start, change, code, evidence):
    opinion = VOTES[seat](replace(start, **change))

    assert (opinion.vote, opinion.hard, opinion.risk) == (Vote.NO, True, 10)
    assert (opinion.reasons[0].code, opinion.reasons[0].evidence) == (code, evidence)


@pytest.mark.parametrize(
    ("seat", "start", "change"),
    [
        ("growth", PURCHASE, {"claimed_return": parse_money("80")}),
        ("cfo", CAMPAIGN, {"budget_left": parse_money("120")}),
        ("cfo", PURCHASE, {"reserved": parse_money("39500")}),
        ("data", CAMPAIGN, {"prices": (line("29.8", "20", "21", "22"),)}),
    ],
)
def test_a_fact_exactly_at_its_limit_is_no_hard_no(seat, start, change):
    assert not VOTES[seat](replace(start, **change)).hard


@pytest.mark.parametrize(
    ("seat", "start", "change", "code"),
    [
        ("growth", PURCHASE, {"claimed_return": None, "deliverables": ("lamp",)},
         "no_benefit_to_judge"),
        ("growth", PURCHASE, {"claimed_return": None, "deliverables": ()}, "no_benefit_to_judge"),
        ("operations", PURCHASE, {"slack_hours": 5}, "no_turnaround_data"),
        ("data", PURCHASE, {"prices": (line("9", "9", "9"),)}, "too_few_prices"),
    ],
)  # fmt: skip
def test_a_seat_without_its_facts_abstains(seat, start, change, code):
    opinion = VOTES[seat](replace(start, **change))

    assert (opinion.vote, opinion.confidence) == (Vote.ABSTAIN, 0)
    assert [reason.code for reason in opinion.reasons] == [code]


@pytest.mark.parametrize(
    ("asked", "known", "z"),
    [
        ("50", ("20", "50"), 67),
        ("10", ("10", "10", "10"), 0),
        ("11", ("10", "10", "10"), 134),
        ("20", ("10",), 269),
        ("25", ("10", "20", "30", "40"), 0),
        ("35", ("10", "20", "30", "40"), 67),
        ("1", ("0", "0", "0"), 9_999),
        ("5", ("10", "12", "14"), -237),
    ],
)
def test_robust_z_is_exact_in_hundredths(asked, known, z):
    # ⌊67.45 (x − median) / spread⌋, e.g. 20 against 10 alone: spread 25 % of 10, so 269.8.
    assert data.robust_z(line(asked, *known)) in (z, z - 1)


def test_the_offline_brain_answers_for_every_seat_and_no_other():
    assert tuple(VOTES) == SEATS
    with pytest.raises(AssertionError):
        OfflineBrain().opinion("chairman", PURCHASE)
