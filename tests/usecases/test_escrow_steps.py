"""Each step of an escrow: who may take it, when, what it moves, and that a retry moves nothing."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from escrow_economy import DAY, START, WORK, Economy, coins, economy_at, quiet, request

from flux_cli.domain.agents import ECONOMY
from flux_cli.domain.escrows import Dispute, Escrow, EscrowState, Milestone, MilestoneState
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.money import CREDIT, USDC, Money
from flux_cli.domain.refusals import Refusal
from flux_cli.errors import (
    Frozen,
    InvalidAmount,
    InvalidInput,
    KeyReused,
    NotFound,
    WrongState,
)
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.capture_payment import expire_payments
from flux_cli.usecases.end_escrow import (
    Part,
    dispute_escrow,
    expire_escrows,
    refund_escrow,
    release_escrow,
    resolve_escrow,
    submit_work,
)
from flux_cli.usecases.freeze import set_frozen
from flux_cli.usecases.open_escrow import EscrowRequest, create_escrow
from flux_cli.usecases.request_money import approve_payment

MILESTONES = (("draft", coins(5)), ("final", coins(15)))
EVALUATOR = "data-analyst"


@pytest.fixture
def economy(tmp_path: Path) -> Economy:
    return economy_at(tmp_path / "flux.db")


@pytest.fixture(autouse=True)
def everything_agrees(economy: Economy):
    """After every test the whole ledger verifies."""
    yield
    assert economy.faults() == set()


def release(economy: Economy, escrow: Escrow, key: str = "r", **part: object) -> Escrow:
    made = release_escrow(
        economy.deps,
        escrow.id,
        Part(**part),
        by=EVALUATOR,
        key=key,  # type: ignore[arg-type]
    )
    assert isinstance(made, Escrow), made
    return made


def not_for(by: str, why: str) -> Denied:
    return Denied((Refusal("not_this_party", f"{by} may not: {why}"),))


# Creating


def test_an_escrow_locks_the_payers_money_and_pays_nobody(economy: Economy) -> None:
    made = economy.create(milestones=MILESTONES)
    now = economy.clock.time
    assert made == Escrow(
        id=made.id,
        key="k",
        state=EscrowState.FUNDED,
        payer="orchestrator",
        payee="researcher",
        evaluator=EVALUATOR,
        amount=coins(20),
        released=coins(0),
        refunded=coins(0),
        memo="a market study",
        milestones=(
            Milestone("draft", coins(5), MilestoneState.PENDING),
            Milestone("final", coins(15), MilestoneState.PENDING),
        ),
        deliverable_hash=None,
        dispute=None,
        intent_id=made.intent_id,
        expires_at=now + 7 * DAY,
        created_at=now,
        updated_at=now,
    )
    assert economy.balances(made.id) == (480, 20, 0)
    with economy.deps.store.reading() as reader:
        intent = reader.get(PaymentIntent, made.intent_id)
    assert (intent.state, intent.captured, intent.escrowed) == (
        IntentState.CAPTURED,
        coins(20),
        True,
    )


def test_creating_again_with_the_same_key_gives_the_same_escrow_and_moves_nothing(
    economy: Economy,
) -> None:
    made, before = economy.create(), economy.entries()
    assert economy.create() == made
    assert economy.entries() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": coins(21)},
        {"payee": "content-writer"},
        {"evaluator": "orchestrator"},
        {"expires_in": 8 * DAY},
        {"milestones": MILESTONES},
        {"memo": "another study"},
    ],
)
def test_the_same_key_for_other_terms_is_refused(economy: Economy, changes: dict) -> None:
    economy.create()
    with pytest.raises(KeyReused):
        create_escrow(economy.deps, request(**changes), key="k", progress=quiet)


@pytest.mark.parametrize(
    ("changes", "failure", "says"),
    [
        ({"evaluator": "researcher"}, InvalidInput, "cannot judge its own work"),
        ({"expires_in": timedelta(0)}, InvalidInput, "at most 366 days"),
        ({"expires_in": 367 * DAY}, InvalidInput, "at most 366 days"),
        ({"memo": " "}, InvalidInput, "what the money is for"),
        ({"milestones": (("a", coins(5)),)}, InvalidAmount, r"add up to \$5\.00, not to \$20\.00"),
        ({"milestones": (("a", coins(0)), ("b", coins(20)))}, InvalidAmount, "nothing"),
        ({"milestones": (("a", coins(5)), ("a", coins(15)))}, InvalidInput, "each name once"),
        ({"milestones": (("a\x1b[2J", coins(20)),)}, InvalidInput, "plain characters"),
        ({"milestones": (("a", Money(20, USDC)),)}, InvalidAmount, "in CREDIT"),
        ({"payee": "nobody"}, NotFound, "nobody"),
        ({"evaluator": "nobody"}, NotFound, "nobody"),
    ],
)
def test_terms_no_escrow_can_have_are_refused_before_anybody_is_asked(
    economy: Economy, changes: dict, failure: type[Exception], says: str
) -> None:
    with pytest.raises(failure, match=says):
        create_escrow(economy.deps, request(**changes), key="k", progress=quiet)
    with economy.deps.store.reading() as reader:
        assert reader.find(PaymentIntent) == []


def test_a_denied_escrow_is_its_payment_with_the_refusals(economy: Economy) -> None:
    asked = request(amount=coins(251))
    denied = create_escrow(economy.deps, asked, key="k", progress=quiet)
    assert isinstance(denied, PaymentIntent)
    assert (denied.state, denied.refusals[0].code) == (IntentState.DENIED, "per_payment_exceeded")
    assert create_escrow(economy.deps, asked, key="k", progress=quiet) == denied
    with economy.deps.store.reading() as reader:
        assert reader.find(Escrow) == []


def test_an_escrow_that_waits_for_the_owner_is_funded_after_the_yes(tmp_path: Path) -> None:
    careful = economy_at(tmp_path / "careful.db", owner_threshold="10.00")
    waiting = create_escrow(careful.deps, request(), key="k", progress=quiet)
    assert isinstance(waiting, PaymentIntent)
    assert waiting.state is IntentState.AWAITING_OWNER
    approve_payment(careful.deps, waiting.id)
    made = careful.create()
    assert (made.intent_id, careful.balances(made.id)) == (waiting.id, (480, 20, 0))
    assert careful.faults() == set()


def test_a_hold_that_grew_too_old_is_not_locked_but_given_back(tmp_path: Path) -> None:
    careful = economy_at(tmp_path / "careful.db", owner_threshold="10.00")
    waiting = create_escrow(careful.deps, request(), key="k", progress=quiet)
    approve_payment(careful.deps, waiting.id)
    careful.clock.time += DAY
    with pytest.raises(WrongState, match="its payment is approved; the hold is used or too old"):
        careful.create()
    expire_payments(careful.deps)
    with pytest.raises(WrongState, match="its payment is expired"):
        careful.create()
    assert careful.balances("none") == (500, 0, 0)
    assert careful.faults() == set()


def test_38_a_freeze_between_the_yes_and_the_escrow_keeps_it_from_starting(tmp_path: Path) -> None:
    careful = economy_at(tmp_path / "careful.db", owner_threshold="10.00")
    waiting = create_escrow(careful.deps, request(), key="k", progress=quiet)
    approve_payment(careful.deps, waiting.id)
    set_frozen(careful.deps, ECONOMY, frozen=True, reason="")
    with pytest.raises(Frozen):
        careful.create()
    set_frozen(careful.deps, ECONOMY, frozen=False, reason="")
    assert careful.balances(careful.create().id) == (480, 20, 0)
    assert careful.faults() == set()


# Handing in


def test_handing_in_records_the_hash_and_again_changes_nothing(economy: Economy) -> None:
    made = economy.create()
    handed = submit_work(economy.deps, made.id, WORK, by="researcher")
    assert handed == replace(made, state=EscrowState.SUBMITTED, deliverable_hash=WORK)
    economy.clock.time += DAY
    assert submit_work(economy.deps, made.id, WORK, by="researcher") == handed


def test_other_work_replaces_what_was_handed_in(economy: Economy) -> None:
    made = economy.submitted()
    economy.clock.time += DAY
    other = submit_work(economy.deps, made.id, "cd" * 32, by="researcher")
    assert other == replace(made, deliverable_hash="cd" * 32, updated_at=economy.clock.time)


def test_only_the_payee_hands_in(economy: Economy) -> None:
    made = economy.create()
    outcome = submit_work(economy.deps, made.id, WORK, by="orchestrator")
    assert outcome == not_for("orchestrator", "only researcher hands in work")


@pytest.mark.parametrize("wrong", ["", "ab" * 31, "AB" * 32, "zz" * 32, "ab" * 32 + "\n"])
def test_what_is_no_hash_is_refused(economy: Economy, wrong: str) -> None:
    with pytest.raises(InvalidInput, match="64 hexadecimal digits"):
        submit_work(economy.deps, economy.create().id, wrong, by="researcher")


# Releasing


def test_releasing_all_pays_the_payee_and_completes(economy: Economy) -> None:
    made = economy.submitted()
    done = release(economy, made)
    assert done == replace(made, state=EscrowState.COMPLETED, released=coins(20))
    assert economy.balances(made.id) == (480, 0, 20)
    with economy.deps.store.reading() as reader:
        assert reader.flows("researcher", CREDIT)[0] == coins(20)
        assert reader.flows("orchestrator", CREDIT)[1] == coins(20)


def test_releasing_parts_by_amount_pays_each_once(economy: Economy) -> None:
    made = economy.submitted()
    part = release(economy, made, "one", amount=coins(8))
    assert release(economy, made, "one", amount=coins(8)) == part
    assert economy.balances(made.id) == (480, 12, 8)
    assert release(economy, made, "two", amount=coins(12)).state is EscrowState.COMPLETED
    assert economy.balances(made.id) == (480, 0, 20)


def test_releasing_milestones_pays_each_once(economy: Economy) -> None:
    made = economy.submitted(milestones=MILESTONES)
    first = release(economy, made, "one", milestone="draft")
    assert [one.state for one in first.milestones] == ["released", "pending"]
    assert release(economy, made, "one", milestone="draft") == first
    with pytest.raises(WrongState, match="draft is released already"):
        release(economy, made, "other", milestone="draft")
    assert economy.balances(made.id) == (480, 15, 5)
    rest = release(economy, made, "two")
    assert [one.state for one in rest.milestones] == ["released", "released"]
    assert (rest.state, economy.balances(made.id)) == (EscrowState.COMPLETED, (480, 0, 20))


def test_a_key_names_one_release(economy: Economy) -> None:
    made = economy.submitted(milestones=(("draft", coins(10)), ("final", coins(10))))
    release(economy, made, "one", milestone="draft")
    for part in ({"milestone": "final"}, {}, {"amount": coins(3)}):
        with pytest.raises(KeyReused):
            release(economy, made, "one", **part)
    assert economy.balances(made.id) == (480, 10, 10)


@pytest.mark.parametrize(
    ("part", "failure", "says"),
    [
        ({"amount": coins(21)}, InvalidAmount, r"at most \$20\.00"),
        ({"amount": coins(0)}, InvalidAmount, r"at most \$20\.00"),
        ({"amount": Money(-1)}, InvalidAmount, r"at most \$20\.00"),
        ({"amount": Money(1, USDC)}, InvalidAmount, r"at most \$20\.00"),
        ({"milestone": "draft"}, InvalidInput, "there are none"),
        ({"milestone": "draft", "amount": coins(1)}, InvalidInput, "released whole"),
    ],
)
def test_a_part_that_is_not_there_is_refused(
    economy: Economy, part: dict, failure: type[Exception], says: str
) -> None:
    made = economy.submitted()
    with pytest.raises(failure, match=says):
        release(economy, made, **part)
    assert economy.balances(made.id) == (480, 20, 0)


def test_milestones_are_released_whole(economy: Economy) -> None:
    made = economy.submitted(milestones=MILESTONES)
    with pytest.raises(InvalidInput, match="released whole"):
        release(economy, made, amount=coins(5))
    with pytest.raises(InvalidInput, match="there are draft, final"):
        release(economy, made, milestone="end")


@pytest.mark.parametrize("by", ["orchestrator", "researcher", "nobody"])
def test_only_the_evaluator_accepts_and_before_the_expiry_rejects(
    economy: Economy, by: str
) -> None:
    made = economy.submitted()
    accepted = release_escrow(economy.deps, made.id, Part(), by=by, key="r")
    assert accepted == not_for(by, "only data-analyst accepts the work")
    rejected = refund_escrow(economy.deps, made.id, by=by, key="r")
    assert rejected == not_for(by, "until it expires only data-analyst rejects the work")
    assert economy.kept(made.id) == made


def test_108_nothing_is_released_before_work_is_handed_in(economy: Economy) -> None:
    made = economy.create()
    with pytest.raises(WrongState, match="it is funded") as caught:
        release(economy, made)
    assert caught.value.fixes[0].argv == ("flux", "escrow", "submit", made.id, "--file", "FILE")
    assert economy.balances(made.id) == (480, 20, 0)


# Giving back


@pytest.mark.parametrize("handed_in", [False, True])
def test_108_what_the_evaluator_rejects_goes_back_once(economy: Economy, handed_in: bool) -> None:
    made = economy.submitted() if handed_in else economy.create()
    back = refund_escrow(economy.deps, made.id, by=EVALUATOR, key="x")
    assert back == replace(made, state=EscrowState.REJECTED, refunded=coins(20))
    assert refund_escrow(economy.deps, made.id, by=EVALUATOR, key="x") == back
    assert economy.balances(made.id) == (500, 0, 0)
    with economy.deps.store.reading() as reader:
        assert reader.flows("orchestrator", CREDIT)[1] == coins(0)


def test_after_a_part_was_released_only_the_rest_goes_back(economy: Economy) -> None:
    made = economy.submitted(milestones=MILESTONES)
    release(economy, made, milestone="draft")
    back = refund_escrow(economy.deps, made.id, by=EVALUATOR, key="x")
    assert isinstance(back, Escrow)
    assert (back.released, back.refunded) == (coins(5), coins(15))
    assert [one.state for one in back.milestones] == ["released", "refunded"]
    assert economy.balances(made.id) == (495, 0, 5)


@pytest.mark.parametrize("by", ["orchestrator", "researcher", "image-generator", "nobody"])
def test_from_the_expiry_on_anyone_gives_it_back(economy: Economy, by: str) -> None:
    made = economy.submitted()
    economy.clock.time = made.expires_at
    back = refund_escrow(economy.deps, made.id, by=by, key="x")
    assert isinstance(back, Escrow)
    assert (back.state, back.refunded) == (EscrowState.EXPIRED, coins(20))
    assert economy.balances(made.id) == (500, 0, 0)


def test_from_the_expiry_on_nothing_else_is_possible(economy: Economy) -> None:
    made = economy.submitted()
    economy.clock.time = made.expires_at
    over = "its time was over at 2026-11-29 12:00 UTC"
    with pytest.raises(WrongState, match=over) as caught:
        release(economy, made)
    assert caught.value.fixes[0].argv == ("flux", "escrow", "refund", made.id)
    with pytest.raises(WrongState, match=over):
        submit_work(economy.deps, made.id, "cd" * 32, by="researcher")
    with pytest.raises(WrongState, match=over):
        dispute_escrow(economy.deps, made.id, by="researcher", reason="wait")
    assert economy.kept(made.id) == made


def test_a_clock_set_back_makes_no_escrow_younger(economy: Economy) -> None:
    made = economy.submitted()
    economy.clock.time = made.expires_at
    set_frozen(economy.deps, "content-writer", frozen=True, reason="")
    economy.clock.time = made.created_at
    with pytest.raises(WrongState, match="its time was over"):
        release(economy, made)


def test_the_sweep_gives_back_what_is_due_and_nothing_else(economy: Economy) -> None:
    due, later = economy.submitted("a"), economy.create("b", expires_in=9 * DAY)
    argued, done = economy.submitted("c"), economy.submitted("d")
    dispute_escrow(economy.deps, argued.id, by="orchestrator", reason="bad")
    release(economy, done)
    assert expire_escrows(economy.deps) == []
    economy.clock.time = due.expires_at
    swept = expire_escrows(economy.deps)
    assert [(one.id, one.state) for one in swept] == [(due.id, EscrowState.EXPIRED)]
    assert expire_escrows(economy.deps) == []
    states = [economy.kept(one.id).state for one in (later, argued, done)]
    assert states == ["funded", "disputed", "completed"]


# Freezing


@pytest.mark.parametrize("subject", [ECONOMY, "orchestrator", "researcher", EVALUATOR])
def test_38_a_freeze_stops_releases_and_never_what_goes_back(
    economy: Economy, subject: str
) -> None:
    rejected, expired = economy.submitted("a"), economy.submitted("b")
    set_frozen(economy.deps, subject, frozen=True, reason="")
    with pytest.raises(Frozen):
        release(economy, rejected)
    refund_escrow(economy.deps, rejected.id, by=EVALUATOR, key="x")
    economy.clock.time = expired.expires_at
    refund_escrow(economy.deps, expired.id, by="orchestrator", key="x")
    assert economy.balances(rejected.id) == (500, 0, 0)


def test_38_under_a_freeze_a_dispute_can_only_give_all_of_it_back(economy: Economy) -> None:
    made = economy.submitted()
    dispute_escrow(economy.deps, made.id, by="orchestrator", reason="bad")
    set_frozen(economy.deps, ECONOMY, frozen=True, reason="")
    with pytest.raises(Frozen):
        resolve_escrow(economy.deps, made.id, coins(1), key="o")
    done = resolve_escrow(economy.deps, made.id, coins(0), key="o")
    assert (done.state, economy.balances(made.id)) == (EscrowState.REJECTED, (500, 0, 0))


# Disputing


@pytest.mark.parametrize("by", ["orchestrator", "researcher"])
def test_37_nothing_moves_while_a_dispute_is_open_not_even_after_the_expiry(
    economy: Economy, by: str
) -> None:
    made = economy.submitted()
    argued = dispute_escrow(economy.deps, made.id, by=by, reason="the numbers are wrong")
    said = Dispute(by, "the numbers are wrong", economy.clock.time)
    assert argued == replace(made, state=EscrowState.DISPUTED, dispute=said)
    for _ in range(2):
        with pytest.raises(WrongState, match="it is disputed"):
            release(economy, made)
        with pytest.raises(WrongState, match="it is disputed"):
            refund_escrow(economy.deps, made.id, by="orchestrator", key="x")
        with pytest.raises(WrongState, match="it is disputed"):
            submit_work(economy.deps, made.id, WORK, by="researcher")
        assert expire_escrows(economy.deps) == []
        economy.clock.time = made.expires_at + DAY
    assert economy.balances(made.id) == (480, 20, 0)


def test_the_same_objection_again_changes_nothing_and_another_is_refused(economy: Economy) -> None:
    made = economy.create()
    argued = dispute_escrow(economy.deps, made.id, by="researcher", reason="why")
    economy.clock.time += DAY
    assert dispute_escrow(economy.deps, made.id, by="researcher", reason="why") == argued
    with pytest.raises(WrongState, match="it is disputed"):
        dispute_escrow(economy.deps, made.id, by="orchestrator", reason="why")


def test_only_the_two_sides_dispute_and_say_why(economy: Economy) -> None:
    made = economy.create()
    outcome = dispute_escrow(economy.deps, made.id, by=EVALUATOR, reason="why")
    assert outcome == not_for(EVALUATOR, "only the payer and the payee dispute it")
    with pytest.raises(InvalidInput, match="say what is disputed"):
        dispute_escrow(economy.deps, made.id, by="researcher", reason=" ")


@pytest.mark.parametrize(
    ("to_payee", "state", "balances"),
    [(0, "rejected", (500, 0, 0)), (7, "completed", (493, 0, 7)), (20, "completed", (480, 0, 20))],
)
def test_the_owner_decides_once_between_the_two_sides(
    economy: Economy, to_payee: int, state: str, balances: tuple[int, int, int]
) -> None:
    made = economy.submitted()
    dispute_escrow(economy.deps, made.id, by="orchestrator", reason="bad")
    economy.clock.time = made.expires_at + DAY
    done = resolve_escrow(economy.deps, made.id, coins(to_payee), key="o")
    assert (done.state, done.released, done.refunded) == (
        state,
        coins(to_payee),
        coins(20 - to_payee),
    )
    assert resolve_escrow(economy.deps, made.id, coins(to_payee), key="o") == done
    with pytest.raises(KeyReused):
        resolve_escrow(economy.deps, made.id, coins(1), key="o")
    with pytest.raises(WrongState):
        resolve_escrow(economy.deps, made.id, coins(to_payee), key="other")
    assert economy.balances(made.id) == balances


@pytest.mark.parametrize("wrong", [coins(21), Money(-1), Money(1, USDC)])
def test_the_owner_decides_on_no_more_than_is_locked(economy: Economy, wrong: Money) -> None:
    made = economy.submitted()
    dispute_escrow(economy.deps, made.id, by="orchestrator", reason="bad")
    with pytest.raises(InvalidAmount, match=r"from nothing to \$20\.00"):
        resolve_escrow(economy.deps, made.id, wrong, key="o")


def test_what_is_not_disputed_is_not_decided_on(economy: Economy) -> None:
    with pytest.raises(WrongState, match="it is submitted"):
        resolve_escrow(economy.deps, economy.submitted().id, coins(1), key="o")


@pytest.mark.parametrize("key", ["", "k" * 201])
def test_a_key_that_names_nothing_or_too_much_is_refused(economy: Economy, key: str) -> None:
    with pytest.raises(InvalidInput, match="1 to 200 characters"):
        create_escrow(economy.deps, request(), key=key, progress=quiet)
    made = economy.submitted()
    with pytest.raises(InvalidInput, match="1 to 200 characters"):
        release(economy, made, key)
    assert release(economy, made, "k" * 200).state is EscrowState.COMPLETED


# Verifying


def test_verify_names_an_escrow_whose_account_is_off(tmp_path: Path) -> None:
    """Each row says what its last event said, so only its account can contradict it."""
    wrong = economy_at(tmp_path / "wrong.db")
    made = wrong.submitted()
    assert wrong.faults() == set()
    less = replace(made, released=coins(1))
    with wrong.deps.store.begin() as tx:
        tx.put(less, "escrow.released")
    assert wrong.faults() == {
        f"{made.id} has 20000000 in its account, its state leaves 19000000",
        f"escrow:{made.id} locks 20000000, its contract, escrow or cart 19000000",
    }
    with wrong.deps.store.begin() as tx:
        tx.put(replace(less, refunded=coins(19), state=EscrowState.REJECTED), "escrow.rejected")
    assert wrong.faults() == {
        f"{made.id} has 20000000 in its account, its state leaves 0",
        f"escrow:{made.id} locks 20000000, its contract, escrow or cart 0",
    }


def test_verify_names_an_escrow_without_an_account(tmp_path: Path) -> None:
    wrong = economy_at(tmp_path / "wrong.db")
    ghost = replace(wrong.create(), id="esc_ghost", key="ghost", intent_id="pi_ghost")
    with wrong.deps.store.begin() as tx:
        tx.put(ghost, "escrow.funded")
    assert wrong.faults() == {"esc_ghost has 0 in its account, its state leaves 20000000"}


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": coins(30)},
        {"payee": "content-writer"},
        {"payer": "content-writer"},
        {"evaluator": "orchestrator"},
        {"key": "other"},
        {"intent_id": "pi_other"},
        {"expires_at": START + DAY},
        {"released": coins(21)},
        {"released": coins(20)},
        {"state": EscrowState.COMPLETED},
        {"deliverable_hash": "ab"},
    ],
)
def test_the_ledger_itself_keeps_the_terms_of_an_escrow(economy: Economy, changes: dict) -> None:
    made = economy.submitted()
    with pytest.raises(sqlite3.IntegrityError), economy.deps.store.begin() as tx:
        tx.put(replace(made, **changes), "escrow.changed")
    assert economy.kept(made.id) == made


def test_the_ledger_itself_brings_no_ended_escrow_back(economy: Economy) -> None:
    made = economy.submitted()
    done = release(economy, made)
    for again in (made, replace(done, memo="other")):
        with pytest.raises(sqlite3.IntegrityError), economy.deps.store.begin() as tx:
            tx.put(again, "escrow.again")
    assert economy.kept(made.id) == done


def test_the_request_is_bound_to_its_terms() -> None:
    plain: EscrowRequest = request()
    others = [
        replace(plain, evaluator="orchestrator"),
        replace(plain, expires_in=timedelta(microseconds=1)),
        replace(plain, milestones=MILESTONES),
    ]
    assert len({one.terms_digest for one in (plain, *others)}) == 4
