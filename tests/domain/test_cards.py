"""Card numbers, what may be shown of them, and what is left on a card."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from flux_cli.domain.cards import (
    Card,
    CardState,
    CardUsage,
    card_number,
    luhn_digit,
    luhn_valid,
)
from flux_cli.domain.money import Money

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DIGITS = st.text("0123456789", min_size=1, max_size=19)


@given(DIGITS)
def test_the_check_digit_is_the_one_the_standard_library_of_numbers_gives(payload: str) -> None:
    assert luhn_digit(payload) == luhn.calc_check_digit(payload)


@given(DIGITS)
def test_a_number_is_valid_exactly_when_the_other_implementation_says_so(number: str) -> None:
    assert luhn_valid(number) is luhn.is_valid(number)


@given(st.integers(0, 10**30), st.sampled_from(["424242", "4", "40000000"]))
def test_every_card_number_has_sixteen_digits_its_prefix_and_a_valid_check_digit(
    entropy: int, prefix: str
) -> None:
    number = card_number(prefix, entropy)
    assert (len(number), number.startswith(prefix), luhn.is_valid(number)) == (16, True, True)


@given(st.integers(0, 10**9 - 1), st.integers(0, 15), st.integers(1, 9))
def test_one_wrong_digit_never_passes(entropy: int, place: int, change: int) -> None:
    number = card_number("424242", entropy)
    wrong = str((int(number[place]) + change) % 10)
    assert not luhn_valid(number[:place] + wrong + number[place + 1 :])


@pytest.mark.parametrize(
    "number", ["", " ", "4242 4242 4242 4242", "-4242424242424242", "٤٢٤٢", "４２", "abc", "4²"]
)
def test_what_is_not_all_ascii_digits_is_not_a_valid_number(number: str) -> None:
    assert luhn_valid(number) is False


def test_the_published_test_number_is_valid() -> None:
    assert luhn_valid("4242424242424242") is True
    assert card_number("424242", 424242424) == "4242424242424242"


def card(limit: int, spent: int, released: int) -> Card:
    return Card(
        "card_1", "pi_1", None, "ada", "ads", "424242", "1234", "f" * 64, CardUsage.SINGLE_USE,
        Money(limit), Money(spent), Money(released), CardState.ACTIVE, NOW, NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("limit", "spent", "released", "left"),
    [(10, 0, 0, 10), (10, 4, 0, 6), (10, 4, 6, 0), (10, 0, 10, 0)],
)
def test_what_remains_is_the_limit_less_what_was_spent_and_released(
    limit: int, spent: int, released: int, left: int
) -> None:
    assert card(limit, spent, released).remaining == Money(left)


def test_a_shown_number_hides_the_middle() -> None:
    assert card(1, 0, 0).masked == "424242••••••1234"
