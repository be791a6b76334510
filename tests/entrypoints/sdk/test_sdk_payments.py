"""Paying through the SDK: what each rule refuses, approvals, retries, and threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from flux_cli.sdk import AgentPaySDK, EntryType, PaymentResult, PaymentStatus, Policy, Wallet


def waiting(sdk: AgentPaySDK, amount: int = 500, key: str | None = None) -> str:
    """The id of a payment from alice to bob that waits for the owner."""
    sdk.update_agent_policy("alice", Policy(require_human_approval_over=100))
    result = sdk.pay("alice", "bob", amount, idempotency_key=key)
    assert result.payment_intent is not None
    assert result.payment_intent.status is PaymentStatus.REQUIRES_APPROVAL
    return result.payment_intent.intent_id


def test_a_payment_moves_exactly_its_amount(pair: AgentPaySDK) -> None:
    result = pair.pay("alice", "bob", 1_234, "for the art", "key-1", {"order": 7, "tax": 0.5})

    intent = result.payment_intent
    assert intent is not None
    assert result == PaymentResult(True, intent, None, None)
    assert (intent.from_agent_id, intent.to_agent_id, intent.amount) == ("alice", "bob", 1_234)
    assert (intent.status, intent.failure_reason) == (PaymentStatus.COMPLETED, None)
    assert (intent.memo, intent.idempotency_key) == ("for the art", "key-1")
    assert intent.metadata == {"order": 7, "tax": 0.5}
    assert intent.completed_at is not None
    assert intent.created_at <= intent.completed_at
    assert (pair.get_balance("alice"), pair.get_balance("bob")) == (8_766, 1_234)
    assert pair.get_payment(intent.intent_id) == intent
    assert pair.get_payment_status(intent.intent_id) is PaymentStatus.COMPLETED


def test_an_unknown_payment_is_none(pair: AgentPaySDK) -> None:
    assert (pair.get_payment("pi_x"), pair.get_payment_status("pi_x")) == (None, None)


POLICY, FUNDS = PaymentStatus.FAILED_POLICY, PaymentStatus.FAILED_FUNDS
REFUSED = [
    (Policy(paused=True), "bob", 1, "AGENT_PAUSED", POLICY),
    (Policy(allowlist={"cas"}), "bob", 1, "RECIPIENT_NOT_ALLOWED", POLICY),
    (Policy(allowlist=set()), "bob", 1, "RECIPIENT_NOT_ALLOWED", POLICY),
    (Policy(), "alice", 1, "RECIPIENT_NOT_ALLOWED", POLICY),
    (Policy(max_per_transaction=99), "bob", 100, "AMOUNT_EXCEEDS_LIMIT", POLICY),
    (Policy(max_per_transaction=0), "bob", 1, "AMOUNT_EXCEEDS_LIMIT", POLICY),
    (Policy(daily_spend_cap=99), "bob", 100, "AMOUNT_EXCEEDS_LIMIT", POLICY),
    (Policy(), "bob", 10_001, "INSUFFICIENT_FUNDS", FUNDS),
    (Policy(require_human_approval_over=0), "bob", 10_001, "INSUFFICIENT_FUNDS", FUNDS),
    (Policy(max_per_transaction=1), "bob", 10_001, "AMOUNT_EXCEEDS_LIMIT", POLICY),
    (Policy(allowlist={"cas"}, paused=True), "bob", 1, "AGENT_PAUSED", POLICY),
]
"""(alice's policy, payee, amount, the code, the status); where two rules refuse, the first says."""


def test_what_a_policy_refuses_moves_nothing_and_says_why(pair: AgentPaySDK) -> None:
    for policy, payee, amount, code, status in REFUSED:
        pair.update_agent_policy("alice", policy)

        result = pair.pay("alice", payee, amount)

        intent = result.payment_intent
        assert intent is not None
        assert (result.success, result.error_code, intent.status) == (False, code, status), policy
        assert result.error_message
        assert result.error_message == intent.failure_reason
        assert intent.completed_at is None
        assert pair.get_wallet("alice") == Wallet(10_000, 0, 10_000)
        assert pair.get_payment(intent.intent_id) == intent


@pytest.mark.parametrize(
    "policy",
    [
        Policy(max_per_transaction=100),
        Policy(daily_spend_cap=100),
        Policy(require_human_approval_over=100),
        Policy(allowlist={"bob"}),
    ],
)
def test_a_payment_at_the_edge_of_a_limit_is_made(pair: AgentPaySDK, policy: Policy) -> None:
    pair.update_agent_policy("alice", policy)

    assert pair.pay("alice", "bob", 100).success


def test_the_reason_has_the_two_amounts_that_disagree(pair: AgentPaySDK) -> None:
    pair.update_agent_policy("alice", Policy(daily_spend_cap=1_000))
    pair.pay("alice", "bob", 900)

    assert pair.pay("alice", "bob", 101).error_message == (
        "spent and held in 24 hours: $10.01, limit $10.00"
    )


def test_a_payment_of_a_stranger_is_none(pair: AgentPaySDK) -> None:
    for payer, payee, code in (
        ("nobody", "bob", "PAYER_NOT_FOUND"),
        ("alice", "nobody", "PAYEE_NOT_FOUND"),
        ("nobody", "nobody", "PAYER_NOT_FOUND"),
    ):
        assert pair.pay(payer, payee, 1) == PaymentResult(
            False, None, code, "no agent named 'nobody'"
        )


def test_the_same_key_pays_once(pair: AgentPaySDK) -> None:
    first = pair.pay("alice", "bob", 100, "x", "key", {"a": 1})

    assert pair.pay("alice", "bob", 100, "x", "key", {"a": 1}) == first
    assert pair.get_balance("bob") == 100


def test_a_key_names_one_payment_only(pair: AgentPaySDK) -> None:
    pair.register_agent("cas")
    pair.fund_agent("bob", 500)
    pair.pay("alice", "bob", 100, "x", "key", {"a": 1})

    for other in (
        pair.pay("bob", "alice", 100, "x", "key", {"a": 1}),
        pair.pay("alice", "cas", 100, "x", "key", {"a": 1}),
        pair.pay("alice", "bob", 101, "x", "key", {"a": 1}),
        pair.pay("alice", "bob", 100, "y", "key", {"a": 1}),
        pair.pay("alice", "bob", 100, "x", "key", {"a": 2}),
        pair.pay("alice", "bob", 100, "x", "key", None),
    ):
        assert (other.success, other.payment_intent) == (False, None)
        assert other.error_code == "IDEMPOTENCY_KEY_REUSED"
    assert (pair.get_balance("alice"), pair.get_balance("bob")) == (9_900, 600)


def test_a_refusal_is_remembered_under_its_key(pair: AgentPaySDK) -> None:
    refused = pair.pay("alice", "bob", 10_001, idempotency_key="key")
    pair.fund_agent("alice", 1)

    assert pair.pay("alice", "bob", 10_001, idempotency_key="key") == refused


def test_text_is_taken_whole_or_not_at_all(pair: AgentPaySDK) -> None:
    wrong: list[dict[str, Any]] = [
        {"memo": "x" * 601}, {"memo": 5}, {"idempotency_key": ""}, {"idempotency_key": "k" * 181}
    ]  # fmt: skip
    for given in wrong:
        with pytest.raises((TypeError, ValueError), match=next(iter(given))):
            pair.pay("alice", "bob", 1, **given)
    assert pair.get_balance("alice") == 10_000


def test_the_owner_approves_what_waits(pair: AgentPaySDK) -> None:
    intent_id = waiting(pair, key="key")
    assert pair.get_wallet("alice") == Wallet(10_000, 0, 10_000)

    result = pair.approve_payment(intent_id)

    assert result.success
    assert pair.get_balance("bob") == 500
    assert pair.pay("alice", "bob", 500, idempotency_key="key") == result
    with pytest.raises(ValueError, match="does not wait for you"):
        pair.approve_payment(intent_id)


def test_the_owners_no_is_final(pair: AgentPaySDK) -> None:
    intent_id = waiting(pair)

    result = pair.deny_payment(intent_id, "not this one")

    assert (result.success, result.error_code) == (False, "OWNER_REFUSED")
    assert result.error_message == "not this one"
    assert pair.get_payment_status(intent_id) is PaymentStatus.FAILED_POLICY
    with pytest.raises(ValueError, match="does not wait for you"):
        pair.approve_payment(intent_id)
    assert pair.get_balance("bob") == 0


def test_an_approval_is_judged_again(pair: AgentPaySDK) -> None:
    intent_id = waiting(pair)
    pair.pause_agent("alice")

    result = pair.approve_payment(intent_id)

    assert (result.success, result.error_code) == (False, "AGENT_PAUSED")
    assert pair.get_balance("bob") == 0


def test_approving_an_unknown_payment_is_an_error(pair: AgentPaySDK) -> None:
    with pytest.raises(ValueError, match="pi_x"):
        pair.approve_payment("pi_x")


def test_a_paused_agent_is_paid_but_does_not_pay(pair: AgentPaySDK) -> None:
    assert pair.pause_agent("alice").policy.paused
    assert pair.pay("alice", "bob", 1).error_code == "AGENT_PAUSED"
    pair.fund_agent("bob", 5)
    assert pair.pay("bob", "alice", 5).success

    assert not pair.unpause_agent("alice").policy.paused
    assert pair.pay("alice", "bob", 1).success


def test_a_policy_that_was_read_can_be_put_back(pair: AgentPaySDK) -> None:
    pair.pause_agent("alice")
    found = pair.get_agent("alice")
    assert found is not None

    pair.update_agent_policy("alice", replace(found.policy, max_per_transaction=7))
    unpaused = pair.unpause_agent("alice")

    assert unpaused.policy == Policy(max_per_transaction=7)


def test_a_transfer_is_told_as_a_transaction(pair: AgentPaySDK) -> None:
    told = pair.transfer_to_agent("alice", "bob", 300, "research", {"n": 1})

    intent = pair.get_payment(str(told["transaction_id"]))
    assert intent is not None
    assert intent.completed_at is not None
    assert told == {
        "transaction_id": intent.intent_id,
        "from_agent": "alice",
        "to_agent": "bob",
        "amount": 300,
        "status": "completed",
        "timestamp": intent.completed_at.isoformat(),
        "purpose": "research",
    }
    assert (intent.memo, intent.metadata) == ("research", {"n": 1})


def test_a_transfer_that_fails_says_why(pair: AgentPaySDK) -> None:
    told = pair.transfer_to_agent("bob", "alice", 300, "research")

    assert (told["status"], told["error"]) == ("failed", "asked of the wallet: $3.00, limit $0.00")
    assert pair.get_balance("bob") == 0


def test_sixteen_threads_never_spend_more_than_a_day_allows(pair: AgentPaySDK) -> None:
    pair.update_agent_policy("alice", Policy(daily_spend_cap=1_000))

    with ThreadPoolExecutor(16) as threads:
        results = list(threads.map(lambda _: pair.pay("alice", "bob", 70), range(32)))

    codes = [result.error_code for result in results]
    assert codes.count(None) == 14
    assert codes.count("AMOUNT_EXCEEDS_LIMIT") == 18
    assert (pair.get_balance("alice"), pair.get_balance("bob")) == (10_000 - 980, 980)


def test_threads_with_one_key_pay_once(pair: AgentPaySDK) -> None:
    with ThreadPoolExecutor(16) as threads:
        results = list(
            threads.map(lambda _: pair.pay("alice", "bob", 70, "x", "key", {"n": 1}), range(16))
        )

    assert len({str(result) for result in results}) == 1
    assert results[0].success
    assert pair.get_balance("bob") == 70


def test_threads_register_an_agent_once(sdk: AgentPaySDK) -> None:
    with ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(sdk.register_agent, "alice") for _ in range(8)]

    failures = [str(call.exception()) for call in calls if call.exception()]
    assert failures == ["agent 'alice' already exists"] * 7
    assert len(sdk.list_agents()) == 1


def test_both_sides_of_a_payment_sum_to_zero(pair: AgentPaySDK) -> None:
    pair.pay("alice", "bob", 40)
    intent = pair.pay("alice", "bob", 60, "x").payment_intent
    pair.pay("bob", "alice", 10)
    assert intent is not None

    sides = pair.get_transaction_by_reference(intent.intent_id)

    told = [
        (one.agent_id, one.delta_amount, one.balance_after, one.counterparty_id) for one in sides
    ]
    assert told == [("alice", -60, 9_900, "bob"), ("bob", 60, 100, "alice")]
    assert {(one.entry_type, one.reference_id, one.memo) for one in sides} == {
        (EntryType.PAYMENT, intent.intent_id, "x")
    }
    assert pair.get_transaction_by_reference("nothing") == []


def test_both_sides_of_a_top_up_sum_to_zero(pair: AgentPaySDK) -> None:
    entry = pair.fund_agent("bob", 5)

    sides = pair.get_transaction_by_reference(entry.reference_id)

    assert [(one.agent_id, one.delta_amount) for one in sides] == [("world", -5), ("bob", 5)]


def test_what_a_refusal_left_is_nothing(pair: AgentPaySDK) -> None:
    refused = pair.pay("alice", "bob", 10_001).payment_intent
    assert refused is not None

    assert pair.get_transaction_by_reference(refused.intent_id) == []
