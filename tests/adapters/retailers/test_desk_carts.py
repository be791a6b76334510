"""Carts before there is a checkout, and feeds: ACP's other two resources."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.retailers.shop_desk import SKU, At, total


@pytest.fixture
def shop(tmp_path: Path) -> At:
    return At(tmp_path / "shops")


def items(count: int) -> dict[str, Any]:
    return {"line_items": [{"id": SKU, "quantity": count}]}


def begin(shop: At, cart_id: str, key: str) -> Any:
    body = {"cart_id": cart_id, "line_items": [], "currency": "usd", "capabilities": {}}
    return shop.post("/checkout_sessions", key, body)


def test_a_cart_is_filled_anew_and_canceled(shop: At) -> None:
    made = shop.post("/carts", "c", items(2))
    assert made.status == 201
    path = f"/carts/{made.body['id']}"
    assert set(made.body) == {"id", "line_items", "currency", "totals", "messages", "expires_at"}
    assert shop.get(path).body == made.body
    filled = shop.put(path, items(3))
    assert filled.body["line_items"][0]["item"]["quantity"] == 3
    assert shop.put(path, items(3)).body == filled.body
    assert shop.post(path, "p", items(1)).body["line_items"][0]["item"]["quantity"] == 1
    last = shop.post(f"{path}/cancel", "x")
    assert (last.status, last.body["id"]) == (200, made.body["id"])
    assert shop.post(f"{path}/cancel", "x").body == last.body
    for gone in (shop.get(path), shop.put(path, items(1)), shop.post(f"{path}/cancel", "y")):
        assert (gone.status, gone.body["code"]) == (404, "not_found")


def test_a_cart_is_no_session_and_a_session_no_cart(shop: At) -> None:
    cart = shop.post("/carts", "c", items(1)).body["id"]
    session = shop.basket((SKU, 1)).body["id"]
    assert shop.get(f"/carts/{session}").status == 404
    assert shop.get(f"/checkout_sessions/{cart}").status == 404
    assert shop.complete(cart, "vt_x").status == 404


def test_a_cart_lasts_a_day(shop: At) -> None:
    cart = shop.post("/carts", "c", items(1)).body["id"]
    shop.time += timedelta(hours=25)
    assert shop.get(f"/carts/{cart}").status == 404
    assert begin(shop, cart, "k").status == 404


def test_a_cart_becomes_one_session_at_a_time_and_is_bought(shop: At) -> None:
    cart = shop.post("/carts", "c", items(3)).body["id"]
    first = begin(shop, cart, "k1")
    assert (first.status, first.body["line_items"][0]["item"]["quantity"]) == (201, 3)
    assert first.body["totals"] == shop.get(f"/carts/{cart}").body["totals"]
    again = begin(shop, cart, "k2")
    assert (again.status, again.body) == (200, first.body)
    session = first.body["id"]
    assert shop.post(f"/checkout_sessions/{session}/cancel", "x").status == 200
    second = begin(shop, cart, "k3").body
    assert second["id"] != session
    token = shop.leave(second["id"], total(second)).body["id"]
    assert shop.complete(second["id"], token).body["status"] == "completed"


def test_45_a_cart_takes_no_price_and_no_count_of_nothing(shop: At) -> None:
    cart = shop.post("/carts", "c", items(1)).body["id"]
    before = shop.get(f"/carts/{cart}").body
    for wrong in ({}, {"line_items": []}, items(0), items(-1)):
        assert shop.put(f"/carts/{cart}", wrong).status == 400
        assert shop.post("/carts", f"w{wrong}", wrong).status == 400
    priced = {"line_items": [{"id": SKU, "quantity": 1, "unit_amount": 1}]}
    refused = shop.put(f"/carts/{cart}", priced)
    assert refused.body["param"] == "$.line_items[0].unit_amount"
    assert shop.get(f"/carts/{cart}").body == before


def product(sku: str, cents: object = 1999) -> dict[str, Any]:
    variant = {"id": sku, "title": "Tea", "price": {"amount": cents, "currency": "USD"}}
    return {"id": f"p-{sku}", "title": "Tea", "variants": [variant]}


def test_a_feed_takes_products_by_their_id(shop: At) -> None:
    made = shop.post("/feeds", "f", {"target_country": "US"})
    assert (made.status, set(made.body)) == (201, {"id", "target_country", "updated_at"})
    path = f"/feeds/{made.body['id']}"
    assert shop.get(f"{path}/products").body == {"products": []}
    shop.time += timedelta(minutes=1)
    accepted = shop.patch(f"{path}/products", {"products": [product("T1"), product("T2")]})
    assert accepted.body == {"id": made.body["id"], "accepted": True}
    assert shop.patch(f"{path}/products", {"products": [product("T2", 5)]}).status == 200
    assert shop.get(f"{path}/products").body == {"products": [product("T1"), product("T2", 5)]}
    assert shop.get(path).body["updated_at"] > made.body["updated_at"]


def test_a_feed_takes_all_of_a_request_or_nothing(shop: At) -> None:
    path = f"/feeds/{shop.post('/feeds', 'f').body['id']}/products"
    for wrong in (
        {},
        {"products": []},
        {"products": [product("T1"), {"title": "no id"}]},
        {"products": [product("T1"), product("T2", 19.99)]},
        {"products": [product("T1"), product("T2", -1)]},
        {"products": [product("T1"), product("../x")]},
        {"products": [product("T1"), product("T1") | {"id": "p-other"}]},
    ):
        refused = shop.patch(path, wrong)
        assert (refused.status, refused.body["type"]) == (400, "invalid_request")
        assert refused.body["param"].startswith("$.products")
    assert shop.get(path).body == {"products": []}
    assert shop.post("/feeds", "g", {"target_country": "usa"}).status == 400


def test_the_shops_own_catalogue_is_a_feed_that_nobody_changes(shop: At) -> None:
    found = shop.get("/feeds/feed_catalogue/products").body["products"]
    assert len(found) >= 300
    assert found[0]["variants"][0]["price"]["currency"] == "USD"
    assert shop.get("/feeds/feed_catalogue").body["id"] == "feed_catalogue"
    assert shop.patch("/feeds/feed_catalogue/products", {"products": [product("T")]}).status == 404


def test_methods_that_a_path_has_not_are_refused(shop: At) -> None:
    cart = shop.post("/carts", "c", items(1)).body["id"]
    assert shop.patch(f"/carts/{cart}", items(1)).status == 404
    assert shop.desk.handle("DELETE", f"/carts/{cart}", "", {}).status == 405
