"""One row for every refusal, every cap at its edge, and what a permit implies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_cli.domain.intents import Share, Spend
from flux_cli.domain.money import BOUND, USDC, Money
from flux_cli.domain.policies import Policy
from flux_cli.domain.quorum import Conditions, Tally
from flux_cli.domain.refusals import Refusal
from flux_cli.kernel.authorize import PERMIT_LIFETIME, authorize
from flux_cli.kernel.facts import Facts
from flux_cli.kernel.invariants import CLOCK_TOLERANCE, holds_after
from flux_cli.kernel.verdict import Denied, Permit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def spend(units: int = 100, **changes: Any) -> Spend:
    made = Spend("ada", Money(units), (Share("bob", Money(units)),), "ads", "plan", "run_1", False)
    return replace(made, **changes)


POLICY = Policy(
    "pol_1", "ada", 3, Money(1000), Money(1000), None, Money(1000), None, False, NOW
)  # fmt: skip
FACTS = Facts(
    NOW, NOW, False, False, True, POLICY, Money(1000), Money(0), Money(1000),
    frozenset({"bob", "cas", "ada"}),
)  # fmt: skip


def facts(policy: dict[str, Any] | None = None, **changes: Any) -> Facts:
    return replace(FACTS, policy=replace(POLICY, **(policy or {})), **changes)


def tally(request: Spend, outcome: str = "approved", **conditions: Any) -> Tally:
    yes, no = (4, 1) if outcome in ("approved", "hard_no") else (1, 4)
    missing = 3 if outcome == "no_quorum" else 0
    return Tally(
        request.digest, outcome == "approved", outcome, yes, no, 0, missing, 3,
        Conditions(**conditions),
    )  # fmt: skip


def permit_of(verdict: object) -> Permit:
    assert isinstance(verdict, Permit), verdict
    return verdict


def test_a_request_within_every_limit_is_permitted_for_exactly_itself() -> None:
    permit = permit_of(authorize(spend(), FACTS))
    assert (
        permit.request_digest,
        permit.requester,
        permit.amount,
        permit.policy_version,
        permit.made_at,
        permit.expires_at,
    ) == (spend().digest, "ada", Money(100), 3, NOW, NOW + timedelta(minutes=15))


S = spend()
TWO = (Share("bob", Money(60)), Share("cas", Money(40)))
ALL_USDC = (Share("bob", Money(100, USDC)),)

# What is asked, the facts, exactly the one refusal, the most that would pass.
REFUSED: list[tuple[str, Spend, Facts, Refusal, int | None]] = [
    (
        "zero", spend(0), FACTS,
        Refusal("amount_not_positive", "an amount is zero, negative or out of bounds"), None,
    ),
    (
        "negative", spend(-5), FACTS,
        Refusal("amount_not_positive", "an amount is zero, negative or out of bounds"), None,
    ),
    (
        "a negative share", spend(shares=(Share("bob", Money(101)), Share("cas", Money(-1)))),
        FACTS,
        Refusal("amount_not_positive", "an amount is zero, negative or out of bounds"), None,
    ),
    (
        "shares too small", spend(shares=(Share("bob", Money(99)),)), FACTS,
        Refusal("shares_differ", "the shares sum to", 100, 99), None,
    ),
    (
        "no shares", spend(shares=()), FACTS,
        Refusal("shares_differ", "the shares name no payee, one twice, or another asset"), None,
    ),
    (
        "a payee twice", spend(shares=(Share("bob", Money(50)), Share("bob", Money(50)))), FACTS,
        Refusal("shares_differ", "the shares name no payee, one twice, or another asset"), None,
    ),
    (
        "a share in another asset", spend(shares=ALL_USDC), FACTS,
        Refusal("shares_differ", "the shares name no payee, one twice, or another asset"), None,
    ),
    (
        "another asset", spend(amount=Money(100, USDC), shares=ALL_USDC), FACTS,
        Refusal("asset_mismatch", "USDC is not what the limits count"), None,
    ),
    (
        "a limit in another asset", S, facts({"per_payment": Money(1000, USDC)}),
        Refusal("asset_mismatch", "CREDIT is not what the limits count"), None,
    ),
    (
        "frozen", S, facts(economy_frozen=True),
        Refusal("economy_frozen", "the economy is frozen"), None,
    ),
    (
        "frozen or not, unknown", S, facts(economy_frozen=None),
        Refusal("economy_frozen", "the economy is frozen"), None,
    ),
    ("agent frozen", S, facts(agent_frozen=True), Refusal("agent_frozen", "ada is frozen"), None),
    ("agent unknown", S, facts(agent_frozen=None), Refusal("agent_frozen", "ada is frozen"), None),
    (
        "inactive", S, facts(agent_active=False),
        Refusal("agent_paused", "ada is paused or unknown"), None,
    ),
    (
        "paused by policy", S, facts({"paused": True}),
        Refusal("agent_paused", "ada is paused or unknown"), None,
    ),
    (
        "not on the list", spend(shares=TWO), facts({"payees": frozenset({"bob"})}),
        Refusal("payee_not_allowed", "not an allowed payee: cas"), None,
    ),
    (
        "an empty list", S, facts({"payees": frozenset()}),
        Refusal("payee_not_allowed", "not an allowed payee: bob"), None,
    ),
    (
        "a look-alike", spend(shares=(Share("b\u043eb", Money(100)),)), FACTS,
        Refusal("payee_not_allowed", "not an allowed payee: b\u043eb"), None,
    ),
    (
        "listed but not registered", spend(shares=(Share("zoe", Money(100)),)),
        facts({"payees": frozenset({"zoe"})}),
        Refusal("payee_not_allowed", "not an allowed payee: zoe"), None,
    ),
    (
        "one payment", S, facts({"per_payment": Money(99)}),
        Refusal("per_payment_exceeded", "one payment", 99, 100), 99,
    ),
    (
        "one payment, cap zero", S, facts({"per_payment": Money(0)}),
        Refusal("per_payment_exceeded", "one payment", 0, 100), None,
    ),
    (
        "a day", S, facts({"rolling_24h": Money(150)}, spent_24h=Money(51)),
        Refusal("rolling_24h_exceeded", "spent and held in 24 hours", 150, 151), 99,
    ),
    (
        "a day, cap zero", S, facts({"rolling_24h": Money(0)}),
        Refusal("rolling_24h_exceeded", "spent and held in 24 hours", 0, 100), None,
    ),
    (
        "the budget", S, facts(budget_left=Money(99)),
        Refusal("budget_exceeded", "asked of the budget", 99, 100), 99,
    ),
    (
        "the budget, none left", S, facts(budget_left=Money(0)),
        Refusal("budget_exceeded", "asked of the budget", 0, 100), None,
    ),
    (
        "the vote was on another", S,
        facts({"approval_threshold": Money(99)}, tally=tally(spend(purpose="else"))),
        Refusal("quorum_for_another_request", "the vote was on another request"), None,
    ),
    (
        "too few ballots", S,
        facts({"approval_threshold": Money(99)}, tally=tally(S, "no_quorum")),
        Refusal("no_quorum", "3 of five ballots are missing"), None,
    ),
    (
        "voted down", S, facts({"approval_threshold": Money(0)}, tally=tally(S, "refused")),
        Refusal("quorum_refused", "YES votes", 3, 1, "votes"), None,
    ),
    (
        "four yes and a hard no", S,
        facts({"approval_threshold": Money(0)}, tally=tally(S, "hard_no")),
        Refusal("quorum_hard_no", "a seat's hard NO stands against any number of YES"), None,
    ),
    (
        "the seats allow less", S, facts(tally=tally(S, max_amount=Money(99))),
        Refusal("quorum_amount_exceeded", "the approving seats allow", 99, 100), 99,
    ),
    (
        "the seats want escrow", S, facts(tally=tally(S, require_escrow=True)),
        Refusal("escrow_required", "the approving seats require escrow"), None,
    ),
    (
        "itself", spend(shares=(Share("ada", Money(100)),)), FACTS,
        Refusal("self_payment", "ada would pay itself"), None,
    ),
    (
        "itself among others", spend(shares=(Share("ada", Money(1)), Share("bob", Money(99)))),
        FACTS, Refusal("self_payment", "ada would pay itself"), None,
    ),
    (
        "the clock was set back", S,
        facts(ledger_time=NOW + CLOCK_TOLERANCE + timedelta(microseconds=1)),
        Refusal("clock_behind_ledger", "the clock is behind the ledger's latest record"), None,
    ),
    (
        "no money", S, facts(available=Money(99)),
        Refusal("insufficient_funds", "asked of the wallet", 99, 100), 99,
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("request_", "known", "refusal", "most"),
    [row[1:] for row in REFUSED],
    ids=[row[0] for row in REFUSED],
)
def test_each_rule_alone_gives_exactly_its_refusal(
    request_: Spend, known: Facts, refusal: Refusal, most: int | None
) -> None:
    expected = Denied((refusal,), None if most is None else Money(most))
    assert authorize(request_, known) == expected


# Where only an approval is missing, `most` is not part of the promise checked here.
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
def test_a_request_that_lacks_only_an_approval_waits_for_it(
    known: Facts, refusals: tuple[Refusal, ...], waits: str
) -> None:
    verdict = authorize(S, known)
    assert isinstance(verdict, Denied)
    assert (verdict.refusals, verdict.waits_for) == (refusals, waits)


def test_a_request_refused_for_anything_more_waits_for_nothing() -> None:
    known = facts({"approval_threshold": Money(0), "owner_threshold": Money(0)}, available=Money(1))
    verdict = authorize(S, known)
    assert isinstance(verdict, Denied)
    assert [r.code for r in verdict.refusals] == [
        "quorum_required",
        "owner_required",
        "insufficient_funds",
    ]
    assert verdict.waits_for is None
    assert Denied(()).waits_for is None
    assert Denied((Refusal("economy_frozen", ""),)).waits_for is None


def test_every_code_the_kernel_knows_has_a_row() -> None:
    tabled = {row[3].code for row in REFUSED} | {r.code for _, rs, _ in WAITING for r in rs}
    assert tabled == {
        "amount_not_positive", "shares_differ", "asset_mismatch", "economy_frozen",
        "agent_frozen", "agent_paused", "payee_not_allowed", "per_payment_exceeded",
        "rolling_24h_exceeded", "budget_exceeded", "quorum_required",
        "quorum_for_another_request", "no_quorum", "quorum_refused", "quorum_hard_no",
        "quorum_amount_exceeded",
        "escrow_required", "owner_required", "self_payment", "clock_behind_ledger",
        "insufficient_funds",
    }  # fmt: skip


def test_all_reasons_are_given_at_once_most_serious_first() -> None:
    wrong = spend(shares=(Share("ada", Money(40)), Share("zoe", Money(60))))
    known = facts(
        {
            "paused": True,
            "per_payment": Money(1),
            "rolling_24h": Money(2),
            "approval_threshold": Money(3),
            "owner_threshold": Money(4),
        },
        economy_frozen=None,
        agent_frozen=True,
        budget_left=Money(5),
        available=Money(6),
        ledger_time=NOW + timedelta(days=1),
    )
    verdict = authorize(wrong, known)
    assert isinstance(verdict, Denied)
    assert [r.code for r in verdict.refusals] == [
        "economy_frozen",
        "agent_frozen",
        "agent_paused",
        "payee_not_allowed",
        "per_payment_exceeded",
        "rolling_24h_exceeded",
        "budget_exceeded",
        "quorum_required",
        "owner_required",
        "self_payment",
        "clock_behind_ledger",
        "insufficient_funds",
    ]
    assert verdict.most is None


def test_a_malformed_request_is_denied_for_its_shape_before_any_limit_is_compared() -> None:
    wrong = spend(amount=Money(-1, USDC), shares=())
    verdict = authorize(wrong, facts(economy_frozen=True, available=Money(0)))
    assert isinstance(verdict, Denied)
    assert [r.code for r in verdict.refusals] == [
        "amount_not_positive",
        "shares_differ",
        "asset_mismatch",
    ]


def widest(**changes: Any) -> Facts:
    """No cap but the one that is tested."""
    open_policy = {
        "per_payment": None,
        "rolling_24h": None,
        "approval_threshold": Money(BOUND),
        "owner_threshold": None,
        **changes.pop("policy", {}),
    }
    return facts(open_policy, **{"available": Money(BOUND), "budget_left": None, **changes})


CAPS: dict[str, tuple[Callable[[Money], Facts], str]] = {
    "per payment": (lambda m: widest(policy={"per_payment": m}), "per_payment_exceeded"),
    "a day": (
        lambda m: widest(policy={"rolling_24h": m + Money(7)}, spent_24h=Money(7)),
        "rolling_24h_exceeded",
    ),
    "budget": (lambda m: widest(budget_left=m), "budget_exceeded"),
    "wallet": (lambda m: widest(available=m), "insufficient_funds"),
    "vote": (lambda m: widest(policy={"approval_threshold": m}), "quorum_required"),
    "owner": (lambda m: widest(policy={"owner_threshold": m}), "owner_required"),
}


@pytest.mark.parametrize(("cap", "code"), CAPS.values(), ids=CAPS)
@pytest.mark.parametrize("units", [1, 100, 10**12])
def test_an_amount_equal_to_a_cap_passes_and_one_unit_more_does_not(
    cap: Callable[[Money], Facts], code: str, units: int
) -> None:
    assert permit_of(authorize(spend(units), cap(Money(units)))).amount == Money(units)
    verdict = authorize(spend(units + 1), cap(Money(units)))
    assert isinstance(verdict, Denied)
    assert [r.code for r in verdict.refusals] == [code]


@pytest.mark.parametrize(("cap", "code"), CAPS.values(), ids=CAPS)
def test_a_cap_of_zero_lets_nothing_pass(cap: Callable[[Money], Facts], code: str) -> None:
    verdict = authorize(spend(1), cap(Money(0)))
    assert isinstance(verdict, Denied)
    assert [r.code for r in verdict.refusals] == [code]


def test_the_seats_amount_is_a_cap_like_the_others() -> None:
    def of(units: int) -> Facts:
        return facts(tally=tally(spend(units), max_amount=Money(50)))

    assert permit_of(authorize(spend(50), of(50))).amount == Money(50)
    assert authorize(spend(51), of(51)) == Denied(
        (Refusal("quorum_amount_exceeded", "the approving seats allow", 50, 51),), Money(50)
    )


APPROVED = [
    (S, facts({"approval_threshold": Money(0)}, tally=tally(S))),
    (
        spend(escrowed=True),
        facts(tally=tally(spend(escrowed=True), require_escrow=True)),
    ),
    (S, facts(tally=tally(S, human=True), owner_approved=True)),
    (S, facts({"owner_threshold": Money(0)}, owner_approved=True)),
    (S, facts({"payees": frozenset({"bob"})})),
    (S, facts(ledger_time=NOW + CLOCK_TOLERANCE)),
    (S, facts(budget_left=None)),
    (spend(shares=TWO), FACTS),
]


@pytest.mark.parametrize(("request_", "known"), APPROVED)
def test_what_the_owner_or_the_seats_asked_for_lets_it_pass(request_: Spend, known: Facts) -> None:
    assert permit_of(authorize(request_, known)).request_digest == request_.digest


def test_an_owners_word_does_not_stand_in_for_the_vote() -> None:
    verdict = authorize(S, facts({"approval_threshold": Money(0)}, owner_approved=True))
    assert isinstance(verdict, Denied)
    assert [r.code for r in verdict.refusals] == ["quorum_required"]


MOST = [
    (facts({"per_payment": Money(90)}, available=Money(80), budget_left=Money(70)), 70),
    (facts({"rolling_24h": Money(120)}, spent_24h=Money(60), available=Money(80)), 60),
    (facts({"per_payment": Money(50)}, tally=tally(S, max_amount=Money(40))), 40),
    (facts({"per_payment": Money(50)}, available=Money(0)), None),
    (facts({"rolling_24h": Money(50)}, spent_24h=Money(70)), None),
    (facts({"per_payment": Money(50)}, agent_frozen=True), None),
]


@pytest.mark.parametrize(("known", "most"), MOST)
def test_the_most_that_would_pass_is_the_lowest_ceiling(known: Facts, most: int | None) -> None:
    verdict = authorize(S, known)
    assert isinstance(verdict, Denied)
    assert verdict.most == (None if most is None else Money(most))


@pytest.mark.parametrize(
    "policy", [{"approval_threshold": Money(60)}, {"owner_threshold": Money(60)}]
)
def test_a_request_that_only_waits_for_an_approval_is_told_no_smaller_amount(
    policy: dict[str, Money],
) -> None:
    verdict = authorize(S, facts(policy))
    assert isinstance(verdict, Denied)
    assert verdict.most is None
    assert verdict.waits_for is not None


@pytest.mark.parametrize(
    ("request_", "known"),
    [
        (S, facts({"rolling_24h": Money(1000)}, spent_24h=Money(BOUND))),
        (spend(shares=(Share("bob", Money(BOUND)), Share("cas", Money(BOUND)))), FACTS),
        (S, facts(tally=tally(S, max_amount=Money(50, USDC)))),
    ],
    ids=["a full day", "shares past the bound", "seats that count another asset"],
)
def test_numbers_that_cannot_be_added_or_compared_are_denied_not_raised(
    request_: Spend, known: Facts
) -> None:
    assert isinstance(authorize(request_, known), Denied)


def test_a_permit_cannot_be_made_elsewhere() -> None:
    for seal in (None, object(), "seal", True):
        with pytest.raises(PermissionError, match="only the kernel makes a permit"):
            Permit("d" * 64, "ada", Money(1), 1, NOW, NOW + PERMIT_LIFETIME, seal)
    with pytest.raises(TypeError):
        Permit("d" * 64, "ada", Money(1), 1, NOW, NOW + PERMIT_LIFETIME)  # type: ignore[call-arg]


def test_a_permit_cannot_be_changed() -> None:
    permit = permit_of(authorize(S, FACTS))
    with pytest.raises(FrozenInstanceError):
        permit.amount = Money(999)  # type: ignore[misc]


TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("asked", "now", "covered"),
    [
        (S, NOW, True),
        (S, NOW - TICK, False),
        (S, NOW + PERMIT_LIFETIME - TICK, True),
        (S, NOW + PERMIT_LIFETIME, False),
        (spend(101), NOW, False),
        (spend(purpose="Ads"), NOW, False),
        (spend(requester="eve"), NOW, False),
        (spend(reference="run_2"), NOW, False),
        (spend(plan_digest="other"), NOW, False),
        (spend(escrowed=True), NOW, False),
        (spend(shares=(Share("cas", Money(100)),)), NOW, False),
    ],
)
def test_a_permit_covers_its_own_request_until_it_expires(
    asked: Spend, now: datetime, covered: bool
) -> None:
    assert permit_of(authorize(S, FACTS)).covers(asked.digest, now) is covered


UNITS = st.integers(0, 6)
CAP = st.none() | UNITS
FLAG = st.sampled_from([False, False, False, True, None])
OUTCOMES = st.sampled_from([None, "approved", "approved", "refused", "hard_no", "no_quorum"])


@st.composite
def requests(draw: st.DrawFn) -> tuple[Spend, Facts]:
    def cap() -> Money | None:
        units = draw(CAP)
        return None if units is None else Money(units)

    first, second = draw(st.integers(-1, 4)), draw(st.integers(0, 2))
    names = draw(st.permutations(["bob", "cas", "ada", "zoe"]))
    shares = [Share(names[0], Money(first))]
    if second:
        shares.append(Share(names[1], Money(second)))
    off = draw(st.sampled_from([0, 0, 0, 0, 1]))
    asked = spend(first + second + off, shares=tuple(shares), escrowed=draw(st.booleans()))
    payees = draw(st.none() | st.frozensets(st.sampled_from(["bob", "cas", "zoe"])))
    outcome = draw(OUTCOMES)
    voted = None
    if outcome is not None:
        voted = tally(
            draw(st.sampled_from([asked, asked, asked, S])),
            outcome,
            max_amount=cap(),
            require_escrow=draw(st.booleans()),
            human=draw(st.booleans()),
        )
    known = facts(
        {
            "per_payment": cap(),
            "rolling_24h": cap(),
            "payees": payees,
            "approval_threshold": Money(draw(UNITS)),
            "owner_threshold": cap(),
            "paused": draw(st.sampled_from([False, False, True])),
        },
        economy_frozen=draw(FLAG),
        agent_frozen=draw(FLAG),
        agent_active=draw(st.sampled_from([True, True, False])),
        available=Money(draw(UNITS)),
        spent_24h=Money(draw(st.integers(0, 2))),
        budget_left=cap(),
        ledger_time=NOW + timedelta(seconds=draw(st.sampled_from([-9, 0, 2, 3]))),
        tally=voted,
        owner_approved=draw(st.booleans()),
    )
    return asked, known


def allowed(asked: Spend, known: Facts) -> bool:
    """The rules once more, in plain integers, from the owner's side."""
    units, rules, vote = asked.amount.units, known.policy, known.tally
    if units < 1 or any(share.amount.units < 1 for share in asked.shares):
        return False
    if sum(share.amount.units for share in asked.shares) != units:
        return False
    names = {share.payee for share in asked.shares}
    if "ada" in names or not names <= {"bob", "cas"}:
        return False
    if rules.payees is not None and names - rules.payees:
        return False
    if (known.economy_frozen, known.agent_frozen) != (False, False):
        return False
    if rules.paused or not known.agent_active or units > known.available.units:
        return False
    if known.ledger_time > NOW + timedelta(seconds=2):
        return False
    for cap, used in (
        (rules.per_payment, units),
        (rules.rolling_24h, units + known.spent_24h.units),
        (known.budget_left, units),
    ):
        if cap is not None and used > cap.units:
            return False
    needs_owner = rules.owner_threshold is not None and units > rules.owner_threshold.units
    agreed = vote is not None and vote.approved and vote.request_digest == asked.digest
    if units > rules.approval_threshold.units and not agreed:
        return False
    if vote is not None and vote.approved:
        most = vote.conditions.max_amount
        if most is not None and units > most.units:
            return False
        if vote.conditions.require_escrow and not asked.escrowed:
            return False
        needs_owner = needs_owner or vote.conditions.human
    return known.owner_approved or not needs_owner


@settings(max_examples=600, deadline=None)
@given(requests())
def test_a_permit_is_given_exactly_when_every_rule_written_again_agrees(
    case: tuple[Spend, Facts],
) -> None:
    asked, known = case
    verdict = authorize(asked, known)
    assert isinstance(verdict, Permit) is allowed(asked, known)
    if isinstance(verdict, Permit):
        assert holds_after(asked, known)
        assert verdict.covers(asked.digest, NOW)
        assert (verdict.amount, verdict.requester) == (asked.amount, asked.requester)


TIGHTER: dict[str, Callable[[Facts, Money], Facts]] = {
    "per_payment": lambda f, m: with_cap(f, "per_payment", m),
    "rolling_24h": lambda f, m: with_cap(f, "rolling_24h", m),
    "owner_threshold": lambda f, m: with_cap(f, "owner_threshold", m),
    "approval_threshold": lambda f, m: with_cap(f, "approval_threshold", m),
    "budget": lambda f, m: replace(f, budget_left=m if f.budget_left is None else min(
        f.budget_left, m, key=lambda money: money.units)),
    "wallet": lambda f, m: replace(f, available=min(f.available, m, key=lambda x: x.units)),
    "spent": lambda f, m: replace(f, spent_24h=f.spent_24h + m),
    "freeze": lambda f, m: replace(f, economy_frozen=None),
    "agent": lambda f, m: replace(f, agent_frozen=True),
    "payees": lambda f, m: replace(f, policy=replace(f.policy, payees=frozenset())),
    "pause": lambda f, m: replace(f, policy=replace(f.policy, paused=True)),
}  # fmt: skip


def with_cap(known: Facts, name: str, cap: Money) -> Facts:
    now = getattr(known.policy, name)
    lower = cap if now is None or cap < now else now
    return replace(known, policy=replace(known.policy, **{name: lower}))


@settings(max_examples=400, deadline=None)
@given(requests(), st.sampled_from(sorted(TIGHTER)), UNITS)
def test_tightening_a_rule_never_turns_a_denial_into_a_permit(
    case: tuple[Spend, Facts], name: str, units: int
) -> None:
    asked, known = case
    tightened = authorize(asked, TIGHTER[name](known, Money(units)))
    assert isinstance(authorize(asked, known), Permit) or isinstance(tightened, Denied)
