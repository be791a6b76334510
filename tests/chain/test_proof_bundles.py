"""A payment's proof, checked offline and against the node, and every field of it changed once."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import paying
import pytest
import rig
from lookalikes import LOOKALIKES, on_another_chain

from flux_cli.adapters.chain.arc import ArcChain
from flux_cli.adapters.proofs.check import check_bundle

Run = Callable[..., Any]


@pytest.fixture
def run(flux: Any, chain: rig.LocalChain, template: Path, tmp_path: Path) -> Run:
    """`flux …` on an economy of its own, the passphrase on a descriptor."""
    ledger = paying.copied(template, tmp_path)

    def call(*argv: str, **options: Any) -> Any:
        fd = paying.passphrase_fd()
        given = {
            "FLUX_DB": str(ledger),
            "FLUX_CHAIN_RPC": chain.url,
            "FLUX_CHAIN_PASSPHRASE_FD": str(fd),
        }
        try:
            return flux(*argv, **(given | options))
        finally:
            os.close(fd)

    return call


def wrong(bundle: dict[str, Any]) -> list[str]:
    return [check.field for check in check_bundle(bundle) if not check.agrees]


def changed(bundle: dict[str, Any], path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """The bundle with one value in it replaced."""
    other: Any = copy.deepcopy(bundle)
    place = other
    for step in path[:-1]:
        place = place[step]
    assert place[path[-1]] != value
    place[path[-1]] = value
    return other  # type: ignore[no-any-return]


def log_of(bundle: dict[str, Any], number: int) -> dict[str, Any]:
    log: dict[str, Any] = bundle["settlements"][0]["receipt"]["logs"][number]
    return log


LOGS = ("settlements", 0, "receipt", "logs")
STL = ("settlements", 0, "settlement")
HASH = "0x" + "12" * 32
OTHER = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
FORGED: list[tuple[tuple[str | int, ...], object, str]] = [
    (("intent", "purpose"), "another", "request"),
    (("intent", "amount", "units"), 1, "request"),
    (("intent", "request_digest"), "0" * 64, "request"),
    (("intent", "key"), "another", "request"),
    (("decision", "verdict"), "denied", "verdict"),
    (("decision", "amount", "units"), 1, "decision amount"),
    (("decision", "requester"), "researcher", "decision payer"),
    (("decision", "id"), "dec_x", "decision"),
    (("movements", 0, "row", 8), 1, "movement "),
    (("movements", 0, "hash"), "0" * 64, "movement "),
    (("movements", 0, "row", 10), "dec_x", "left the wallet"),
    (("movements", 1, "before"), "00" * 32, "movement "),
    ((*STL, "terms", "units"), 1, "line 0 units"),
    ((*STL, "terms", "payee"), OTHER, "line 0 nonce"),
    ((*STL, "terms", "payer"), OTHER, "line 0 signature"),
    ((*STL, "terms", "chain_id"), 5042, "line 0 chain"),
    ((*STL, "terms", "cart_hash"), "0" * 64, "line 0 cart hash"),
    ((*STL, "terms", "mandate_hash"), "1" * 64, "line 0 mandate hash"),
    ((*STL, "nonce"), HASH, "line 0 nonce"),
    ((*STL, "payee"), "globex", "line 0 payee"),
    ((*STL, "authorization", "r"), HASH, "line 0 signature"),
    ((*STL, "authorization", "valid_before"), 1, "line 0 signature"),
    ((*STL, "proof", "tx_hash"), HASH, "line 0 transaction"),
    ((*STL, "proof", "block_hash"), HASH, "line 0 block"),
    ((*STL, "local"), False, "local"),
    (("settlements", 0, "receipt", "succeeded"), False, "line 0 status"),
    (("settlements", 0, "receipt", "chain_id"), 1, "line 0 chain"),
    (("settlements", 0, "receipt"), None, "line 0 receipt"),
    (LOGS, [], "line 0 transfer log"),
    (("simulated",), True, "simulated"),
    (("local",), False, "local"),
    (("settlements",), [], "simulated"),
    (("ballots",), 3, "voted readable"),
    (("head", "hash"), "0" * 64, "head"),
]


def test_71_a_settled_payments_proof_holds_offline_and_no_field_of_it_can_be_changed(
    run: Run, chain: rig.LocalChain, tmp_path: Path
) -> None:
    paid = run("pay", "orchestrator", "acme", "1.50", "--rail", "arc", "--json").json()
    file = tmp_path / "proof.json"
    made = run("proof", "export", paid["intent_id"], str(file), "--json")
    assert (made.code, made.json()["local"], made.json()["simulated"]) == (0, True, False)
    assert run("proof", "export", paid["intent_id"], str(file)).code == 2

    offline = {"FLUX_DB": "/nonexistent/flux.db", "FLUX_CHAIN_RPC": "http://127.0.0.1:1"}
    checked = run("proof", "verify", str(file), "--json", **offline)
    assert (checked.code, checked.json()["proved"], checked.json()["wrong"]) == (0, True, [])
    assert checked.json()["checked"] > 25
    asked = run("proof", "verify", str(file), "--online", "--json")
    assert (asked.code, asked.json()["proved"]) == (0, True)

    bundle = json.loads(file.read_text())
    assert wrong(bundle) == []
    missed = []
    for path, value, field in FORGED:
        found = wrong(changed(bundle, path, value))
        if not any(one.startswith(field) for one in found):
            missed.append((path, field, found))
    assert missed == []

    # The token's logs carry what was paid: without any of them it is no proof.
    token = [
        n
        for n, log in enumerate(bundle["settlements"][0]["receipt"]["logs"])
        if log["address"] == rig.TOKEN
    ]
    for number in token:
        for field, value in (("address", rig.SYSTEM), ("topics", []), ("data", "0x")):
            if log_of(bundle, number)[field] == value:
                continue
            assert wrong(changed(bundle, (*LOGS, number, field), value))

    file.write_text(json.dumps(changed(bundle, ("intent", "purpose"), "another")))
    forged = run("proof", "verify", str(file), "--json", **offline)
    assert (forged.code, forged.json()["proved"]) == (9, False)


IN_A_BUNDLE = {
    "authorizer": "authorization log",
    "nonce": "authorization log",
    "token": "transfer token",
    "payee": "transfer payee",
    "amount": "transfer amount",
}
"""What a field that fails on the chain is called in a bundle."""


def test_71_a_lookalikes_receipt_in_a_bundle_fails_with_the_field_named(
    run: Run, chain: rig.LocalChain, tmp_path: Path
) -> None:
    """The forger also writes the settlement's own hashes into the other receipt."""
    paid = run("pay", "orchestrator", "acme", "0.01", "--rail", "arc", "--json").json()
    file = tmp_path / "proof.json"
    assert run("proof", "export", paid["intent_id"], str(file)).code == 0
    bundle = json.loads(file.read_text())
    real = bundle["settlements"][0]["receipt"]
    reader = ArcChain([chain.url], rig.CHAIN_ID, rig.TOKEN, pace_seconds=0, timeout_seconds=20)
    for name, (make, fields) in LOOKALIKES.items():
        found = reader.receipt(make(chain, 10_000))
        assert found is not None
        forged = json.loads(json.dumps(asdict(found)))
        forged |= {part: real[part] for part in ("tx_hash", "block_hash", "block_number")}
        said = set(wrong(changed(bundle, ("settlements", 0, "receipt"), forged)))
        least = fields[:1] if fields[0] == "token" else fields
        assert said >= {f"line 0 {IN_A_BUNDLE[field]}" for field in least}, name
    other = changed(bundle, ("settlements", 0, "receipt", "chain_id"), 5042)
    assert wrong(other) == ["line 0 chain"]


def test_75_a_proof_asked_of_another_chain_fails_by_the_chains_number(
    run: Run, chain: rig.LocalChain, tmp_path: Path
) -> None:
    paid = run("pay", "orchestrator", "acme", "1", "--rail", "arc", "--json").json()
    file = tmp_path / "proof.json"
    assert run("proof", "export", paid["intent_id"], str(file)).code == 0
    other = on_another_chain(chain, 5042)
    try:
        asked = run("proof", "verify", str(file), "--online", "--json", FLUX_CHAIN_RPC=other.url)
        verified = run("settle", "verify", paid["id"], "--json", FLUX_CHAIN_RPC=other.url)
    finally:
        other.stop()
    assert (verified.code, verified.json()["wrong"]) == (9, ["chain_id"])
    error = asked.json()["error"]
    said = (error["code"], error["message"])
    assert said == ("wrong_chain", "the node is of chain 5042, not of 5042002")


def test_a_proof_of_a_chain_that_has_not_the_transaction_fails_online(
    run: Run, chain: rig.LocalChain, tmp_path: Path
) -> None:
    before = chain.snapshot()
    paid = run("pay", "orchestrator", "acme", "1", "--rail", "arc", "--json").json()
    file = tmp_path / "proof.json"
    assert run("proof", "export", paid["intent_id"], str(file)).code == 0
    chain.revert(before)
    assert run("proof", "verify", str(file)).code == 0
    asked = run("proof", "verify", str(file), "--online", "--json")
    assert asked.code == 9
    assert len(asked.json()["wrong"]) == 2


VOTED_ON = (
    *("payments", "request", "orchestrator", "30", "--to", "researcher", "--urgency", "high"),
    *("--purpose", "market research with sources", "--return", "90", "--json"),
    *("--justification", "Two interviews and ten cited sources; sells the launch plan"),
    *("--capture", "automatic"),
)
"""What the seats that answer by rules say yes to."""


def test_78_a_simulated_payments_proof_says_that_it_is_simulated(run: Run, tmp_path: Path) -> None:
    paid = run(*VOTED_ON).json()
    file = tmp_path / "proof.json"
    made = run("proof", "export", paid["id"], str(file), tty=True)
    assert (made.code, "SIMULATED: no real money moved" in made.out + made.err) == (0, True)
    shown = run("proof", "verify", str(file), tty=True)
    assert shown.code == 0, shown.out
    assert "SIMULATED: no real money moved" in shown.out + shown.err
    assert "arcscan" not in shown.out + shown.err
    bundle = json.loads(file.read_text())
    assert bundle["ballots"] != []
    assert wrong(changed(bundle, ("simulated",), False)) == ["simulated"]
    flipped = copy.deepcopy(bundle)
    for ballot in flipped["ballots"]:
        ballot["vote"] = "NO"
    assert wrong(flipped)


def test_what_is_no_bundle_is_said_to_be_none(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    for data in (b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"format": "flux-proof/2"}'):
        file.write_bytes(data)
        assert run("proof", "verify", str(file)).code == 2
    assert run("proof", "verify", str(tmp_path / "missing.json")).code == 5
    hollow = {"format": "flux-proof/1"}
    file.write_text(json.dumps(hollow))
    assert run("proof", "verify", str(file)).code == 9
