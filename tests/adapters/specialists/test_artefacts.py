from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from flux_cli.adapters.specialists.artefacts import write_artefact
from flux_cli.domain.work import Artefact
from flux_cli.errors import StorageFailed, WorkFailed


def test_a_file_lands_whole_and_is_described(tmp_path: Path) -> None:
    artefact = write_artefact(tmp_path, "out/copy.md", b"hello", "text/markdown")
    assert artefact == Artefact(
        "out/copy.md", "text/markdown", 5, hashlib.sha256(b"hello").hexdigest()
    )
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["copy.md"]
    assert (tmp_path / "out/copy.md").read_bytes() == b"hello"


def test_writing_again_replaces_the_file(tmp_path: Path) -> None:
    write_artefact(tmp_path, "a.txt", b"one", "text/plain")
    write_artefact(tmp_path, "a.txt", b"two", "text/plain")
    assert (tmp_path / "a.txt").read_bytes() == b"two"


@pytest.mark.parametrize(
    "path",
    ["../a", "a/../../b", "/etc/passwd", "", ".", "a\\b", "c:/x", "a\nb", "a\x00b"],
)
def test_a_path_that_leaves_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "outer" / "work"
    folder.mkdir(parents=True)
    with pytest.raises(WorkFailed):
        write_artefact(folder, path, b"x", "text/plain")
    assert list((tmp_path / "outer").rglob("*")) == [folder]


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder, outside = tmp_path / "work", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (folder / "link").symlink_to(outside)
    with pytest.raises(WorkFailed):
        write_artefact(folder, "link/a.txt", b"x", "text/plain")
    assert list(outside.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_fails_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageFailed, match=r"Cannot write file/a\.txt"):
        write_artefact(tmp_path, "file/a.txt", b"x", "text/plain")
