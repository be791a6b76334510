"""The defective shop: put in place for a test, with every planted defect and where it is."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from flux_cli.adapters.workspace.tree import tree_digest
from flux_cli.domain.work import Assignment, Source

SHOP = Path(__file__).parent / "defective"
_MARK = re.compile(r"DEFECT ([a-z]+[a-z, -]*[a-z])")

Place = tuple[str, str, int]
"""(kind, file, line)."""


def plant(folder: Path) -> set[Place]:
    """Write the shop below `folder`; its files carry `.txt` here, so that nothing picks them up."""
    marks: set[Place] = set()
    for item in sorted(SHOP.rglob("*.txt")):
        path = item.relative_to(SHOP).as_posix().removesuffix(".txt")
        text = item.read_text(encoding="utf-8")
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
        for number, line in enumerate(text.split("\n"), 1):
            if mark := _MARK.search(line):
                marks |= {(kind.strip(), path, number) for kind in mark[1].split(",")}
    return marks


def review_of(tree: Path) -> Assignment:
    """The assignment to review what is below `tree`."""
    source = Source(f"{tree.name}/", "", tree_digest(tree), str(tree))
    return Assignment("review", "code-reviewer", "Review the code", "", (source,))


def hashes(folder: Path) -> dict[str, str]:
    """Every delivered file with its hash."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
