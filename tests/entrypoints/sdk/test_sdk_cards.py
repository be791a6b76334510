"""Cards through the SDK: asked for, seen masked, cancelled."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flux_cli.domain.money import Money
from flux_cli.sdk import AgentPaySDK, Policy, Wallet
from flux_cli.usecases.change_caps import own_policy


def card_of(sdk: AgentPaySDK, amount: int = 500) -> dict[str, object]:
    told = sdk.request_payment_card(amount, "ads for 3 days", "400 visits for $5", "alice")
    card = told["card"]
    assert isinstance(card, dict)
    assert (told["approved"], told["denial_reason"]) == (True, None)
    assert told["transaction_id"] == card["transaction_id"]
    return card


def test_a_card_holds_its_amount_and_shows_no_number(pair: AgentPaySDK) -> None:
    card = card_of(pair)

    number = str(card["card_number"])
    assert (number[:6], number[6:12], number[12:]) == ("424242", "•" * 6, card["last_four"])
    assert (card["amount"], card["spent"], card["remaining"]) == (500, 0, 500)
    assert (card["status"], card["agent_id"], card["simulated"]) == ("active", "alice", True)
    assert "cvv" not in card
    assert pair.get_card_details(str(card["card_id"])) == card
    assert pair.get_wallet("alice") == Wallet(9_500, 500, 10_000)


def test_a_cancelled_card_gives_everything_back_once(pair: AgentPaySDK) -> None:
    card_id = str(card_of(pair)["card_id"])

    cancelled = pair.cancel_card(card_id)

    assert (cancelled["status"], cancelled["remaining"]) == ("cancelled", 0)
    assert pair.cancel_card(card_id) == cancelled
    assert pair.get_card_details(card_id) == cancelled
    assert pair.get_wallet("alice") == Wallet(10_000, 0, 10_000)
    assert pair.get_agent_expenses("alice")["transactions"] == []


def test_both_sides_of_a_card_sum_to_zero(pair: AgentPaySDK) -> None:
    card_id = str(card_of(pair)["card_id"])

    loaded = pair.get_transaction_by_reference(card_id)
    pair.cancel_card(card_id)
    ended = pair.get_transaction_by_reference(card_id)

    assert [(one.agent_id, one.delta_amount) for one in loaded] == [
        ("alice", -500), (f"card:{card_id}", 500)
    ]  # fmt: skip
    assert [(one.agent_id, one.delta_amount) for one in ended] == [("alice", -500), ("alice", 500)]


def test_an_unknown_card_is_none(pair: AgentPaySDK) -> None:
    assert pair.get_card_details("card_x") is None
    with pytest.raises(ValueError, match="card_x"):
        pair.cancel_card("card_x")


def test_a_card_is_judged_like_a_payment(pair: AgentPaySDK) -> None:
    for policy, amount, budget, reason in (
        (Policy(paused=True), 5, None, "alice is paused or unknown"),
        (Policy(allowlist={"bob"}), 5, None, "not an allowed payee: card-network"),
        (Policy(max_per_transaction=4), 5, None, "one payment: $0.05, limit $0.04"),
        (Policy(), 10_001, None, "asked of the wallet: $100.01, limit $100.00"),
        (Policy(), 5, 4, "asked of the budget: $0.05, limit $0.04"),
    ):
        pair.update_agent_policy("alice", policy)

        told = pair.request_payment_card(
            amount, "ads", "needed", "alice", urgency="High", budget_remaining=budget
        )

        assert (told["approved"], told["card"], told["denial_reason"]) == (False, None, reason)
    assert pair.get_wallet("alice") == Wallet(10_000, 0, 10_000)


@pytest.mark.parametrize("expected_roi", [1_500, "three times its price"])
def test_the_five_seats_vote_where_the_agents_policy_asks_them(
    pair: AgentPaySDK, expected_roi: int | str
) -> None:
    store, ids = pair._deps.store, pair._deps.ids
    with store.begin() as tx:
        policy = own_policy(tx, "alice")
        asks = replace(policy, id=ids.new("policy"), number=2, approval_threshold=Money(0))
        tx.put(asks, "policy.set")

    told = pair.request_payment_card(
        500, "ads for 3 days", "400 visits for $5", "alice", expected_roi
    )

    votes = told["consensus_result"]
    assert isinstance(votes, dict)
    assert len(votes["ballots"]) == 5
    assert told["approved"] is (votes["state"] == "approved")
    assert (told["denial_reason"] is None) is told["approved"]


def test_an_urgency_is_low_medium_or_high(pair: AgentPaySDK) -> None:
    with pytest.raises(ValueError, match="'soon'"):
        pair.request_payment_card(5, "ads", "needed", "alice", urgency="soon")


def test_without_an_agent_the_sdks_own_is_meant(pair: AgentPaySDK) -> None:
    with pytest.raises(ValueError, match="'sdk-agent'"):
        pair.request_payment_card(5, "ads", "needed")

    pair.register_agent("sdk-agent")
    pair.fund_agent("sdk-agent", 50_000)
    why = "It answers the support mail of two people, who cost $3,000 a month."
    told = pair.request_payment_card(500, "support-bot credits", why, expected_roi=30_000)
    assert told["approved"]
    assert len(told["consensus_result"]["ballots"]) == 5
