"""`flux pay --rail arc`, `settle`, `merchants` and `wallet-key`, as people type them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paying
import pytest
import rig

from flux_cli.signer import keystore

ACME = paying.MERCHANTS["acme"]
NEW = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
PAY = ("pay", "orchestrator", "acme", "1.50", "--rail", "arc")

Run = Callable[..., Any]


@pytest.fixture
def run(flux: Any, chain: rig.LocalChain, template: Path, tmp_path: Path) -> Run:
    """`flux …` on an economy of its own, the passphrase on a descriptor, the owner's file named."""
    ledger = paying.copied(template, tmp_path)
    owner = ledger.with_name("flux.db.owner")

    def call(*argv: str, tty: bool = False, **environ: str) -> Any:
        fd = paying.passphrase_fd()
        given = {
            "FLUX_DB": str(ledger),
            "FLUX_CHAIN_RPC": chain.url,
            "FLUX_CHAIN_PASSPHRASE_FD": str(fd),
            "FLUX_OWNER_TOKEN_FILE": str(owner),
        }
        try:
            return flux(*argv, tty=tty, **(given | environ))
        finally:
            os.close(fd)

    return call


def test_a_payment_over_the_chain_is_proved_field_by_field(run: Run, chain: rig.LocalChain) -> None:
    paid = run(*PAY, "--json", "--idempotency-key", "may")
    assert (paid.code, chain.paid(ACME)) == (0, [1_500_000]), paid.err
    one = paid.json()
    assert (one["state"], one["local"], one["explorer"]) == ("settled", True, None)
    assert one["amount"]["decimal"] == "1.500000"
    again = run(*PAY, "--json", "--idempotency-key", "may")
    assert (again.json(), chain.paid(ACME)) == (one, [1_500_000])

    proved = run("settle", "verify", one["id"], "--json")
    assert (proved.code, proved.json()["proved"], proved.json()["wrong"]) == (0, True, [])
    assert {check["field"] for check in proved.json()["checks"]} >= {
        *("chain_id", "status", "token", "payer", "payee", "amount", "authorizer", "nonce"),
        *("block", "ledger_entry"),
    }
    other = run(*PAY, "--json").json()
    wrong = run("settle", "verify", one["id"], "--tx", other["tx_hash"], "--json")
    assert (wrong.code, wrong.json()["wrong"]) == (9, ["nonce"])

    listed = run("settle", "status", "--json").json()["data"]
    assert [row["id"] for row in listed] == [other["id"], one["id"]]
    assert run("settle", "status", one["id"], "--json").json()["tx_hash"] == one["tx_hash"]
    assert run("settle", "status", "--status", "expired", "--json").json()["data"] == []
    assert run("settle", "status", "--status", "odd").code == 2
    books = run("settle", "reconcile", "--json")
    assert (books.code, books.json()["agrees"], books.json()["checked"]) == (0, True, 2)
    assert run("verify").code == 0


def test_78_what_is_paid_on_a_chain_of_this_machine_says_so_and_has_no_link(run: Run) -> None:
    shown = run(*PAY, tty=True)
    assert "LOCAL CHAIN: nothing real moved" in shown.err + shown.out
    assert "arcscan" not in shown.err + shown.out
    assert "local chain 5042002" in shown.out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("pay", "orchestrator", "researcher", "1", "--rail", "arc"), "merchant_not_allowed"),
        (("pay", "orchestrator", "acme", "50.01", "--rail", "arc"), "per_payment"),
        (("pay", "orchestrator", "acme", "1", "--rail", "arc", "--asset", "EUR"), "asset"),
    ],
)
def test_what_the_signer_forbids_is_a_policy_violation_with_nothing_moved(
    run: Run, chain: rig.LocalChain, argv: tuple[str, ...], said: str
) -> None:
    ended = run(*argv, "--json")
    error = ended.json()["error"]
    assert (ended.code, error["exit_code"], error["code"]) == (3, 3, "policy_violation")
    assert said in ended.out
    assert chain.paid(ACME) == []
    assert run("payments", "list", "--json").json()["data"] == []
    assert run("settle", "status", "--json").json()["data"] == []


def test_a_dry_run_signs_and_keeps_nothing(run: Run, chain: rig.LocalChain) -> None:
    assert run(*PAY, "--dry-run").code == 0
    assert chain.paid(ACME) == []
    assert run("payments", "list", "--json").json()["data"] == []


def left_on_its_way(run: Run, chain: rig.LocalChain) -> dict[str, Any]:
    """A payment that was sent to a node that mines nothing, and given up waiting for."""
    chain("evm_setAutomine", False)
    left = run(*PAY, "--json", "--timeout", "0.1")
    for _ in range(5):
        assert left.code == 10
        if left.json()["state"] == "broadcast":
            break
        left = run("settle", "step", left.json()["id"], "--json")
    found: dict[str, Any] = left.json()
    assert found["state"] == "broadcast"
    return found


def test_what_was_left_on_its_way_is_drained(run: Run, chain: rig.LocalChain) -> None:
    left = left_on_its_way(run, chain)
    assert run("settle", "step", left["id"]).code == 10
    chain("evm_setAutomine", True)
    chain.mine()
    drained = run("settle", "drain", "--json")
    assert (drained.code, [row["state"] for row in drained.json()["data"]]) == (0, ["settled"])
    assert chain.paid(ACME) == [1_500_000]
    assert run("settle", "drain", "--json").json()["data"] == []


def test_a_settlement_is_cancelled_on_the_chain(run: Run, chain: rig.LocalChain) -> None:
    left = left_on_its_way(run, chain)
    pending = run("settle", "cancel", left["id"], "--json", "--timeout", "0.1")
    assert (pending.code, pending.json()["state"]) == (10, "broadcast")
    chain("evm_setAutomine", True)
    chain.mine()
    ended = run("settle", "cancel", left["id"], "--json")
    assert (ended.code, ended.json()["state"], chain.paid(ACME)) == (0, "cancelled", [])
    assert run("settle", "cancel", left["id"]).code == 0


def test_merchants_are_named_by_the_owner_with_an_exact_address(
    run: Run, chain: rig.LocalChain
) -> None:
    named = {row["id"]: row["address"] for row in run("merchants", "list", "--json").json()["data"]}
    assert named == paying.MERCHANTS
    assert run("merchants", "add", "initech", NEW.lower()).code == 2
    assert run("merchants", "add", "initech", "0x" + "0" * 40).code == 2
    assert run("merchants", "add", "initech", rig.TOKEN).code != 0
    assert run("merchants", "add", "initech", NEW, FLUX_OWNER_TOKEN_FILE="/dev/null").code == 4
    assert run("merchants", "add", "acme", NEW).code == 8
    added = run("merchants", "add", "initech", NEW, "--json")
    assert (added.code, added.json()["address"]) == (0, NEW)
    assert run("pay", "orchestrator", "initech", "1", "--rail", "arc").code == 0
    assert chain.paid(NEW) == [1_000_000]
    assert run("merchants", "remove", "initech").code == 0
    assert run("merchants", "remove", "initech").code == 5
    assert run("pay", "orchestrator", "initech", "1", "--rail", "arc").code == 3
    assert chain.paid(NEW) == [1_000_000]


def test_the_signers_limits_are_the_owners(run: Run) -> None:
    shown = run("wallet-key", "limits", "--json").json()
    assert shown["per_payment"]["decimal"] == "50.000000"
    refused = run("wallet-key", "limits", "--per-payment", "60", FLUX_OWNER_TOKEN_FILE="/dev/null")
    assert refused.code == 4
    assert run("wallet-key", "limits", "--per-payment", "1.49").code == 0
    ended = run(*PAY, "--json")
    assert (ended.code, ended.json()["error"]["limit"]["cap_minor"]) == (3, 1_490_000)


def test_77_keys_are_set_checked_exported_and_removed_without_being_seen(
    flux: Any, tmp_path: Path
) -> None:
    base = {"FLUX_DB": str(tmp_path / "flux.db"), "FLUX_CHAIN_RPC": "http://127.0.0.1:1"}
    assert flux("init", **base).code == 0
    base["FLUX_OWNER_TOKEN_FILE"] = str(tmp_path / "flux.db.owner")
    said: list[str] = []

    def key(*argv: str, given: str | None = None, option: str = "--key-fd") -> Any:
        fds = [paying.passphrase_fd()] + ([paying.passphrase_fd(given)] if given else [])
        argv = ("wallet-key", *argv, *((option, str(fds[1])) if given else ()))
        ended = flux(*argv, FLUX_CHAIN_PASSPHRASE_FD=str(fds[0]), **base)
        said.append(ended.out + ended.err)
        for fd in fds:
            os.close(fd)
        return ended

    assert key("address").code == 4
    assert key("set", "--keystore", given="12" * 31).code == 4
    assert key("set", "--keystore", given=paying.KEY.hex()).code == 0
    assert key("set", "--keystore", given=paying.KEY.hex()).code == 4
    assert key("address", "--json").json()["address"] == paying.ADDRESS
    # One that opens quickly from here on: the slow one was locked and read back when it was set.
    light = keystore.lock(paying.KEY, paying.PASSPHRASE, n=2)
    (tmp_path / "flux.db.signer" / "keystore.json").write_text(light)
    checked = key("check", "--json").json()
    assert (checked["address"], checked["merchants"]) == (paying.ADDRESS, {})
    copy = tmp_path / "copy.json"
    assert key("export", str(copy), given="another", option="--copy-fd").code == 0
    assert keystore.unlock(copy.read_text(), "another") == paying.KEY
    assert copy.stat().st_mode & 0o777 == 0o600
    assert key("export", str(copy), given="another", option="--copy-fd").code == 2
    assert key("remove").code == 0
    assert key("check").code == 4
    assert key("set", "--new", "--keystore", "--json").code == 0
    assert key("address", "--json").json()["address"] != paying.ADDRESS
    assert not [text for text in said if paying.KEY.hex() in text or paying.PASSPHRASE in text]


def test_a_chain_that_is_not_configured_is_named_and_never_a_public_one(run: Run) -> None:
    ended = run(*PAY, "--json", FLUX_CHAIN_RPC="")
    assert (ended.code, ended.json()["error"]["param"]) == (2, "chain.rpc")


def test_77_environment_keys_are_refused_at_the_command_line(run: Run) -> None:
    ended = run(*PAY, "--json", PRIVATE_KEY="11" * 32)
    assert (ended.code, ended.json()["error"]["code"]) == (4, "key_unavailable")
    assert "11" * 32 not in json.dumps(ended.json()) + ended.err
