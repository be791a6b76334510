"""Every reason the network has to decline, as a client that only speaks HTTP meets it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flux_cli.domain.agents import ECONOMY
from flux_cli.domain.card_network import DETAILS, MOST_OPEN, SAID, DeclineReason
from flux_cli.domain.cards import MOST_WRONG_TRIES, CardUsage
from flux_cli.domain.money import Money
from flux_cli.usecases.cards import cancel_card, pause_card
from flux_cli.usecases.change_caps import set_paused
from flux_cli.usecases.freeze import set_frozen
from flux_cli.usecases.wallets import withdraw
from tests.entrypoints.merchant.shop import DOLLAR, Answer, Shop

MANY = CardUsage.UNTIL_SPENT
Case = Callable[[Shop], Answer]


def duplicate_transaction(shop: Shop) -> Answer:
    _, card = shop.card()
    shop.charge(card, 5, key="order-1")
    return shop.charge(card, 6, key="order-1")


def invalid_number(shop: Shop) -> Answer:
    _, card = shop.card()
    return shop.charge(card, 5, number="4242424242424241")


def card_locked(shop: Shop) -> Answer:
    _, card = shop.card()
    wrong = f"{(int(card.cvv) + 1) % 1000:03d}"
    for _ in range(MOST_WRONG_TRIES):
        assert shop.charge(card, 5, cvv=wrong).status == 402
    return shop.charge(card, 5)


def wrong_expiry(shop: Shop) -> Answer:
    _, card = shop.card()
    return shop.charge(card, 5, expiry="01/20")


def wrong_cvc(shop: Shop) -> Answer:
    _, card = shop.card()
    return shop.charge(card, 5, cvv=f"{(int(card.cvv) + 1) % 1000:03d}")


def frozen(shop: Shop) -> Answer:
    _, card = shop.card()
    set_frozen(shop.deps, ECONOMY, frozen=True, reason="a test")
    return shop.charge(card, 5)


def agent_paused(shop: Shop) -> Answer:
    _, card = shop.card()
    set_paused(shop.deps, "orchestrator", paused=True)
    return shop.charge(card, 5)


def card_cancelled(shop: Shop) -> Answer:
    card_id, card = shop.card()
    cancel_card(shop.deps, card_id)
    return shop.charge(card, 5)


def already_used(shop: Shop) -> Answer:
    _, card = shop.card()
    assert shop.charge(card, 5).status == 201
    return shop.charge(card, 5)


def expired(shop: Shop) -> Answer:
    _, card = shop.card(minutes=5)
    shop.clock.go(minutes=5)
    return shop.charge(card, 5)


def card_paused(shop: Shop) -> Answer:
    card_id, card = shop.card()
    pause_card(shop.deps, card_id)
    return shop.charge(card, 5)


def wrong_asset(shop: Shop) -> Answer:
    _, card = shop.card()
    return shop.charge(card, 0.0005, currency="EUR")


def merchant_not_allowed(shop: Shop) -> Answer:
    _, card = shop.card(payee="insight-tools")
    return shop.charge(card, 5)


def category_not_allowed(shop: Shop) -> Answer:
    _, card = shop.card(category="travel")
    return shop.charge(card, 5)


def over_limit(shop: Shop) -> Answer:
    _, card = shop.card(20)
    return shop.charge(card, 20.000001)


def too_many_open(shop: Shop) -> Answer:
    _, card = shop.card(usage=MANY)
    for _ in range(MOST_OPEN):
        assert shop.charge(card, 0.01, capture=False).status == 201
    return shop.charge(card, 0.01, capture=False)


def authorization_closed(shop: Shop) -> Answer:
    _, card = shop.card(usage=MANY)
    claim = shop.charge(card, 5, capture=False)
    assert shop.on(claim, "reverse").body["status"] == "reversed"
    return shop.on(claim, "capture")


def over_capture(shop: Shop) -> Answer:
    _, card = shop.card()
    return shop.on(shop.charge(card, 5, capture=False), "capture", 5.000001)


def over_reversal(shop: Shop) -> Answer:
    _, card = shop.card()
    return shop.on(shop.charge(card, 5, capture=False), "reverse", 6)


def over_refund(shop: Shop) -> Answer:
    _, card = shop.card()
    claim = shop.charge(card, 5)
    assert shop.on(claim, "refund", 3).status == 200
    return shop.on(claim, "refund", 2.000001)


def insufficient_funds(shop: Shop) -> Answer:
    _, card = shop.card(payee="api-hub")
    claim = shop.charge(card, 5)
    withdraw(shop.deps, "api-hub", Money(5 * DOLLAR), key="gone")
    return shop.on(claim, "refund")


def clock_behind_ledger(shop: Shop) -> Answer:
    _, card = shop.card()
    claim = shop.charge(card, 5)
    shop.clock.go(hours=-1)
    return shop.on(claim, "refund")


CASES: dict[DeclineReason, tuple[Case, int]] = {
    DeclineReason.DUPLICATE_TRANSACTION: (duplicate_transaction, 422),
    DeclineReason.INVALID_NUMBER: (invalid_number, 402),
    DeclineReason.CARD_LOCKED: (card_locked, 402),
    DeclineReason.WRONG_EXPIRY: (wrong_expiry, 402),
    DeclineReason.WRONG_CVC: (wrong_cvc, 402),
    DeclineReason.FROZEN: (frozen, 402),
    DeclineReason.AGENT_PAUSED: (agent_paused, 402),
    DeclineReason.CARD_CANCELLED: (card_cancelled, 402),
    DeclineReason.ALREADY_USED: (already_used, 402),
    DeclineReason.EXPIRED: (expired, 402),
    DeclineReason.CARD_PAUSED: (card_paused, 402),
    DeclineReason.WRONG_ASSET: (wrong_asset, 402),
    DeclineReason.MERCHANT_NOT_ALLOWED: (merchant_not_allowed, 402),
    DeclineReason.CATEGORY_NOT_ALLOWED: (category_not_allowed, 402),
    DeclineReason.OVER_LIMIT: (over_limit, 402),
    DeclineReason.TOO_MANY_OPEN: (too_many_open, 402),
    DeclineReason.AUTHORIZATION_CLOSED: (authorization_closed, 409),
    DeclineReason.OVER_CAPTURE: (over_capture, 409),
    DeclineReason.OVER_REVERSAL: (over_reversal, 409),
    DeclineReason.OVER_REFUND: (over_refund, 409),
    DeclineReason.INSUFFICIENT_FUNDS: (insufficient_funds, 409),
    DeclineReason.CLOCK_BEHIND_LEDGER: (clock_behind_ledger, 409),
}


def test_every_reason_has_a_case_here() -> None:
    assert set(CASES) == set(DeclineReason)


@pytest.mark.parametrize("reason", CASES, ids=str)
def test_80_81_82_a_decline_is_told_with_its_stable_reason(
    shop: Shop, reason: DeclineReason
) -> None:
    case, status = CASES[reason]
    answer = case(shop)

    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.body == {
        "type": "urn:flux:problem:declined",
        "title": "Declined",
        "status": status,
        "code": "declined",
        "detail": SAID[reason],
        "reason": "invalid_details" if reason in DETAILS else reason.value,
    }
    if reason is not DeclineReason.DUPLICATE_TRANSACTION:  # that one leaves the first as it was
        assert shop.reason_kept() == reason


def test_82_which_detail_was_wrong_is_for_the_owner_alone(shop: Shop) -> None:
    _, card = shop.card()
    wrong = [{"number": "4242424242424242"}, {"expiry": "01/20"}, {"cvv": "0000"}, {"cvv": "x"}]
    answers = [shop.charge(card, 5, **one) for one in wrong]

    assert len({(answer.status, answer.text) for answer in answers}) == 1
    kept = [shop.reason_kept() for answer in answers[-1:]]
    assert kept == [DeclineReason.WRONG_CVC]
