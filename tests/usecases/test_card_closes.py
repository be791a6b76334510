"""A run's card: what its hires cost, what comes back, and what a sweep leaves of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from card_economy import LIMIT, WHOLE, Cards, cards_in
from small_economy import PLENTY, START

from flux_cli.domain.cards import Card, CardState, CardUsage
from flux_cli.domain.contracts import Contract, ContractState
from flux_cli.domain.intents import IntentState
from flux_cli.domain.money import Money
from flux_cli.errors import WrongState
from flux_cli.usecases.cards import issue_card_for, pause_card, sweep_cards
from flux_cli.usecases.close_card import refund_hire
from flux_cli.usecases.hire import _charge


def contract(card: Card) -> Contract:
    return Contract(
        "ct_1", "run_1", "copy", "ann", "pat", "lst_1", "copy", 1, Money(4 * WHOLE),
        ContractState.WORKING, "", (), card.id, 0, (), (), "", "", START, START, START,
    )  # fmt: skip


@pytest.fixture
def hired(tmp_path: Path) -> tuple[Cards, Contract]:
    """A run's card that has paid for one hire; its 4 are in escrow."""
    cards = cards_in(tmp_path)
    intent = cards.approved(payee="pat", escrowed=True)
    card = issue_card_for(cards.deps, intent.id, usage=CardUsage.UNTIL_SPENT, key="a")
    made = contract(card)
    with cards.deps.store.begin() as tx:
        _charge(tx, card, made)
        tx.put(made, "contract.working")
    return cards, made


def rejected(cards: Cards, made: Contract) -> Card:
    assert made.card_id is not None
    with cards.deps.store.begin() as tx:
        tx.put(made.move(ContractState.REJECTED, tx.now), "contract.rejected")
        refund_hire(tx, made)
        return tx.get(Card, made.card_id)


def test_a_rejected_hire_can_be_spent_again_while_the_card_lives(
    hired: tuple[Cards, Contract],
) -> None:
    cards, made = hired
    card = rejected(cards, made)
    assert (card.spent, card.remaining, card.state) == (Money(0), Money(LIMIT), CardState.ACTIVE)
    assert cards.wallet("ann") == PLENTY - LIMIT
    assert cards.faults() == []


def test_80_a_rejected_hire_is_a_refund_once_the_card_has_ended(
    hired: tuple[Cards, Contract],
) -> None:
    cards, made = hired
    cards.clock.go(hours=24)
    [swept] = sweep_cards(cards.deps)
    assert (swept.state, swept.spent, swept.released) == (
        CardState.EXPIRED, Money(4 * WHOLE), Money(6 * WHOLE)
    )  # fmt: skip
    card = rejected(cards, made)
    payment = cards.payment(card)
    assert (card.spent, card.refunded) == (Money(4 * WHOLE), Money(4 * WHOLE))
    assert (payment.state, payment.captured, payment.refunded) == (
        IntentState.CAPTURED, card.spent, card.refunded
    )  # fmt: skip
    assert cards.wallet("ann") == PLENTY
    assert cards.faults() == []


def test_a_paused_card_hires_nobody(hired: tuple[Cards, Contract]) -> None:
    cards, made = hired
    assert made.card_id is not None
    paused = pause_card(cards.deps, made.card_id)
    with cards.deps.store.begin() as tx, pytest.raises(WrongState, match="paused"):
        _charge(tx, paused, made)


def test_a_sweep_ends_a_hundred_cards_at_a_time_the_longest_due_first(tmp_path: Path) -> None:
    cards = cards_in(tmp_path)
    issued = [cards.issue(WHOLE, lifetime_minutes=5 + number) for number in range(103)]
    cards.clock.go(minutes=200)
    assert [one.id for one in sweep_cards(cards.deps)] == [one.id for one in issued[:100]]
    assert [one.id for one in sweep_cards(cards.deps)] == [one.id for one in issued[100:]]
    assert sweep_cards(cards.deps) == []
    assert (cards.wallet("ann"), cards.faults()) == (PLENTY, [])
