"""Card numbers, what may be shown of them, and what is left on a card."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from flux_cli.domain.card_network import Presented
from flux_cli.domain.cards import (
    Card,
    CardState,
    CardUsage,
    Revealed,
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


def card(limit: int, authorised: int, spent: int, released: int) -> Card:
    return Card(
        id="card_1", key="k", intent_id="pi_1", run_id=None, holder="ada", purpose="ads",
        payee="acme", merchant="acme", category=None, prefix="424242", last_four="1234",
        fingerprint="f" * 64, usage=CardUsage.SINGLE_USE, limit=Money(limit),
        authorised=Money(authorised), spent=Money(spent), released=Money(released),
        refunded=Money(0), state=CardState.ACTIVE, taken_by=None, wrong_tries=0, issued_at=NOW,
        expires_at=NOW, revealed_at=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("limit", "authorised", "spent", "released", "left"),
    [(10, 0, 0, 0, 10), (10, 0, 4, 0, 6), (10, 3, 4, 0, 3), (10, 0, 4, 6, 0), (10, 0, 0, 10, 0)],
)
def test_what_remains_is_the_limit_less_what_is_authorised_and_was_spent_and_released(
    limit: int, authorised: int, spent: int, released: int, left: int
) -> None:
    assert card(limit, authorised, spent, released).remaining == Money(left)


def test_a_shown_number_hides_the_middle() -> None:
    assert card(1, 0, 0, 0).masked == "424242••••••1234"


def test_a_card_shows_the_month_it_expires_in() -> None:
    assert card(1, 0, 0, 0).expiry == "11/26"


@pytest.mark.parametrize(("tries", "locked"), [(0, False), (4, False), (5, True)])
def test_82_the_fifth_wrong_try_locks_a_card(tries: int, locked: bool) -> None:
    assert replace(card(1, 0, 0, 0), wrong_tries=tries).locked is locked


def test_118_what_holds_a_cards_secrets_does_not_show_them() -> None:
    number, cvv = "4242424242424242", "987"
    for secret in (Revealed(number, cvv, "11/26"), Presented(number, "11/26", cvv)):
        assert number not in repr(secret) + str(secret)
        assert cvv not in repr(secret) + str(secret)
