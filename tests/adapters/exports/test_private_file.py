"""A private file is there whole, or what was there before still is."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from flux_cli.adapters.exports.private_file import private_file
from flux_cli.errors import InvalidInput, StorageFailed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "exports"
    place.mkdir()
    return place


def write(path: Path, text: str = "new", *, replace: bool = False) -> None:
    with private_file(path, replace=replace) as file:
        file.write(text)


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_it_is_the_owners_only_whatever_the_umask(folder: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write(folder / "a", "one\r\ntwo\n")
    finally:
        os.umask(before)
    assert (folder / "a").read_bytes() == b"one\r\ntwo\n"
    assert stat.S_IMODE((folder / "a").stat().st_mode) == 0o600


def test_a_failure_half_way_leaves_what_was_there(folder: Path) -> None:
    write(folder / "a", "old")

    def fail() -> None:
        with private_file(folder / "a", replace=True) as file:
            file.write("half")
            raise RuntimeError("crash")

    with pytest.raises(RuntimeError, match="crash"):
        fail()
    assert [(one.name, one.read_text()) for one in folder.iterdir()] == [("a", "old")]


def test_what_came_to_be_there_meanwhile_is_kept(folder: Path) -> None:
    def write_slowly() -> None:
        with private_file(folder / "a", replace=False) as file:
            file.write("new")
            (folder / "a").write_text("theirs")

    with pytest.raises(InvalidInput, match="exists already"):
        write_slowly()
    assert [(one.name, one.read_text()) for one in folder.iterdir()] == [("a", "theirs")]


def test_only_a_plain_file_is_replaced(folder: Path) -> None:
    (folder / "target").write_text("mine")
    (folder / "link").symlink_to(folder / "target")
    (folder / "dangling").symlink_to(folder / "nowhere")
    (folder / "inner").mkdir()
    for name in ("link", "dangling", "inner"):
        with pytest.raises(InvalidInput, match="no plain file"):
            write(folder / name, replace=True)
    with pytest.raises(InvalidInput, match="no plain file"):
        write(Path(os.devnull), replace=True)
    assert (folder / "target").read_text() == "mine"
    assert not (folder / "nowhere").exists()
    write(folder / "target", replace=True)
    assert (folder / "target").read_text() == "new"


def test_a_disk_that_refuses_is_named(folder: Path) -> None:
    with pytest.raises(StorageFailed, match="cannot write"):
        write(folder / "no" / "folder")
