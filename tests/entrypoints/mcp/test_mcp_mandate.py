"""A hostile client: it spends its mandate's money and sees its agent's things, and no more."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import anyio
import pytest
from mcp.shared.exceptions import MCPError

from flux_cli.domain.carts import Cart
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.money import Money, find_asset
from flux_cli.entrypoints.mcp.scope import open_scope
from flux_cli.entrypoints.mcp.server import MOST_WAITING
from flux_cli.errors import InvalidInput, NotFound, WrongState
from flux_cli.usecases.checkout import Terms, checkout
from flux_cli.usecases.freeze import set_frozen
from flux_cli.usecases.mandates import revoke_mandate
from tests.entrypoints.mcp.session import BUYER, DOLLAR, RIVAL, Answered, Scene, Session

PAY = {"to": "researcher", "amount": "10", "purpose": "interviews"}
ASKED = {"check_payment": PAY, "request_payment": PAY | {"idempotency_key": "k"}}
WISH = {"wish": "snacks for 10 people", "budget": "40", "idempotency_key": "w"}


def quietly(_: str, /, **__: object) -> None:
    """Nobody listens."""


async def all_at_once(session: Session, calls: list[tuple[str, dict[str, Any]]]) -> list[Answered]:
    """Every call in flight together."""
    found: list[Answered] = []

    async def one(tool: str, arguments: dict[str, Any]) -> None:
        found.append(await session.call(tool, **arguments))

    async with anyio.create_task_group() as group:
        for tool, arguments in calls:
            group.start_soon(one, tool, arguments)
    return found


def test_128_parallel_calls_never_spend_more_than_the_mandate(scene: Scene) -> None:
    mandate = scene.mandate(70)
    calls = [("request_payment", PAY | {"idempotency_key": f"k{n}"}) for n in range(40)]

    answers = scene.talk(lambda session: all_at_once(session, calls), mandate)

    assert Counter(one.code for one in answers) == {None: 7, "mandate_exceeded": 33}
    assert (scene.balance(BUYER), scene.balance("researcher")) == (430, 70)
    assert scene.now(mandate).left == Money(0)


def test_128_one_key_in_parallel_pays_once(scene: Scene) -> None:
    calls = [("request_payment", PAY | {"idempotency_key": "one"})] * 20

    answers = scene.talk(lambda session: all_at_once(session, calls), scene.mandate())

    assert len({one.document["id"] for one in answers}) == 1
    assert scene.balance("researcher") == 10


def test_128_a_replayed_key_with_another_body_pays_nothing(scene: Scene) -> None:
    changes = [
        {"amount": "11"},
        {"to": "content-writer"},
        {"purpose": "something else"},
        {"category": "travel"},
        {"justification": "because"},
    ]
    calls = [("request_payment", PAY | change | {"idempotency_key": "k"}) for change in changes]

    async def replay(session: Session) -> list[Answered]:
        await session.call("request_payment", **PAY, idempotency_key="k")
        return [await session.call(tool, **arguments) for tool, arguments in calls]

    answers = scene.talk(replay, scene.mandate())

    assert [one.code for one in answers] == ["key_reused"] * len(changes)
    assert all("mcp:" not in one.error["message"] for one in answers)
    assert scene.balance(BUYER) == 490


def test_99_a_key_of_another_agents_finds_nothing_of_its(scene: Scene) -> None:
    ours, theirs = scene.mandate(), scene.mandate(holder=RIVAL)
    asked = PAY | {"idempotency_key": "same"}
    first = scene.talk(lambda session: session.call("request_payment", **asked), ours)
    second = scene.talk(
        lambda session: session.call("request_payment", **asked), theirs, agent=RIVAL
    )

    assert first.document["id"] != second.document["id"]
    assert (scene.balance(BUYER), scene.balance(RIVAL)) == (490, 490)


def test_99_a_client_cannot_name_another_agent_or_mandate(scene: Scene) -> None:
    extras = ("agent", "from", "requester", "mandate", "mandate_id", "payer")
    tools = ("get_balance", "get_statement", "list_cards", "check_payment", "request_payment")

    async def name_them(session: Session) -> list[tuple[str, str]]:
        asked = [(tool, extra) for tool in tools for extra in extras]
        found = [
            (await session.call(tool, **ASKED.get(tool, {}), **{extra: RIVAL})).error
            for tool, extra in asked
        ]
        return [(one["code"], one["param"]) for one in found]

    refused = scene.talk(name_them, scene.mandate())

    assert {code for code, _ in refused} == {"invalid_input"}
    assert {param for _, param in refused} == set(extras)
    assert (scene.balance(BUYER), scene.balance(RIVAL)) == (500, 500)


def test_124_another_agents_objects_are_as_unknown_as_those_that_are_not_there(
    scene: Scene,
) -> None:
    theirs = scene.mandate(holder=RIVAL)

    async def work(session: Session) -> tuple[Any, Any]:
        paid = await session.call("request_payment", **PAY, idempotency_key="k")
        cart = await session.call("propose_cart", **WISH)
        return paid.document, cart.document

    paid, cart = scene.talk(work, theirs, agent=RIVAL)
    mandate = scene.mandate()
    for tool, name, real, more in (
        ("get_payment", "payment_id", paid["id"], {}),
        ("explain_payment", "payment_id", paid["id"], {}),
        ("get_cart", "cart_id", cart["id"], {}),
        ("buy_cart", "cart_id", cart["id"], {"hash": cart["hash"]}),
    ):
        known = scene.one(tool, mandate, **{name: real}, **more).error
        made_up = f"{real[:-6]}zzzzzz"
        unknown = scene.one(tool, mandate, **{name: made_up}, **more).error
        assert known["code"] == "not_found"
        assert str(known).replace(real, "ID") == str(unknown).replace(made_up, "ID")
        start = scene.one(tool, mandate, **{name: real[:20]}, **more).error
        assert start["code"] == "not_found"
    for tool, rows in (("list_payments", "payments"), ("list_cards", "cards")):
        assert scene.one(tool, mandate).document[rows] == []
    assert RIVAL not in str(scene.one("get_statement", mandate).document)


NO_AMOUNTS: list[Any] = [
    "0",
    "-1",
    "+1",
    "1e3",
    "NaN",
    "Infinity",
    "-0",
    "1,000",
    "1.0000001",
    " 1",
    "1\n",
    "１２",
    "0x10",
    "",
    "9" * 13,
    "1000000000.000001",
    10,
    10.0,
    1e308,
    True,
    None,
    ["10"],
    {"amount": "10"},
    2**63,
]


def test_123_only_a_plain_amount_is_one(scene: Scene) -> None:
    async def send(session: Session) -> list[Any]:
        asked = [PAY | {"amount": one, "idempotency_key": "k"} for one in NO_AMOUNTS]
        return [(await session.call("request_payment", **one)).error for one in asked]

    for refused in scene.talk(send, scene.mandate()):
        assert refused["code"] in {"invalid_amount", "invalid_input"}
        assert refused["param"] == "amount"
    assert scene.balance(BUYER) == 500


@pytest.mark.parametrize("number", [float("nan"), float("inf")], ids=repr)
def test_123_a_number_that_is_none_is_refused_on_the_wire(scene: Scene, number: float) -> None:
    async def send(session: Session) -> object:
        try:
            return await session.call(
                "request_payment", **(PAY | {"amount": number}), idempotency_key="k"
            )
        except Exception as error:
            return error

    refused = scene.talk(send, scene.mandate(), mode="legacy")

    assert isinstance(refused, Exception) or refused.code == "invalid_input"
    assert scene.balance(BUYER) == 500


TOO_MUCH: list[tuple[str, dict[str, Any]]] = [
    ("request_payment", {"purpose": "x" * 201}),
    ("request_payment", {"justification": "x" * 100_000}),
    ("request_payment", {"to": "x" * 65}),
    ("request_payment", {"to": "researcher\x1b[2J"}),
    ("request_payment", {"to": "rese\u202earcher"}),
    ("request_payment", {"idempotency_key": ""}),
    ("request_payment", {"idempotency_key": "k" * 129}),
    ("request_payment", {"idempotency_key": "k\x00"}),
    ("request_payment", {"urgency": "NOW"}),
    ("request_payment", {"category": ""}),
    ("request_payment", {"capture": "automatic"}),
    ("get_statement", {"limit": 0}),
    ("get_statement", {"limit": 101}),
    ("get_statement", {"limit": 10.0}),
    ("get_statement", {"before": -1}),
    ("get_statement", {"before": 2**64}),
    ("list_payments", {"state": "'; drop table entries; --"}),
    ("search_market", {"words": ""}),
    ("search_market", {"words": "x" * 201}),
    ("propose_cart", {"wish": "x" * 2001, "idempotency_key": "k"}),
    ("propose_cart", {"wish": "snacks", "by": "soon", "idempotency_key": "k"}),
    ("buy_cart", {"cart_id": "cart_1", "hash": "../../etc"}),
]


def test_128_arguments_have_bounds(scene: Scene) -> None:
    async def send(session: Session) -> list[Any]:
        asked = [(tool, ASKED.get(tool, {}) | change) for tool, change in TOO_MUCH]
        return [(await session.call(tool, **one)).error for tool, one in asked]

    for refused in scene.talk(send, scene.mandate()):
        assert refused["code"] == "invalid_input"
        assert len(str(refused)) < 1000
    assert scene.balance(BUYER) == 500


def test_128_an_unknown_tool_is_a_protocol_error(scene: Scene) -> None:
    names = [
        "reveal_card",
        "set_policy",
        "thaw",
        "approve_payment",
        "",
        "x" * 10_000,
        "\x1b]0;a\x07",
    ]

    async def name_them(session: Session) -> list[MCPError]:
        return [await session.failure(name) for name in names]

    for failed in scene.talk(name_them, scene.mandate()):
        assert failed.code == -32602
        assert len(failed.message) < 300
        assert "\x1b" not in failed.message


def test_98_a_reader_cannot_write_by_naming_a_tool(scene: Scene) -> None:
    async def name_them(session: Session) -> list[int]:
        tools = ("request_payment", "request_card", "propose_cart", "buy_cart")
        return [(await session.failure(tool, **PAY)).code for tool in tools]

    assert scene.talk(name_them) == [-32602] * 4
    assert scene.balance(BUYER) == 500


def test_98_a_mandate_that_ends_meanwhile_ends_the_spending(scene: Scene) -> None:
    mandate = scene.mandate()

    async def outlive(session: Session) -> tuple[Answered, Answered]:
        before = await session.call("request_payment", **PAY, idempotency_key="a")
        revoke_mandate(scene.deps, mandate.id)
        return before, await session.call("request_payment", **PAY, idempotency_key="b")

    before, after = scene.talk(outlive, mandate)

    assert (before.code, after.code) == (None, "mandate_inactive")
    assert scene.balance(BUYER) == 490


def test_98_a_freeze_stops_a_session_and_no_tool_lifts_it(scene: Scene) -> None:
    mandate = scene.mandate()
    set_frozen(scene.deps, BUYER, frozen=True, reason="a test")

    assert scene.one("request_payment", mandate, **PAY, idempotency_key="a").code == "agent_frozen"
    assert scene.balance(BUYER) == 500


def test_a_mandates_payees_and_cap_bind_every_kind_of_spending(scene: Scene) -> None:
    mandate = scene.mandate(100, payees=frozenset({"researcher"}), per_payment=Money(15 * DOLLAR))
    card = {"amount": "5", "purpose": "x", "claimed_return": "50", "idempotency_key": "c"}

    async def attempt(session: Session) -> list[str | None]:
        cart = (await session.call("propose_cart", **WISH)).document
        answers = [
            await session.call("request_payment", **PAY, idempotency_key="a"),
            await session.call("request_payment", **(PAY | {"amount": "16"}), idempotency_key="b"),
            await session.call(
                "request_payment", **(PAY | {"to": "content-writer"}), idempotency_key="d"
            ),
            await session.call("request_card", **card),
            await session.call("request_card", **(card | {"merchant": "api-hub"})),
            await session.call("buy_cart", cart_id=cart["id"], hash=cart["hash"]),
        ]
        return [one.code for one in answers]

    assert scene.talk(attempt, mandate) == [
        None,
        "mandate_per_payment_exceeded",
        "mandate_payee_not_allowed",
        "mandate_payee_not_allowed",
        "key_reused",
        "mandate_payee_not_allowed",
    ]
    assert scene.balance(BUYER) == 490


def test_a_mandate_in_another_currency_buys_no_cart(scene: Scene) -> None:
    mandate = scene.mandate(100, asset=find_asset("EUR"))

    async def attempt(session: Session) -> Answered:
        cart = (await session.call("propose_cart", **WISH)).document
        return await session.call("buy_cart", cart_id=cart["id"], hash=cart["hash"])

    assert scene.talk(attempt, mandate).code is not None
    assert scene.balance(BUYER) == 500


def test_a_purchase_that_the_owner_began_is_not_gone_on_with_under_a_mandate(
    scene: Scene,
) -> None:
    mandate = scene.mandate(1000)
    cart = scene.one("propose_cart", mandate, **WISH).document
    bought = checkout(scene.deps, cart["id"], Terms(), progress=quietly)
    assert isinstance(bought, Cart)

    refused = scene.one("buy_cart", mandate, cart_id=cart["id"], hash=cart["hash"])

    assert refused.code == "wrong_state"
    assert scene.now(mandate).spent == Money(0)


def test_128_a_flood_is_answered_and_costs_no_more_than_the_mandate(scene: Scene) -> None:
    mandate = scene.mandate(30)
    calls = [("request_payment", PAY | {"idempotency_key": f"k{n}"}) for n in range(300)]

    answers = scene.talk(lambda session: all_at_once(session, calls), mandate)
    codes = Counter(one.code for one in answers)

    assert codes.total() == 300
    assert set(codes) == {None, "mandate_exceeded", "busy"}
    assert codes[None] == 3
    assert codes["busy"] == 300 - MOST_WAITING
    assert all(one.error["retryable"] for one in answers if one.code == "busy")
    assert scene.balance(BUYER) == 470


def test_128_a_bug_is_told_as_one_and_shows_nothing_of_itself(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flux_cli.entrypoints.mcp import tools

    def broken(_: object, __: object) -> dict[str, Any]:
        raise ZeroDivisionError("the canary 4242424242424242")

    planted = tuple(
        replace(one, run=broken) if one.name == "get_balance" else one for one in tools.TOOLS
    )
    monkeypatch.setattr(tools, "TOOLS", planted)
    answer = scene.one("get_balance")

    assert answer.code == "bug"
    assert "canary" not in str(answer.error)
    assert "Traceback" not in str(answer.error)
    assert any(
        line.startswith("bug tool=get_balance kind=ZeroDivisionError") for line in scene.said
    )


def test_a_session_is_opened_only_for_a_holder_of_a_mandate_in_force(scene: Scene) -> None:
    mandate, ended = scene.mandate(), scene.mandate()
    revoke_mandate(scene.deps, ended.id)

    with pytest.raises(InvalidInput, match="held by buyer"):
        open_scope(scene.deps, RIVAL, mandate.id)
    with pytest.raises(WrongState, match="revoked"):
        open_scope(scene.deps, BUYER, ended.id)
    with pytest.raises(NotFound):
        open_scope(scene.deps, "nobody", None)
    with pytest.raises(NotFound):
        open_scope(scene.deps, BUYER, "man_00000000000000000000000000")


def test_a_mandate_whose_time_is_over_opens_no_session(scene: Scene) -> None:
    mandate = scene.mandate(lifetime=timedelta(microseconds=1))

    with pytest.raises(WrongState, match="expired"):
        open_scope(scene.deps, BUYER, mandate.id)


def test_what_a_client_paid_is_recorded_under_its_mandate(scene: Scene) -> None:
    mandate = scene.mandate()
    scene.one("request_payment", mandate, **PAY, idempotency_key="a")

    with scene.deps.store.reading() as reader:
        (intent,) = reader.find(PaymentIntent, requester=BUYER)
    assert (intent.mandate_id, intent.requester) == (mandate.id, BUYER)
