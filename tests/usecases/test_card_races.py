"""Cards under many processes: one purchase, one reveal, one answer to one message."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from card_economy import LIMIT, WHOLE
from card_races import PROCESSES, Step, buy, issued, race
from small_economy import PLENTY

from flux_cli.domain.cards import CARD_NETWORK, CardState, CardUsage
from flux_cli.usecases import card_network as network
from flux_cli.usecases.cards import cancel_card, reveal_card, sweep_cards


@pytest.mark.parametrize("kind", ["authorise", "charge", "force_post"])
def test_79_of_16_processes_with_one_single_use_card_exactly_one_is_approved(
    tmp_path: Path, kind: str
) -> None:
    cards, card = issued(tmp_path)
    answers = race(tmp_path, card, [buy(kind)] * PROCESSES)
    approved = [answer for answer in answers if answer.startswith("auth_")]
    assert len(approved) == 1
    assert Counter(answers) - Counter(approved) == {"already_used": PROCESSES - 1}
    now = cards.now(card)
    assert (now.taken_by, now.authorised + now.spent) == (approved[0], now.limit - now.remaining
                                                          - now.released)  # fmt: skip
    assert (now.authorised + now.spent).units == 2 * WHOLE
    assert cards.faults() == []


def test_79_the_race_is_lost_where_a_card_is_not_used_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "take", lambda tx, card, claim, key: card)
    _, card = issued(tmp_path)
    answers = race(tmp_path, card, [buy("authorise")] * PROCESSES)
    assert sum(answer.startswith("auth_") for answer in answers) == LIMIT // (2 * WHOLE)


def test_processes_that_spend_one_card_together_never_spend_more_than_it_has(
    tmp_path: Path,
) -> None:
    cards, card = issued(tmp_path, CardUsage.UNTIL_SPENT)
    answers = race(tmp_path, card, [buy("charge", 3 * WHOLE)] * PROCESSES)
    assert sum(answer.startswith("auth_") for answer in answers) == 3
    assert set(answers) - {a for a in answers if a.startswith("auth_")} == {"over_limit"}
    assert (cards.wallet(CARD_NETWORK), cards.faults()) == (9 * WHOLE, [])


def test_84_of_16_processes_that_reveal_a_card_exactly_one_sees_it(tmp_path: Path) -> None:
    cards, card = issued(tmp_path)
    step: Step = lambda cards, card, number: reveal_card(cards.deps, card.id)  # noqa: E731
    answers = race(tmp_path, card, [step] * PROCESSES)
    assert Counter(answers) == {"done": 1, "wrong_state": PROCESSES - 1}
    with cards.deps.store.reading() as reader:
        assert [event.kind for event in reader.events()].count("card.revealed") == 1


def test_the_same_message_from_16_processes_is_one_with_one_answer(tmp_path: Path) -> None:
    cards, card = issued(tmp_path)
    step: Step = lambda cards, card, number: cards.send(card, WHOLE, network_id="one")  # noqa: E731
    answers = race(tmp_path, card, [step] * PROCESSES)
    assert len(set(answers)) == 1
    assert (cards.now(card).authorised.units, cards.faults()) == (WHOLE, [])


def test_a_card_that_is_charged_cancelled_swept_and_guessed_at_adds_up(tmp_path: Path) -> None:
    cards, card = issued(tmp_path, CardUsage.UNTIL_SPENT)
    mixed: list[Step] = [
        buy("authorise"),
        buy("charge"),
        lambda cards, card, number: cancel_card(cards.deps, card.id),
        lambda cards, card, number: sweep_cards(cards.deps),
        lambda cards, card, number: cards.send(cards.details(card, cvv="x"), WHOLE),
    ]
    answers = race(tmp_path, card, mixed * 3)
    assert set(answers) - {a for a in answers if a.startswith("auth_")} <= {
        "done", "card_cancelled", "over_limit", "wrong_cvc", "already_used", "wrong_state",
        "card_locked",
    }  # fmt: skip
    now = cards.now(card)
    assert now.state in (CardState.CANCELLED, CardState.USED)
    assert cards.wallet("ann") == PLENTY - now.spent.units - now.authorised.units
    assert cards.faults() == []
