"""A token pays one session of one shop, once, up to its amount and until its time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from flux_cli.adapters.retailers.acp_form import Reply
from flux_cli.adapters.retailers.amazon import RETAILER
from flux_cli.adapters.retailers.desk import Desk
from flux_cli.domain.offers import Offer
from tests.adapters.retailers.shop_desk import NOW, SKU, At, total


@pytest.fixture
def shop(tmp_path: Path) -> At:
    return At(tmp_path / "shops")


def test_a_token_says_what_it_is_for(shop: At) -> None:
    session = shop.basket((SKU, 1)).body["id"]
    told = shop.leave(session, 500)
    assert told.status == 201
    assert told.body == {
        "id": told.body["id"],
        "created": "2026-11-22T12:00:00.000000Z",
        "expires_at": "2026-11-22T13:00:00+00:00",
        "metadata": {
            "hold": "pi_1", "merchant_id": "amazon", "idempotency_key": "leave",
            "simulated": "true",
        },
    }  # fmt: skip
    assert told.body["id"].startswith("vt_")


UNBOUND: list[tuple[str, Any, str]] = [
    ("reason", "recurring", "invalid"),
    ("reason", None, "missing"),
    ("max_amount", 0, "invalid"),
    ("max_amount", -1, "invalid"),
    ("max_amount", 500.0, "invalid"),
    ("max_amount", True, "invalid"),
    ("max_amount", "500", "invalid"),
    ("max_amount", 10**12, "invalid"),
    ("max_amount", None, "missing"),
    ("currency", "eur", "invalid"),
    ("currency", "USD", "invalid"),
    ("merchant_id", "walmart", "invalid"),
    ("expires_at", None, "missing"),
    ("expires_at", "tomorrow", "invalid"),
    ("expires_at", "2026-11-22T13:00:00", "invalid"),
    ("expires_at", 1_900_000_000, "invalid"),
    ("expires_at", "2026-11-22T12:00:00Z", "expired"),
    ("recurring", True, "invalid"),
]


@pytest.mark.parametrize(("name", "value", "code"), UNBOUND)
def test_an_allowance_without_every_bound_is_none(
    shop: At, name: str, value: object, code: str
) -> None:
    session = shop.basket((SKU, 1)).body["id"]
    refused = shop.leave(session, 500, **{name: value})
    assert (refused.status, refused.body["code"]) == (400, code)
    assert refused.body["param"] == f"$.allowance.{name}"


def test_a_token_is_for_the_session_it_names(shop: At) -> None:
    cheap, other = shop.basket((SKU, 1)).body, shop.basket((SKU, 1), key="k2").body
    token = shop.leave(cheap["id"], total(cheap)).body["id"]
    declined = shop.complete(other["id"], token)
    assert (declined.status, declined.body["message"]) == (402, "the token is for another session")


def test_a_token_ends_at_its_time(shop: At) -> None:
    made = shop.basket((SKU, 1)).body
    token = shop.leave(made["id"], total(made)).body["id"]
    shop.time += timedelta(hours=1)
    declined = shop.complete(made["id"], token)
    assert (declined.status, declined.body["message"]) == (402, "the token's time is over")


def test_a_basket_that_grew_is_not_paid_by_the_token_of_the_smaller_one(shop: At) -> None:
    made = shop.basket((SKU, 1)).body
    token = shop.leave(made["id"], total(made)).body["id"]
    more = {"line_items": [{"id": SKU, "quantity": 9}]}
    assert shop.post(f"/checkout_sessions/{made['id']}", "grow", more).status == 200
    declined = shop.complete(made["id"], token)
    assert (declined.status, declined.body["code"]) == (402, "payment_declined")


def test_what_is_no_token_pays_nothing(shop: At) -> None:
    made = shop.basket((SKU, 1)).body
    for token in (None, 7, [], "", "vt_none", made["id"], "../../vt_x", "vt_" + "a" * 24):
        refused = shop.complete(made["id"], token)  # type: ignore[arg-type]
        assert (refused.status, refused.body["code"]) == (402, "payment_declined")


def test_a_key_gives_one_token_whatever_session_it_is_asked_for(shop: At) -> None:
    one, other = shop.basket((SKU, 1)).body, shop.basket((SKU, 1), key="k2").body
    first = shop.leave(one["id"], 500)
    again = shop.leave(one["id"], 500)
    assert (again.body, again.headers) == (first.body, {"Idempotent-Replayed": "true"})
    wider = shop.leave(other["id"], 500)
    assert (wider.status, wider.body["code"]) == (422, "idempotency_conflict")
    assert shop.leave(one["id"], 501).status == 422


def test_the_same_json_in_other_words_is_the_same_request(shop: At) -> None:
    body = {"line_items": [{"id": SKU, "quantity": 1}], "currency": "usd", "capabilities": {}}
    first = shop.post("/checkout_sessions", "k", body | {"note": 1})
    turned = dict(reversed([*body.items(), ("note", 1.0)]))
    assert shop.post("/checkout_sessions", "k", turned).body == first.body
    for other in (body, body | {"note": None}, body | {"note": 1.5}):
        assert shop.post("/checkout_sessions", "k", other).status == 422


def test_a_key_that_is_under_way_is_told_to_come_back(tmp_path: Path) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slowly(_: date) -> Sequence[Offer]:
        entered.set()
        assert leave.wait(60)
        return []

    desk = Desk(RETAILER, slowly, tmp_path, lambda: NOW)
    body = {"line_items": [{"id": SKU, "quantity": 1}], "currency": "usd", "capabilities": {}}
    answers: list[Reply] = []
    first = threading.Thread(
        target=lambda: answers.append(desk.handle("POST", "/checkout_sessions", "k", body))
    )
    first.start()
    assert entered.wait(60)
    meanwhile = desk.handle("POST", "/checkout_sessions", "k", body)
    leave.set()
    first.join(60)
    assert (meanwhile.status, meanwhile.body["code"]) == (409, "idempotency_in_flight")
    assert meanwhile.headers == {"Retry-After": "1"}
    assert answers[0].status == 201
    after = desk.handle("POST", "/checkout_sessions", "k", body)
    assert (after.body, after.headers) == (answers[0].body, {"Idempotent-Replayed": "true"})


def test_what_broke_in_the_shop_is_done_anew_for_the_same_key(tmp_path: Path) -> None:
    broken = [True]

    def sold(_: date) -> Sequence[Offer]:
        if broken:
            raise OSError("the disk is full")
        return []

    desk = Desk(RETAILER, sold, tmp_path, lambda: NOW)
    body = {"line_items": [{"id": SKU, "quantity": 1}], "currency": "usd", "capabilities": {}}
    with pytest.raises(OSError, match="full"):
        desk.handle("POST", "/checkout_sessions", "k", body)
    broken.clear()
    assert desk.handle("POST", "/checkout_sessions", "k", body).status == 201


def test_a_session_nobody_paid_in_its_time_is_expired(shop: At) -> None:
    made = shop.basket((SKU, 1)).body
    shop.time += timedelta(hours=25)
    path = f"/checkout_sessions/{made['id']}"
    assert shop.get(path).body == made | {"status": "expired"}
    assert shop.post(path, "u", {}).body["code"] == "expired"
    assert shop.post(f"{path}/cancel", "c").status == 405
