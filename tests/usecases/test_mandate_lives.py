"""Mandates: made, spent from, closed, revoked in flight, expired."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from small_economy import (
    PLENTY,
    START,
    Clock,
    allow,
    ask_mandate,
    asked,
    books,
    economy,
    faults,
    in_wallet,
    pay,
)

from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent, Share
from flux_cli.domain.mandates import Mandate, MandateState
from flux_cli.domain.money import USDC, Money
from flux_cli.domain.policies import Limit, Window
from flux_cli.domain.refusals import Refusal
from flux_cli.errors import InvalidAmount, InvalidInput, KeyReused, NotFound, WrongState
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.capture_payment import cancel_payment, capture_payment, expire_payments
from flux_cli.usecases.gather_facts import DEEPEST
from flux_cli.usecases.mandates import close_mandate, expire_mandates, revoke_mandate
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.request_money import approve_payment, request_money

MANUAL = CaptureMethod.MANUAL
CARD = CaptureMethod.CARD


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def deps(tmp_path: Path, clock: Clock) -> Deps:
    return economy(tmp_path, clock)


def test_a_root_is_as_it_was_asked_for(deps: Deps) -> None:
    day = Limit(Window.DAY, Money(50))
    root = allow(
        deps, 100, "r", per_payment=Money(20), limits=(day,), payees=frozenset({"pat"}),
        categories=frozenset({"copy"}),
    )  # fmt: skip
    assert root == Mandate(
        root.id, "r", None, "ann", "copy", Money(100), Money(0), Money(0), Money(20), (day,),
        frozenset({"pat"}), frozenset({"copy"}), MandateState.ACTIVE, START,
        START + timedelta(hours=24),
    )  # fmt: skip
    assert root.id.startswith("man_")


def test_a_child_is_reserved_from_its_parent_and_takes_what_it_does_not_say(deps: Deps) -> None:
    day = Limit(Window.DAY, Money(50))
    root = allow(deps, 100, "r", per_payment=Money(20), limits=(day,), payees=frozenset({"pat"}))
    child = allow(deps, 40, "c", parent_id=root.id, holder="ben")
    assert (child.parent_id, child.holder, child.per_payment) == (root.id, "ben", Money(20))
    assert (child.limits, child.payees, child.expires_at) == (
        (day,), frozenset({"pat"}), root.expires_at,
    )  # fmt: skip
    assert books(deps, root) == ("active", 0, 40, 60)
    assert books(deps, child) == ("active", 0, 0, 40)


def test_a_child_that_is_wider_is_refused_with_every_reason_and_reserves_nothing(
    deps: Deps,
) -> None:
    root = allow(
        deps, 100, "r", per_payment=Money(20), limits=(Limit(Window.DAY, Money(50)),),
        payees=frozenset({"pat"}),
    )  # fmt: skip
    denied = ask_mandate(
        deps, 101, "c", parent_id=root.id, lifetime=timedelta(hours=25), per_payment=Money(21),
        limits=(Limit(Window.DAY, Money(51)),), payees=frozenset({"pat", "sue"}),
    )  # fmt: skip
    assert denied == Denied(
        (
            Refusal("mandate_total_exceeded", "asked of what the parent has left", 100, 101),
            Refusal("mandate_expiry_wider", "it would outlive its parent"),
            Refusal("mandate_payees_wider", "not among the parent's payees: sue"),
            Refusal("mandate_per_payment_wider", "the parent caps each payment", 20, 21),
            Refusal("mandate_limit_wider", "nothing is as tight as the parent's 24h"),
        ),
        None,
    )
    assert books(deps, root) == ("active", 0, 0, 100)


def test_where_only_the_total_is_too_large_the_largest_that_would_pass_is_named(deps: Deps) -> None:
    root = allow(deps, 100, "r")
    allow(deps, 70, "c", parent_id=root.id)
    denied = ask_mandate(deps, 31, "d", parent_id=root.id)
    refusal = Refusal("mandate_total_exceeded", "asked of what the parent has left", 30, 31)
    assert denied == Denied((refusal,), Money(30))


def test_the_same_key_makes_one_mandate_and_another_request_may_not_use_it(
    deps: Deps, clock: Clock
) -> None:
    root = allow(deps, 100, "r")
    child = allow(deps, 40, "c", parent_id=root.id)
    pay(deps, 5, child, "p")
    clock.go(hours=1)
    assert allow(deps, 40, "c", parent_id=root.id).id == child.id
    assert books(deps, root) == ("active", 5, 35, 60)
    with pytest.raises(KeyReused):
        ask_mandate(deps, 41, "c", parent_id=root.id)


def test_mandates_are_at_most_sixteen_deep(deps: Deps) -> None:
    line = [allow(deps, 100, "0")]
    for depth in range(1, DEEPEST):
        line.append(allow(deps, 100, str(depth), parent_id=line[-1].id))
    assert pay(deps, 100, line[-1], "p").state is IntentState.CAPTURED
    assert {books(deps, mandate) for mandate in line} == {("active", 100, 0, 0)}
    denied = ask_mandate(deps, 1, "deep", parent_id=line[-1].id)
    assert isinstance(denied, Denied)
    assert denied.refusals[0] == Refusal(
        "mandate_too_deep", "mandates below one another", DEEPEST, DEEPEST + 1, "mandates"
    )
    assert faults(deps) == []


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"holder": "nobody"}, NotFound),
        ({"parent_id": "man_none"}, NotFound),
        ({"total": Money(0)}, InvalidAmount),
        ({"purpose": " \u200b "}, InvalidInput),
        ({"lifetime": None}, InvalidInput),
        ({"lifetime": timedelta(0)}, InvalidInput),
        ({"lifetime": timedelta(days=4000)}, InvalidInput),
        ({"per_payment": Money(1, USDC)}, InvalidInput),
        ({"limits": (Limit(Window.DAY, Money(1, USDC)),)}, InvalidInput),
        ({"payees": frozenset({"p\x1bat"})}, InvalidInput),
        ({"categories": frozenset({""})}, InvalidInput),
    ],
)
def test_a_request_that_makes_no_sense_makes_nothing(
    deps: Deps, changes: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        ask_mandate(deps, 10, "m", **({"lifetime": timedelta(days=1)} | changes))
    with deps.store.reading() as reader:
        assert reader.find(Mandate) == []


def test_a_child_in_another_asset_is_refused(deps: Deps) -> None:
    root = allow(deps, 100, "r")
    denied = ask_mandate(deps, 1, "c", parent_id=root.id, total=Money(1, USDC))
    assert denied == Denied((Refusal("mandate_asset_wider", "the parent is in CREDIT"),), None)


def test_a_payment_counts_in_every_mandate_above(deps: Deps) -> None:
    root = allow(deps, 100, "r")
    child = allow(deps, 40, "c", parent_id=root.id)
    leaf = allow(deps, 30, "l", parent_id=child.id)
    assert pay(deps, 10, leaf, "p").state is IntentState.CAPTURED
    held = pay(deps, 5, leaf, "h", capture_method=MANUAL)
    assert [books(deps, one) for one in (root, child, leaf)] == [
        ("active", 10, 30, 60), ("active", 10, 20, 10), ("active", 10, 5, 15),
    ]  # fmt: skip
    capture_payment(deps, held.id, Money(2), final=True, key="k")
    assert [books(deps, one) for one in (root, child, leaf)] == [
        ("active", 12, 28, 60), ("active", 12, 18, 10), ("active", 12, 0, 18),
    ]  # fmt: skip
    assert faults(deps) == []


def test_the_kernel_refuses_what_a_mandate_does_not_allow(deps: Deps) -> None:
    root = allow(
        deps, 100, "r", per_payment=Money(20), limits=(Limit(Window.DAY, Money(30)),),
        payees=frozenset({"pat"}), categories=frozenset({"general"}),
    )  # fmt: skip
    leaf = allow(deps, 25, "l", parent_id=root.id)
    to_sue = (Share("sue", Money(5)),)
    codes = {
        "fine": [r.code for r in pay(deps, 20, leaf, "a").refusals],
        "left": [r.code for r in pay(deps, 6, leaf, "b").refusals],
        "payee": [r.code for r in pay(deps, 5, leaf, "c", shares=to_sue).refusals],
        "category": [r.code for r in pay(deps, 5, leaf, "d", category="toys").refusals],
        "holder": [r.code for r in pay(deps, 5, leaf, "e", requester="ben").refusals],
    }
    assert {what: list(dict.fromkeys(found)) for what, found in codes.items()} == {
        "fine": [],
        "left": ["mandate_exceeded"],
        "payee": ["mandate_payee_not_allowed"],
        "category": ["mandate_category_not_allowed"],
        "holder": ["mandate_of_another"],
    }


def test_closing_gives_back_what_was_not_used_and_keeps_what_payments_hold(deps: Deps) -> None:
    root = allow(deps, 100, "r")
    child = allow(deps, 40, "c", parent_id=root.id)
    pay(deps, 10, child, "p")
    held = pay(deps, 5, child, "h", capture_method=MANUAL)
    closed = close_mandate(deps, child.id)
    assert (closed.state, closed.total, closed.left) == (MandateState.CLOSED, Money(40), Money(25))
    assert books(deps, root) == ("active", 10, 5, 85)
    assert close_mandate(deps, child.id) == closed
    assert faults(deps) == []
    capture_payment(deps, held.id, Money(3), final=True, key="k")
    assert books(deps, root) == ("active", 13, 0, 87)
    assert books(deps, child) == ("closed", 13, 0, 27)
    assert [r.code for r in pay(deps, 1, child, "late").refusals] == ["mandate_inactive"]
    assert faults(deps) == []


def test_what_a_line_of_closed_mandates_held_goes_back_to_the_nearest_active_one(
    deps: Deps,
) -> None:
    root = allow(deps, 100, "r")
    child = allow(deps, 40, "c", parent_id=root.id)
    leaf = allow(deps, 30, "l", parent_id=child.id)
    held = pay(deps, 8, leaf, "h", capture_method=MANUAL)
    close_mandate(deps, leaf.id)
    close_mandate(deps, child.id)
    assert [books(deps, one) for one in (root, child, leaf)] == [
        ("active", 0, 8, 92), ("closed", 0, 8, 32), ("closed", 0, 8, 22),
    ]  # fmt: skip
    cancel_payment(deps, held.id)
    assert [books(deps, one) for one in (root, child, leaf)] == [
        ("active", 0, 0, 100), ("closed", 0, 0, 40), ("closed", 0, 0, 30),
    ]  # fmt: skip
    assert faults(deps) == []


def test_a_mandate_with_an_active_child_is_not_closed(deps: Deps) -> None:
    root = allow(deps, 100, "r")
    child = allow(deps, 40, "c", parent_id=root.id)
    with pytest.raises(WrongState) as caught:
        close_mandate(deps, root.id)
    assert caught.value.fixes[0].argv == ("flux", "mandates", "close", child.id)
    close_mandate(deps, child.id)
    assert close_mandate(deps, root.id).state is MandateState.CLOSED


def test_revoking_ends_all_below_and_returns_every_hold_at_once(deps: Deps) -> None:
    root = allow(deps, 100, "r")
    child = allow(deps, 40, "c", parent_id=root.id)
    leaf = allow(deps, 30, "l", parent_id=child.id)
    pay(deps, 10, leaf, "p")
    held = pay(deps, 5, leaf, "h", capture_method=MANUAL)
    part = pay(deps, 6, child, "q", capture_method=MANUAL)
    capture_payment(deps, part.id, Money(1), final=False, key="k")
    done = revoke_mandate(deps, child.id)
    assert [mandate.id for mandate in done.ended] == [leaf.id, child.id]
    assert [(payment.id, payment.state) for payment in done.cancelled] == [
        (held.id, IntentState.CANCELLED), (part.id, IntentState.CAPTURED),
    ]  # fmt: skip
    assert done.carded == ()
    assert [books(deps, one) for one in (root, child, leaf)] == [
        ("active", 11, 0, 89), ("revoked", 11, 0, 29), ("revoked", 10, 0, 20),
    ]  # fmt: skip
    assert (in_wallet(deps, "ann"), in_wallet(deps, "pat")) == (PLENTY - 11, 11)
    again = revoke_mandate(deps, child.id)
    assert (again.ended, again.cancelled) == ((), ())
    assert faults(deps) == []


def test_revoking_leaves_a_card_to_its_own_verbs(deps: Deps) -> None:
    root = allow(deps, 100, "r")
    carded = pay(deps, 9, root, "p", capture_method=CARD)
    done = revoke_mandate(deps, root.id)
    assert ([payment.id for payment in done.carded], done.cancelled) == ([carded.id], ())
    assert books(deps, root) == ("revoked", 0, 9, 91)
    assert faults(deps) == []


def test_a_payment_that_waits_for_the_owner_is_refused_once_its_mandate_is_revoked(
    tmp_path: Path, clock: Clock
) -> None:
    deps = economy(tmp_path, clock, owner_threshold=Money(10))
    root = allow(deps, 100, "r")
    waiting = pay(deps, 11, root, "p")
    assert waiting.state is IntentState.AWAITING_OWNER
    revoke_mandate(deps, root.id)
    refused = approve_payment(deps, waiting.id)
    assert refused.state is IntentState.DENIED
    assert [refusal.code for refusal in refused.refusals] == ["mandate_inactive"]
    assert in_wallet(deps, "ann") == PLENTY


def test_a_mandate_that_is_revoked_during_the_vote_pays_nothing(
    tmp_path: Path, clock: Clock
) -> None:
    deps = economy(tmp_path, clock, approval_threshold=Money(10))
    root = allow(deps, 100, "r")

    def revoke_at_first_ballot(step: str, /, **facts: object) -> None:
        if step == "ballot":
            revoke_mandate(deps, root.id)

    request = asked(11, mandate_id=root.id, justification="it pays", claimed_return=Money(99))
    refused = request_money(deps, request, key="p", progress=revoke_at_first_ballot)
    assert refused.state is IntentState.DENIED
    assert "mandate_inactive" in {refusal.code for refusal in refused.refusals}
    assert (in_wallet(deps, "ann"), books(deps, root)) == (PLENTY, ("revoked", 0, 0, 100))


def test_time_ends_a_mandate_with_its_children_and_their_rest_goes_up(
    deps: Deps, clock: Clock
) -> None:
    root = allow(deps, 100, "r", lifetime=timedelta(hours=48))
    child = allow(deps, 40, "c", parent_id=root.id, lifetime=timedelta(hours=24))
    leaf = allow(deps, 30, "l", parent_id=child.id)
    pay(deps, 10, leaf, "p")
    held = pay(deps, 5, leaf, "h", capture_method=MANUAL, hold_hours=30)
    assert expire_mandates(deps) == []
    clock.go(hours=24)
    assert [r.code for r in pay(deps, 1, leaf, "late").refusals] == ["mandate_expired"] * 2
    assert [mandate.id for mandate in expire_mandates(deps)] == [leaf.id, child.id]
    assert [books(deps, one) for one in (root, child, leaf)] == [
        ("active", 10, 5, 85), ("expired", 10, 5, 25), ("expired", 10, 5, 15),
    ]  # fmt: skip
    clock.go(hours=6)
    assert [payment.id for payment in expire_payments(deps)] == [held.id]
    assert books(deps, root) == ("active", 10, 0, 90)
    denied = ask_mandate(deps, 1, "d", parent_id=child.id, lifetime=timedelta(hours=1))
    assert isinstance(denied, Denied)
    assert [refusal.code for refusal in denied.refusals] == [
        "mandate_inactive", "mandate_expired", "mandate_expiry_wider",
    ]  # fmt: skip
    assert faults(deps) == []


def test_a_clock_that_is_set_back_revives_nothing(deps: Deps, clock: Clock) -> None:
    root = allow(deps, 100, "r")
    clock.go(hours=24)
    assert [mandate.id for mandate in expire_mandates(deps)] == [root.id]
    clock.go(hours=-24)
    denied = ask_mandate(deps, 1, "d", parent_id=root.id)
    assert isinstance(denied, Denied)
    assert denied.refusals[0] == Refusal("mandate_inactive", f"{root.id} is expired")


@pytest.mark.parametrize("broken", ["reserved", "spent"])
def test_the_verifier_finds_a_mandate_whose_books_do_not_add_up(deps: Deps, broken: str) -> None:
    root = allow(deps, 100, "r")
    child = allow(deps, 40, "c", parent_id=root.id)
    pay(deps, 10, child, "p")
    assert faults(deps) == []
    with deps.store.begin() as tx:
        wrong = tx.get(Mandate, child.id)
        more = getattr(wrong, broken) + Money(1)
        tx.put(replace(wrong, **{broken: more}), "mandate.settled")
    told = {
        "reserved": [f"{child.id} has 1 reserved, its payments and children 0"],
        "spent": [
            f"{root.id} has 30 reserved, its payments and children 29",
            f"{root.id} has spent 10, its payments and children 11",
            f"{child.id} has spent 11, its payments and children 10",
        ],
    }
    assert faults(deps) == told[broken]


def test_no_two_mandates_are_told_of_one_payment(deps: Deps) -> None:
    first, second = allow(deps, 50, "a"), allow(deps, 50, "b")
    pay(deps, 10, first, "p")
    with pytest.raises(KeyReused):
        pay(deps, 10, second, "p")
    with deps.store.reading() as reader:
        assert len(reader.find(PaymentIntent)) == 1
    assert books(deps, second) == ("active", 0, 0, 50)
