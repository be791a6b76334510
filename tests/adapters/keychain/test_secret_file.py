"""A secret's file is whole or not there, and its name outlives a power cut."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from flux_cli.adapters.keychain import CardSecret
from flux_cli.adapters.keychain.owner import OwnerFile
from flux_cli.adapters.keychain.secret_file import make_once


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    folder.mkdir()
    return folder


def test_who_comes_second_finds_the_first_ones_secret(place: Path) -> None:
    path = place / "secret"

    make_once(path, b"first")
    make_once(path, b"second")

    assert path.read_bytes() == b"first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(place) == ["secret"]


@pytest.mark.parametrize("secret", ["card", "owner"])
def test_the_folder_is_kept_after_the_name_is_in_it(
    secret: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, link = os.fsync, os.link

    def kept(file: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(file).st_mode) else "file")
        fsync(file)

    def linked(source: Path, target: Path) -> None:
        steps.append("link")
        link(source, target)

    monkeypatch.setattr(os, "fsync", kept)
    monkeypatch.setattr(os, "link", linked)
    ledger = place / "flux.db"
    if secret == "card":
        CardSecret(ledger, "424242").prepare(create=True)
    else:
        OwnerFile(ledger).establish()

    assert steps == ["file", "link", "folder"]


def test_nothing_is_left_where_nothing_can_be_kept(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(OSError, match="No space"):
        make_once(place / "secret", b"first")

    assert os.listdir(place) == []
