"""Python under ruff, bandit, vulture and radon, none of which runs what it reads.

They see copies with names of ours in a folder of ours, and no configuration but what is here, so
nothing in the code under review steers them.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sysconfig
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flux_cli.adapters.specialists.reviewer.findings import Raw, kind_of_rule
from flux_cli.adapters.specialists.reviewer.tree import CodeFile
from flux_cli.errors import WorkFailed

TOOL_SECONDS = 60
MOST_PATHS = 15
"""Branches plus one that a function may have; McCabe's own limit is 10, seldom kept by anyone."""

SURE_ENOUGH = 80
"""Vulture's confidence, in percent, from which dead code is reported whatever its name."""


Partly = list[tuple[str, str]]
"""(path, why) of files that an analyser could not finish."""


def program(name: str) -> str:
    """Where an analyser that is a program was installed; raises `WorkFailed`."""
    path = Path(sysconfig.get_path("scripts"), name)
    if not path.is_file():
        raise WorkFailed(f"the analyser {name} is not installed")
    return str(path)


def run_tool(argv: Sequence[str], folder: Path) -> Any:
    """What an analyser says, as JSON; raises `WorkFailed` where it says nothing usable."""
    name = Path(argv[0]).name
    try:
        ended = subprocess.run(  # noqa: S603 - no shell, our own program and arguments
            argv, cwd=folder, capture_output=True, timeout=TOOL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WorkFailed(f"{name} could not be run: {error}") from error
    try:
        if ended.returncode not in (0, 1):
            raise ValueError("it did not end well")
        return json.loads(ended.stdout)
    except (ValueError, RecursionError) as error:
        said = ended.stderr.decode("utf-8", "replace")[:200]
        raise WorkFailed(f"{name} failed: {said}") from error


def each_half(
    argv: Sequence[str], folder: Path, names: Sequence[str], lose: Callable[[str], None]
) -> Iterator[Any]:
    """What an analyser says of `names`; a file it cannot survive is lost, and only that one."""
    try:
        yield run_tool([*argv, *names], folder)
    except WorkFailed:
        if len(names) == 1:
            lose(names[0])
            return
        middle = len(names) // 2
        yield from each_half(argv, folder, names[:middle], lose)
        yield from each_half(argv, folder, names[middle:], lose)


def ruff(files: Mapping[str, CodeFile], folder: Path, partly: Partly) -> Iterator[Raw]:
    """Ruff's findings over the copies in `folder`; `files` by the copy's path below it."""
    chosen = [rule for rule in kind_of_rule() if is_ruffs(rule)]
    argv = [
        program("ruff"), "check", "--isolated", "--no-cache", "--ignore-noqa", "--no-fix",
        "--exit-zero", "--quiet", "--output-format=json", "--target-version=py312",
        f"--select={','.join(chosen)}", "--config=lint.dummy-variable-rgx='^_.*$'", "--",
    ]  # fmt: skip

    def lose(name: str) -> None:
        partly.append((files[name].path, "ruff could not read it to its end"))

    for answer in each_half(argv, folder, list(files), lose):
        for item in answer:
            file = files[Path(item["filename"]).relative_to(folder).as_posix()]
            at, rule = item["location"], item["code"] or "invalid-syntax"
            yield Raw("ruff", rule, file.number, at["row"], at["column"], item["message"])


def is_ruffs(rule: str) -> bool:
    """Whether ruff has this rule; bandit's own are numbered B101 to B7xx."""
    letters = rule.rstrip("0123456789")
    number = rule[len(letters) :]
    return (
        letters.isupper() and number.isdigit() and not (letters == "B" and "100" <= number < "900")
    )


def bandit(files: Mapping[str, CodeFile], folder: Path) -> Iterator[Raw]:
    """Bandit's findings of medium or high confidence; `# nosec` and `.bandit` change nothing."""
    from bandit.core.config import BanditConfig
    from bandit.core.manager import BanditManager

    logging.getLogger("bandit").setLevel(logging.CRITICAL)
    manager = BanditManager(BanditConfig(), "file", quiet=True, ignore_nosec=True)
    manager.files_list = sorted(str(folder / name) for name in files)
    manager.run_tests()
    for issue in manager.get_issue_list():
        if issue.confidence == "LOW" or issue.test_id not in kind_of_rule():
            continue
        file = files[Path(issue.fname).relative_to(folder).as_posix()]
        yield Raw(
            "bandit",
            issue.test_id,
            file.number,
            issue.lineno,
            1 + max(issue.col_offset, 0),
            issue.text,
        )


def vulture(files: Mapping[str, CodeFile], partly: Partly) -> Iterator[Raw]:
    """Dead code: what vulture is sure of, and private functions that nothing names."""
    from vulture.core import Vulture

    finder = Vulture()
    for name, file in files.items():
        try:
            finder.scan(file.text, filename=Path(name))
        except RecursionError:
            partly.append((file.path, "nested too deeply for vulture"))
    for item in finder.get_unused_code(min_confidence=60):
        file = files[item.filename.as_posix()]
        private = item.name.startswith("_") and not item.name.startswith("__")
        rule = "vulture-" + item.typ.replace("unreachable_code", "unreachable")
        if rule in kind_of_rule() and (item.confidence >= SURE_ENOUGH or private):
            yield Raw("vulture", rule, file.number, item.first_lineno, 1, item.message)


def radon(files: Mapping[str, CodeFile], partly: Partly) -> Iterator[Raw]:
    """Functions with more than `MOST_PATHS` paths through them."""
    from radon.complexity import cc_rank, cc_visit

    for file in files.values():
        try:
            blocks = cc_visit(file.text)
        except RecursionError:
            partly.append((file.path, "nested too deeply for radon"))
            continue
        for block in blocks:
            grade = f"radon-{cc_rank(block.complexity)}"
            if block.complexity > MOST_PATHS and block.letter != "C":
                message = f"{block.name} has a complexity of {block.complexity}"
                yield Raw("radon", grade, file.number, block.lineno, 1 + block.col_offset, message)


def parses(file: CodeFile) -> bool:
    """Whether Python's own parser, which runs nothing, makes sense of a file in bounds."""
    import ast

    try:
        ast.parse(file.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def versions() -> dict[str, str]:
    """Each analyser with its version."""
    return {name: version(name) for name in ("ruff", "bandit", "vulture", "radon", "oxlint")}
