"""`flux db`: the ledger's file through the command line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

Flux = Callable[..., Any]


def test_a_backup_is_put_back_by_its_owner_only(flux: Flux, tmp_path: Path) -> None:
    assert flux("init").code == 0
    ledger = json.loads(flux("db", "path", "--json").out)
    copy = tmp_path / "copy.db"
    made = flux("db", "backup", str(copy), "--json")
    assert (made.code, json.loads(made.out)["verified"]) == (0, True)
    assert flux("agents", "fund", "orchestrator", "5").code == 0

    refused = flux("db", "restore", str(copy), "--json")
    assert (refused.code, json.loads(refused.out)["error"]["code"]) == (4, "owner_not_proved")
    assert "gives up 1 movements" in json.loads(refused.out)["error"]["message"]

    owner = f"{ledger['id']}.owner"
    restored = flux("db", "restore", str(copy), "--owner-token-file", owner, "--json")
    assert restored.code == 0, restored.err
    assert json.loads(restored.out)["given_up"] == {"movements": 1, "events": 0}
    shown = json.loads(flux("agents", "show", "orchestrator", "--json").out)
    assert shown["available"]["decimal"] == "500.000000"
    assert flux("verify").code == 0


def test_23_an_old_file_put_in_the_ledgers_place_is_accepted_by_its_owner_only(
    flux: Flux, tmp_path: Path
) -> None:
    assert flux("init").code == 0
    ledger = Path(json.loads(flux("db", "path", "--json").out)["id"])
    copy = tmp_path / "copy.db"
    assert flux("db", "backup", str(copy)).code == 0
    assert flux("agents", "fund", "orchestrator", "5").code == 0
    shutil.copyfile(copy, ledger)

    again = flux("agents", "fund", "orchestrator", "5", "--json")
    assert (again.code, json.loads(again.out)["error"]["code"]) == (9, "ledger_corrupt")
    for told in ((), ("--yes",)):
        refused = flux("recover", "--accept", *told, "--json")
        assert (refused.code, json.loads(refused.out)["error"]["code"]) == (4, "owner_not_proved")
    assert flux("agents", "fund", "orchestrator", "5").code == 9

    accepted = flux("recover", "--accept", "--owner-token-file", f"{ledger}.owner", "--json")
    assert accepted.code == 0, accepted.err
    assert flux("agents", "fund", "orchestrator", "5").code == 0
    assert flux("verify").code == 0


def test_a_query_answers_in_every_form_and_cannot_write(flux: Flux) -> None:
    assert flux("init").code == 0
    question = "select name, kind from agents where name = 'researcher'"
    answer = {"object": "row", "schema": "flux.row/1", "name": "researcher", "kind": "specialist"}
    assert json.loads(flux("db", "query", question, "--json").out)["data"] == [answer]
    assert flux("db", "query", question, "-o", "csv").out == "name,kind\nresearcher,specialist\n"
    wrong = flux("db", "query", "delete from agents", "--json")
    assert (wrong.code, json.loads(wrong.out)["error"]["code"]) == (2, "invalid_input")


def test_a_file_that_others_may_read_is_named(flux: Flux) -> None:
    assert flux("init").code == 0
    ledger = Path(json.loads(flux("db", "path", "--json").out)["id"])
    assert json.loads(flux("db", "check", "--json").out)["ok"] is True
    ledger.chmod(0o644)
    checked = json.loads(flux("db", "check", "--json").out)
    assert (checked["ok"], checked["others_may_read"]) == (False, [ledger.name])
