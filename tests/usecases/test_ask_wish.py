"""A brain that is paid reads a wish once for a key, and its cost is the buyer's."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from flux_cli.domain.journal import wallet
from flux_cli.domain.money import CREDIT, Money
from flux_cli.domain.quorum import BallotError
from flux_cli.domain.shopping import Need, ShoppingSpec
from flux_cli.usecases.ask_wish import ask_wish
from flux_cli.usecases.brain_ports import Answered, Question, WishQuestion
from flux_cli.usecases.make_cart import Filled, Wish, make_cart
from flux_cli.usecases.ports import Deps
from tests.usecases.shopping_economy import Mall, mall
from tests.usecases.small_economy import quiet

WORDS = "40 snacks, under $90"


@dataclass
class Fickle:
    """A model that reads another quantity each time it is asked, for a dollar."""

    cost: Money = Money(1_000_000)  # noqa: RUF009 - immutable
    error: BallotError | None = None
    asked: list[WishQuestion] = field(default_factory=list)

    def ask(self, question: Question[Any]) -> Answered[Any]:
        assert isinstance(question, WishQuestion)
        self.asked.append(question)
        needs = (Need("snacks", "snacks", 40 + len(self.asked), "serving"),)
        made = replace(question.read, needs=needs)
        return Answered(made, "llm", "m", self.cost, 9, 5, "api.example", error=self.error)


@pytest.fixture
def here(tmp_path: Path) -> Mall:
    return mall(tmp_path)


def having(here: Mall, brain: Fickle) -> Deps:
    return replace(here.deps, brain=cast("Any", brain))


def read(deps: Deps, key: str, progress: Any = quiet) -> ShoppingSpec:
    with deps.store.reading() as reader:
        today = reader.now.date()
    return ask_wish(deps, "ann", WORDS, today, key=key, progress=progress)


def in_wallet(deps: Deps) -> int:
    with deps.store.reading() as reader:
        return reader.balance(wallet("ann"), CREDIT).units


def test_what_a_model_took_is_the_buyers_to_pay(here: Mall) -> None:
    brain = Fickle()
    deps = having(here, brain)
    before = in_wallet(deps)
    assert read(deps, "kit").needs[0].quantity == 41
    assert before - in_wallet(deps) == 1_000_000
    assert brain.asked[0].read.budget == Money(90_000_000)


def test_a_key_that_has_a_cart_is_not_asked_about_again(here: Mall) -> None:
    brain = Fickle()
    deps = having(here, brain)
    spec = read(deps, "kit")
    first = make_cart(deps, Wish("ann", WORDS, spec), key="kit", keep=True, progress=quiet)
    again = make_cart(
        deps, Wish("ann", WORDS, read(deps, "kit")), key="kit", keep=True, progress=quiet
    )
    assert isinstance(first, Filled)
    assert isinstance(again, Filled)
    assert (again.cart, len(brain.asked)) == (first.cart, 1)


def test_a_model_without_an_answer_or_pay_is_told_of(here: Mall) -> None:
    told: list[tuple[str, dict[str, object]]] = []
    brain = Fickle(cost=Money(10**14), error=BallotError.SCHEMA)
    read(having(here, brain), "kit", lambda step, /, **facts: told.append((step, facts)))
    assert told == [
        ("no_list", {"model": "m", "error": BallotError.SCHEMA}),
        ("unpaid", {"cost": Money(10**14), "what": "the shopping list",
                    "why": "insufficient_funds"}),
    ]  # fmt: skip
