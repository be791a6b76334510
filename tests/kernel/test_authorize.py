"""One row for every refusal, every cap at its edge, and the rules once more as a plain model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_case import (
    FACTS,
    HOUR,
    NOW,
    TICK,
    counting,
    facts,
    limit,
    mandate,
    model,
    most,
    shared,
    some_case,
    spend,
    tally,
)

from flux_cli.domain.facts import Facts, Used
from flux_cli.domain.intents import Share, Spend
from flux_cli.domain.mandates import MandateState
from flux_cli.domain.money import BOUND, USDC, Asset, Money
from flux_cli.domain.policies import Hours, Limit, Scope, Window
from flux_cli.domain.refusals import Refusal, Ruling
from flux_cli.kernel import authorize as door
from flux_cli.kernel.authorize import PERMIT_LIFETIME, authorize, ruled
from flux_cli.kernel.invariants import CLOCK_TOLERANCE
from flux_cli.kernel.verdict import Denied, Permit

S = spend()
TWO = shared(60, 40)
ALL_USDC = (Share("bob", Money(100, USDC)),)
UNDER = spend(mandate_id="mdt_1")
OUT = Refusal("amount_not_positive", "an amount is zero, negative or out of bounds")
NAMES = Refusal("shares_differ", "no payee, one named twice, or another asset")
ASSETS = Refusal("asset_mismatch", "CREDIT is not what the limits count")
LINE = Refusal("facts_incomplete", "the mandate's line of parents is not known")


def limited(*limits: Limit, asked: Spend = S, **counted: Any) -> Facts:
    """Facts with these limits in the policy, and what they have counted."""
    return counting(facts({"limits": limits}), asked, **counted)


def under(*line: Any, **counted: Any) -> Facts:
    """Facts with these mandates, and what their limits have counted."""
    return counting(facts(mandates=line), UNDER, **counted)


def allowance(amount: int | None, count: int | None, window: Window, scope: Scope) -> Facts:
    return limited(limit(amount, count, window=window, scope=scope), amount=51, count=4)


Row = tuple[str, Spend, Facts, Refusal, int | None]

SHAPES: list[Row] = [
    ("zero", spend(0), FACTS, OUT, None),
    ("negative", spend(-5), FACTS, OUT, None),
    ("a negative share", shared(101, -1), FACTS, OUT, None),
    ("a share of nothing", shared(100, 0), FACTS, OUT, None),
    ("shares too small", spend(shares=(Share("bob", Money(99)),)), FACTS,
     Refusal("shares_differ", "the shares sum to", 100, 99), None),
    ("shares too large", spend(shares=(Share("bob", Money(101)),)), FACTS,
     Refusal("shares_differ", "the shares sum to", 100, 101), None),
    ("no shares", spend(shares=()), FACTS, NAMES, None),
    ("a payee twice", spend(shares=(Share("bob", Money(50)),) * 2), FACTS, NAMES, None),
    ("a share in another asset", spend(shares=ALL_USDC), FACTS, NAMES, None),
    ("one share of two in another asset",
     spend(shares=(Share("bob", Money(60)), Share("cas", Money(40, USDC)))), FACTS, NAMES, None),
    ("another asset",
     spend(amount=Money(100, USDC), shares=ALL_USDC, claimed_return=None), FACTS,
     Refusal("asset_mismatch", "USDC is not what the limits count"), None),
]  # fmt: skip

STANDING: list[Row] = [
    ("frozen", S, facts(economy_frozen=True),
     Refusal("economy_frozen", "the economy is frozen"), None),
    ("frozen or not, unknown", S, facts(economy_frozen=None),
     Refusal("economy_frozen", "the economy is frozen"), None),
    ("agent frozen", S, facts(agent_frozen=True), Refusal("agent_frozen", "ada is frozen"), None),
    ("agent unknown", S, facts(agent_frozen=None), Refusal("agent_frozen", "ada is frozen"), None),
    ("inactive", S, facts(agent_active=False),
     Refusal("agent_paused", "ada is paused or unknown"), None),
    ("paused by policy", S, facts({"paused": True}),
     Refusal("agent_paused", "ada is paused or unknown"), None),
    ("not on the list", TWO, facts({"payees": frozenset({"bob"})}),
     Refusal("payee_not_allowed", "not an allowed payee: cas"), None),
    ("two not on the list", TWO, facts({"payees": frozenset({"ada"})}),
     Refusal("payee_not_allowed", "not an allowed payee: bob, cas"), None),
    ("an empty list", S, facts({"payees": frozenset()}),
     Refusal("payee_not_allowed", "not an allowed payee: bob"), None),
    ("a look-alike", spend(shares=(Share("b\u043eb", Money(100)),)), FACTS,
     Refusal("payee_not_allowed", "not an allowed payee: b\u043eb"), None),
    ("listed but not registered", spend(shares=(Share("zoe", Money(100)),)),
     facts({"payees": frozenset({"zoe"})}),
     Refusal("payee_not_allowed", "not an allowed payee: zoe"), None),
    ("denied", TWO, facts({"denied_payees": frozenset({"cas", "bob"})}),
     Refusal("payee_denied", "never paid: bob, cas"), None),
    ("denied though listed", S,
     facts({"payees": frozenset({"bob"}), "denied_payees": frozenset({"bob"})}),
     Refusal("payee_denied", "never paid: bob"), None),
    ("an asset not pinned", S, facts({"assets": frozenset({"USDC", "credit"})}),
     Refusal("asset_not_allowed", "not allowed: CREDIT"), None),
    ("a rail not pinned", S, facts({"rails": frozenset({"chain"})}),
     Refusal("rail_not_allowed", "not allowed: internal"), None),
    ("a Sunday", S, facts({"hours": (Hours(frozenset({1, 2, 3, 4, 5, 6}), 0, 1440),)}),
     Refusal("outside_hours", "payments are not allowed at this time"), None),
    ("too early", S, facts({"hours": (Hours(frozenset({7}), 721, 1440),)}),
     Refusal("outside_hours", "payments are not allowed at this time"), None),
    ("too late", S, facts({"hours": (Hours(frozenset({7}), 0, 720),)}),
     Refusal("outside_hours", "payments are not allowed at this time"), None),
    ("no reason", spend(justification=" \n\u200b-"), facts({"require_justification": True}),
     Refusal("justification_required", "a justification is wanted"), None),
    ("too little back", S, facts({"least_return_percent": 151}),
     Refusal("return_too_low", "claimed return, in percent of the amount", 151, 150, "percent"),
     None),
    ("nothing claimed", spend(claimed_return=None), facts({"least_return_percent": 1}),
     Refusal("return_too_low", "claimed return, in percent of the amount", 1, 0, "percent"), None),
    ("again", S, facts({"duplicate_window": Window.DAY}, duplicates=2),
     Refusal("duplicate_payment", "the same was paid in 24 hours", 0, 2, "payments"), None),
    ("itself", spend(shares=(Share("ada", Money(100)),)), FACTS,
     Refusal("self_payment", "ada would pay itself"), None),
    ("itself among others", spend(shares=(Share("ada", Money(1)), Share("bob", Money(99)))),
     FACTS, Refusal("self_payment", "ada would pay itself"), None),
    ("the clock was set back", S, facts(ledger_time=NOW + CLOCK_TOLERANCE + TICK),
     Refusal("clock_behind_ledger", "the clock is behind the ledger's latest record"), None),
]  # fmt: skip

CAPPED: list[Row] = [
    ("one payment", S, facts({"per_payment": Money(99)}),
     Refusal("per_payment_exceeded", "one payment", 99, 100), 99),
    ("one payment, cap zero", S, facts({"per_payment": Money(0)}),
     Refusal("per_payment_exceeded", "one payment", 0, 100), None),
    ("an hour", S, allowance(150, None, Window.HOUR, Scope.AGENT),
     Refusal("rolling_1h_exceeded", "spent and held in an hour", 150, 151), 99),
    ("a day", S, allowance(150, None, Window.DAY, Scope.AGENT),
     Refusal("rolling_24h_exceeded", "spent and held in 24 hours", 150, 151), 99),
    ("a day, cap zero", S, limited(limit(0)),
     Refusal("rolling_24h_exceeded", "spent and held in 24 hours", 0, 100), None),
    ("a week", S, allowance(150, None, Window.WEEK, Scope.AGENT),
     Refusal("rolling_7d_exceeded", "spent and held in 7 days", 150, 151), 99),
    ("a month", S, allowance(150, None, Window.MONTH, Scope.AGENT),
     Refusal("rolling_30d_exceeded", "spent and held in 30 days", 150, 151), 99),
    ("a calendar day", S, allowance(150, None, Window.CALENDAR_DAY, Scope.AGENT),
     Refusal("calendar_day_exceeded", "spent and held in this calendar day (UTC)", 150, 151), 99),
    ("a payee", S, allowance(150, None, Window.DAY, Scope.PAYEE),
     Refusal("payee_24h_exceeded", "spent and held in 24 hours for bob", 150, 151), 99),
    ("a category", S, allowance(150, None, Window.DAY, Scope.CATEGORY),
     Refusal("category_24h_exceeded", "spent and held in 24 hours for work", 150, 151), 99),
    ("a destination", S, allowance(150, None, Window.DAY, Scope.DESTINATION),
     Refusal("destination_24h_exceeded", "spent and held in 24 hours for bob", 150, 151), 99),
    ("everybody", S, allowance(150, None, Window.CALENDAR_DAY, Scope.EVERYBODY),
     Refusal("everybody_calendar_day_exceeded",
             "spent and held in this calendar day (UTC) for *", 150, 151), 99),
    ("too many in an hour", S, allowance(None, 4, Window.HOUR, Scope.AGENT),
     Refusal("count_1h_exceeded", "payments in an hour", 4, 5, "payments"), None),
    ("too many today", S, allowance(None, 4, Window.CALENDAR_DAY, Scope.AGENT),
     Refusal("count_calendar_day_exceeded", "payments in this calendar day (UTC)", 4, 5,
             "payments"), None),
    ("a count of zero", S, limited(limit(None, 0)),
     Refusal("count_24h_exceeded", "payments in 24 hours", 0, 1, "payments"), None),
    ("too many to a payee", S, allowance(None, 4, Window.DAY, Scope.PAYEE),
     Refusal("payee_count_24h_exceeded", "payments in 24 hours for bob", 4, 5, "payments"), None),
    ("many small ones", S, limited(limit(150, below=Money(100)), amount=51),
     Refusal("structuring_24h_exceeded", "spent and held in 24 hours", 150, 151), 99),
    ("too many small ones", S, limited(limit(None, 4, below=Money(100)), count=4),
     Refusal("structuring_count_24h_exceeded", "payments in 24 hours", 4, 5, "payments"), None),
    ("one payee of two", TWO, limited(limit(70, scope=Scope.PAYEE), asked=TWO, bob=(11, 0)),
     Refusal("payee_24h_exceeded", "spent and held in 24 hours for bob", 70, 71), 99),
    ("one payee of two, full", TWO, limited(limit(70, scope=Scope.PAYEE), asked=TWO, bob=(75, 0)),
     Refusal("payee_24h_exceeded", "spent and held in 24 hours for bob", 70, 135), 40),
    ("the budget", S, facts(budget_left=Money(99)),
     Refusal("budget_exceeded", "asked of the budget", 99, 100), 99),
    ("the budget, none left", S, facts(budget_left=Money(0)),
     Refusal("budget_exceeded", "asked of the budget", 0, 100), None),
    ("the minimum balance", S, facts({"minimum_balance": Money(30)}, available=Money(129)),
     Refusal("below_minimum_balance", "asked of what is above the minimum balance", 99, 100), 99),
    ("no money", S, facts(available=Money(99)),
     Refusal("insufficient_funds", "asked of the wallet", 99, 100), 99),
]  # fmt: skip

UNKNOWN: list[Row] = [
    ("nothing known of a limit", S, facts({"limits": (limit(1000),)}),
     Refusal("facts_incomplete", "what rolling_24h has counted for ada is not known"), None),
    ("two answers for a limit", S,
     facts({"limits": (limit(1000),)}, used=(Used(limit(1000), "ada", Money(0), 0),) * 2),
     Refusal("facts_incomplete", "what rolling_24h has counted for ada is not known"), None),
    ("a negative amount counted", S, limited(limit(1000), amount=-1),
     Refusal("facts_incomplete", "what rolling_24h has counted for ada is not known"), None),
    ("a negative count", S, limited(limit(1000), count=-1),
     Refusal("facts_incomplete", "what rolling_24h has counted for ada is not known"), None),
    ("known for another", S,
     facts({"limits": (limit(1000),)}, used=(Used(limit(1000), "eve", Money(0), 0),)),
     Refusal("facts_incomplete", "what rolling_24h has counted for ada is not known"), None),
    ("known for another limit", S,
     facts({"limits": (limit(1000),)}, used=(Used(limit(1001), "ada", Money(0), 0),)),
     Refusal("facts_incomplete", "what rolling_24h has counted for ada is not known"), None),
    ("a limit for small ones, of which nothing is known", S,
     facts({"limits": (limit(9, below=Money(9)),)}),
     Refusal("facts_incomplete", "what structuring_24h has counted for ada is not known"), None),
    ("the mandate's limit", UNDER, facts(mandates=(mandate(limits=(limit(1000),)),)),
     Refusal("facts_incomplete", "what mandate_rolling_24h has counted for ada is not known"),
     None),
    ("no mandate", UNDER, FACTS, LINE, None),
    ("a mandate nobody named", S, facts(mandates=(mandate(),)), LINE, None),
    ("another mandate", UNDER, facts(mandates=(mandate(2),)), LINE, None),
    ("a parent is missing", UNDER, facts(mandates=(mandate(1, 2),)), LINE, None),
    ("another's parent", UNDER, facts(mandates=(mandate(1, 2), mandate(3))), LINE, None),
]  # fmt: skip

MANDATED: list[Row] = [
    *((f"{state}", UNDER, under(mandate(state=state)),
       Refusal("mandate_inactive", f"mdt_1 is {state.value}"), None)
      for state in MandateState if state is not MandateState.ACTIVE),
    ("the parent is revoked", UNDER, under(mandate(1, 2), mandate(2, state=MandateState.REVOKED)),
     Refusal("mandate_inactive", "mdt_2 is revoked"), None),
    ("expired", UNDER, under(mandate(expires_at=NOW)),
     Refusal("mandate_expired", "mdt_1 has expired"), None),
    ("the parent has expired", UNDER, under(mandate(1, 2), mandate(2, expires_at=NOW)),
     Refusal("mandate_expired", "mdt_2 has expired"), None),
    ("another's", UNDER, under(mandate(holder="eve")),
     Refusal("mandate_of_another", "mdt_1 is held by eve"), None),
    ("its payees", UNDER, under(mandate(payees=frozenset({"cas"}))),
     Refusal("mandate_payee_not_allowed", "not a payee of mdt_1: bob"), None),
    ("its parent's payees", UNDER, under(mandate(1, 2), mandate(2, payees=frozenset())),
     Refusal("mandate_payee_not_allowed", "not a payee of mdt_2: bob"), None),
    ("its categories", UNDER, under(mandate(categories=frozenset({"Work"}))),
     Refusal("mandate_category_not_allowed", "not a category of mdt_1: work"), None),
    ("its cap", UNDER, under(mandate(per_payment=Money(99))),
     Refusal("mandate_per_payment_exceeded", "one payment under mdt_1", 99, 100), 99),
    ("its parent's cap", UNDER, under(mandate(1, 2), mandate(2, per_payment=Money(99))),
     Refusal("mandate_per_payment_exceeded", "one payment under mdt_2", 99, 100), 99),
    ("what it has left", UNDER, under(mandate(spent=Money(400), reserved=Money(501))),
     Refusal("mandate_exceeded", "asked of mdt_1", 99, 100), 99),
    ("nothing left", UNDER, under(mandate(total=Money(0))),
     Refusal("mandate_exceeded", "asked of mdt_1", 0, 100), None),
    ("its limit", UNDER, under(mandate(limits=(limit(150),)), amount=51),
     Refusal("mandate_rolling_24h_exceeded", "spent and held in 24 hours", 150, 151), 99),
    ("its parent's limit", UNDER, under(mandate(1, 2), mandate(2, limits=(limit(None, 1),)),
     count=1), Refusal("mandate_count_24h_exceeded", "payments in 24 hours", 1, 2, "payments"),
     None),
]  # fmt: skip

VOTED: list[Row] = [
    ("the vote was on another", S,
     facts({"approval_threshold": Money(99)}, tally=tally(spend(purpose="else"))),
     Refusal("quorum_for_another_request", "the vote was on another request"), None),
    ("too few ballots", S, facts({"approval_threshold": Money(99)}, tally=tally(S, "no_quorum")),
     Refusal("no_quorum", "3 of five ballots are missing"), None),
    ("voted down", S, facts({"approval_threshold": Money(0)}, tally=tally(S, "refused")),
     Refusal("quorum_refused", "YES votes", 3, 1, "votes"), None),
    ("four yes and a hard no", S,
     facts({"approval_threshold": Money(0)}, tally=tally(S, "hard_no")),
     Refusal("quorum_hard_no", "a seat's hard NO stands against any number of YES"), None),
    ("the seats allow less", S, facts(tally=tally(S, max_amount=Money(99))),
     Refusal("quorum_amount_exceeded", "the approving seats allow", 99, 100), 99),
    ("the seats want escrow", S, facts(tally=tally(S, require_escrow=True)),
     Refusal("escrow_required", "the approving seats require escrow"), None),
]  # fmt: skip

USD = Money(1000, USDC)
MIXED = {
    "a claim": (spend(claimed_return=USD), FACTS),
    "per payment": (S, facts({"per_payment": USD})),
    "minimum": (S, facts({"minimum_balance": USD})),
    "approval": (S, facts({"approval_threshold": USD})),
    "owner": (S, facts({"owner_threshold": USD})),
    "wallet": (S, facts(available=USD)),
    "budget": (S, facts(budget_left=USD)),
    "seats": (S, facts(tally=tally(S, max_amount=USD))),
    "a limit": (S, limited(Limit(Window.DAY, USD))),
    "a limit for another": (S, limited(Limit(Window.DAY, USD, None, Scope.PAYEE, "cas"))),
    "small ones": (S, limited(limit(9, below=USD))),
    "what was counted": (
        S, facts({"limits": (limit(9),)}, used=(Used(limit(9), "ada", USD, 0),)),
    ),
    "a mandate's total": (UNDER, under(mandate(total=USD))),
    "a mandate's spending": (UNDER, under(mandate(spent=USD))),
    "a mandate's reserve": (UNDER, under(mandate(reserved=USD))),
    "a mandate's cap": (UNDER, under(mandate(per_payment=USD))),
    "a mandate's limit": (UNDER, under(mandate(limits=(Limit(Window.DAY, USD),)))),
    "the same code, another exponent": (S, facts(budget_left=Money(1000, Asset("CREDIT", 2)))),
}  # fmt: skip
MIXTURES: list[Row] = [(name, *case, ASSETS, None) for name, case in MIXED.items()]

REFUSED = SHAPES + STANDING + CAPPED + UNKNOWN + MANDATED + VOTED + MIXTURES


@pytest.mark.parametrize(
    ("asked", "known", "refusal", "most"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_each_rule_alone_gives_exactly_its_refusal(
    asked: Spend, known: Facts, refusal: Refusal, most: int | None
) -> None:
    expected = Denied((refusal,), None if most is None else Money(most))
    assert authorize(asked, known) == expected


def permit_of(verdict: object) -> Permit:
    assert isinstance(verdict, Permit), verdict
    return verdict


def codes_of(verdict: object) -> list[str]:
    assert isinstance(verdict, Denied), verdict
    return [refusal.code for refusal in verdict.refusals]


def test_a_request_within_every_limit_is_permitted_for_exactly_itself() -> None:
    permit = permit_of(authorize(S, FACTS))
    assert (
        permit.request_digest,
        permit.requester,
        permit.amount,
        permit.policy_version,
        permit.made_at,
        permit.expires_at,
    ) == (S.digest, "ada", Money(100), 3, NOW, NOW + timedelta(minutes=15))


WAITING = [
    (
        facts({"approval_threshold": Money(99)}),
        (Refusal("quorum_required", "too large without a quorum", 99, 100),),
        "quorum_required",
    ),
    (
        facts({"owner_threshold": Money(99)}),
        (Refusal("owner_required", "too large without the owner", 99, 100),),
        "owner_required",
    ),
    (
        facts({"owner_threshold": Money(0), "approval_threshold": Money(0)}),
        (
            Refusal("quorum_required", "too large without a quorum", 0, 100),
            Refusal("owner_required", "too large without the owner", 0, 100),
        ),
        "quorum_required",
    ),
    (
        facts(tally=tally(S, human=True)),
        (Refusal("owner_required", "a seat asks for the owner"),),
        "owner_required",
    ),
]


@pytest.mark.parametrize(("known", "refusals", "waits"), WAITING)
def test_a_request_that_lacks_only_an_approval_waits_for_it_and_is_told_no_smaller_amount(
    known: Facts, refusals: tuple[Refusal, ...], waits: str
) -> None:
    verdict = authorize(S, known)
    assert verdict == Denied(refusals, None)
    assert verdict.waits_for == waits


def test_a_request_refused_for_anything_more_waits_for_nothing() -> None:
    known = facts({"approval_threshold": Money(0), "owner_threshold": Money(0)}, available=Money(1))
    verdict = authorize(S, known)
    assert codes_of(verdict) == ["quorum_required", "owner_required", "insufficient_funds"]
    assert isinstance(verdict, Denied)
    assert (verdict.waits_for, verdict.most) == (None, Money(1))
    assert Denied(()).waits_for is None
    assert Denied((Refusal("economy_frozen", ""),)).waits_for is None


def test_every_code_the_kernel_knows_has_a_row() -> None:
    tabled = {row[3].code for row in REFUSED} | {r.code for _, rs, _ in WAITING for r in rs}
    assert {code for code in tabled if not code.endswith("_exceeded")} == {
        "amount_not_positive", "shares_differ", "asset_mismatch", "economy_frozen", "agent_frozen",
        "agent_paused", "payee_not_allowed", "payee_denied", "asset_not_allowed",
        "rail_not_allowed", "outside_hours", "facts_incomplete", "mandate_inactive",
        "mandate_expired", "mandate_of_another", "mandate_payee_not_allowed",
        "mandate_category_not_allowed", "justification_required", "return_too_low",
        "duplicate_payment", "below_minimum_balance", "quorum_required",
        "quorum_for_another_request", "no_quorum", "quorum_refused", "quorum_hard_no",
        "escrow_required", "owner_required", "self_payment", "clock_behind_ledger",
        "insufficient_funds",
    }  # fmt: skip


def everything_wrong() -> tuple[Spend, Facts]:
    shares = (Share("ada", Money(40)), Share("zoe", Money(60)))
    asked = spend(shares=shares, mandate_id="mdt_1", justification="")
    small = Money(1)
    line = mandate(
        per_payment=small, limits=(limit(3),), payees=frozenset(), categories=frozenset(),
        state=MandateState.EXPIRED, expires_at=NOW, holder="eve", total=small,
    )  # fmt: skip
    policy = {
        "paused": True, "denied_payees": frozenset({"zoe"}), "assets": frozenset[str](),
        "rails": frozenset[str](), "hours": (Hours(frozenset(), 0, 0),), "per_payment": small,
        "require_justification": True, "least_return_percent": 200, "limits": (limit(2, 0),),
        "duplicate_window": Window.HOUR, "minimum_balance": Money(5), "owner_threshold": small,
        "approval_threshold": small,
    }  # fmt: skip
    known = facts(
        policy, economy_frozen=None, agent_frozen=True, budget_left=Money(5), available=Money(6),
        ledger_time=NOW + timedelta(days=1), duplicates=1, mandates=(line,),
    )  # fmt: skip
    return asked, counting(known, asked)


ORDER = [
    "economy_frozen", "agent_frozen", "agent_paused", "payee_not_allowed", "payee_denied",
    "asset_not_allowed", "rail_not_allowed", "outside_hours", "mandate_inactive",
    "mandate_expired", "mandate_of_another", "mandate_payee_not_allowed",
    "mandate_category_not_allowed", "mandate_per_payment_exceeded", "mandate_exceeded",
    "justification_required", "return_too_low", "duplicate_payment", "per_payment_exceeded",
    "rolling_24h_exceeded", "count_24h_exceeded", "mandate_rolling_24h_exceeded",
    "budget_exceeded", "below_minimum_balance", "quorum_required", "owner_required",
    "self_payment", "clock_behind_ledger", "insufficient_funds",
]  # fmt: skip


def test_all_reasons_are_given_at_once_most_serious_first() -> None:
    verdict = authorize(*everything_wrong())
    assert codes_of(verdict) == ORDER
    assert isinstance(verdict, Denied)
    assert verdict.most is None


def test_a_malformed_request_is_denied_for_its_shape_before_any_limit_is_compared() -> None:
    wrong = spend(amount=Money(-1, USDC), shares=())
    verdict = authorize(wrong, facts(economy_frozen=True, available=Money(0)))
    assert codes_of(verdict) == ["amount_not_positive", "shares_differ", "asset_mismatch"]


def test_what_every_rule_says_is_told_with_its_numbers_whether_it_passes_or_not() -> None:
    known = facts(
        {
            "per_payment": Money(250), "limits": (limit(1000, 5),), "payees": frozenset({"bob"}),
            "least_return_percent": 120, "require_justification": True, "minimum_balance": Money(1),
            "duplicate_window": Window.DAY, "rails": frozenset({"internal"}),
            "assets": frozenset({"CREDIT"}), "hours": (Hours(frozenset({7}), 0, 1440),),
            "owner_threshold": Money(100), "approval_threshold": Money(100),
        },
        budget_left=Money(90), available=Money(500), mandates=(mandate(per_payment=Money(300)),),
        tally=tally(UNDER, max_amount=Money(200)),
    )  # fmt: skip
    over = Refusal("budget_exceeded", "asked of the budget", 90, 100)
    assert ruled(UNDER, counting(known, UNDER, 20, 3)) == (
        Ruling("amount_positive"),
        Ruling("shares"),
        Ruling("asset"),
        Ruling("economy_running"),
        Ruling("agent_running"),
        Ruling("agent_active"),
        Ruling("payees"),
        Ruling("payees_denied"),
        Ruling("assets"),
        Ruling("rails"),
        Ruling("hours"),
        Ruling("mandates"),
        Ruling("mandate_active"),
        Ruling("mandate_valid"),
        Ruling("mandate_held"),
        Ruling("mandate_per_payment", None, 300, 100),
        Ruling("mandate", None, 1000, 100),
        Ruling("justification"),
        Ruling("return", None, 120, 150, "percent"),
        Ruling("duplicate", None, 0, 0, "payments"),
        Ruling("per_payment", None, 250, 100),
        Ruling("rolling_24h", None, 1000, 120),
        Ruling("count_24h", None, 5, 4, "payments"),
        Ruling("budget", over, 90, 100),
        Ruling("minimum_balance", None, 499, 100),
        Ruling("quorum", None, 100, 100),
        Ruling("quorum_amount", None, 200, 100),
        Ruling("escrow"),
        Ruling("owner"),
        Ruling("pays_another"),
        Ruling("clock"),
        Ruling("funds", None, 500, 100),
    )


def test_the_rest_of_what_rules_say() -> None:
    rich = spend(mandate_id="mdt_1", escrowed=True)
    voted = facts(
        {"approval_threshold": Money(9), "owner_threshold": Money(9),
         "limits": (limit(300, scope=Scope.PAYEE),)},
        mandates=(mandate(payees=frozenset({"bob"}), categories=frozenset({"work"})),),
        tally=tally(rich, require_escrow=True, human=True), owner_approved=True,
    )  # fmt: skip
    told = {ruling.rule: ruling for ruling in ruled(rich, counting(voted, rich))}
    assert {name: told[name] for name in (
        "mandate_payees", "mandate_categories", "payee_24h", "quorum", "escrow", "owner",
    )} == {
        "mandate_payees": Ruling("mandate_payees"),
        "mandate_categories": Ruling("mandate_categories"),
        "payee_24h": Ruling("payee_24h", None, 300, 100, "money", "bob"),
        "quorum": Ruling("quorum", None, 3, 4, "votes"),
        "escrow": Ruling("escrow"),
        "owner": Ruling("owner"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "code"), [("no_quorum", "no_quorum"), ("hard_no", "quorum_hard_no")]
)
def test_a_quorum_that_does_not_pass_is_told_under_its_rule(outcome: str, code: str) -> None:
    asked = spend()
    voted = facts({"approval_threshold": Money(9)}, tally=tally(asked, outcome))
    told = {ruling.rule: ruling for ruling in ruled(asked, voted)}
    refusal = told["quorum"].refusal
    assert refusal is not None
    assert refusal.code == code


CAPS: dict[str, tuple[Callable[[int], Facts], str]] = {
    "per payment": (lambda m: facts({"per_payment": Money(m)}), "per_payment_exceeded"),
    "a day": (lambda m: limited(limit(m + 7), amount=7), "rolling_24h_exceeded"),
    "a payee": (
        lambda m: limited(limit(m + 7, scope=Scope.PAYEE), amount=7), "payee_24h_exceeded",
    ),
    "a category": (
        lambda m: limited(limit(m + 7, scope=Scope.CATEGORY), amount=7), "category_24h_exceeded",
    ),
    "a destination": (
        lambda m: limited(limit(m + 7, scope=Scope.DESTINATION), amount=7),
        "destination_24h_exceeded",
    ),
    "everybody": (
        lambda m: limited(limit(m + 7, scope=Scope.EVERYBODY), amount=7), "everybody_24h_exceeded",
    ),
    "small ones": (
        lambda m: limited(limit(m + 7, below=Money(BOUND)), amount=7), "structuring_24h_exceeded",
    ),
    "a mandate": (
        lambda m: under(mandate(total=Money(m + 7), spent=Money(3), reserved=Money(4))),
        "mandate_exceeded",
    ),
    "a mandate's cap": (
        lambda m: under(mandate(total=Money(BOUND), per_payment=Money(m))),
        "mandate_per_payment_exceeded",
    ),
    "a mandate's limit": (
        lambda m: under(mandate(total=Money(BOUND), limits=(limit(m + 7),)), amount=7),
        "mandate_rolling_24h_exceeded",
    ),
    "budget": (lambda m: facts(budget_left=Money(m)), "budget_exceeded"),
    "wallet": (lambda m: facts(available=Money(m)), "insufficient_funds"),
    "minimum": (
        lambda m: facts({"minimum_balance": Money(7)}, available=Money(m + 7)),
        "below_minimum_balance",
    ),
    "vote": (lambda m: facts({"approval_threshold": Money(m)}), "quorum_required"),
    "owner": (lambda m: facts({"owner_threshold": Money(m)}), "owner_required"),
}  # fmt: skip


def mandated(units: int, known: Facts) -> Spend:
    """A request under the facts' mandate, if they have one."""
    return spend(units, mandate_id=known.mandates[0].id if known.mandates else None)


@pytest.mark.parametrize(("cap", "code"), CAPS.values(), ids=CAPS)
@settings(max_examples=30, deadline=None)
@given(units=st.integers(1, BOUND - 8))
def test_an_amount_equal_to_a_cap_passes_and_one_unit_more_does_not(
    cap: Callable[[int], Facts], code: str, units: int
) -> None:
    known = cap(units)
    assert permit_of(authorize(mandated(units, known), known)).amount == Money(units)
    assert codes_of(authorize(mandated(units + 1, known), known)) == [code]


@pytest.mark.parametrize(("cap", "code"), CAPS.values(), ids=CAPS)
def test_a_cap_of_zero_lets_nothing_pass(cap: Callable[[int], Facts], code: str) -> None:
    known = cap(0)
    assert codes_of(authorize(mandated(1, known), known)) == [code]


@pytest.mark.parametrize("scope", Scope)
@settings(max_examples=20, deadline=None)
@given(count=st.integers(1, 10**9))
def test_a_count_is_reached_and_not_passed(scope: Scope, count: int) -> None:
    def after(paid: int) -> object:
        return authorize(S, limited(limit(None, count, scope=scope), count=paid))

    assert permit_of(after(count - 1)).amount == Money(100)
    assert len(codes_of(after(count))) == 1


def test_the_seats_amount_is_a_cap_like_the_others() -> None:
    def of(units: int) -> Facts:
        return facts(tally=tally(spend(units), max_amount=Money(50)))

    assert permit_of(authorize(spend(50), of(50))).amount == Money(50)
    assert authorize(spend(51), of(51)) == Denied(
        (Refusal("quorum_amount_exceeded", "the approving seats allow", 50, 51),), Money(50)
    )


@pytest.mark.parametrize(("claimed", "passes"), [(150, True), (149, False)])
def test_the_claimed_return_is_compared_without_rounding(claimed: int, passes: bool) -> None:
    asked, known = spend(claimed_return=Money(claimed)), facts({"least_return_percent": 150})
    assert isinstance(authorize(asked, known), Permit) is passes
    third = spend(3, claimed_return=Money(1))
    assert isinstance(authorize(third, facts({"least_return_percent": 33})), Permit)
    told = authorize(third, facts({"least_return_percent": 34}))
    assert isinstance(told, Denied)
    assert (told.refusals[0].limit, told.refusals[0].observed) == (34, 33)


def test_no_claim_is_a_return_of_nothing_even_on_the_smallest_amount() -> None:
    told = authorize(spend(1, claimed_return=None), facts({"least_return_percent": 1}))
    assert isinstance(told, Denied)
    assert (told.refusals[0].limit, told.refusals[0].observed) == (1, 0)


APPROVED = [
    (S, facts({"approval_threshold": Money(0)}, tally=tally(S))),
    (spend(escrowed=True), facts(tally=tally(spend(escrowed=True), require_escrow=True))),
    (S, facts(tally=tally(S, human=True), owner_approved=True)),
    (S, facts(tally=tally(S, "refused", human=True, max_amount=Money(1), require_escrow=True))),
    (S, facts({"owner_threshold": Money(0)}, owner_approved=True)),
    (S, facts({"payees": frozenset({"bob"}), "denied_payees": frozenset({"cas"})})),
    (S, facts(ledger_time=NOW + CLOCK_TOLERANCE)),
    (S, facts({"least_return_percent": 0})),
    (spend(claimed_return=None), facts({"least_return_percent": 0})),
    (S, facts(duplicates=5)),
    (spend(justification="\u200b\u5b57"), facts({"require_justification": True})),
    (S, facts({"hours": (Hours(frozenset({1}), 0, 9), Hours(frozenset({7}), 720, 721))})),
    (TWO, FACTS),
    (S, limited(limit(99, 0, below=Money(99)))),
    (S, limited(limit(0, 0, scope=Scope.PAYEE, only="cas"))),
    (S, limited(limit(0, 0, scope=Scope.CATEGORY, only="Work"))),
    (S, limited(Limit(Window.DAY))),
    (UNDER, under(mandate(1, 2), mandate(2, 3, holder="eve", total=Money(0)), mandate(3))),
    (UNDER, under(mandate(total=Money(100)))),
    (UNDER, under(mandate(expires_at=NOW + TICK, categories=frozenset({"work"})))),
]


@pytest.mark.parametrize(("asked", "known"), APPROVED)
def test_what_satisfies_a_rule_at_its_edge_passes(asked: Spend, known: Facts) -> None:
    assert permit_of(authorize(asked, known)).request_digest == asked.digest


@pytest.mark.parametrize("scope", [Scope.AGENT, Scope.EVERYBODY])
def test_a_limit_on_one_or_on_all_is_narrowed_to_no_payee(scope: Scope) -> None:
    verdict = authorize(S, limited(limit(99, scope=scope, only="cas")))
    assert len(codes_of(verdict)) == 1


def test_an_owners_word_does_not_stand_in_for_the_vote() -> None:
    verdict = authorize(S, facts({"approval_threshold": Money(0)}, owner_approved=True))
    assert codes_of(verdict) == ["quorum_required"]


SMALL = limit(30, 2, below=Money(60))

MOST = [
    (S, facts({"per_payment": Money(90)}, available=Money(80), budget_left=Money(70)), 70),
    (S, facts({"per_payment": Money(90), "approval_threshold": Money(9)}), 90),
    (S, facts({"per_payment": Money(50)}, tally=tally(S, max_amount=Money(40))), 40),
    (S, facts({"per_payment": Money(50)}, available=Money(0)), None),
    (S, facts({"per_payment": Money(50)}, agent_frozen=True), None),
    (S, limited(limit(50), amount=70), None),
    (S, limited(limit(50), limit(40, 9, scope=Scope.PAYEE), amount=11), 29),
    (S, replace(limited(SMALL), budget_left=Money(60)), 30),
    (S, replace(limited(SMALL), budget_left=Money(61)), 61),
    (S, replace(limited(SMALL, amount=30), budget_left=Money(60)), None),
    (S, replace(limited(SMALL, count=2), budget_left=Money(60)), None),
    (S, replace(limited(SMALL, count=2), budget_left=Money(61)), 61),
    (S, facts({"approval_threshold": Money(9)}, tally=tally(S), budget_left=Money(50)), 50),
    (TWO, limited(limit(10, scope=Scope.PAYEE), asked=TWO), 20),
    (TWO, limited(limit(10, scope=Scope.PAYEE), limit(15), asked=TWO), 15),
    (TWO, limited(limit(10, scope=Scope.PAYEE, only="cas"), asked=TWO), 70),
    (TWO, facts(budget_left=Money(30)), 30),
    (TWO, facts(budget_left=Money(60)), 60),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "known", "expected"), MOST)
def test_the_most_that_would_pass_is_the_lowest_ceiling(
    asked: Spend, known: Facts, expected: int | None
) -> None:
    verdict = authorize(asked, known)
    assert isinstance(verdict, Denied)
    assert verdict.most == (None if expected is None else Money(expected))


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        (S, limited(limit(1000), amount=BOUND)),
        (spend(BOUND, shares=(*spend(BOUND).shares, *TWO.shares[1:])), FACTS),
        (S, facts(tally=tally(S, max_amount=Money(50, USDC)))),
        (UNDER, under(mandate(total=Money(-BOUND), spent=Money(BOUND), reserved=Money(BOUND)))),
        (S, facts({"minimum_balance": Money(BOUND)}, available=Money(-BOUND))),
        (spend(claimed_return=Money(-BOUND)), facts({"least_return_percent": 10**6})),
    ],
)
def test_numbers_that_cannot_be_added_or_compared_are_denied_not_raised(
    asked: Spend, known: Facts
) -> None:
    assert isinstance(authorize(asked, known), Denied)


def forged(units: int) -> Money:
    """An amount that never passed through the doors of `Money`."""
    money = Money(1)
    object.__setattr__(money, "units", units)
    return money


@pytest.mark.parametrize("units", [0, -1, BOUND + 1, 2**53 - 1, 2**53 + 1, 2**63 - 1, 10**30])
def test_31_an_amount_out_of_range_is_refused_even_if_it_was_forged(units: int) -> None:
    amount = forged(units)
    asked = spend(amount=amount, shares=(Share("bob", amount),))
    assert authorize(asked, FACTS) == Denied((OUT,))


@pytest.mark.parametrize("units", [1, BOUND])
def test_31_an_amount_at_the_ends_of_the_range_is_not(units: int) -> None:
    assert permit_of(authorize(spend(units), FACTS)).amount == Money(units)


def test_a_permit_cannot_be_made_elsewhere() -> None:
    for seal in (None, object(), "seal", True):
        with pytest.raises(PermissionError, match=r"^only the kernel makes a permit$"):
            Permit("d" * 64, "ada", Money(1), 1, NOW, NOW + PERMIT_LIFETIME, seal)
    with pytest.raises(TypeError):
        Permit("d" * 64, "ada", Money(1), 1, NOW, NOW + PERMIT_LIFETIME)  # type: ignore[call-arg]


def test_a_permit_cannot_be_changed() -> None:
    permit = permit_of(authorize(S, FACTS))
    with pytest.raises(FrozenInstanceError):
        permit.amount = Money(999)  # type: ignore[misc]


CHANGES = {
    "amount": Money(101), "purpose": "Ads", "requester": "eve", "reference": "run_2",
    "plan_digest": "other", "escrowed": True, "shares": (Share("cas", Money(100)),), "key": "key_2",
    "justification": "Because", "claimed_return": None, "category": "play", "rail": "chain",
    "mandate_id": "mdt_1",
}  # fmt: skip


@pytest.mark.parametrize("field", Spend.__dataclass_fields__)
def test_a_permit_covers_no_request_that_differs_in_anything(field: str) -> None:
    permit = permit_of(authorize(S, FACTS))
    assert permit.covers(S.digest, NOW)
    assert not permit.covers(replace(S, **{field: CHANGES[field]}).digest, NOW)


@pytest.mark.parametrize(
    ("now", "covered"),
    [
        (NOW - TICK, False),
        (NOW, True),
        (NOW + PERMIT_LIFETIME - TICK, True),
        (NOW + PERMIT_LIFETIME, False),
    ],
)
def test_a_permit_lasts_until_it_expires(now: datetime, covered: bool) -> None:
    assert permit_of(authorize(S, FACTS)).covers(S.digest, now) is covered


@pytest.mark.parametrize("half", range(4))
def test_the_rules_written_once_more_agree_on_every_refusal_and_on_the_most(half: int) -> None:
    permits = 0
    for seed in range(half * 1000, half * 1000 + 1000):
        asked, known = some_case(Random(seed))
        verdict = authorize(asked, known)
        told = {r.code for r in verdict.refusals} if isinstance(verdict, Denied) else set[str]()
        assert told == model(asked, known), seed
        permits += not told
        if isinstance(verdict, Denied) and len(asked.shares) == 1:
            expected = most(asked, known)
            assert verdict.most == (None if expected is None else Money(expected)), seed
    assert permits > 100


@pytest.mark.parametrize("rule", range(len(door.RULES)))
def test_88_no_approval_outweighs_a_rule(rule: int) -> None:
    """All five seats and the owner say yes, and every rule but one is silent."""
    for seed in range(400):
        asked, known = some_case(Random(seed))
        yes = replace(known, tally=tally(asked), owner_approved=True)
        sound = asked.amount.units and not model(asked, known) & {"shares_differ"}
        if sound and any(one.refusal for one in door.RULES[rule](asked, yes)):
            assert not isinstance(authorize(asked, yes), Permit)


def test_53_hours_are_of_a_utc_day_wherever_the_clock_stands() -> None:
    from zoneinfo import ZoneInfo

    known = facts({"hours": (Hours(frozenset({7}), 720, 721),)})
    for zone in ("Pacific/Kiritimati", "America/St_Johns", "Asia/Kathmandu", "UTC"):
        there = replace(known, now=NOW.astimezone(ZoneInfo(zone)))
        assert isinstance(authorize(S, there), Permit)
        late = replace(there, now=there.now + timedelta(minutes=1))
        assert codes_of(authorize(S, late)) == ["outside_hours"]


def test_55_what_a_clock_set_forward_saw_expire_stays_expired() -> None:
    line = mandate(expires_at=NOW + CLOCK_TOLERANCE)
    assert isinstance(authorize(UNDER, under(line)), Permit)
    back = replace(under(line), ledger_time=NOW + CLOCK_TOLERANCE)
    assert codes_of(authorize(UNDER, back)) == ["mandate_expired"]
    later = replace(under(line), now=NOW + HOUR, ledger_time=NOW)
    assert codes_of(authorize(UNDER, later)) == ["mandate_expired"]


def test_54_a_clock_set_back_spends_nothing() -> None:
    for back in (timedelta(seconds=3), timedelta(days=1), timedelta(days=366)):
        assert codes_of(authorize(S, facts(ledger_time=NOW + back))) == ["clock_behind_ledger"]


@pytest.mark.parametrize("shares", [(), (Share("bob", Money(99)),)], ids=["none", "too small"])
def test_a_malformed_request_is_named_by_the_rules_of_its_shape(shares: tuple[Share, ...]) -> None:
    found = [(one.rule, one.code) for one in ruled(spend(shares=shares), FACTS)]
    assert found == [("amount_positive", None), ("shares", "shares_differ"), ("asset", None)]
