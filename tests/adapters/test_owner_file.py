"""The owner's credential on disk."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from flux_cli.adapters.keychain.owner import OwnerFile


def test_it_is_256_random_bits_that_only_the_owner_of_the_file_reads(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        first, second = OwnerFile(tmp_path / "a.db"), OwnerFile(tmp_path / "b.db")
        first.establish()
        second.establish()
    finally:
        os.umask(old)
    assert first.path == tmp_path / "a.db.owner"
    assert first.path.stat().st_mode & 0o777 == 0o600
    tokens = [owner.path.read_text().strip() for owner in (first, second)]
    assert [len(bytes.fromhex(token)) for token in tokens] == [32, 32]
    assert tokens[0] != tokens[1]
    assert sorted(path.name for path in tmp_path.glob("*.db*")) == ["a.db.owner", "b.db.owner"]


def test_it_is_made_once(tmp_path: Path) -> None:
    owner = OwnerFile(tmp_path / "flux.db")
    owner.establish()
    kept = owner.path.read_text()
    owner.establish()
    assert owner.path.read_text() == kept


def test_many_that_make_it_at_once_make_one(tmp_path: Path) -> None:
    owners = [OwnerFile(tmp_path / "flux.db") for _ in range(8)]
    threads = [threading.Thread(target=owner.establish) for owner in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    token = owners[0].path.read_text()
    assert [owner.verify(token) for owner in owners] == [True] * 8
    assert [path.name for path in tmp_path.glob("*.db*")] == ["flux.db.owner"]


def test_only_the_whole_credential_is_it(tmp_path: Path) -> None:
    owner = OwnerFile(tmp_path / "flux.db")
    owner.establish()
    token = owner.path.read_text().strip()
    assert owner.verify(token)
    assert owner.verify(f" {token}\n")
    for wrong in ("", token[:-1], token + "0", token.upper() + "0", "0" * 64, "é" * 64, "\udcff"):
        assert not owner.verify(wrong), wrong


def test_without_a_sound_file_nobody_is_the_owner(tmp_path: Path) -> None:
    owner = OwnerFile(tmp_path / "flux.db")
    assert not owner.verify("")
    assert owner.fault() == "not made yet"
    owner.path.write_text("")
    assert not owner.verify("")
    assert owner.fault() == "holds no credential"
    owner.path.write_text("short")
    assert not owner.verify("short")


def test_a_file_that_others_may_read_is_a_fault(tmp_path: Path) -> None:
    owner = OwnerFile(tmp_path / "flux.db")
    owner.establish()
    assert owner.fault() is None
    owner.path.chmod(0o644)
    assert owner.fault() == "others may read it (mode 0644, not 0600)"
