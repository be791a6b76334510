"""`flux keys`: made by the owner, shown once, rotated, revoked."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Flux = Callable[..., Any]


@pytest.fixture(autouse=True)
def ledger(flux: Flux, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FLUX_DB", str(home / "flux.db"))
    assert flux("init").code == 0
    return home / "flux.db"


@pytest.fixture
def owner(ledger: Path) -> tuple[str, str]:
    """The option that proves the owner."""
    return "--owner-token-file", str(ledger.with_name("flux.db.owner"))


def verified(flux: Flux, monkeypatch: pytest.MonkeyPatch, text: str) -> tuple[int, bool]:
    """(exit code, whether it opens) of a key given on stdin."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(text + "\n"))
    ended = flux("keys", "verify", "--json")
    return ended.code, ended.json()["valid"]


def test_a_key_is_shown_once_and_opens_until_it_is_revoked(
    flux: Flux, owner: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = flux("keys", "create", "--scope", "pay", "--scope", "read", *owner, "--json").json()
    assert made["key"].startswith("flux_test_")
    assert (made["scopes"], made["state"]) == (["pay", "read"], "active")
    assert verified(flux, monkeypatch, made["key"]) == (0, True)
    assert verified(flux, monkeypatch, made["key"][:-1]) == (4, False)

    listed = flux("keys", "list", "--json")
    assert [one["id"] for one in listed.json()["data"]] == [made["id"]]
    assert made["key"][36:] not in listed.out
    assert "secret_hash" not in listed.out

    assert flux("keys", "revoke", made["id"], "--json").json()["state"] == "revoked"
    assert verified(flux, monkeypatch, made["key"]) == (4, False)


def test_a_rotated_key_ends_with_its_overlap(
    flux: Flux, owner: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = flux("keys", "create", "--live", "--expires", "30d", *owner, "--json").json()
    new = flux("keys", "rotate", old["id"], "--overlap", "0s", *owner, "--json").json()

    assert (new["replaces"], new["environment"]) == (old["id"], "live")
    assert verified(flux, monkeypatch, old["key"]) == (4, False)
    assert verified(flux, monkeypatch, new["key"]) == (0, True)
    assert flux("keys", "rotate", old["id"], *owner).code == 8


def test_98_only_the_owner_makes_or_rotates_a_key(flux: Flux, owner: tuple[str, str]) -> None:
    assert flux("keys", "create", "--scope", "admin", "--no-input").code == 4
    made = flux("keys", "create", *owner, "--json").json()
    assert flux("keys", "rotate", made["id"], "--no-input").code == 4
    assert len(flux("keys", "list", "--json").json()["data"]) == 1


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--owner", "A B"), 2),
        (("--owner", "x" * 17), 2),
        (("--agent", "nobody"), 5),
        (("--agent", "orchestrator", "--owner", "acme"), 5),
        (("--expires", "0d"), 2),
        (("--expires", "soon"), 2),
        (("--scope", "everything"), 2),
    ],
)
def test_what_cannot_be_a_key_is_refused(
    flux: Flux, ledger: Path, options: tuple[str, ...], code: int
) -> None:
    proof = ("--owner-token-file", str(ledger.with_name("flux.db.owner")))
    assert flux("keys", "create", *options, *proof).code == code
    assert flux("keys", "list", "--json").json()["data"] == []
