"""Buying over HTTP: authorised, captured, reversed, refunded; and who may talk to the merchant."""

from __future__ import annotations

import http.client
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from flux_cli.domain.cards import CardState, CardUsage
from flux_cli.domain.journal import wallet
from flux_cli.domain.money import CREDIT, Money
from flux_cli.usecases.merchant import Till
from tests.entrypoints.merchant.shop import DOLLAR, Answer, Shop

ALL = ("amount", "open", "captured", "refunded")


def sums(answer: Answer) -> tuple[str, list[int]]:
    """How an authorisation stands, and its four amounts in cents."""
    return answer.body["status"], [answer.body[name]["amount_minor"] // 10_000 for name in ALL]


def balance(shop: Shop, agent: str) -> Money:
    with shop.deps.store.reading() as reader:
        return reader.balance(wallet(agent), CREDIT)


def clean(shop: Shop) -> bool:
    return not any(finding.faults for finding in shop.deps.store.verify())


def test_a_purchase_is_authorised_and_captured_in_one_step(shop: Shop) -> None:
    card_id, card = shop.card(20, payee="api-hub")
    answer = shop.charge(card, 12.5, key="order-1")

    assert answer.status == 201
    zero = {"amount_minor": 0, "currency": "CREDIT", "exponent": 6, "decimal": "0.000000"}
    paid = zero | {"amount_minor": 12_500_000, "decimal": "12.500000"}
    assert answer.body == {
        "object": "authorization",
        "id": answer.body["id"],
        "simulated": True,
        "status": "captured",
        "forced": False,
        "merchant": "api-hub",
        "category": "general",
        "network_id": "api-hub:order-1",
        "amount": paid,
        "open": zero,
        "captured": paid,
        "refunded": zero,
        "created_at": "2026-11-22T12:00:00Z",
        "expires_at": "2026-11-29T12:00:00Z",
    }
    assert shop.kept(card_id).state is CardState.USED
    assert balance(shop, "api-hub") == Money(12_500_000)
    assert clean(shop)


def test_an_authorisation_is_captured_in_parts_and_the_rest_let_go(shop: Shop) -> None:
    card_id, card = shop.card(20, usage=CardUsage.UNTIL_SPENT)
    claim = shop.charge(card, 10, capture=False)

    assert sums(claim) == ("open", [1000, 1000, 0, 0])
    assert sums(shop.on(claim, "capture", 4, final=False)) == ("open", [1000, 600, 400, 0])
    assert sums(shop.on(claim, "capture", 1, final=False)) == ("open", [1000, 500, 500, 0])
    assert sums(shop.on(claim, "reverse", 2)) == ("open", [1000, 300, 500, 0])
    assert sums(shop.on(claim, "capture", 1)) == ("captured", [1000, 0, 600, 0])
    assert shop.kept(card_id).remaining == Money(14 * DOLLAR)
    assert clean(shop)


def test_an_acquirer_posts_a_tip_above_its_authorisation_from_what_the_card_has(
    shop: Shop,
) -> None:
    card_id, card = shop.card(20, payee="api-hub")
    meal = shop.charge(card, 15, capture=False)
    details = {"number": card.number, "expiry": card.expiry, "cvv": card.cvv}

    def tip(dollars: int, **changes: object) -> Answer:
        body = {"card": details, "amount_minor": dollars * DOLLAR} | changes
        return shop.post("/v1/force_posts", body, key=f"tip-{dollars}-{len(changes)}")

    assert (tip(6).status, tip(6).body["reason"]) == (402, "over_limit")
    assert tip(3, card=details | {"cvv": "000"}).body["reason"] == "invalid_details"
    assert (tip(0).status, tip(1, capture=True).status) == (422, 422)
    posted = tip(3)
    assert (posted.status, posted.body["forced"], *sums(posted)) == (
        201, True, "captured", [300, 0, 300, 0],
    )  # fmt: skip
    assert tip(3).body == posted.body
    assert sums(shop.on(meal, "capture")) == ("captured", [1500, 0, 1500, 0])
    assert (shop.kept(card_id).spent, balance(shop, "api-hub")) == (Money(18 * DOLLAR),) * 2
    assert clean(shop)


def test_80_a_refund_works_after_the_card_has_ended(shop: Shop) -> None:
    card_id, card = shop.card(20, payee="api-hub")
    claim = shop.charge(card, 20)
    before = balance(shop, "orchestrator")

    assert shop.kept(card_id).state is CardState.USED
    assert sums(shop.on(claim, "refund", 5)) == ("captured", [2000, 0, 2000, 500])
    assert sums(shop.on(claim, "refund")) == ("captured", [2000, 0, 2000, 2000])
    assert balance(shop, "orchestrator") - before == Money(20 * DOLLAR)
    assert clean(shop)


def test_an_amount_of_nothing_only_asks_whether_the_card_is_good(shop: Shop) -> None:
    card_id, card = shop.card(20)

    assert sums(shop.charge(card, 0)) == ("checked", [0, 0, 0, 0])
    assert shop.charge(card, 0, cvv="12").status == 402
    assert shop.kept(card_id).remaining == Money(20 * DOLLAR)


def test_79_two_clients_at_once_on_a_single_use_card_make_one_purchase(shop: Shop) -> None:
    card_id, card = shop.card(20)
    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(lambda _: shop.charge(card, 5), range(16)))

    assert sorted(answer.status for answer in answers) == [201] + [402] * 15
    assert {a.body["reason"] for a in answers if a.status == 402} == {"already_used"}
    assert shop.kept(card_id).spent == Money(5 * DOLLAR)


def test_the_same_key_is_carried_out_once(shop: Shop) -> None:
    card_id, card = shop.card(20, usage=CardUsage.UNTIL_SPENT)
    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(lambda _: shop.charge(card, 5, key="one"), range(8)))

    assert {(answer.status, answer.text) for answer in answers} == {(201, answers[0].text)}
    assert shop.kept(card_id).spent == Money(5 * DOLLAR)
    refused = shop.charge(card, 5, key="one", capture=False)
    assert (refused.status, refused.body["reason"]) == (422, "duplicate_transaction")


@pytest.mark.parametrize(
    ("key", "status", "code"),
    [
        (None, 400, "idempotency_key_required"),
        ("", 422, "invalid_request"),
        ("a b", 422, "invalid_request"),
        ("x" * 129, 422, "invalid_request"),
        ("ü", 422, "invalid_request"),
        ("x" * 128, 201, None),
    ],
)
def test_85_a_key_is_one_to_128_plain_characters(
    shop: Shop, key: str | None, status: int, code: str | None
) -> None:
    _, card = shop.card()
    details = {"number": card.number, "expiry": card.expiry, "cvv": card.cvv}
    body = {"card": details, "amount_minor": DOLLAR}
    answer = shop.send("POST", "/v1/charges", body, key=key)

    assert (answer.status, answer.body.get("code")) == (status, code)


def test_a_merchant_sees_its_own_authorisations_only(shop: Shop) -> None:
    _, card = shop.card(20, usage=CardUsage.UNTIL_SPENT)
    mine = shop.charge(card, 5)
    elsewhere = Till(shop.deps, "corner-shop", "general")
    other = elsewhere.charge(_presented(card), Money(DOLLAR), "k")

    listed = shop.send("GET", "/v1/authorizations?limit=10").body["data"]
    assert listed == [mine.body]
    assert shop.send("GET", f"/v1/authorizations/{mine.body['id']}").body == mine.body
    for verb in ("capture", "reverse", "refund"):
        assert shop.post(f"/v1/authorizations/{other.id}/{verb}", {}).status == 404
    assert shop.send("GET", f"/v1/authorizations/{other.id}").body["code"] == "not_found"


def _presented(card):
    from flux_cli.domain.card_network import Presented

    return Presented(card.number, card.expiry, card.cvv)


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_minor": "5000000"}, {"amount_minor": 5.5}, {"amount_minor": -1},
        {"amount_minor": True}, {"amount_minor": 10**15 + 1}, {"amount_minor": None},
        {"currency": "credit"}, {"currency": "XXX"}, {"capture": "yes"}, {"extra": 1},
        {"card": "4242424242424242"}, {"card": {"number": "4242424242424242"}},
        {"card": {"number": 4242424242424242, "expiry": "12/26", "cvv": "123"}},
        {"card": {"number": "4242424242424242", "expiry": "12/26", "cvv": "123", "pin": "7351"}},
    ],
    ids=str,
)  # fmt: skip
def test_a_body_that_is_not_understood_is_not_quoted_back(shop: Shop, changes: dict) -> None:
    card = {"number": "4242424242424242", "expiry": "12/26", "cvv": "998"}
    answer = shop.post("/v1/charges", {"card": card, "amount_minor": 5} | changes)

    assert answer.status == 422
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.text + shop.log()
    assert not any(secret in told for secret in ("4242424242424242", "998", "7351"))


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"card": 4242424242424242', b"\xff", b"[" * 9000])
def test_what_is_no_json_object_is_refused(shop: Shop, body: bytes) -> None:
    answer = shop.send("POST", "/v1/charges", body, key="k")

    assert answer.status in (400, 422)
    assert answer.body["code"] == "invalid_request"
    assert "4242424242424242" not in answer.text


def test_only_this_machines_programs_may_talk_to_it(shop: Shop) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "10.0.0.1", "localhost.", ""):
        assert shop.send("GET", "/health", Host=host).status == 421
    for host in ("localhost", "127.0.0.1:80", "[::1]:8080", "LOCALHOST:1"):
        assert shop.send("GET", "/health", Host=host).status == 200
    browser = shop.send("GET", "/health", Origin="http://127.0.0.1:80")
    assert (browser.status, browser.body["code"]) == (403, "browser_refused")
    form = shop.send("POST", "/v1/charges", b"a=b", key="k", Content_Type="text/plain")
    assert form.status == 422


def test_a_large_body_is_refused_whether_it_says_so_or_not(shop: Shop) -> None:
    said = shop.send("POST", "/v1/charges", b"a" * 16_385, key="k")
    assert (said.status, said.body["code"]) == (413, "body_too_large")

    connection = http.client.HTTPConnection("127.0.0.1", shop.port, timeout=20)
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    chunks = iter([b"a" * 8_192] * 3)
    connection.request("POST", "/v1/charges", chunks, headers, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, json.load(answer)["code"]) == (413, "body_too_large")
    connection.close()


def test_its_description_says_what_it_takes(shop: Shop) -> None:
    described = shop.send("GET", "/openapi.json").body

    assert described["openapi"].startswith("3.1")
    assert "SIMULATED" in described["info"]["title"]
    assert {f"{verb} {path}" for path, verbs in described["paths"].items() for verb in verbs} == {
        "get /health",
        "get /v1/authorizations",
        "get /v1/authorizations/{authorization_id}",
        "post /v1/charges",
        "post /v1/authorizations/{authorization_id}/capture",
        "post /v1/authorizations/{authorization_id}/reverse",
        "post /v1/authorizations/{authorization_id}/refund",
        "post /v1/force_posts",
    }
    charge = described["paths"]["/v1/charges"]["post"]
    assert [one["name"] for one in charge["parameters"]] == ["Idempotency-Key"]
    assert set(charge["responses"]) == {"201", "402", "422"}
    for page in ("/docs", "/redoc", "/"):
        assert shop.send("GET", page).status == 404


def test_a_failure_inside_is_a_plain_500_and_logged_without_values(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Till, *given: object, **more: object) -> None:
        raise RuntimeError(f"planted {given}")

    _, card = shop.card()
    monkeypatch.setattr(Till, "charge", broken)
    answer = shop.charge(card, 5)

    assert (answer.status, answer.body["code"]) == (500, "failed")
    line = shop.log()
    assert line.startswith("request method=POST route=/v1/charges status=500 error=RuntimeError")
    assert not any(secret in line for secret in (card.number, card.cvv))
