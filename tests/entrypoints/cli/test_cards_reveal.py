"""A card's details are seen once, by the owner, at a terminal or in a private file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flux_cli.domain.cards import luhn_valid
from flux_cli.entrypoints.cli import card_details
from tests.entrypoints.cli.card_desk import MAIN, Desk, Flux, at_a_terminal, details


@pytest.fixture
def desk(flux: Flux, home: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("FLUX_DB", str(home / "flux.db"))
    assert flux("init").code == 0
    return Desk(flux, home)


def test_84_details_go_once_into_a_file_for_the_owner_alone(desk: Desk) -> None:
    card = desk.issue()
    before = os.umask(0)
    try:
        file = desk.reveal(card)
    finally:
        os.umask(before)
    found = details(file)

    assert file.stat().st_mode & 0o777 == 0o600
    assert set(found) == {"simulated", "number", "expiry", "cvv"}
    assert found["simulated"] is True
    assert luhn_valid(found["number"])
    shown = desk.shown(card)
    assert (found["number"][:6], found["number"][-4:]) == ("424242", shown["number"][-4:])
    assert shown["revealed_at"] is not None
    again = desk.flux("cards", "reveal", card, "--to", str(desk.home / "2.json"), *desk.owner)
    assert (again.code, (desk.home / "2.json").exists()) == (8, False)


@pytest.mark.parametrize("form", [(), ("--json",), ("-o", "tsv"), ("-q",)], ids=str)
def test_84_nothing_goes_into_a_pipe(desk: Desk, form: tuple[str, ...]) -> None:
    card = desk.issue()
    refused = desk.flux("cards", "reveal", card, *form, *desk.owner)

    assert refused.code == 2
    assert "never into a pipe" in refused.out + refused.err
    assert desk.shown(card)["revealed_at"] is None


def test_84_a_terminal_that_is_asked_for_json_is_no_place_either(desk: Desk) -> None:
    card = desk.issue()
    refused = desk.flux("cards", "reveal", card, "--json", *desk.owner, tty=True)

    assert refused.code == 2
    assert desk.shown(card)["revealed_at"] is None


def test_84_who_is_not_the_owner_sees_nothing(desk: Desk) -> None:
    card = desk.issue()
    file = desk.home / "card.json"
    wrong = desk.home / "wrong"
    wrong.write_text("0" * 64)
    asked = ("cards", "reveal", card, "--to", str(file))

    assert desk.flux(*asked).code == 4
    assert desk.flux(*asked, "--yes").code == 4
    assert desk.flux(*asked, "--owner-token-file", str(wrong)).code == 4
    assert not file.exists()
    assert desk.shown(card)["revealed_at"] is None


def test_at_a_terminal_the_last_four_digits_are_typed_and_the_details_shown(desk: Desk) -> None:
    card = desk.issue()
    last = desk.shown(card)["number"][-4:]
    code, shown = at_a_terminal(["cards", "reveal", card], [("to go on: ", last)])

    assert code == 0
    assert "SIMULATED card\r\nnumber   424242" in shown
    assert f"{last}\r\nexpires  " in shown
    assert desk.shown(card)["revealed_at"] is not None


def test_at_a_terminal_other_digits_show_nothing(desk: Desk) -> None:
    card = desk.issue()
    code, shown = at_a_terminal(["cards", "reveal", card], [("to go on: ", "0")])

    assert code == 4
    assert "CVV  " not in shown
    assert desk.shown(card)["revealed_at"] is None


@pytest.mark.parametrize("what", ["file", "link", "folder"])
def test_what_is_there_already_is_not_written_over(desk: Desk, what: str) -> None:
    card, place = desk.issue(), desk.home / "card.json"
    if what == "file":
        place.write_text("mine")
    elif what == "link":
        place.symlink_to(desk.home / "elsewhere")
    else:
        place.mkdir()
    asked = ("cards", "reveal", card, "--to", str(place), *desk.owner)

    assert desk.flux(*asked).code == 2
    assert desk.shown(card)["revealed_at"] is None
    assert not (desk.home / "elsewhere").exists()
    assert what != "file" or place.read_text() == "mine"


def test_a_folder_that_is_not_there_costs_no_look(desk: Desk) -> None:
    card = desk.issue()
    asked = ("cards", "reveal", card, "--to", str(desk.home / "no" / "card.json"), *desk.owner)

    assert desk.flux(*asked).code == 2
    assert desk.shown(card)["revealed_at"] is None


def test_a_disk_without_room_costs_no_look(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    card, file = desk.issue(), desk.home / "card.json"
    with monkeypatch.context() as broken:
        broken.setattr(card_details.os, "write", full)
        done = desk.flux("cards", "reveal", card, "--to", str(file), *desk.owner)

    assert (done.code, file.exists()) == (7, False)
    assert desk.shown(card)["revealed_at"] is None


def test_84_of_many_who_reveal_at_once_one_sees_it(desk: Desk) -> None:
    card = desk.issue()
    argv = [sys.executable, "-c", MAIN, "cards", "reveal", card, *desk.owner, "--to"]
    racing = [
        subprocess.Popen([*argv, str(desk.home / f"{n}.json")], stdout=-3, stderr=-3)
        for n in range(6)
    ]
    codes = sorted(one.wait(60) for one in racing)

    assert codes == [0, 8, 8, 8, 8, 8]
    assert len(list(desk.home.glob("[0-9].json"))) == 1


def test_no_agent_gets_a_runs_card_revealed(desk: Desk) -> None:
    asked = ("payments", "request", "orchestrator", "10", "--to", "api-hub", "--capture", "card")
    payment = desk.flux(*asked, "--json").json()
    file = desk.home / "card.json"

    assert desk.flux("cards", "reveal", payment["card_id"], "--to", str(file)).code == 4
    assert not file.exists()
