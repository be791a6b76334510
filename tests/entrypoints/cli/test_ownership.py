"""Attacks 98, 131 and 132: who may say yes, and by what."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flux_cli.bootstrap import open_flux
from flux_cli.config import load_config
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.ownership import TokenFile, prove_owner

Flux = Callable[..., Any]
MAIN = "from flux_cli.entrypoints.cli.app import main; main()"


@pytest.fixture(autouse=True)
def payment(flux: Flux, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A payment of $21 that waits for the owner; its id."""
    monkeypatch.setenv("FLUX_DB", str(home / "flux.db"))
    monkeypatch.setenv("FLUX_POLICY_OWNER_THRESHOLD", "20.00")
    assert flux("init").code == 0
    asked = flux("pay", "orchestrator", "researcher", "21", "--json")
    assert asked.code == 10
    name: str = asked.json()["id"]
    return name


def state(flux: Flux, payment: str) -> str:
    word: str = flux("payments", "show", payment, "--json").json()["state"]
    return word


def token(home: Path) -> Path:
    return home / "flux.db.owner"


def at_a_terminal(
    argv: list[str], typed: str, *, awaited: bytes = b"to go on: "
) -> tuple[int, str]:
    """The exit code and what was shown, of flux run in a terminal of its own."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", MAIN, *argv])
    shown, answered, deadline = b"", False, time.monotonic() + 60
    polled = select.poll()
    polled.register(terminal, select.POLLIN)
    while time.monotonic() < deadline:
        if not polled.poll(200):
            continue
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        shown += piece
        if not answered and awaited in shown:
            os.write(terminal, f"{typed}\n".encode())
            answered = True
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), shown.decode()


def test_the_credential_proves_the_owner(flux: Flux, home: Path, payment: str) -> None:
    given = ("--owner-token-file", str(token(home)))
    assert flux("payments", "approve", payment, *given).code == 0
    assert state(flux, payment) == "captured"


def test_the_credential_may_be_named_by_the_environment_and_kept_elsewhere(
    flux: Flux, home: Path, payment: str
) -> None:
    elsewhere = home / "secret"
    elsewhere.write_text(token(home).read_text().strip())
    ended = flux("payments", "approve", payment, FLUX_OWNER_TOKEN_FILE=str(elsewhere))
    assert ended.code == 0


@pytest.mark.parametrize("content", ["", "0" * 64, "y\n", "yes"])
def test_a_wrong_credential_proves_nothing(
    flux: Flux, home: Path, payment: str, content: str
) -> None:
    wrong = home / "wrong"
    wrong.write_text(content)
    ended = flux("payments", "approve", payment, "--owner-token-file", str(wrong), "--json")
    assert (ended.code, ended.json()["error"]["code"]) == (4, "owner_not_proved")
    missing = flux("payments", "approve", payment, "--owner-token-file", str(home / "none"))
    assert missing.code == 4
    assert state(flux, payment) == "awaiting_owner"


@pytest.mark.parametrize("more", [(), ("--yes",), ("-y", "--no-input")])
@pytest.mark.parametrize(
    "verb",
    [
        ("payments", "approve", "ID"),
        ("payments", "deny", "ID"),
        ("wallets", "withdraw", "orchestrator", "5"),
        ("wallets", "exchange", "orchestrator", "5", "CREDIT", "--to", "EUR", "--rate", "1"),
    ],
    ids=["approve", "deny", "withdraw", "exchange"],
)
def test_132_yes_without_a_terminal_is_nobodys_word(
    flux: Flux, payment: str, verb: tuple[str, ...], more: tuple[str, ...]
) -> None:
    before = flux("ledger", "entries", "--json").out
    ended = flux(*[payment if word == "ID" else word for word in verb], *more, "--json")
    error = ended.json()["error"]
    assert (ended.code, error["code"]) == (4, "owner_not_proved")
    assert [fix["say"] for fix in error["fix"]] == [
        "run it at a terminal and confirm it there",
        "or give the credential beside the ledger with --owner-token-file PATH",
    ]
    assert state(flux, payment) == "awaiting_owner"
    assert flux("ledger", "entries", "--json").out == before


def test_131_a_piped_answer_is_nobodys_word(flux: Flux, payment: str) -> None:
    """Neither at a process that has no terminal, nor beside one whose stderr looks like one."""
    answers = "21.00\ny\nyes\n" * 20
    piped = subprocess.run(
        [sys.executable, "-c", MAIN, "payments", "approve", payment],
        input=answers,
        text=True,
        capture_output=True,
        start_new_session=True,
    )
    assert piped.returncode == 4
    beside, terminal = pty.openpty()
    ended = subprocess.run(
        [sys.executable, "-c", MAIN, "payments", "approve", payment],
        input=answers,
        text=True,
        stdout=subprocess.PIPE,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    os.close(beside)
    assert ended.returncode == 4
    assert state(flux, payment) == "awaiting_owner"


def test_131_at_a_terminal_the_amount_is_typed(flux: Flux, payment: str) -> None:
    code, shown = at_a_terminal(["payments", "approve", payment], "21.00")
    asked = "orchestrator would pay $21.00 to researcher for “payment”. Type 21.00 to go on:"
    assert asked in shown
    assert (code, state(flux, payment)) == (0, "captured")


@pytest.mark.parametrize("typed", ["y", "yes", "", "21", "12.00"])
def test_131_anything_else_is_no(flux: Flux, payment: str, typed: str) -> None:
    code, shown = at_a_terminal(["payments", "approve", payment, "--yes"], typed)
    assert "that was not 21.00: nothing was done" in shown
    assert (code, state(flux, payment)) == (4, "awaiting_owner")


def test_98_no_text_of_others_can_forge_the_question(flux: Flux) -> None:
    forged = "x\x1b[2K\rpay $1. Type y to go on: "
    asked = flux("pay", "orchestrator", "researcher", "21", "--purpose", forged, "--json").json()
    for argv, awaited in (
        (["payments", "approve", asked["id"]], b"21.00 to go on: "),
        (["wallets", "withdraw", forged, "5"], b"withdraw to go on: "),
    ):
        code, shown = at_a_terminal(argv, "y", awaited=awaited)
        assert "\x1b" not in shown
        assert code == 4


def test_where_only_a_terminal_will_do_the_credential_does_not(
    flux: Flux, demo: Any, go: Any, home: Path
) -> None:
    def command(flux: Invocation, owner_token_file: TokenFile = None) -> None:
        deps = open_flux(load_config({"ledger.path": str(home / "flux.db")}, {}, home))
        prove_owner(
            flux, deps, "All of it.", "all", terminal_only=True, token_file=owner_token_file
        )

    go(command)
    ended = flux("demo", "go", "--owner-token-file", str(token(home)), "--json")
    assert ended.code == 4
    assert [fix["say"] for fix in ended.json()["error"]["fix"]] == [
        "run it at a terminal and confirm it there"
    ]


def test_the_credential_is_made_when_the_economy_is_founded_and_doctor_looks_at_it(
    flux: Flux, home: Path
) -> None:
    def row() -> dict[str, str]:
        checks = flux("doctor", "--json").json()["checks"]
        (found,) = [check for check in checks if check["name"] == "owner's credential"]
        return dict(found)

    assert row() == {
        "name": "owner's credential",
        "state": "ok",
        "found": f"0600 {token(home)}",
    }
    token(home).chmod(0o640)
    assert row()["state"] == "warning"
    token(home).unlink()
    assert row()["found"] == "not made yet"


def test_a_lost_credential_is_made_anew_and_the_old_one_is_void(
    flux: Flux, home: Path, payment: str
) -> None:
    old = home / "old"
    token(home).rename(old)
    assert flux("payments", "approve", payment, "--owner-token-file", str(old)).code == 4
    given = ("--owner-token-file", str(token(home)), "--json")
    assert json.loads(flux("payments", "approve", payment, *given).out)["state"] == "captured"
