"""A card at its owner's hand: issued, listed, shown, paused, resumed, cancelled, swept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flux_cli.adapters.clock import SystemClock
from tests.entrypoints.cli.card_desk import Desk, Flux

WHOLE = 1_000_000


@pytest.fixture
def desk(flux: Flux, home: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("FLUX_DB", str(home / "flux.db"))
    assert flux("init").code == 0
    return Desk(flux, home)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Put the clock of everything that follows some minutes ahead."""

    def ahead(minutes: float) -> None:
        moved = timedelta(minutes=minutes)
        monkeypatch.setattr(SystemClock, "now", lambda _: datetime.now(UTC) + moved)

    return ahead


def test_a_card_is_issued_from_an_approved_payment_with_its_locks(desk: Desk) -> None:
    payment = desk.hold("20", "api-hub")
    card = desk.flux(
        "cards", "issue", payment, "--category", "travel", "--lifetime", "5m", "--json"
    ).json()

    assert card["intent_id"] == payment
    assert card["simulated"] is True
    assert card["number"] == f"424242••••••{card['number'][-4:]}"
    assert card["limit"]["amount_minor"] == card["remaining"]["amount_minor"] == 20 * WHOLE
    assert (card["merchant"], card["category"]) == ("api-hub", "travel")
    assert (card["usage"], card["state"], card["revealed_at"]) == ("single_use", "active", None)
    lived = datetime.fromisoformat(card["expires_at"]) - datetime.fromisoformat(card["issued_at"])
    assert lived == timedelta(minutes=5)
    assert not {"key", "prefix", "last_four", "fingerprint", "cvv"} & set(card)


def test_the_same_key_issues_one_card(desk: Desk) -> None:
    payment = desk.hold()
    key = ("--idempotency-key", "k")
    first = desk.flux("cards", "issue", payment, "-q", *key)
    second = desk.flux("cards", "issue", payment, "-q", *key)
    other = desk.flux("cards", "issue", payment, "--usage", "until_spent", *key)
    another = desk.flux("cards", "issue", payment, "--idempotency-key", "l")

    assert (first.code, first.out) == (second.code, second.out)
    assert (first.code, other.code, another.code) == (0, 8, 8)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--lifetime", "5"), ("--lifetime", "0m"), ("--lifetime", "1y"), ("--lifetime", "９m"),
        ("--lifetime", "9999d"), ("--merchant", ""), ("--merchant", "insight-tools"),
        ("--usage", "for_ever"), ("--category", "x" * 65),
    ],
)  # fmt: skip
def test_what_no_card_can_have_is_a_usage_error(desk: Desk, option: str, value: str) -> None:
    payment = desk.hold()

    assert desk.flux("cards", "issue", payment, option, value).code == 2
    assert desk.flux("cards", "list", "-q").out == ""


def test_a_payment_that_is_not_on_hold_gets_no_card(desk: Desk) -> None:
    paid = desk.flux("pay", "orchestrator", "researcher", "5", "-q").out.strip()

    assert desk.flux("cards", "issue", paid).code == 8
    assert desk.flux("cards", "issue", "pi_00000000000000000000000000").code == 5


def test_a_pause_is_anybodys_and_a_resume_the_owners(desk: Desk) -> None:
    card = desk.issue()

    assert desk.flux("cards", "pause", card, "--json").json()["state"] == "paused"
    assert desk.flux("cards", "pause", card).code == 0
    assert desk.flux("cards", "resume", card).code == 4
    assert desk.shown(card)["state"] == "paused"
    assert desk.flux("cards", "resume", card, "--json", *desk.owner).json()["state"] == "active"


def test_80_a_cancelled_card_gives_back_what_is_left(desk: Desk) -> None:
    card = desk.issue("--usage", "until_spent")
    assert desk.charge(desk.reveal(card), "5").code == 0
    done = desk.flux("cards", "cancel", card, "--json").json()

    assert done["state"] == "cancelled"
    assert (done["spent"]["amount_minor"], done["released"]["amount_minor"]) == (
        5 * WHOLE,
        15 * WHOLE,
    )
    assert desk.flux("cards", "cancel", card).code == 0
    assert desk.flux("cards", "pause", card).code == 8
    assert desk.flux("verify").code == 0


def test_80_a_sweep_ends_what_is_over(desk: Desk, later: Callable[[float], None]) -> None:
    short, long = desk.issue("--lifetime", "5m"), desk.issue("--lifetime", "24h")

    assert desk.flux("cards", "sweep", "--json").json()["data"] == []
    later(6)
    swept = desk.flux("cards", "sweep", "--json").json()["data"]
    assert [(card["id"], card["state"]) for card in swept] == [(short, "expired")]
    assert desk.flux("cards", "sweep", "-q").out == ""
    assert desk.shown(long)["state"] == "active"
    assert desk.flux("verify").code == 0


def test_the_list_is_filtered_and_paged(desk: Desk) -> None:
    cards = [desk.issue(dollars="5") for _ in range(3)]
    assert desk.flux("cards", "cancel", cards[1]).code == 0

    assert desk.flux("cards", "list", "-q").out.split() == cards[::-1]
    assert desk.flux("cards", "list", "-q", "--status", "cancelled").out.split() == [cards[1]]
    assert desk.flux("cards", "list", "-q", "--agent", "researcher").out == ""
    page = desk.flux("cards", "list", "--limit", "2", "--json").json()
    rest = desk.flux("cards", "list", "--after", page["next"], "-q")
    assert rest.out.split() == [cards[0]]


def test_whoever_looks_at_a_card_reads_that_it_is_simulated(desk: Desk) -> None:
    card = desk.issue("--usage", "until_spent")
    file = desk.reveal(card)
    assert desk.charge(file, "5").code == 0
    claim = desk.shown(card)["authorizations"][0]["id"]
    seen = [
        desk.flux("cards", *argv, tty=True, NO_COLOR="1")
        for argv in (
            ("list",), ("show", card), ("pause", card), ("resume", card, *desk.owner),
            ("refund", claim), ("cancel", card),
        )
    ]  # fmt: skip

    for one in seen:
        assert one.code == 0
        assert "SIMULATED" in one.out + one.err
        assert max(map(len, (one.out + one.err).splitlines())) <= 80
    last_four = desk.shown(card)["number"][-4:]
    listed = desk.flux("cards", "list", tty=True, NO_COLOR="1").out.splitlines()
    assert [line.split() for line in listed] == [
        ["id", "SIMULATED", "card", "holder", "limit", "spent", "state"],
        [
            f"card_…{card[-6:]}",
            f"…{last_four}",
            "orchestrator",
            "$20.00",
            "$5.00",
            "○",
            "cancelled",
        ],
    ]


def test_the_owner_sees_why_a_card_was_declined(desk: Desk) -> None:
    card = desk.issue()
    file = desk.reveal(card)
    assert desk.charge(file, "21").code == 3
    assert desk.charge(file, "5", merchant="corner-shop").code == 3

    told = desk.shown(card)["declines"]
    assert [(one["reason"], one["merchant"]) for one in told] == [
        ("merchant_not_allowed", "corner-shop"),
        ("over_limit", "api-hub"),
    ]
    people = desk.flux("cards", "show", card, tty=True, NO_COLOR="1").out
    assert "merchant_not_allowed" in people
