"""Escrows through the SDK: locked, then released or given back, never both."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from flux_cli.errors import Frozen
from flux_cli.sdk import AgentPaySDK, EntryType, Escrow, EscrowResult, EscrowStatus, Policy, Wallet
from flux_cli.usecases.freeze import set_frozen


def locked(sdk: AgentPaySDK, amount: int = 400, memo: str | None = "a banner") -> Escrow:
    result = sdk.create_escrow("alice", "bob", amount, memo)
    assert result == EscrowResult(True, result.escrow)
    assert result.escrow is not None
    return result.escrow


def test_an_escrow_sets_money_aside(pair: AgentPaySDK) -> None:
    escrow = locked(pair)

    assert (escrow.from_agent_id, escrow.to_agent_id, escrow.amount) == ("alice", "bob", 400)
    assert (escrow.status, escrow.completed_at, escrow.memo) == (
        EscrowStatus.LOCKED, None, "a banner",
    )  # fmt: skip
    assert pair.get_escrow(escrow.escrow_id) == escrow
    assert pair.get_wallet("alice") == Wallet(9_600, 400, 10_000)
    assert pair.get_wallet("bob") == Wallet(0, 0, 0)


def test_a_released_escrow_pays_the_payee_once(pair: AgentPaySDK) -> None:
    escrow = locked(pair)

    result = pair.release_escrow(escrow.escrow_id)

    assert result.success
    assert result.escrow is not None
    assert result.escrow.status is EscrowStatus.RELEASED
    assert result.escrow.completed_at is not None
    assert pair.release_escrow(escrow.escrow_id) == result
    assert pair.get_wallet("alice") == Wallet(9_600, 0, 9_600)
    assert pair.get_wallet("bob") == Wallet(400, 0, 400)


def test_a_cancelled_escrow_gives_the_payer_back_once(pair: AgentPaySDK) -> None:
    escrow = locked(pair)

    result = pair.cancel_escrow(escrow.escrow_id)

    assert result.escrow is not None
    assert (result.success, result.escrow.status) == (True, EscrowStatus.CANCELLED)
    assert pair.cancel_escrow(escrow.escrow_id) == result
    assert pair.get_wallet("alice") == Wallet(10_000, 0, 10_000)
    assert pair.get_wallet("bob") == Wallet(0, 0, 0)


def test_an_ended_escrow_does_not_end_again_otherwise(pair: AgentPaySDK) -> None:
    paid, back = locked(pair), locked(pair)
    released, cancelled = pair.release_escrow(paid.escrow_id), pair.cancel_escrow(back.escrow_id)

    for result, was in (
        (pair.cancel_escrow(paid.escrow_id), released),
        (pair.release_escrow(back.escrow_id), cancelled),
    ):
        assert (result.success, result.error_code) == (False, "ESCROW_NOT_LOCKED")
        assert result.escrow == was.escrow
    assert (pair.get_balance("alice"), pair.get_balance("bob")) == (9_600, 400)


def test_an_unknown_escrow_is_none(pair: AgentPaySDK) -> None:
    assert pair.get_escrow("esc_x") is None
    for result in (pair.release_escrow("esc_x"), pair.cancel_escrow("esc_x")):
        assert result == EscrowResult(False, None, "ESCROW_NOT_FOUND", "no escrow 'esc_x'")


def test_an_escrow_is_judged_like_a_payment(pair: AgentPaySDK) -> None:
    for policy, payer, payee, amount, code in (
        (Policy(), "nobody", "bob", 1, "PAYER_NOT_FOUND"),
        (Policy(), "alice", "nobody", 1, "PAYEE_NOT_FOUND"),
        (Policy(), "alice", "alice", 1, "RECIPIENT_NOT_ALLOWED"),
        (Policy(), "alice", "bob", 10_001, "INSUFFICIENT_FUNDS"),
        (Policy(paused=True), "alice", "bob", 1, "AGENT_PAUSED"),
        (Policy(allowlist=set()), "alice", "bob", 1, "RECIPIENT_NOT_ALLOWED"),
        (Policy(max_per_transaction=9), "alice", "bob", 10, "AMOUNT_EXCEEDS_LIMIT"),
        (Policy(daily_spend_cap=9), "alice", "bob", 10, "AMOUNT_EXCEEDS_LIMIT"),
    ):
        pair.update_agent_policy("alice", policy)

        result = pair.create_escrow(payer, payee, amount)

        assert (result.success, result.escrow, result.error_code) == (False, None, code)
        assert result.error_message
    assert pair.get_wallet("alice") == Wallet(10_000, 0, 10_000)
    assert pair.list_agent_escrows("alice") == []


def test_what_is_locked_counts_against_the_day(pair: AgentPaySDK) -> None:
    pair.update_agent_policy("alice", Policy(daily_spend_cap=500))
    locked(pair, 400)

    assert pair.pay("alice", "bob", 101).error_code == "AMOUNT_EXCEEDS_LIMIT"
    assert pair.pay("alice", "bob", 100).success


def test_a_large_escrow_waits_for_the_owner_and_is_then_made(pair: AgentPaySDK) -> None:
    pair.update_agent_policy("alice", Policy(require_human_approval_over=100))

    waits = pair.create_escrow("alice", "bob", 400, "a banner", idempotency_key="key")

    assert (waits.success, waits.error_code) == (False, "APPROVAL_REQUIRED")
    assert waits.error_message is not None
    intent_id = waits.error_message.split("approve_payment('")[1].split("'")[0]
    pair.approve_payment(intent_id)
    made = pair.create_escrow("alice", "bob", 400, "a banner", idempotency_key="key")
    assert made.success
    assert pair.get_wallet("alice") == Wallet(9_600, 400, 10_000)


def test_a_key_locks_once(pair: AgentPaySDK) -> None:
    first = pair.create_escrow("alice", "bob", 400, "x", idempotency_key="key")

    assert pair.create_escrow("alice", "bob", 400, "x", idempotency_key="key") == first
    other = pair.create_escrow("alice", "bob", 401, "x", idempotency_key="key")
    assert (other.success, other.error_code) == (False, "IDEMPOTENCY_KEY_REUSED")
    assert pair.get_wallet("alice") == Wallet(9_600, 400, 10_000)


def test_escrows_are_listed_by_role_and_status(pair: AgentPaySDK) -> None:
    pair.fund_agent("bob", 100)
    first, second = locked(pair, 1), locked(pair, 2)
    third = pair.create_escrow("bob", "alice", 3).escrow
    assert third is not None
    released = pair.release_escrow(first.escrow_id).escrow

    assert pair.list_agent_escrows("alice") == [third, second, released]
    assert pair.list_agent_escrows("alice", "payer") == [second, released]
    assert pair.list_agent_escrows("alice", "payee") == [third]
    assert pair.list_agent_escrows("bob", status=EscrowStatus.LOCKED) == [third, second]
    assert pair.list_agent_escrows("bob", "payee", "released") == [released]
    assert pair.list_agent_escrows("nobody") == []
    with pytest.raises(ValueError, match="role is one of payer, payee"):
        pair.list_agent_escrows("alice", "friend")
    with pytest.raises(ValueError, match="'GONE'"):
        pair.list_agent_escrows("alice", status="gone")


@pytest.mark.parametrize(
    ("end", "sides"),
    [
        (None, [("alice", -400, "escrow_lock"), ("escrow", 400, "escrow_lock")]),
        ("release", [("alice", -400, "escrow_lock"), ("bob", 400, "escrow_release")]),
        ("cancel", [("alice", -400, "escrow_lock"), ("alice", 400, "escrow_cancel")]),
    ],
)
def test_both_sides_of_an_escrow_sum_to_zero_at_every_stage(
    pair: AgentPaySDK, end: str | None, sides: list[tuple[str, int, EntryType]]
) -> None:
    escrow = locked(pair)
    if end is not None:
        getattr(pair, f"{end}_escrow")(escrow.escrow_id)

    found = pair.get_transaction_by_reference(escrow.escrow_id)

    assert [
        (one.agent_id.split(":")[0], one.delta_amount, one.entry_type) for one in found
    ] == sides
    assert {one.reference_id for one in found} == {escrow.escrow_id}
    assert {one.memo for one in found} == {"a banner"}


def test_threads_end_an_escrow_one_way(pair: AgentPaySDK) -> None:
    escrow = locked(pair)
    ends = [pair.release_escrow, pair.cancel_escrow] * 8

    with ThreadPoolExecutor(16) as threads:
        results = list(threads.map(lambda end: end(escrow.escrow_id), ends))

    status = {result.escrow.status for result in results if result.success and result.escrow}
    assert len(status) == 1
    paid = 400 if status == {EscrowStatus.RELEASED} else 0
    assert (pair.get_balance("alice"), pair.get_balance("bob")) == (10_000 - paid, paid)


@pytest.mark.parametrize("subject", ["economy", "alice"])
def test_under_a_freeze_money_only_comes_back(pair: AgentPaySDK, subject: str) -> None:
    kept, back = locked(pair), locked(pair)
    set_frozen(pair._deps, subject, frozen=True, reason="test")

    assert pair.pay("alice", "bob", 1).error_code == "AGENT_PAUSED"
    assert pair.create_escrow("alice", "bob", 1).error_code == "AGENT_PAUSED"
    assert pair.release_escrow(kept.escrow_id).error_code == "AGENT_PAUSED"
    with pytest.raises(Frozen):
        pair.fund_agent("alice", 1)
    assert pair.cancel_escrow(back.escrow_id).success
    assert pair.get_wallet("alice") == Wallet(9_600, 400, 10_000)
    assert pair.get_balance("bob") == 0
