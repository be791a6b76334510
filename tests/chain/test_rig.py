"""The test rig is what it says: pinned, compiled from its source, and like Arc where it matters."""

from __future__ import annotations

import json
import platform

import fetch_anvil
import pytest
import rig
from contracts import compile as contracts


def test_the_committed_code_is_compiled_from_the_committed_source() -> None:
    committed = json.loads((contracts.HERE / "compiled.json").read_text())
    assert committed == contracts.compiled()


def test_a_machine_without_a_pin_is_told_so_and_not_skipped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(RuntimeError, match=r"no pinned anvil 1\.7\.1 for Linux/riscv64"):
        fetch_anvil.anvil()


def test_a_package_that_is_not_the_pinned_one_is_refused(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def packs(argv: list[str], **_: object) -> None:
        with open(f"{argv[-1]}/anvil.tgz", "wb") as file:
            file.write(b"something else")

    monkeypatch.setattr(fetch_anvil.subprocess, "run", packs)
    monkeypatch.setattr(fetch_anvil, "CACHE", tmp_path)
    with pytest.raises(RuntimeError, match="not the pinned"):
        fetch_anvil.anvil()


def test_one_balance_has_two_views_and_a_transfer_two_logs(chain: rig.LocalChain) -> None:
    rig.self_test(chain)


def test_the_domain_is_the_real_tokens(chain: rig.LocalChain) -> None:
    separator = chain("eth_call", {"to": rig.TOKEN, "data": "0x3644e515"}, "latest")
    assert separator == "0x361191522483d32a83e70ae7183b4b9629442c13a78bc9921d6f707911c8c6b0"
