"""A simulated shop's checkout: ACP's statuses and codes, keys that repeat, prices of its own."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.retailers.shop_desk import SKU, At, total


@pytest.fixture
def shop(tmp_path: Path) -> At:
    return At(tmp_path / "shops")


def test_a_session_is_priced_by_the_shop_and_paid_within_its_allowance(shop: At) -> None:
    made = shop.basket((SKU, 3))
    assert (made.status, made.body["status"]) == (201, "ready_for_payment")
    by = {one["type"]: one["amount"] for one in made.body["totals"]}
    each = made.body["line_items"][0]["unit_amount"]
    assert by["items_base_amount"] == by["subtotal"] == 3 * each
    assert by["total"] == by["subtotal"] + by["fulfillment"] + by["tax"]
    session = made.body["id"]
    token = shop.leave(session, by["total"])
    assert (token.status, token.body["id"][:3]) == (201, "vt_")
    done = shop.complete(session, token.body["id"])
    assert (done.status, done.body["status"]) == (200, "completed")
    order = shop.get(f"/orders/{done.body['order']['id']}")
    assert (order.body["total"], order.body["status"]) == (by["total"], "confirmed")


def test_48_a_cent_less_of_allowance_is_declined(shop: At) -> None:
    made = shop.basket((SKU, 3))
    token = shop.leave(made.body["id"], total(made.body) - 1).body["id"]
    declined = shop.complete(made.body["id"], token)
    assert (declined.status, declined.body["code"]) == (402, "payment_declined")
    assert shop.get(f"/checkout_sessions/{made.body['id']}").body["status"] == "ready_for_payment"


def test_a_key_repeats_its_answer_even_in_another_process(shop: At) -> None:
    first = shop.basket((SKU, 1))
    shop.again()
    again = shop.basket((SKU, 1))
    assert again.body == first.body
    assert again.headers == {"Idempotent-Replayed": "true"}
    other = shop.basket((SKU, 2))
    assert (other.status, other.body["code"]) == (422, "idempotency_conflict")
    none = shop.basket((SKU, 1), key="")
    assert (none.status, none.body["code"]) == (400, "idempotency_key_required")


def test_paying_twice_is_one_order(shop: At) -> None:
    made = shop.basket((SKU, 1))
    token = shop.leave(made.body["id"], total(made.body)).body["id"]
    first = shop.complete(made.body["id"], token)
    shop.again()
    assert shop.complete(made.body["id"], token).body == first.body
    another = shop.complete(made.body["id"], token, key="pay-again")
    assert (another.status, another.body["code"]) == (405, "invalid")


REFUSED = [
    ({"line_items": [{"id": SKU, "quantity": 1, "price": 1}]}, "$.line_items[0].price"),
    ({"line_items": [{"id": SKU, "quantity": -1}]}, "$.line_items[0]"),
    ({"line_items": [{"id": SKU, "quantity": 0}]}, "$.line_items[0]"),
    ({"line_items": [{"id": SKU, "quantity": 1.5}]}, "$.line_items[0]"),
    ({"line_items": [{"id": SKU, "quantity": float("nan")}]}, "$.line_items[0]"),
    ({"line_items": [{"id": SKU, "quantity": True}]}, "$.line_items[0]"),
    ({"line_items": [{"id": SKU, "quantity": 1}] * 2}, "$.line_items[1]"),
    ({"line_items": []}, "$.line_items"),
    ({"line_items": [{"id": SKU, "quantity": 1}], "currency": "eur"}, "$.currency"),
]


@pytest.mark.parametrize(("change", "param"), REFUSED)
def test_45_what_no_basket_can_have_is_refused_with_its_place(
    shop: At, change: dict[str, Any], param: str
) -> None:
    body = {"currency": "usd", "capabilities": {}, **change}
    refused = shop.post("/checkout_sessions", "k", body)
    assert (refused.status, refused.body["code"]) == (400, "invalid")
    assert refused.body["param"] == param


def test_what_is_not_there_is_a_message_and_no_payment(shop: At) -> None:
    made = shop.basket(("NOPE", 1), (SKU, 99_999))
    assert made.body["status"] == "not_ready_for_payment"
    assert [(m["code"], m["param"]) for m in made.body["messages"]] == [
        ("out_of_stock", "$.line_items[0]"),
        ("quantity_exceeded", "$.line_items[1]"),
    ]
    token = shop.leave(made.body["id"], 10**9).body["id"]
    assert shop.complete(made.body["id"], token).body["status"] == "not_ready_for_payment"


def test_a_session_is_canceled_once_and_a_paid_one_never(shop: At) -> None:
    made = shop.basket((SKU, 1))
    path = f"/checkout_sessions/{made.body['id']}/cancel"
    assert shop.post(path, "c1").body["status"] == "canceled"
    assert shop.post(path, "c2").status == 405
    assert shop.get("/checkout_sessions/cs_none").status == 404
    assert shop.get("/checkout_sessions/../../secret").status == 404


def test_an_order_is_canceled_before_it_leaves_and_sent_back_when_it_is_there(shop: At) -> None:
    orders = []
    for key in ("one", "two"):
        made = shop.basket((SKU, 1), key=key)
        token = shop.leave(made.body["id"], total(made.body), key=f"{key}-leave").body["id"]
        orders.append(shop.complete(made.body["id"], token, key=f"{key}-pay").body["order"]["id"])
    gone = shop.post(f"/orders/{orders[0]}/cancel", "x")
    assert (gone.body["status"], gone.body["amount_refunded"]) == ("canceled", gone.body["total"])
    shop.time += timedelta(days=1)
    assert shop.post(f"/orders/{orders[1]}/cancel", "y").status == 400
    shop.time += timedelta(days=10)
    back = shop.post(f"/orders/{orders[1]}/return", "z")
    assert (back.status, back.body["status"]) == (200, "completed")
    assert back.body["fulfillments"][0]["status"] == "delivered"
    assert back.body["adjustments"][0]["type"] == "refund"
    assert 0 < back.body["amount_refunded"] <= back.body["total"]


def test_next_week_the_same_basket_has_another_price_and_an_old_session_is_over(shop: At) -> None:
    made = shop.basket((SKU, 3))
    token = shop.leave(made.body["id"], 10**6).body["id"]
    shop.time += timedelta(days=7)
    assert total(shop.basket((SKU, 3), key="k2").body) != total(made.body)
    assert shop.complete(made.body["id"], token).body["code"] == "expired"


def test_a_leave_for_another_shop_is_no_leave(shop: At) -> None:
    made = shop.basket((SKU, 1))
    allowance = {
        "reason": "one_time", "max_amount": 10**6, "currency": "usd",
        "checkout_session_id": made.body["id"], "merchant_id": "walmart",
        "expires_at": "2026-11-23T00:00:00Z",
    }  # fmt: skip
    body = {"allowance": allowance}
    refused = shop.post("/agentic_commerce/delegate_payment", "k", body)
    assert (refused.status, refused.body["param"]) == (400, "$.allowance.merchant_id")
    assert shop.complete(made.body["id"], "vt_guessed").status == 402
