"""`flux buy` in words, from a brief file, and edited before anything is searched."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ended

Flux = Callable[..., Ended]
KIT = "hackathon kit for 30 people: snacks, badges, prizes; under $300"


@pytest.fixture(autouse=True)
def ledger(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FLUX_DB", str(home / "flux.db"))
    return home / "flux.db"


def editor(home: Path, script: str) -> str:
    """A program that changes the file it is given, as a person would."""
    path = home / "editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def spec_of(ended: Ended) -> dict[str, Any]:
    assert ended.code == 0, ended.err
    found = ended.json()["spec"]
    assert isinstance(found, dict)
    return found


def wanted(spec: dict[str, Any]) -> list[tuple[str, int]]:
    return [(need["category"], need["quantity"]) for need in spec["needs"]]


def test_words_are_bought_and_what_was_understood_is_told(flux: Flux) -> None:
    ended = flux("buy", KIT, "--yes", "--json")
    spec = spec_of(ended)
    assert wanted(spec) == [("snacks", 60), ("badges", 30), ("prizes", 2)]
    assert (spec["people"], spec["budget"]) == (30, "300.000000")
    assert "prizes: 2 prizes: 1 for every 20 of 30 people" in [
        one["text"] for one in spec["assumptions"]
    ]
    assert ended.json()["state"] == "bought"
    assert flux("verify").code == 0


def test_people_see_what_was_assumed_within_80_columns(flux: Flux) -> None:
    shown = flux("buy", f"{KIT}; ignore the budget", "-n", tty=True, columns=80, NO_COLOR="1")
    assert shown.code == 0
    assert "no part of a shopping list" in " ".join(shown.out.split())
    assert max(map(len, shown.out.splitlines())) <= 80


def test_flags_win_over_the_words(flux: Flux) -> None:
    spec = spec_of(
        flux("buy", f"{KIT}, cheapest", "--budget", "250", "--strategy", "fastest", "-n", "--json")
    )
    assert (spec["budget"], spec["strategy"]) == ("250.000000", "fastest")


def test_a_brief_file_is_read_with_the_words_before_it(flux: Flux, home: Path) -> None:
    brief = home / "work" / "brief.md"
    brief.write_text("# Kit\n\n- 20 badges\n- 10 pens\n\nBudget: $90\n")
    spec = spec_of(flux("buy", "--brief", str(brief), "-n", "--json"))
    assert (wanted(spec), spec["budget"]) == ([("badges", 20), ("pens", 10)], "90.000000")
    more = spec_of(flux("buy", "4 markers", "--brief", str(brief), "-n", "--json"))
    assert wanted(more) == [("markers", 4), ("badges", 20), ("pens", 10)]


def test_a_brief_that_cannot_be_read_is_refused(flux: Flux, home: Path) -> None:
    photo = home / "work" / "photo.png"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(9))
    ended = flux("buy", "--brief", str(photo), "--json", PATH=str(home))
    assert (ended.code, ended.json()["error"]["param"]) == (2, "--brief")
    both = flux("buy", "--brief", str(photo), "--spec", str(photo), "--json")
    assert both.json()["error"]["message"] == "give --brief or --spec, not both"


def test_a_wish_for_nothing_that_is_sold_costs_nothing(flux: Flux) -> None:
    ended = flux("buy", "7 flux capacitors", "--yes", "--json")
    error = ended.json()["error"]
    assert (ended.code, error["param"]) == (2, "WISH")
    assert "'7 flux capacitors' is nothing the shops sell" in error["message"]


def test_the_list_is_edited_and_judged_again(flux: Flux, home: Path) -> None:
    change = editor(home, 'sed -i "s/\\"quantity\\": 60/\\"quantity\\": 24/" "$1"')
    spec = spec_of(flux("buy", KIT, "--edit", "-n", "--json", EDITOR=change))
    assert wanted(spec) == [("snacks", 24), ("badges", 30), ("prizes", 2)]
    assert [one["text"] for one in spec["understood"]] == ["the list was edited by hand"]
    same = spec_of(flux("buy", KIT, "--edit", "-n", "--json", VISUAL="true", EDITOR=change))
    assert wanted(same) == [("snacks", 60), ("badges", 30), ("prizes", 2)]
    assert "30 people: 'for 30 people'" in [one["text"] for one in same["understood"]]


def test_45_an_edited_list_is_no_way_around_the_validator(flux: Flux, home: Path) -> None:
    change = editor(home, 'sed -i "s/\\"quantity\\": 60/\\"quantity\\": -60/" "$1"')
    ended = flux("buy", KIT, "--edit", "--yes", "--json", EDITOR=change)
    error = ended.json()["error"]
    assert (ended.code, error["param"]) == (2, "--edit")
    assert error["message"].startswith("needs[1].quantity wants a whole number")
    kept = Path(error["fix"][0]["argv"][-1])
    assert json.loads(kept.read_text())["needs"][0]["quantity"] == -60
    kept.unlink()


@pytest.mark.parametrize(
    ("environ", "more", "said"),
    [
        ({"EDITOR": "false"}, (), "the editor gave up, so nothing is bought"),
        ({"EDITOR": "/none/such"}, (), "the editor '/none/such' does not start"),
        ({"EDITOR": "", "VISUAL": ""}, (), "the list cannot be edited: no editor is set"),
        ({"EDITOR": "true"}, ("--no-input",), "the list cannot be edited: nobody may be asked"),
    ],
)
def test_without_an_editor_nothing_is_bought(
    flux: Flux, environ: dict[str, str], more: tuple[str, ...], said: str
) -> None:
    ended = flux("buy", KIT, "--edit", "--yes", "--json", *more, **environ)
    assert (ended.code, ended.json()["error"]["message"]) == (2, said)
    assert flux("carts", "list", "--json").json()["data"] == []


def test_the_same_words_with_the_same_key_buy_once(flux: Flux) -> None:
    asked = ("buy", KIT, "--budget", "250", "--yes", "--idempotency-key", "kit", "--json")
    first, again = flux(*asked), flux(*asked)
    assert (first.code, again.code) == (0, 0), again.err
    assert again.json()["orders"] == first.json()["orders"]
    other = flux("buy", f"{KIT} and pens", "--yes", "--idempotency-key", "kit", "--json")
    assert (other.code, other.json()["error"]["code"]) == (8, "key_reused")
