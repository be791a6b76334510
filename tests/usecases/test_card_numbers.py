"""Card numbers as a ledger issues them; `bench/cards.py numbers` draws a million."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from card_economy import cards_in
from stdnum import luhn

from flux_cli.adapters.clock import FreshIds
from flux_cli.adapters.keychain import CardSecret

COUNT = 20_000


def test_83_numbers_are_valid_by_another_implementation_and_hardly_ever_meet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes, real = [], secrets.token_bytes

    def drawn(size: int = 32) -> bytes:
        sizes.append(size)
        return real(size)

    monkeypatch.setattr(secrets, "token_bytes", drawn)
    secret, ids = CardSecret(tmp_path / "flux.db", "424242"), FreshIds()
    secret.prepare(create=True)
    numbers = [secret.number(ids.new("card"))[0] for _ in range(COUNT)]
    assert all(luhn.is_valid(number) and len(number) == 16 for number in numbers)
    assert len(set(numbers)) >= COUNT - 5
    for place in range(6, 15):
        counts = [sum(number[place] == digit for number in numbers) for digit in "0123456789"]
        assert min(counts) > COUNT / 10 * 0.85
        assert max(counts) < COUNT / 10 * 1.15
    assert 32 in sizes


def test_83_a_number_that_a_card_has_is_drawn_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards = cards_in(tmp_path)
    first = cards.issue()
    real, drawn = cards.deps.card_numbers.number, list[str]()

    def number(card_id: str) -> tuple[str, str]:
        drawn.append(card_id)
        return real(first.id) if len(drawn) < 4 else real(card_id)

    monkeypatch.setattr(cards.deps.card_numbers, "number", number)
    second = cards.issue()
    assert len(drawn) == 4
    assert second.id == drawn[-1]
    assert second.fingerprint != first.fingerprint
    assert cards.details(second).number != cards.details(first).number
    assert cards.faults() == []
