"""Paying with a card through the SDK."""

from __future__ import annotations

import pytest

from flux_cli.domain.cards import Revealed
from flux_cli.entrypoints.sdk.objects import Row
from flux_cli.sdk import AgentPaySDK, Policy, Wallet
from flux_cli.usecases.cards import reveal_card


def revealed(sdk: AgentPaySDK, amount: int = 500) -> tuple[str, Revealed]:
    """A card of alice's and its details, as its owner saw them."""
    told = sdk.request_payment_card(amount, "ads for 3 days", "400 visits for $5", "alice")
    card_id = str(told["card"]["card_id"])
    return card_id, reveal_card(sdk._deps, card_id)


def charged(sdk: AgentPaySDK, details: Revealed, amount: int, **other: str) -> Row:
    given = {"card_number": details.number, "cvv": details.cvv, "expiry_date": details.expiry}
    return sdk.charge_card(amount=amount, merchant_name="ads.example", **(given | other))


def test_a_charge_pays_once_and_gives_back_the_rest(pair: AgentPaySDK) -> None:
    card_id, details = revealed(pair)

    paid = charged(pair, details, 420)

    assert paid == {"success": True, "transaction_id": paid["transaction_id"], "error": None}
    assert str(paid["transaction_id"]).startswith("auth_")
    card = pair.get_card_details(card_id)
    assert card is not None
    assert (card["status"], card["spent"], card["remaining"]) == ("used", 420, 0)
    assert pair.get_wallet("alice") == Wallet(9_580, 0, 9_580)
    assert pair.get_balance("card-network") == 420
    assert charged(pair, details, 1) == {
        "success": False, "transaction_id": None, "error": "already_used"
    }  # fmt: skip


def test_both_sides_of_a_charge_sum_to_zero(pair: AgentPaySDK) -> None:
    card_id, details = revealed(pair)
    paid = charged(pair, details, 420)

    sides = pair.get_transaction_by_reference(str(paid["transaction_id"]))

    assert [(one.agent_id, one.delta_amount) for one in sides] == [
        ("alice", -500), ("card-network", 420), ("alice", 80)
    ]  # fmt: skip
    assert pair.get_transaction_by_reference(card_id) == sides
    [earned] = pair.get_agent_earnings("card-network")["transactions"]
    assert (earned["amount"], earned["from_agent"]) == (420, "alice")
    [spent] = pair.get_agent_expenses("alice")["transactions"]
    assert (spent["amount"], spent["to_agent"]) == (420, "card-network")


def test_82_wrong_details_are_told_alike_and_move_nothing(pair: AgentPaySDK) -> None:
    _, details = revealed(pair)
    wrong_cvv = str((int(details.cvv) + 1) % 1000).zfill(3)
    wrong = [{"cvv": wrong_cvv}, {"expiry_date": "01/20"}, {"card_number": "4242424242424242"}]

    told = [charged(pair, details, 420, **other) for other in wrong]

    assert told == [
        {"success": False, "transaction_id": None, "error": "invalid_details"} for _ in wrong
    ]
    assert pair.get_wallet("alice") == Wallet(9_500, 500, 10_000)


def test_a_charge_is_declined_with_a_reason(pair: AgentPaySDK) -> None:
    card_id, details = revealed(pair)

    assert charged(pair, details, 501)["error"] == "over_limit"
    pair.update_agent_policy("alice", Policy(paused=True))
    assert charged(pair, details, 500)["error"] == "agent_paused"
    pair.update_agent_policy("alice", Policy())
    pair.cancel_card(card_id)
    assert charged(pair, details, 500)["error"] == "card_cancelled"
    assert pair.get_wallet("alice") == Wallet(10_000, 0, 10_000)


def test_what_is_not_a_charge_is_an_error(pair: AgentPaySDK) -> None:
    _, details = revealed(pair)

    with pytest.raises(ValueError, match="amount"):
        charged(pair, details, 0)
    with pytest.raises(TypeError, match="cvv is text") as caught:
        charged(pair, details, 5, cvv=int(details.cvv))  # type: ignore[arg-type]
    assert details.cvv not in str(caught.value)
    with pytest.raises(ValueError, match="merchant"):
        pair.charge_card(details.number, details.cvv, details.expiry, 5, "")


def test_118_a_cards_details_hold_no_secret(pair: AgentPaySDK) -> None:
    card_id, details = revealed(pair)

    told = str(pair.get_card_details(card_id))

    assert details.number not in told
    assert details.number[6:12] not in told
    assert f"'{details.cvv}'" not in told
