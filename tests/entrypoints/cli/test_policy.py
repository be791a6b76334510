"""`flux policy`: only the owner changes it, to loosen takes a terminal, history is judged again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.entrypoints.cli.test_ownership import at_a_terminal

Flux = Callable[..., Any]

TIGHTER = """
per_payment = "100.00"
approval_threshold = "25.00"
owner_threshold = "1000.00"
payees = ["researcher", "content-writer"]
[[limits]]
window = "24h"
amount = "30.00"
"""
LOOSER = TIGHTER.replace('"100.00"', '"900.00"')


@pytest.fixture
def owner(flux: Flux, home: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A founded economy, and the environment of whoever holds its credential."""
    monkeypatch.setenv("FLUX_DB", str(home / "flux.db"))
    assert flux("init").code == 0
    (home / "tighter.toml").write_text(TIGHTER)
    (home / "looser.toml").write_text(LOOSER)
    return {"FLUX_OWNER_TOKEN_FILE": str(home / "flux.db.owner")}


def number(flux: Flux) -> int:
    found: int = flux("policy", "show", "orchestrator", "--json").json()["number"]
    return found


def test_98_an_agent_changes_no_policy(flux: Flux, home: Path, owner: dict[str, str]) -> None:
    refused = flux("policy", "set", "orchestrator", str(home / "tighter.toml"), "--yes", "--json")
    assert (refused.code, refused.json()["error"]["code"]) == (4, "owner_not_proved")
    assert number(flux) == 1


def test_the_credential_tightens_but_does_not_loosen(
    flux: Flux, home: Path, owner: dict[str, str]
) -> None:
    made = flux("policy", "set", "orchestrator", str(home / "tighter.toml"), "--json", **owner)
    assert (made.code, made.json()["number"], made.json()["per_payment"]) == (0, 2, "100.00")
    again = flux("policy", "set", "orchestrator", str(home / "tighter.toml"), "--json", **owner)
    assert (again.code, again.json()["number"]) == (0, 2)
    refused = flux("policy", "set", "orchestrator", str(home / "looser.toml"), "--json", **owner)
    assert (refused.code, refused.json()["error"]["code"]) == (4, "owner_not_proved")
    assert number(flux) == 2


def test_a_terminal_loosens_where_the_name_is_typed(
    flux: Flux, home: Path, owner: dict[str, str]
) -> None:
    argv = ["policy", "set", "orchestrator", str(home / "looser.toml")]
    code, shown = at_a_terminal(argv, "yes")
    assert (code, number(flux)) == (4, 1)
    assert "per_payment: 250.00 → 900.00" in shown
    code, _ = at_a_terminal(argv, "orchestrator")
    assert (code, number(flux)) == (0, 2)


def test_a_draft_is_tried_promoted_once_and_goes_stale(
    flux: Flux, home: Path, owner: dict[str, str]
) -> None:
    paths = [str(home / "tighter.toml"), str(home / "tighter.toml")]
    first, second = (
        flux("policy", "draft", "orchestrator", path, "--json").json()["id"] for path in paths
    )
    assert number(flux) == 1
    made = flux("policy", "promote", first, "--json", **owner)
    assert (made.code, made.json()["number"]) == (0, 2)
    for draft in (first, second):
        refused = flux("policy", "promote", draft, "--json", **owner)
        assert (refused.code, refused.json()["error"]["code"]) == (8, "wrong_state")


def test_rolling_back_makes_the_next_version(flux: Flux, home: Path, owner: dict[str, str]) -> None:
    flux("policy", "set", "orchestrator", str(home / "tighter.toml"), **owner)
    refused = flux("policy", "rollback", "orchestrator", "1", **owner)
    assert refused.code == 4  # it loosens
    assert at_a_terminal(["policy", "rollback", "orchestrator", "1"], "orchestrator")[0] == 0
    rows = flux("policy", "history", "orchestrator", "--json").json()["data"]
    assert [(row["number"], row["note"]) for row in rows] == [(3, "back to 1"), (2, ""), (1, "")]
    now = flux("policy", "show", "orchestrator", "--json").json()
    assert now["per_payment"] == "250.00"


def test_a_policy_for_another_asset_hides_none_of_those_in_force(
    flux: Flux, home: Path, owner: dict[str, str]
) -> None:
    (home / "euro.toml").write_text('asset = "EUR"\nper_payment = "9.00"\npayees = ["nobody"]\n')
    argv = ["policy", "set", "orchestrator", str(home / "euro.toml")]
    code, shown = at_a_terminal(argv, "orchestrator")
    assert (code, "per_payment: none → 9.00" in shown) == (0, True)
    first = flux("policy", "show", "orchestrator", tty=True)
    assert "250.00" in first.out
    assert "for EUR too: flux policy show orchestrator --asset EUR" in first.out + first.err
    euro = flux("policy", "show", "orchestrator", "--asset", "EUR", "--json").json()
    assert (euro["asset"], euro["number"], euro["per_payment"]) == ("EUR", 2, "9.00")
    none = flux("policy", "show", "orchestrator", "--asset", "JPY")
    assert (none.code, "orchestrator has no policy for JPY" in none.err) == (2, True)
    remarks = flux("policy", "lint", "orchestrator", "--json").json()["data"]
    assert [one["key"] for one in remarks] == ["owner_threshold", "payees"]
    rows = flux("policy", "history", "orchestrator", "--json").json()["data"]
    assert [row["limits"] for row in rows] == ["", "$1,000.00 in 24h"]


def test_a_file_to_lint_that_is_not_there_is_not_taken_for_an_agent(
    flux: Flux, home: Path, owner: dict[str, str]
) -> None:
    told = flux("policy", "lint", "none.toml")
    assert (told.code, "cannot read none.toml: No such file or directory" in told.err) == (2, True)


def test_a_misspelt_key_is_told_with_those_there_are(
    flux: Flux, home: Path, owner: dict[str, str]
) -> None:
    (home / "bad.toml").write_text('payees_denied = ["researcher"]\n')
    told = flux("policy", "lint", str(home / "bad.toml"), "--json").json()["error"]["message"]
    assert told.startswith("payees_denied is no part of a policy: there are asset, ")
    assert ", denied_payees, " in told


def test_what_is_shown_as_toml_sets_the_same_policy(
    flux: Flux, home: Path, owner: dict[str, str]
) -> None:
    text = flux("policy", "show", "orchestrator", "--toml").out
    (home / "same.toml").write_text(text)
    compared = flux("policy", "diff", "orchestrator", str(home / "same.toml"), "--json")
    assert compared.json()["data"] == []


def test_simulate_judges_under_the_other_policy_and_writes_nothing(
    flux: Flux, home: Path, owner: dict[str, str]
) -> None:
    file = str(home / "tighter.toml")
    asked = ("orchestrator", "31", "--to", "researcher", "--json")
    tried = flux("policy", "simulate", file, *asked)
    assert (tried.code, tried.json()["most_that_would_pass"]["decimal"]) == (3, "30.000000")
    assert flux("policy", "check", *asked).json()["outcome"] == "quorum"
    assert flux("payments", "list", "--json").json()["data"] == []


def test_backtest_shows_every_payment_that_would_end_otherwise(
    flux: Flux, home: Path, owner: dict[str, str]
) -> None:
    for amount, payee in (("20", "researcher"), ("5", "image-generator"), ("9", "researcher"),
                          ("2", "researcher")):  # fmt: skip
        assert flux("pay", "orchestrator", payee, amount).code == 0
    file = str(home / "tighter.toml")
    rows = flux("policy", "backtest", "orchestrator", file, "--json").json()["data"]
    found = [
        (row["amount"]["decimal"], row["before"], row["after"], row["refusals"]) for row in rows
    ]
    assert found == [
        ("5.000000", "permit", "denied", ["payee_not_allowed"]),
        ("2.000000", "permit", "denied", ["rolling_24h_exceeded"]),
    ]
    told = flux("policy", "backtest", "orchestrator", file, tty=True)
    assert "4 payments judged again, 2 would end otherwise" in told.out + told.err


def test_a_backtest_is_of_one_agents_payments(flux: Flux, tmp_path: Path) -> None:
    refused = flux("policy", "backtest", "*", str(tmp_path / "new.toml"))
    assert refused.code == 2
    assert "name the agent" in refused.err


BAD = {
    "no file": ("none.toml", None, "cannot read"),
    "bad TOML": ("bad.toml", b"per_payment = ", "Invalid value (at end of document"),
    "not UTF-8": ("bytes.toml", b"note = '\xff'", "not UTF-8"),
    "deep": ("deep.toml", b"a=" + b"[" * 5000, "too deep"),
    "large": ("large.toml", b"#" * 300_000, "larger than"),
    "a float": ("float.toml", b"per_payment = 1e3", "per_payment wants an amount in quotes"),
}


@pytest.mark.parametrize(("name", "content", "why"), BAD.values(), ids=BAD)
def test_89_a_file_that_is_no_policy_changes_nothing(
    flux: Flux, home: Path, owner: dict[str, str], name: str, content: bytes | None, why: str
) -> None:
    if content is not None:
        (home / name).write_bytes(content)
    ended = flux("policy", "set", "orchestrator", str(home / name), "--json", **owner)
    error = ended.json()["error"]
    assert (ended.code, error["code"]) == (2, "invalid_policy")
    assert why in error["message"]
    assert number(flux) == 1


def test_everybodys_policy_tightens_an_agents(
    flux: Flux, home: Path, owner: dict[str, str]
) -> None:
    (home / "all.toml").write_text('per_payment = "10.00"')
    assert flux("policy", "set", "*", str(home / "all.toml"), **owner).code == 0
    ended = flux("pay", "orchestrator", "researcher", "11", "--json")
    assert (ended.code, ended.json()["error"]["limit"]["rule"]) == (3, "per_payment_exceeded")


def test_an_agent_spends_no_asset_it_has_no_policy_for(
    flux: Flux, home: Path, owner: dict[str, str]
) -> None:
    assert flux("agents", "fund", "orchestrator", "50", "--asset", "EUR").code == 0
    argv = ("pay", "orchestrator", "researcher", "5", "--asset", "EUR", "--json")
    refused = flux(*argv)
    assert refused.code != 0
    assert "no policy for EUR" in refused.json()["error"]["message"]
    (home / "euro.toml").write_text('asset = "EUR"\nper_payment = "20.00"')
    set_it = ["policy", "set", "orchestrator", str(home / "euro.toml")]
    assert at_a_terminal(set_it, "orchestrator")[0] == 0
    assert flux(*argv).code == 0
    assert flux("pay", "orchestrator", "researcher", "5").code == 0  # the CREDIT policy stands


def test_47_a_quorum_and_the_owner_judge_other_assets_too(
    flux: Flux, home: Path, owner: dict[str, str]
) -> None:
    assert flux("agents", "fund", "orchestrator", "900", "--asset", "EUR").code == 0
    (home / "euro.toml").write_text(
        'asset = "EUR"\nper_payment = "90.00"\napproval_threshold = "5"\nowner_threshold = "20"'
    )
    set_it = ["policy", "set", "orchestrator", str(home / "euro.toml")]
    assert at_a_terminal(set_it, "orchestrator")[0] == 0
    why = ("--purpose", "three tested support scripts", "--return", "90", "--justification",
           "Three scripts answer 40 mails a day from May and save 90 EUR a month.")  # fmt: skip
    argv = ("payments", "request", "orchestrator", "10", "--to", "researcher", "--asset", "EUR")
    voted = flux(*argv, "--capture", "automatic", *why, "--json").json()
    assert "error" not in voted or voted["error"]["subject"], voted
    name = voted["id"] if "id" in voted else voted["error"]["subject"]
    shown = flux("payments", "show", name, "--json").json()
    assert shown["amount"]["currency"] == "EUR"
    assert len(shown["ballots"]) == 5
    assert shown["needed"] == 4
    assert shown["state"] in ("captured", "denied")
