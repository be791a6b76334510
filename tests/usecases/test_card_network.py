"""What the card network says yes and no to, one rule at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import pytest
from card_economy import LIMIT, WHOLE, Cards, cards_in
from small_economy import PLENTY, allow, books

from flux_cli.domain.agents import ECONOMY
from flux_cli.domain.card_network import (
    DETAILS,
    MOST_OPEN,
    SAID,
    Authorization,
    AuthorizationState,
    Declined,
    DeclineReason,
    NetworkMessage,
)
from flux_cli.domain.cards import CARD_NETWORK, Card, CardState, CardUsage
from flux_cli.domain.intents import IntentState
from flux_cli.domain.journal import wallet
from flux_cli.domain.money import ASSETS, CREDIT, Money
from flux_cli.domain.policies import Limit, Window
from flux_cli.errors import InvalidAmount, InvalidInput, KeyReused, NotFound, WrongState
from flux_cli.usecases.cards import (
    cancel_card,
    issue_card_for,
    pause_card,
    resume_card,
    reveal_card,
    sweep_cards,
)
from flux_cli.usecases.change_caps import set_paused
from flux_cli.usecases.freeze import set_frozen
from flux_cli.usecases.wallets import withdraw


@pytest.fixture
def cards(tmp_path: Path) -> Cards:
    return cards_in(tmp_path)


def reason(answer: Authorization | Declined) -> str:
    return str(answer.reason) if isinstance(answer, Declined) else f"approved: {answer.state}"


def freeze(*subjects: str) -> Callable[[Cards, Card], None]:
    def do(cards: Cards, card: Card) -> None:
        for subject in subjects:
            set_frozen(cards.deps, subject, frozen=True, reason="")

    return do


NO_CHANGE: Callable[[Cards, Card], None] = lambda cards, card: None  # noqa: E731
BEFORE: dict[str, tuple[Callable[[Cards, Card], object], dict[str, object]]] = {
    "invalid_number": (NO_CHANGE, {"number": "4242424242424242"}),
    "wrong_expiry": (NO_CHANGE, {"expiry": "01/20"}),
    "wrong_cvc": (NO_CHANGE, {"cvv": ""}),
    "card_locked": (
        lambda cards, card: [cards.send(cards.details(card, cvv="x"), 1) for _ in range(5)],
        {},
    ),
    "frozen": (freeze(ECONOMY), {}),
    "agent_paused": (lambda cards, card: set_paused(cards.deps, "ann", paused=True), {}),
    "card_cancelled": (lambda cards, card: cancel_card(cards.deps, card.id), {}),
    "already_used": (
        lambda cards, card: cards.send(card, LIMIT, kind="charge", category="ads"),
        {},
    ),
    "expired": (lambda cards, card: cards.clock.go(hours=24), {}),
    "card_paused": (lambda cards, card: pause_card(cards.deps, card.id), {}),
    "wrong_asset": (NO_CHANGE, {"amount": Money(WHOLE, ASSETS["USDC"])}),
    "merchant_not_allowed": (NO_CHANGE, {"merchant": "stall"}),
    "category_not_allowed": (NO_CHANGE, {"category": "travel"}),
    "over_limit": (NO_CHANGE, {"amount": Money(LIMIT + 1)}),
}


@pytest.mark.parametrize("kind", ["authorise", "charge", "force_post"])
@pytest.mark.parametrize("expected", BEFORE)
def test_80_each_reason_alone_declines_and_moves_nothing(
    cards: Cards, kind: str, expected: str
) -> None:
    card = cards.issue(merchant="shop", category="ads")
    change, asked = BEFORE[expected]
    change(cards, card)
    wrong = {name: str(asked[name]) for name in ("number", "expiry", "cvv") if name in asked}
    shown = cards.details(card, **wrong)
    to = {"category": "ads"} | {name: asked[name] for name in asked if name not in wrong}
    with cards.deps.store.reading() as reader:
        last = reader.position()
    answer = cards.send(shown, WHOLE, kind=kind, **to)
    assert reason(answer) == expected
    with cards.deps.store.reading() as reader:
        assert reader.position() == last
        events = [event.kind for event in reader.events()]
    assert events[-1] == "network.declined"
    assert cards.faults() == []


@pytest.mark.parametrize("who", [ECONOMY, "ann", CARD_NETWORK])
@pytest.mark.parametrize("kind", ["authorise", "capture", "refund"])
def test_a_freeze_of_anybody_who_has_a_part_stops_a_payment(
    cards: Cards, who: str, kind: str
) -> None:
    card = cards.issue()
    claim = cards.claim(card, 2 * WHOLE)
    cards.follow("capture", claim, WHOLE, final=False)
    set_frozen(cards.deps, who, frozen=True, reason="")
    answer = cards.send(card, WHOLE) if kind == "authorise" else cards.follow(kind, claim, WHOLE)
    back_to_the_frozen = kind == "refund" and who == "ann"
    assert reason(answer) == ("approved: open" if back_to_the_frozen else "frozen")


def test_a_kill_switch_that_cannot_be_read_stops_a_payment(
    cards: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = cards.issue()
    shown = cards.details(card)
    monkeypatch.setattr("flux_cli.usecases.freeze.freeze_id", lambda subject: "freeze:gone")
    assert reason(cards.send(shown, WHOLE)) == "frozen"


def test_a_freeze_does_not_keep_money_from_its_holder(cards: Cards) -> None:
    card = cards.issue()
    claim = cards.claim(card, 4 * WHOLE)
    for subject in (ECONOMY, "ann", CARD_NETWORK):
        set_frozen(cards.deps, subject, frozen=True, reason="")
    assert reason(cards.follow("reverse", claim)) == "approved: reversed"
    cancel_card(cards.deps, card.id)
    assert (cards.wallet("ann"), cards.faults()) == (PLENTY, [])


def test_82_every_wrong_detail_is_answered_in_the_same_words() -> None:
    assert len({SAID[one] for one in DETAILS}) == 1
    assert set(SAID) == set(DeclineReason)
    told = {Declined(one, None, SAID[one]).told for one in DETAILS}
    assert told == {"invalid_details"}


def test_82_five_wrong_tries_of_any_kind_lock_a_card_for_right_ones_too(cards: Cards) -> None:
    card = cards.issue()
    for wrong in ({"cvv": "x"}, {"expiry": "01/20"}, {"cvv": "9999"}, {"expiry": ""}):
        cards.send(cards.details(card, **wrong), WHOLE)
    assert reason(cards.send(card, WHOLE)) == "approved: open"
    assert reason(cards.send(cards.details(card, cvv="x"), WHOLE)) == "wrong_cvc"
    assert cards.now(card).locked
    for kind in ("authorise", "charge", "force_post"):
        assert reason(cards.send(card, WHOLE, kind=kind)) == "card_locked"
    assert reason(cards.send(cards.details(card, cvv="x"), WHOLE)) == "card_locked"
    assert cards.now(card).wrong_tries == 5


def test_82_guesses_of_a_cvv_end_at_the_fifth(cards: Cards) -> None:
    card = cards.issue()
    right = cards.details(card).cvv
    guesses = (f"{number:03}" for number in range(40) if f"{number:03}" != right)
    told = [reason(cards.send(cards.details(card, cvv=guess), WHOLE)) for guess in guesses]
    assert (told[:5], set(told[5:])) == (["wrong_cvc"] * 5, {"card_locked"})


def test_82_a_card_there_is_not_costs_the_same_look_at_the_secret(
    cards: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = cards.issue()
    looks: list[str] = []
    numbers = cards.deps.card_numbers
    keyed = numbers._keyed  # type: ignore[attr-defined]
    right = cards.details(card)

    def counted(text: str) -> bytes:
        looks.append(text.partition("|")[0])
        return keyed(text)

    monkeypatch.setattr(numbers, "_keyed", counted)
    counts = []
    for shown in (right, replace(right, number="4242424242424242"), replace(right, cvv="x"),
                  replace(right, number="no number"), replace(right, expiry="99/99")):  # fmt: skip
        looks.clear()
        cards.send(shown, WHOLE)
        counts.append(sorted(looks))
    assert counts == [["cvv", "fingerprint", "message"]] * 5


def test_79_of_two_merchants_on_a_single_use_card_the_first_approved_wins(cards: Cards) -> None:
    card = cards.issue(usage=CardUsage.SINGLE_USE)
    first = cards.claim(card, 4 * WHOLE, merchant="shop")
    assert reason(cards.send(card, 2 * WHOLE, merchant="stall")) == "already_used"
    assert reason(cards.send(card, 2 * WHOLE, merchant="shop")) == "already_used"
    assert reason(cards.follow("capture", first)) == "approved: captured"
    ended = cards.now(card)
    assert (ended.state, ended.spent, ended.released) == (
        CardState.USED, Money(4 * WHOLE), Money(6 * WHOLE)
    )  # fmt: skip
    assert (cards.payment(card).state, cards.faults()) == (IntentState.CAPTURED, [])


def test_a_small_authorisation_uses_a_card_up_only_when_it_is_captured(cards: Cards) -> None:
    card = cards.issue(usage=CardUsage.SINGLE_USE)
    small = [cards.claim(card, WHOLE, merchant=name) for name in ("shop", "stall")]
    assert cards.now(card).taken_by is None
    assert reason(cards.follow("capture", small[1], WHOLE // 2, final=False)) == "approved: open"
    assert cards.now(card).taken_by == small[1].id
    assert reason(cards.follow("capture", small[0])) == "authorization_closed"
    assert reason(cards.send(card, WHOLE)) == "already_used"
    assert cards.faults() == []


def test_a_larger_authorisation_takes_the_card_from_small_ones(cards: Cards) -> None:
    card = cards.issue(usage=CardUsage.SINGLE_USE)
    small = cards.claim(card, WHOLE, merchant="stall")
    assert reason(cards.send(card, LIMIT)) == "over_limit"
    large = cards.claim(card, 9 * WHOLE, merchant="shop")
    assert reason(cards.follow("capture", small)) == "authorization_closed"
    assert reason(cards.follow("capture", large)) == "approved: captured"
    assert (cards.wallet(CARD_NETWORK), cards.wallet("ann")) == (9 * WHOLE, PLENTY - 9 * WHOLE)


def test_a_check_of_a_card_holds_nothing(cards: Cards) -> None:
    card = cards.issue(usage=CardUsage.SINGLE_USE)
    checked = cards.claim(card, 0)
    assert checked.state is AuthorizationState.CHECKED
    assert cards.now(card) == card
    assert reason(cards.follow("capture", checked)) == "authorization_closed"
    with pytest.raises(InvalidAmount):
        cards.send(card, 0, kind="charge")


def test_a_card_keeps_so_many_authorisations_open_and_no_more(cards: Cards) -> None:
    card = cards.issue()
    claims = [cards.claim(card, 1) for _ in range(MOST_OPEN)]
    assert reason(cards.send(card, 1)) == "too_many_open"
    cards.follow("reverse", claims[0])
    assert reason(cards.send(card, 1)) == "approved: open"


def test_81_nothing_is_captured_above_what_is_authorised(cards: Cards) -> None:
    card = cards.issue()
    claim = cards.claim(card, 4 * WHOLE)
    assert reason(cards.follow("capture", claim, 4 * WHOLE + 1)) == "over_capture"
    cards.follow("capture", claim, 3 * WHOLE, final=False)
    assert reason(cards.follow("capture", claim, WHOLE + 1)) == "over_capture"
    assert reason(cards.follow("reverse", claim, WHOLE + 1)) == "over_reversal"
    assert reason(cards.follow("capture", claim, WHOLE, final=False)) == "approved: captured"
    assert reason(cards.follow("refund", claim, 4 * WHOLE + 1)) == "over_refund"
    assert reason(cards.follow("refund", claim, 3 * WHOLE)) == "approved: captured"
    assert reason(cards.follow("refund", claim, WHOLE + 1)) == "over_refund"
    assert reason(cards.follow("refund", claim)) == "approved: captured"
    assert reason(cards.follow("refund", claim)) == "over_refund"
    assert cards.wallet(CARD_NETWORK) == 0
    assert cards.faults() == []


def test_80_a_refund_works_after_the_card_has_ended(cards: Cards) -> None:
    card = cards.issue(usage=CardUsage.SINGLE_USE)
    paid = cards.claim(card, 4 * WHOLE, kind="charge")
    assert cards.now(card).state is CardState.USED
    assert reason(cards.follow("refund", paid, WHOLE)) == "approved: captured"
    assert (cards.wallet("ann"), cards.payment(card).refunded) == (PLENTY - 3 * WHOLE, Money(WHOLE))
    withdraw(cards.deps, CARD_NETWORK, Money(3 * WHOLE), key="gone")
    assert reason(cards.follow("refund", paid)) == "insufficient_funds"
    cards.clock.go(minutes=-5)
    assert reason(cards.follow("refund", paid)) == "clock_behind_ledger"
    assert cards.faults() == []


@pytest.mark.parametrize("ends", ["expired", "cancelled", "paused"])
def test_80_what_was_authorised_may_be_captured_after_the_card_has_ended(
    cards: Cards, ends: str
) -> None:
    card = cards.issue()
    claim, other = cards.claim(card, 4 * WHOLE), cards.claim(card, 2 * WHOLE)
    if ends == "expired":
        cards.clock.go(hours=24)
        assert [one.id for one in sweep_cards(cards.deps)] == [card.id]
    elif ends == "cancelled":
        cancel_card(cards.deps, card.id)
    else:
        pause_card(cards.deps, card.id)
    before = cards.wallet("ann")
    assert reason(cards.follow("capture", claim, 3 * WHOLE)) == "approved: captured"
    assert reason(cards.follow("reverse", other)) == "approved: reversed"
    back = 0 if ends == "paused" else 3 * WHOLE
    assert (cards.wallet("ann") - before, cards.wallet(CARD_NETWORK)) == (back, 3 * WHOLE)
    assert cards.payment(card).state is (
        IntentState.APPROVED if ends == "paused" else IntentState.CAPTURED
    )
    assert cards.faults() == []


def test_80_an_authorisation_that_expired_is_captured_late_from_what_the_card_has(
    cards: Cards,
) -> None:
    card = cards.issue(lifetime_minutes=60 * 24 * 30)
    claims = [cards.claim(card, 4 * WHOLE, merchant=name) for name in ("shop", "stall")]
    cards.clock.go(days=7)
    sweep_cards(cards.deps)
    assert cards.now(card).authorised == Money(0)
    cards.claim(card, 5 * WHOLE)
    late = cards.follow("capture", claims[0])
    assert isinstance(late, Authorization)
    assert (late.late, late.state, late.captured) == (True, "captured", Money(4 * WHOLE))
    assert reason(cards.follow("capture", claims[1])) == "over_limit"
    assert reason(cards.follow("capture", claims[1], WHOLE)) == "approved: captured"
    cancel_card(cards.deps, card.id)
    assert reason(cards.follow("capture", claims[1])) == "authorization_closed"
    assert cards.faults() == []


def test_an_authorisation_outlives_its_card_and_then_gives_back(cards: Cards) -> None:
    card = cards.issue()
    claim = cards.claim(card, 4 * WHOLE)
    cards.clock.go(hours=24)
    sweep_cards(cards.deps)
    assert (cards.wallet("ann"), cards.payment(card).state) == (PLENTY - 4 * WHOLE, "approved")
    cards.clock.go(days=6)
    sweep_cards(cards.deps)
    assert (cards.wallet("ann"), cards.payment(card).state) == (PLENTY, "cancelled")
    assert reason(cards.follow("capture", claim)) == "expired"
    assert cards.faults() == []


def test_force_post_takes_what_the_card_has_and_no_more(cards: Cards) -> None:
    card = cards.issue(usage=CardUsage.SINGLE_USE)
    claim = cards.claim(card, 8 * WHOLE, merchant="shop")
    assert reason(cards.send(card, WHOLE, kind="force_post", merchant="stall")) == "already_used"
    assert reason(cards.send(card, 3 * WHOLE, kind="force_post")) == "over_limit"
    tip = cards.claim(card, 2 * WHOLE, kind="force_post")
    assert (tip.forced, tip.state, tip.captured) == (True, "captured", Money(2 * WHOLE))
    assert reason(cards.follow("capture", claim)) == "approved: captured"
    assert cards.wallet(CARD_NETWORK) == LIMIT
    assert reason(cards.send(card, 1, kind="force_post")) == "already_used"
    assert cards.faults() == []


def test_a_message_sent_twice_is_one_and_another_under_its_name_is_none(cards: Cards) -> None:
    card = cards.issue()
    first = cards.claim(card, 4 * WHOLE, network_id="once")
    assert cards.send(card, 4 * WHOLE, network_id="once") == first
    for other in ({"merchant": "stall"}, {"category": "ads"}, {"amount": Money(4 * WHOLE + 1)},
                  {"kind": "charge"}, {"kind": "force_post"}):  # fmt: skip
        assert reason(cards.send(card, 4 * WHOLE, **({"network_id": "once"} | other))) == (
            "duplicate_transaction"
        )
    wrong = cards.details(card, cvv="x")
    assert reason(cards.send(wrong, 4 * WHOLE, network_id="once")) == "duplicate_transaction"
    assert cards.now(card).wrong_tries == 0
    captured = cards.follow("capture", first, WHOLE, final=False, network_id="then")
    assert cards.follow("capture", first, WHOLE, final=False, network_id="then") == captured
    assert reason(cards.follow("capture", first, WHOLE, final=True, network_id="then")) == (
        "duplicate_transaction"
    )
    assert reason(cards.follow("refund", first, WHOLE, network_id="once")) == (
        "duplicate_transaction"
    )


def test_a_no_that_is_repeated_stays_no(cards: Cards) -> None:
    card = cards.issue()
    pause_card(cards.deps, card.id)
    no = cards.send(card, WHOLE, network_id="once")
    resume_card(cards.deps, card.id)
    assert cards.send(card, WHOLE, network_id="once") == no
    assert reason(no) == "card_paused"
    assert reason(cards.send(card, WHOLE, network_id="twice")) == "approved: open"


def test_118_no_message_and_no_event_holds_a_card(cards: Cards) -> None:
    card = cards.issue()
    shown = cards.details(card, cvv="x")
    cards.send(shown, WHOLE)
    right = cards.details(card)
    cards.send(right, WHOLE)
    with cards.deps.store.reading() as reader:
        kept = str(reader.events()) + str(reader.find(NetworkMessage))
        [yes, no] = reader.find(NetworkMessage, card_id=card.id)
    assert right.number not in kept
    assert right.number[6:12] not in kept.replace(card.fingerprint, "")
    assert (yes.declined, no.declined) == (None, DeclineReason.WRONG_CVC)
    assert {field.name for field in fields(NetworkMessage)} & {"number", "cvv", "expiry"} == set()


def test_a_refund_gives_neither_the_cap_nor_the_mandate_room(tmp_path: Path) -> None:
    cap = Limit(Window.DAY, Money(LIMIT))
    cards = cards_in(tmp_path, limits=(cap,))
    mandate = allow(cards.deps, LIMIT, "m")
    card = cards.issue(usage=CardUsage.SINGLE_USE, mandate_id=mandate.id)
    assert books(cards.deps, mandate) == ("active", 0, LIMIT, 0)
    paid = cards.claim(card, 6 * WHOLE)
    cards.follow("capture", paid, 5 * WHOLE, final=False)
    assert books(cards.deps, mandate) == ("active", 5 * WHOLE, 5 * WHOLE, 0)
    cards.follow("capture", paid, WHOLE)
    assert books(cards.deps, mandate) == ("active", 6 * WHOLE, 0, 4 * WHOLE)
    cards.follow("refund", paid)
    assert books(cards.deps, mandate) == ("active", 6 * WHOLE, 0, 4 * WHOLE)
    assert cards.approved(4 * WHOLE + 1).state is IntentState.DENIED
    assert cards.approved(4 * WHOLE).state is IntentState.APPROVED
    assert cards.faults() == []


def test_a_capture_pays_only_the_payee_the_kernel_allowed(cards: Cards) -> None:
    card = cards.issue(payee="pat")
    assert (card.payee, card.merchant) == ("pat", "pat")
    assert reason(cards.send(card, WHOLE, merchant="sue")) == "merchant_not_allowed"
    assert reason(cards.send(card, WHOLE, merchant="pat", kind="charge")) == "approved: captured"
    assert (cards.wallet("pat"), cards.wallet("sue")) == (WHOLE, 0)
    with cards.deps.store.reading() as reader:
        assert reader.flows("pat", CREDIT)[0] == Money(WHOLE)
        assert reader.flows("ann", CREDIT)[1] == Money(LIMIT)
        assert reader.balance(wallet("shop"), CREDIT) == Money(0)


def test_a_card_is_issued_once_and_from_an_approved_payment_only(cards: Cards) -> None:
    intent = cards.approved()
    with pytest.raises(NotFound):
        issue_card_for(cards.deps, "pi_x", key="a")
    card = issue_card_for(cards.deps, intent.id, key="a")
    assert issue_card_for(cards.deps, intent.id, key="a") == card
    assert card.usage is CardUsage.SINGLE_USE
    with pytest.raises(KeyReused):
        issue_card_for(cards.deps, intent.id, key="a", merchant="shop")
    with pytest.raises(KeyReused):
        issue_card_for(cards.deps, cards.approved().id, key="a")
    with pytest.raises(WrongState, match="has its card"):
        issue_card_for(cards.deps, intent.id, key="b")
    denied = cards.approved(PLENTY + 1)
    with pytest.raises(WrongState, match="denied"):
        issue_card_for(cards.deps, denied.id, key="c")
    for minutes in (0, -1, 366 * 24 * 60):
        with pytest.raises(InvalidInput, match="lives"):
            issue_card_for(cards.deps, cards.approved().id, key="d", lifetime_minutes=minutes)
    with pytest.raises(InvalidInput, match="approved for pat"):
        issue_card_for(cards.deps, cards.approved(payee="pat").id, key="e", merchant="sue")
    with pytest.raises(InvalidInput, match="approved for ads"):
        issue_card_for(cards.deps, cards.approved(category="ads").id, key="f", category="travel")
    short = issue_card_for(cards.deps, cards.approved().id, key="g", lifetime_minutes=5)
    assert (short.expires_at - short.issued_at).total_seconds() == 300


def test_a_runs_card_is_taken_by_no_merchant(cards: Cards) -> None:
    intent = cards.approved(payee="pat", escrowed=True)
    card = issue_card_for(cards.deps, intent.id, key="a", usage=CardUsage.UNTIL_SPENT)
    assert card.payee is None
    assert reason(cards.send(card, WHOLE, merchant="pat")) == "merchant_not_allowed"
    with pytest.raises(WrongState, match="run's card"):
        reveal_card(cards.deps, card.id)


def test_84_a_card_is_revealed_once_and_that_is_on_record(cards: Cards) -> None:
    card = cards.issue()
    shown = reveal_card(cards.deps, card.id)
    details = cards.details(card)
    assert (shown.number, shown.cvv) == (details.number, details.cvv)
    with pytest.raises(WrongState, match="once"):
        reveal_card(cards.deps, card.id)
    with cards.deps.store.reading() as reader:
        [event] = [event for event in reader.events() if event.kind == "card.revealed"]
    assert shown.number not in str(event.data)
    ended = cards.issue()
    cancel_card(cards.deps, ended.id)
    with pytest.raises(WrongState, match="cancelled"):
        reveal_card(cards.deps, ended.id)


def test_another_prefix_in_the_configuration_leaves_old_cards_as_they_are(cards: Cards) -> None:
    card = cards.issue()
    before = cards.details(card)
    cards.deps.card_numbers._prefix = "400000"  # type: ignore[attr-defined]
    assert cards.details(card) == before
    assert cards.details(cards.issue()).number.startswith("400000")


@pytest.mark.parametrize("name", ["merchant", "category"])
@pytest.mark.parametrize("text", ["", "x" * 65, "a\x1b[31mb", "two\nlines", " padded "])
def test_a_merchants_words_are_short_and_visible(cards: Cards, name: str, text: str) -> None:
    card = cards.issue()
    with pytest.raises(InvalidInput, match=name):
        cards.send(card, WHOLE, **{name: text})


@pytest.mark.parametrize("name", ["", "x" * 201, "a\0b", "two\nlines", "\ud800", "\u202e"])
def test_a_network_id_is_short_and_visible(cards: Cards, name: str) -> None:
    card = cards.issue()
    claim = cards.claim(card, WHOLE)
    with pytest.raises(InvalidInput):
        cards.send(card, WHOLE, network_id=name)
    with pytest.raises(InvalidInput):
        cards.follow("capture", claim, network_id=name)


@pytest.mark.parametrize("text", ["\ud800", "\0", "4" * 100_000, "４２４２", "' or 1=1"])
def test_82_any_text_may_be_presented_and_is_only_wrong(cards: Cards, text: str) -> None:
    card = cards.issue()
    told = [
        reason(cards.send(cards.details(card, **{name: text}), WHOLE))
        for name in ("number", "expiry", "cvv")
    ]
    assert told == ["invalid_number", "wrong_expiry", "wrong_cvc"]
