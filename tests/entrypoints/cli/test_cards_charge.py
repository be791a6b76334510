"""Charging a revealed card from the command line, as a merchant's till would."""

from __future__ import annotations

from pathlib import Path

import pytest

from flux_cli.domain.card_network import DeclineReason
from flux_cli.entrypoints.cli.card_documents import CONFLICTS, FUNDS
from tests.entrypoints.cli.card_desk import Desk, Flux, at_a_terminal, details

WHOLE = 1_000_000
ALL = ("amount", "open_amount", "captured", "refunded")


@pytest.fixture
def desk(flux: Flux, home: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("FLUX_DB", str(home / "flux.db"))
    assert flux("init").code == 0
    return Desk(flux, home)


def sums(claim: dict) -> tuple[str, list[int]]:
    return claim["state"], [claim[name]["amount_minor"] // WHOLE for name in ALL]


def test_a_card_is_charged_from_its_file(desk: Desk) -> None:
    card = desk.issue()
    claim = desk.charge(desk.reveal(card), "12.50", "--json", "--idempotency-key", "k").json()

    assert claim["object"] == "authorization"
    assert (claim["merchant"], claim["simulated"], claim["card_id"]) == ("api-hub", True, card)
    assert (claim["state"], claim["captured"]["decimal"]) == ("captured", "12.500000")
    assert (claim["network_id"], claim["idempotency_key"]) == ("api-hub:k", "k")
    shown = desk.shown(card)
    assert (shown["state"], shown["spent"]["amount_minor"]) == ("used", 12_500_000)
    assert desk.flux("verify").code == 0


def test_an_acquirer_posts_a_tip_beside_an_open_authorisation(desk: Desk) -> None:
    card = desk.issue()
    file = desk.reveal(card)
    assert desk.charge(file, "15", "--no-capture").code == 0
    tip = ("cards", "force-post", "--merchant", "api-hub", "--card", str(file), "--json")

    refused, posted = desk.flux(*tip, "6"), desk.flux(*tip, "3")

    assert (refused.code, posted.code) == (3, 0)
    assert (posted.json()["forced"], *sums(posted.json())) == (True, "captured", [3, 0, 3, 0])
    assert desk.shown(card)["authorised"]["amount_minor"] == 15 * WHOLE
    assert desk.flux("verify").code == 0


def test_the_same_key_charges_once(desk: Desk) -> None:
    card = desk.issue("--usage", "until_spent")
    file, key = desk.reveal(card), ("--idempotency-key", "k", "-q")
    first, second = desk.charge(file, "5", *key), desk.charge(file, "5", *key)
    other = desk.charge(file, "6", *key)

    assert (first.out, first.code) == (second.out, second.code)
    assert (first.code, other.code) == (0, 8)
    assert desk.shown(card)["spent"]["amount_minor"] == 5 * WHOLE


def test_an_authorisation_is_captured_reversed_and_refunded(desk: Desk) -> None:
    file = desk.reveal(desk.issue("--usage", "until_spent"))
    claim = desk.charge(file, "10", "--no-capture", "--json").json()

    def step(verb: str, *more: str) -> tuple[str, list[int]]:
        return sums(desk.flux("cards", verb, claim["id"], "--json", *more).json())

    assert sums(claim) == ("open", [10, 10, 0, 0])
    assert step("capture", "--amount", "4", "--not-final") == ("open", [10, 6, 4, 0])
    assert step("reverse", "--amount", "1") == ("open", [10, 5, 4, 0])
    assert step("capture", "--amount", "2") == ("captured", [10, 0, 6, 0])
    assert step("refund", "--amount", "1") == ("captured", [10, 0, 6, 1])
    assert step("refund") == ("captured", [10, 0, 6, 6])
    assert desk.flux("verify").code == 0


def test_a_repeated_step_is_one_step(desk: Desk) -> None:
    file = desk.reveal(desk.issue("--usage", "until_spent"))
    claim = desk.charge(file, "10", "-q").out.strip()
    key = ("--idempotency-key", "r")
    for _ in range(2):
        done = desk.flux("cards", "refund", claim, "--amount", "3", "--json", *key)
        assert sums(done.json()) == ("captured", [10, 0, 10, 3])


def test_a_decline_ends_with_3_and_its_stable_reason(desk: Desk) -> None:
    card = desk.issue()
    declined = desk.charge(desk.reveal(card), "21", "--json")
    error = declined.json()["error"]

    assert declined.code == 3
    assert (error["code"], error["exit_code"], error["subject"]) == ("over_limit", 3, card)
    assert error["message"] == "the card was declined; nothing moved"
    assert error["refusals"] == [
        {
            "rule": "over_limit",
            "message": "the amount is more than is left on the card",
            "limit": None,
        }
    ]


def test_a_used_or_paused_card_is_a_conflict(desk: Desk) -> None:
    used, paused = desk.issue(), desk.issue()
    file = desk.reveal(used)
    assert desk.charge(file, "5").code == 0
    again = desk.charge(file, "5", "--json")
    other = desk.reveal(paused)
    assert desk.flux("cards", "pause", paused).code == 0
    stopped = desk.charge(other, "5", "--json")

    assert (again.code, again.json()["error"]["code"]) == (8, "already_used")
    assert (stopped.code, stopped.json()["error"]["code"]) == (8, "card_paused")


def test_every_reason_has_its_exit_code() -> None:
    assert set(DeclineReason) > CONFLICTS | FUNDS
    assert not CONFLICTS & FUNDS


def test_82_wrong_details_are_one_answer_whatever_was_wrong(desk: Desk) -> None:
    card = desk.issue()
    good, file = details(desk.reveal(card)), desk.home / "guess.json"
    told = set()
    for wrong in ({"number": "4242424242424242"}, {"expiry": "01/20"}, {"cvv": "0"}):
        file.write_text(str(good | wrong).replace("'", '"').replace("True", "true"))
        file.chmod(0o600)
        declined = desk.charge(file, "5", "--json")
        told.add((declined.code, declined.out))

    ((code, out),) = told
    assert code == 3
    assert '"invalid_details"' in out
    assert card not in out


def test_118_a_file_that_others_may_read_is_refused(desk: Desk) -> None:
    card = desk.issue()
    file = desk.reveal(card)
    file.chmod(0o640)
    refused = desk.charge(file, "5")

    assert refused.code == 2
    assert "mode 0640" in refused.err
    assert f"chmod 600 {file}" in refused.err
    assert desk.shown(card)["state"] == "active"


@pytest.mark.parametrize(
    "content",
    [b"", b"4242424242424242", b"[]", b"{", b'{"number": "4242424242424242"}', b"\xff\xfe",
     b'{"number": 4242424242424242, "expiry": "1/2", "cvv": "3"}', b" " * 5000, b"[" * 4000],
)  # fmt: skip
def test_118_a_file_without_a_card_is_refused_and_not_quoted(desk: Desk, content: bytes) -> None:
    file = desk.home / "card.json"
    file.write_bytes(content)
    file.chmod(0o600)
    refused = desk.charge(file, "5")

    assert refused.code == 2
    assert "4242424242424242" not in refused.out + refused.err


def test_118_neither_a_pipe_nor_a_link_is_a_card(desk: Desk) -> None:
    import os

    real = desk.reveal(desk.issue())
    link, pipe = desk.home / "link.json", desk.home / "pipe"
    link.symlink_to(real)
    os.mkfifo(pipe, 0o600)

    assert desk.charge(link, "5").code == 2
    assert desk.charge(pipe, "5").code == 2
    assert desk.charge(desk.home / "none.json", "5").code == 2


def test_118_no_option_takes_a_card_and_without_a_terminal_nobody_types_one(desk: Desk) -> None:
    help_text = desk.flux("cards", "charge", "--help").out
    for word in ("--number", "--cvv", "--cvc", "--expiry", "--pan"):
        assert word not in help_text
    asked = ("cards", "charge", "5", "--merchant", "api-hub")
    nobody = desk.flux(*asked)

    assert nobody.code == 2
    assert "nobody is here to type" in nobody.err


def test_at_a_terminal_the_details_are_typed_unseen(desk: Desk) -> None:
    card = desk.issue()
    known = details(desk.reveal(card))
    argv = ["cards", "charge", "5", "--merchant", "api-hub"]
    answers = [(f"{name}: ", known[name]) for name in ("number", "expiry", "cvv")]
    code, shown = at_a_terminal(argv, answers)

    assert code == 0
    assert known["number"] not in shown
    assert "$5.00 captured, SIMULATED" in shown
    assert desk.shown(card)["state"] == "used"


@pytest.mark.parametrize(
    "argv",
    [
        ("charge", "0", "--merchant", "a"), ("charge", "1e3", "--merchant", "a"),
        ("charge", "5", "--merchant", ""), ("charge", "5", "--merchant", "a\x1b"),
        ("charge", "5", "--merchant", "a", "--idempotency-key", "x" * 121),
        ("charge", "5", "--merchant", "a", "--asset", "XYZ"),
    ],
)  # fmt: skip
def test_what_cannot_be_charged_is_a_usage_error(desk: Desk, argv: tuple[str, ...]) -> None:
    file = desk.reveal(desk.issue())

    assert desk.flux("cards", *argv, "--card", str(file)).code == 2


def test_an_authorisation_there_is_not_is_unknown(desk: Desk) -> None:
    for verb in ("capture", "reverse", "refund"):
        assert desk.flux("cards", verb, "auth_00000000000000000000000000").code == 5
