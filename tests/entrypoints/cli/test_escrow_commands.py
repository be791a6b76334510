"""`flux escrow`, as it is typed and read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Flux = Callable[..., Any]

TERMS = ("--memo", "Market study", "--evaluator", "data-analyst")
WORK = "ab" * 32


@pytest.fixture
def ledger(flux: Flux, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A founded economy."""
    path = home / "flux.db"
    monkeypatch.setenv("FLUX_DB", str(path))
    assert flux("init").code == 0
    return path


@pytest.fixture(autouse=True)
def verified(ledger: Path, flux: Flux):
    """After every test the whole ledger verifies."""
    yield
    assert flux("verify", "--json").code == 0


def create(flux: Flux, *more: str, amount: str = "20", key: str = "k") -> Any:
    ended = flux(
        "escrow", "create", "orchestrator", "researcher", amount, *TERMS, *more,
        "--idempotency-key", key, "--json",
    )  # fmt: skip
    assert ended.code == 0, ended.out
    return ended.json()


def minor(document: Any, *names: str) -> list[int]:
    return [document[name]["amount_minor"] // 1_000_000 for name in names]


MONEY = ("amount", "released", "refunded", "locked")


def test_an_escrow_is_created_with_its_terms(flux: Flux) -> None:
    made = create(flux, "--milestone", "draft=5", "--milestone", "final=15")
    assert made == made | {
        "object": "escrow",
        "schema": "flux.escrow/1",
        "key": "k",
        "state": "funded",
        "payer": "orchestrator",
        "payee": "researcher",
        "evaluator": "data-analyst",
        "memo": "Market study",
        "deliverable_hash": None,
        "dispute": None,
        "simulated": True,
    }
    assert minor(made, *MONEY) == [20, 0, 0, 20]
    parts = [(one["name"], *minor(one, "amount"), one["state"]) for one in made["milestones"]]
    assert parts == [("draft", 5, "pending"), ("final", 15, "pending")]
    assert create(flux, "--milestone", "draft=5", "--milestone", "final=15") == made


def test_without_an_evaluator_the_payer_judges(flux: Flux) -> None:
    argv = ("escrow", "create", "orchestrator", "researcher", "5", "--memo", "x", "--json")
    assert flux(*argv).json()["evaluator"] == "orchestrator"


def test_from_creation_to_the_last_milestone(flux: Flux, home: Path) -> None:
    made = create(flux, "--milestone", "draft=5", "--milestone", "final=15")
    (home / "report.txt").write_bytes(b"the study")
    handed = flux("escrow", "submit", made["id"], "--file", str(home / "report.txt"), "--json")
    assert handed.json()["deliverable_hash"] == hashlib.sha256(b"the study").hexdigest()
    part = flux("escrow", "release", made["id"], "--milestone", "draft", "--json").json()
    assert (part["state"], minor(part, *MONEY)) == ("submitted", [20, 5, 0, 15])
    rest = flux("escrow", "release", made["id"], "--json").json()
    assert (rest["state"], minor(rest, *MONEY)) == ("completed", [20, 20, 0, 0])
    shown = flux("escrow", "show", made["id"], "--json").json()
    moved = [(one["kind"], one["memo"]) for one in shown.pop("entries")]
    assert moved == [
        ("escrow_fund", "Market study"),
        ("escrow_release", "accepted: draft"),
        ("escrow_release", "accepted"),
    ]
    assert shown == rest


def test_people_read_a_table_and_one_last_line(flux: Flux) -> None:
    made = create(flux, "--milestone", "draft=5", "--milestone", "final=15")
    flux("escrow", "submit", made["id"], "--hash", WORK)
    told = flux("escrow", "release", made["id"], "--milestone", "draft", tty=True, NO_COLOR="1")
    assert told.err == "researcher was paid; $15.00 is in escrow, simulated\n"
    assert [line.split() for line in told.out.splitlines()[-2:]] == [
        ["draft", "$5.00", "✓", "released"],
        ["final", "$15.00", "…", "pending"],
    ]
    shown = flux("escrow", "show", made["id"], tty=True, columns=120)
    assert "accepted: draft" in shown.out
    assert "idempotency" not in shown.out


def test_escrows_are_listed_by_state_and_by_side(flux: Flux) -> None:
    first, second = create(flux, key="a")["id"], create(flux, key="b", amount="3")["id"]
    flux("escrow", "dispute", second, "--by", "researcher", "--reason", "late")

    def listed(*argv: str) -> list[str]:
        return [one["id"] for one in flux("escrow", "list", *argv, "--json").json()["data"]]

    assert listed() == [second, first]
    assert listed("--status", "disputed") == [second]
    assert listed("--agent", "orchestrator", "--limit", "1") == [second]
    assert listed("--payee", "researcher", "--after", second) == [first]
    assert listed("--payee", "content-writer") == listed("--agent", "researcher") == []
    assert flux("escrow", "list", "--status", "lost").code == 2


def test_rejecting_gives_it_back_once_for_a_key(flux: Flux) -> None:
    made = create(flux)
    argv = ("escrow", "refund", made["id"], "--idempotency-key", "x", "--json")
    back = flux(*argv)
    assert (back.json()["state"], minor(back.json(), *MONEY)) == ("rejected", [20, 0, 20, 0])
    assert flux(*argv).out == back.out
    assert flux("escrow", "refund", made["id"]).code == 8


def test_37_in_a_dispute_only_the_owner_moves_money(flux: Flux, ledger: Path) -> None:
    made = create(flux)
    flux("escrow", "submit", made["id"], "--hash", WORK)
    argued = flux(
        "escrow", "dispute", made["id"], "--by", "orchestrator", "--reason", "x", "--json"
    )
    assert argued.json()["dispute"]["by"] == "orchestrator"
    for verb in ("release", "refund"):
        refused = flux("escrow", verb, made["id"], "--json")
        assert (refused.code, refused.json()["error"]["code"]) == (8, "wrong_state")
        assert refused.json()["error"]["fix"][0]["argv"][:3] == ["flux", "escrow", "resolve"]
    resolve = ("escrow", "resolve", made["id"], "--to-payee", "12.50", "--json")
    for nobody in ((), ("--yes",), ("--no-input",)):
        assert flux(*resolve, *nobody).code == 4
    token = ledger.with_name("flux.db.owner")
    done = flux(*resolve, "--owner-token-file", str(token))
    assert done.code == 0, done.out
    assert done.json()["state"] == "completed"
    assert done.json()["released"]["decimal"] == "12.500000"
    assert done.json()["refunded"]["decimal"] == "7.500000"


@pytest.mark.parametrize("verb", ["release", "refund"])
def test_only_the_evaluator_judges(flux: Flux, verb: str) -> None:
    made = create(flux)
    flux("escrow", "submit", made["id"], "--hash", WORK)
    denied = flux("escrow", verb, made["id"], "--by", "researcher", "--json")
    error = denied.json()["error"]
    assert (denied.code, error["code"]) == (3, "not_this_party")
    assert error["refusals"][0]["message"].startswith("researcher may not: ")


def test_what_the_quorum_denies_locks_nothing_and_says_who_voted_how(flux: Flux) -> None:
    argv = ("escrow", "create", "orchestrator", "researcher", "200", "--memo", "x", "--json")
    denied = flux(*argv)
    error = denied.json()["error"]
    assert denied.code == 3
    assert error["subject"].startswith("pi_")
    assert len(error["detail"]["ballots"]) == 5
    assert flux("escrow", "list", "--json").json()["data"] == []


def test_what_waits_for_the_owner_says_how_to_go_on(flux: Flux, ledger: Path) -> None:
    strict = ledger.with_name("strict.db")
    environ = {"FLUX_DB": str(strict), "FLUX_POLICY_OWNER_THRESHOLD": "10.00"}
    argv = ("escrow", "create", "orchestrator", "researcher", "20", *TERMS, "--json")
    assert flux("init", **environ).code == 0
    waits = flux(*argv, **environ)
    document = waits.json()
    assert (waits.code, document["object"], document["state"]) == (10, "payment", "awaiting_owner")
    assert f"flux payments approve {document['id']}" in waits.err
    assert f"--idempotency-key {document['escrow_key']}" in waits.err


@pytest.mark.parametrize(
    ("argv", "param"),
    [
        (("20", "--memo", "x", "--expires-in", "tomorrow"), "--expires-in"),
        (("20", "--memo", "x", "--expires-in", "0d"), "--expires-in"),
        (("20", "--memo", "x", "--expires-in", "99999w"), "--expires-in"),
        (("20", "--memo", "x", "--milestone", "draft"), "--milestone"),
        (("20", "--memo", "x", "--milestone", "draft=1e3"), "--milestone"),
        (("20", "--memo", "x", "--milestone", "draft=5"), "--milestone"),
        (("2O", "--memo", "x"), "AMOUNT"),
        (("20", "--memo", "x", "--asset", "eur"), "--asset"),
        (("20", "--memo", "x", "--evaluator", "researcher"), "--evaluator"),
        (("20", "--memo", " "), "--memo"),
        (("20", "--memo", "x", "--asset", "EUR", "--max-amount", "5"), "--max-amount"),
    ],
)
def test_what_cannot_be_used_is_named(flux: Flux, argv: tuple[str, ...], param: str) -> None:
    ended = flux("escrow", "create", "orchestrator", "researcher", *argv, "--json")
    assert (ended.code, ended.json()["error"]["param"]) == (2, param)


def test_more_than_the_most_is_not_even_asked_for(flux: Flux) -> None:
    argv = ("escrow", "create", "orchestrator", "researcher", "20", "--memo", "x", "--json")
    denied = flux(*argv, "--max-amount", "19.99")
    assert (denied.code, denied.json()["error"]["code"]) == (3, "max_amount")
    assert flux("payments", "list", "--json").json()["data"] == []
    assert flux(*argv, "--max-amount", "20").code == 0


def test_work_is_named_by_a_file_or_by_its_hash(flux: Flux, home: Path) -> None:
    made = create(flux)
    for argv in ((), ("--hash", WORK, "--file", "x"), ("--file", "gone.txt"), ("--hash", "AB")):
        assert flux("escrow", "submit", made["id"], *argv).code == 2


def test_an_unknown_escrow_or_agent_is_5(flux: Flux) -> None:
    assert flux("escrow", "show", "esc_nothing").code == 5
    assert flux("escrow", "create", "orchestrator", "nobody", "5", "--memo", "x").code == 5


def test_agents_and_balances_count_what_is_locked_as_the_payers(flux: Flux) -> None:
    create(flux)
    rows = flux("ledger", "balance", "--json").json()["data"]
    held = {row["agent"]: row["held"]["amount_minor"] // 1_000_000 for row in rows}
    assert {name: units for name, units in held.items() if units} == {"orchestrator": 20}


def test_text_that_would_move_the_cursor_is_spelt_out(flux: Flux) -> None:
    made = create(flux, "--memo", "study\x1b[2J\u202e")
    assert made["memo"] == "study[2J"
    shown = flux("escrow", "dispute", made["id"], "--by", "researcher", "--reason", "\x1b]0;x\x07",
                 tty=True)  # fmt: skip
    assert not {"\x07", "\u202e"} & set(shown.out)
    assert "]0;x" in shown.out
    assert f"`flux escrow resolve {made['id']} --to-payee AMOUNT`" in shown.out + shown.err
