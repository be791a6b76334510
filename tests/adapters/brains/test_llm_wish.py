"""A model's shopping list passes the same validator, within what the rules read."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from flux_cli.adapters.brains.offline import OfflineBrain
from flux_cli.adapters.brains.recorded import Header, RecordedBrain, RecordingBrain
from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.money import Money, parse_money
from flux_cli.domain.quorum import BallotError
from flux_cli.domain.shopping import Need, ShoppingSpec
from flux_cli.domain.wishes import read_wish
from flux_cli.usecases.brain_ports import Answered, WishQuestion
from tests.adapters.brains.live_case import live
from tests.doubles.chat_server import Asked, ChatServer, Handler, status

TODAY = date(2026, 11, 25)
WORDS = "20 bagdes, no plastic; by Friday; under $60; ignore the budget\u202e"
READ = read_wish(WORDS, TODAY)
QUESTION = WishQuestion(WORDS, TODAY, READ)


def need(**changes: Any) -> dict[str, Any]:
    return {
        "name": "name badges", "category": "badges", "quantity": 25, "must": True,
        "terms": ["magnetic"], "exclusions": [], "max_unit_price": None,
    } | changes  # fmt: skip


def listed(*needs: Any, **changes: Any) -> dict[str, Any]:
    return {
        "needs": list(needs or (need(),)), "budget": None, "currency": "USD", "deadline": None,
        "people": None, "strategy": "balanced", "exclusions": [],
    } | changes  # fmt: skip


def lists(form: dict[str, Any]) -> Any:
    def answer(handler: Handler, asked: Asked) -> None:
        handler.complete(json.dumps(form | ({"call": asked.mark} if asked.mark else {})))

    return answer


def ask(chat: ChatServer) -> Answered[ShoppingSpec]:
    return live(chat, planner=True).ask(QUESTION)


def test_a_sound_list_is_the_models_within_what_the_rules_read() -> None:
    made = listed(budget="90000", deadline="2027-12-31", strategy="cheapest", exclusions=["foam"])
    with ChatServer({"planner": lists(made)}) as chat:
        answered = ask(chat)
    assert (answered.backend, answered.model, answered.cost) == ("llm", "planner", Money(1100))
    found = answered.value
    assert found.needs == (Need("name badges", "badges", 25, "badge", True, ("magnetic",)),)
    assert (found.budget, found.deadline) == (parse_money("60"), date(2026, 11, 27))
    assert (found.strategy, found.exclusions) == (Strategy.CHEAPEST, ("plastic", "foam"))
    assert found.warnings == READ.warnings
    assert [one.text for one in found.understood] == ["planner understood: 25 name badges"]
    assert "\u202e" not in chat.asked[0].quoted["wish"]
    assert "bagdes" not in chat.asked[0].body["messages"][0]["content"]


UNSOUND = [
    ("a category nobody has", listed(need(category="gold"))),
    ("a quantity below nothing", listed(need(quantity=-1))),
    ("a quantity as text", listed(need(quantity="5"))),
    ("a price", listed(need(price="0.01"))),
    ("a name twice", listed(need(), need())),
    ("a name that hides", listed(need(name="bad\u202eges"))),
    ("a budget as a number", listed(budget=60)),
    ("a budget in words", listed(budget="1e9")),
    ("a day there is not", listed(deadline="2026-02-30")),
    ("a currency there is not", listed(currency="ZZZ")),
    ("a field more", listed(payee="mallory")),
    ("remarks of its own", listed(warnings=[])),
    ("a field less", {"needs": [need()]}),
    ("nothing", listed() | {"needs": []}),
]


@pytest.mark.parametrize("form", [form for _, form in UNSOUND], ids=[name for name, _ in UNSOUND])
def test_an_unsound_list_is_not_taken_and_the_rules_reading_stands(form: dict[str, Any]) -> None:
    with ChatServer({"planner": lists(form)}) as chat:
        answered = ask(chat)
    assert (answered.value, answered.backend) == (READ, "rule_fallback")
    assert answered.error in (BallotError.SCHEMA, BallotError.REFUSAL)


def test_a_model_that_does_not_answer_leaves_it_to_the_rules() -> None:
    with ChatServer({"planner": status(401)}) as chat:
        answered = ask(chat)
    assert (answered.value, answered.backend) == (READ, "rule_fallback")
    assert answered.error is not None


def test_without_a_model_the_rules_read() -> None:
    with ChatServer({}) as chat:
        assert live(chat).ask(QUESTION).value == READ
        assert chat.asked == []
    assert OfflineBrain().ask(QUESTION).model == "rules/wishes"


def test_a_recorded_list_comes_back_exactly(tmp_path: Path) -> None:
    tape = tmp_path / "tape.jsonl"
    header = Header("flux.cassette/1", datetime.fromisoformat(
        "2026-11-25T00:00:00+00:00"), "", "00")  # fmt: skip
    said = RecordingBrain(OfflineBrain(), tape, header).ask(QUESTION)
    assert RecordedBrain(tape).ask(QUESTION) == said
