"""A folder as a source: named by what is in it, refused when it changed, never followed out of."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flux_cli.adapters.specialists.artefacts import write_artefact
from flux_cli.adapters.workspace import Folders, tree
from flux_cli.bootstrap import source_text
from flux_cli.domain.runs import SourceFile
from flux_cli.domain.work import Source
from flux_cli.errors import InvalidInput

FOLDERS = Folders(write_artefact, source_text)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop" / "app").mkdir(parents=True)
    (tmp_path / "shop" / "app" / "a.py").write_text("x = 1\n")
    (tmp_path / "shop" / "b.py").write_text("y = 2\n")
    return tmp_path / "shop"


def test_a_folder_is_a_source_with_a_path_and_no_text(shop: Path) -> None:
    described = FOLDERS.describe_source(shop)

    assert described == SourceFile("shop/", str(shop), tree.tree_digest(shop))
    assert FOLDERS.read_source(described) == Source("shop/", "", described.sha256, str(shop))


def test_a_folder_that_changed_since_the_run_began_is_refused(shop: Path) -> None:
    described = FOLDERS.describe_source(shop)
    (shop / "app" / "a.py").write_text("x = 3\n")

    with pytest.raises(InvalidInput, match="has changed since the run began"):
        FOLDERS.read_source(described)


@pytest.mark.parametrize(
    "change",
    [
        lambda shop: (shop / "b.py").rename(shop / "c.py"),
        lambda shop: (shop / "b.py").rename(shop / "app" / "b.py"),
        lambda shop: (shop / "new.py").write_text(""),
        lambda shop: (shop / "link").symlink_to("b.py"),
        lambda shop: (shop / "b.py").write_text("y = 2"),
    ],
)
def test_any_change_gives_another_digest(change, shop: Path) -> None:
    before = tree.tree_digest(shop)
    change(shop)

    assert tree.tree_digest(shop) != before


def test_history_and_caches_do_not_count(shop: Path) -> None:
    before = tree.tree_digest(shop)
    for name in (".git", "__pycache__", "node_modules"):
        (shop / name).mkdir()
        (shop / name / "x").write_text("x")

    assert tree.tree_digest(shop) == before


def test_one_file_cannot_be_taken_for_two(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    (one / "a").write_text("1f 1 1\0b2")
    (two / "a").write_text("1")
    (two / "b").write_text("2")

    assert tree.tree_digest(one) != tree.tree_digest(two)


def test_a_link_is_not_a_file_that_says_the_same(shop: Path) -> None:
    (shop / "link").symlink_to("b.py")
    before = tree.tree_digest(shop)
    (shop / "link").unlink()
    (shop / "link").write_text("b.py")

    assert tree.tree_digest(shop) != before


def test_114_a_link_counts_as_what_it_says_and_is_not_followed(shop: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("1")
    (shop / "link").symlink_to(outside)
    before = tree.tree_digest(shop)
    (outside / "secret").write_text("2")
    os.mkfifo(shop / "pipe")

    assert tree.tree_digest(shop) == before


def test_a_folder_that_is_too_large_is_refused(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MOST_FILES", 1)

    with pytest.raises(InvalidInput, match="holds more than 1 files"):
        FOLDERS.describe_source(shop)


def test_a_folder_that_is_too_deep_is_refused(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(tree.DEEPEST + 2):
        deep /= "d"
    deep.mkdir(parents=True)

    with pytest.raises(InvalidInput, match="is deeper than"):
        FOLDERS.describe_source(tmp_path)
