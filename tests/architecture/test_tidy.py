"""House rules a linter does not know: sizes, and who may make a permit."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "flux_cli"
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES, MOST_FUNCTION_LINES, MOST_KERNEL_LINES = 400, 50, 600

LONG_MODULES: dict[str, str] = {}
"""Modules that may be longer, each with its reason."""

LONG_FUNCTIONS = {
    "request_money.py:_draft": "one field a line of the widest record, nothing else",
    "run_goal.py:start_run": "one field a line of the run's record, nothing else",
}
"""Functions that may be longer, each with its reason."""


def nodes_where(word: str) -> Iterator[tuple[Path, ast.AST]]:
    """Every node of the modules that have the word in them: parsing all of them takes seconds."""
    for path in MODULES:
        if word in (text := path.read_text(encoding="utf-8")):
            for node in ast.walk(ast.parse(text)):
                yield path, node


def test_modules_are_short_enough_to_read_whole():
    long = [
        f"{path.relative_to(PACKAGE)}: {lines}"
        for path in MODULES
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
        and path.name not in LONG_MODULES
    ]
    assert long == []


def test_functions_are_short_enough_to_see_at_once():
    long = []
    for path, node in nodes_where("def "):
        if isinstance(node, ast.FunctionDef) and node.end_lineno is not None:
            size = node.end_lineno - node.lineno + 1
            name = f"{path.name}:{node.name}"
            if size > MOST_FUNCTION_LINES and name not in LONG_FUNCTIONS:
                long.append(f"{path.relative_to(PACKAGE)}:{node.name} {size}")
    assert long == []


def test_the_kernel_can_be_read_in_one_sitting():
    lines = sum(
        len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.glob("kernel/*.py")
    )
    assert lines <= MOST_KERNEL_LINES


@pytest.mark.parametrize("name", ["Permit", "_SEAL"])
def test_only_the_kernel_makes_a_permit(name):
    makers = []
    for path, node in nodes_where(name):
        called = isinstance(node, ast.Call) and getattr(node.func, "id", None) == name
        touched = isinstance(node, ast.Attribute) and node.attr == name
        if called or touched:
            makers.append(str(path.relative_to(PACKAGE)))
    assert set(makers) <= {"kernel/authorize.py", "kernel/corrections.py", "kernel/verdict.py"}
    assert makers


def test_databases_are_opened_only_by_the_store_and_by_specialists_apart_from_it():
    openers = {
        str(path.relative_to(PACKAGE))
        for path, node in nodes_where("connect")
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "connect"
    }
    assert openers == {
        "adapters/store/connection.py",
        "adapters/store/copies.py",
        "adapters/store/verify.py",
        "adapters/specialists/retrieval.py",
        # Full-text search over shops' offers, in memory.
        "adapters/retailers/catalogue_search.py",
        # DuckDB's, closed to the outside; and a client's database file, read from a copy.
        "adapters/specialists/analyst/engine.py",
        "adapters/specialists/analyst/containers.py",
    }


def test_no_write_begins_without_taking_the_lock_at_once():
    text = (PACKAGE / "adapters/store/ledger.py").read_text(encoding="utf-8")
    assert 'execute("begin immediate")' in text
    others = [
        str(path.relative_to(PACKAGE))
        for path in MODULES
        if "begin immediate" in path.read_text(encoding="utf-8").replace('"""', "")
    ]
    assert others == ["adapters/store/connection.py", "adapters/store/ledger.py"]
