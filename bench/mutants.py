"""Break the kernel one small way at a time, and see whether its tests notice.

    python bench/mutants.py              every mutant; exit 1 if one survives that should not
    python bench/mutants.py --only text  the mutants whose name has this text
    python bench/mutants.py --coverage   branch coverage of the kernel; exit 1 below 100 %

A mutant's code replaces the shipped functions' in a forked process that has everything imported,
so one costs a second. Tests run in an order that kills early and stop at the first failure.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import importlib
import io
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
KERNEL = sorted(path for path in (ROOT / "flux_cli/kernel").glob("*.py") if path.stem != "__init__")
TESTS = [
    str(ROOT / "tests/kernel" / f"test_{name}.py")
    for name in ("authorize", "second_check", "corrections")
]
SECONDS = 60
"""Of processor time: a mutant that is not done by then runs for ever, and is killed."""

OPTIONS = ["-x", "-q", "-n0", "-p", "no:cacheprovider", "-p", "no:timeout", "-o", "addopts="]

ONE_KNOWN = "exactly one is known there, so the first is the last"
UNSEEN = "a correction's rulings are not shown; only their refusals are"

ONLY_TRUTH = "its one caller asks `all` of them, for which None is false too"

EQUIVALENT: dict[str, str] = {
    "invariants.fits_after: return False -> return None": ONLY_TRUTH,
    "invariants.fits_after: return False -> return None (2)": ONLY_TRUTH,
    "invariants.fits_after: return False -> return None (3)": ONLY_TRUTH,
    "limits.counted: 0 -> -1": ONE_KNOWN,
    "limits.counted: 0 -> -1 (3)": ONE_KNOWN,
    "limits.counted: 0 -> -1 (5)": ONE_KNOWN,
    "corrections.correct: 'economy' -> 'economy!'": UNSEEN,
    "corrections.correct: 'payer' -> 'payer!'": UNSEEN,
    "corrections.correct: 'clock' -> 'clock!'": UNSEEN,
    "corrections.correct: 'allowance' -> 'allowance!'": UNSEEN,
    "corrections.correct: 'funds' -> 'funds!'": UNSEEN,
}
"""Mutants that no test can tell from the kernel, each with the reason."""


@dataclass(frozen=True)
class Mutant:
    """One change in one module."""

    module: str
    name: str
    tree: ast.Module


COMPARISONS: dict[type[ast.cmpop], list[type[ast.cmpop]]] = {
    ast.Lt: [ast.LtE, ast.GtE], ast.LtE: [ast.Lt, ast.Gt], ast.Gt: [ast.GtE, ast.LtE],
    ast.GtE: [ast.Gt, ast.Lt], ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is], ast.In: [ast.NotIn], ast.NotIn: [ast.In],
}  # fmt: skip
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """Every small change of one node."""
    match node:
        case ast.Compare(left, operators, others):
            for at, operator in enumerate(operators):
                for other in COMPARISONS[type(operator)]:
                    yield ast.Compare(
                        left, [*operators[:at], other(), *operators[at + 1 :]], others
                    )
        case ast.BoolOp(operator, values):
            yield ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values)
            for at in range(len(values)):
                kept = [*values[:at], *values[at + 1 :]]
                yield ast.BoolOp(operator, kept) if len(kept) > 1 else kept[0]
        case ast.UnaryOp(ast.Not(), operand):
            yield operand
        case ast.BinOp(left, operator, right) if type(operator) in OPERATORS:
            yield ast.BinOp(left, OPERATORS[type(operator)](), right)
        case ast.Constant(bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(int(value)):
            yield from (ast.Constant(value + 1), ast.Constant(value - 1))
        case ast.Constant(str(value)):
            yield ast.Constant(f"{value}!")
        case ast.Return(value) if value is not None:
            yield ast.Return(ast.Constant(None))
        case ast.Expr(ast.Yield() | ast.YieldFrom()) | ast.Raise() | ast.AugAssign():
            yield ast.Pass()
        case ast.If(_, body, orelse):
            yield from (ast.If(ast.Constant(so), body, orelse) for so in (True, False))
        case ast.While(_, body, orelse):
            yield ast.While(ast.Constant(False), body, orelse)
        case ast.IfExp(_, body, orelse):
            yield from (body, orelse)
        case ast.Call(ast.Name(name), arguments, keywords) if name in CALLS:
            yield ast.Call(ast.Name(CALLS[name], ast.Load()), arguments, keywords)
        case ast.comprehension(target, within, conditions, is_async) if conditions:
            yield ast.comprehension(target, within, [], is_async)
        case ast.Assign([ast.Name()], ast.Tuple(elements)):
            for at in range(len(elements)):
                kept = [*elements[:at], *elements[at + 1 :]]
                yield ast.Assign(node.targets, ast.Tuple(kept, ast.Load()))


def spots(tree: ast.AST, within: str = "") -> Iterator[tuple[str, ast.AST, str, int | None]]:
    """(function, parent, field, index) of every node that may be changed: no text for people."""
    for field, value in ast.iter_fields(tree):
        if field in ("annotation", "returns", "decorator_list", "names", "type_params"):
            continue
        for at, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or is_docstring(child) or is_import(child):
                continue
            here = within
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                here = f"{within}.{child.name}".strip(".")
            yield here, tree, field, at
            yield from spots(child, here)


def is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_import(node: ast.AST) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom | ast.AnnAssign)


def mutants() -> Iterator[Mutant]:
    """Every mutant of every module of the kernel; alike ones of a function are numbered."""
    seen: Counter[str] = Counter()
    for path in KERNEL:
        whole = ast.parse(path.read_text(encoding="utf-8"))
        for function, parent, field, at in list(spots(whole)):
            held = getattr(parent, field)
            node = held if at is None else held[at]
            before = shortly(node)
            for changed in list(changes(node)):
                put(parent, field, at, changed)
                tree = ast.fix_missing_locations(copy.deepcopy(whole))
                put(parent, field, at, node)
                line = getattr(node, "lineno", getattr(parent, "lineno", 0))
                name = f"{path.stem}.{function or line}: {before} -> {shortly(changed)}"
                seen[name] += 1
                name += f" ({seen[name]})" if seen[name] > 1 else ""
                yield Mutant(f"flux_cli.kernel.{path.stem}", name, tree)


def put(parent: ast.AST, field: str, at: int | None, node: ast.AST) -> None:
    if at is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[at] = node


def shortly(node: ast.AST) -> str:
    text = " ".join(ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).split())
    return text if len(text) <= 90 else f"{text[:60]} ... {text[-26:]}"


def become(mutant: Mutant) -> bool:
    """Give the functions and constants that everything has imported the mutant's code.

    False where the mutant cannot even be imported.
    """
    module = importlib.import_module(mutant.module)
    fresh = ModuleType(mutant.module)
    try:
        exec(compile(mutant.tree, str(module.__file__), "exec"), fresh.__dict__)
    except Exception:
        return False
    for name, made in vars(fresh).items():
        shipped = vars(module).get(name)
        if getattr(made, "__module__", mutant.module) != mutant.module or name.startswith("__"):
            continue
        if isinstance(made, FunctionType) and isinstance(shipped, FunctionType):
            shipped.__code__, shipped.__defaults__ = made.__code__, made.__defaults__
        elif isinstance(made, type):
            for part, code in codes(made):
                next(one for found, one in functions(shipped) if found == part).__code__ = code
        elif made != shipped and name.isupper():
            replace_everywhere(name, shipped, as_shipped(made, module))
    return True


def functions(kind: Any) -> Iterator[tuple[str, FunctionType]]:
    for name, part in vars(kind).items():
        part = part.fget if isinstance(part, property) else part
        if isinstance(part, FunctionType) and part.__code__.co_filename != "<string>":
            yield name, part


def codes(kind: type) -> Iterator[tuple[str, CodeType]]:
    yield from ((name, part.__code__) for name, part in functions(kind))


def as_shipped(made: Any, module: ModuleType) -> Any:
    """A tuple of rules, as the functions that everything knows."""
    if not isinstance(made, tuple):
        return made
    return tuple(vars(module)[rule.__name__] for rule in made)


def replace_everywhere(name: str, shipped: Any, made: Any) -> None:
    for module in list(sys.modules.values()):
        if getattr(module, "__dict__", {}).get(name) is shipped:
            setattr(module, name, made)


def survives(mutant: Mutant) -> bool:
    """In a process of its own: whether every test passes for the mutant."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            try:
                code = pytest.main([*OPTIONS, *TESTS]) if become(mutant) else 1
            except BaseException:
                code = 3
        os._exit(int(code))
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) not in (0, 1, 2):
        print(f"COULD NOT RUN ({os.WEXITSTATUS(status)})  {mutant.name}", flush=True)
        return True
    if os.WIFSIGNALED(status):
        print(f"RAN FOR EVER  {mutant.name}", flush=True)
    return status == 0


def judge(chosen: list[Mutant], workers: int) -> list[Mutant]:
    """The mutants that survive, in order; shared out over the workers."""
    pipes = []
    for first in range(workers):
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.close(reader)
            for at in range(first, len(chosen), workers):
                if survives(chosen[at]):
                    print(f"SURVIVED  {chosen[at].name}", flush=True)
                    os.write(writer, f"{at}\n".encode())
            os._exit(0)
        os.close(writer)
        pipes.append(reader)
    found = sorted(int(at) for pipe in pipes for at in os.fdopen(pipe).read().split())
    return [chosen[at] for at in found]


def coverage() -> int:
    """Run the kernel's tests and show what they did not reach; 0 where that is nothing."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "COVERAGE_FILE": f"{folder}/coverage"}
        run = ["run", "--branch", "--source=flux_cli.kernel", "-m", "pytest", "-q", "-n0", *TESTS]
        for arguments in (run, ["report", "--show-missing", "--fail-under=100"]):
            command = [sys.executable, "-m", "coverage", *arguments]
            done = subprocess.run(command, env=environ, cwd=ROOT, check=False)
            if done.returncode:
                return done.returncode
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--coverage", action="store_true", help="branch coverage only")
    parser.add_argument("--only", default="", help="mutants whose name has this text")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if options.coverage:
        return coverage()
    started = time.monotonic()
    if pytest.main([*OPTIONS, *TESTS]) != 0:
        print("the tests fail on the kernel as it is")
        return 1
    chosen = [one for one in mutants() if options.only in one.name]
    known = [one for one in chosen if one.name in EQUIVALENT]
    survivors = judge([one for one in chosen if one.name not in EQUIVALENT], options.workers)
    killed = len(chosen) - len(known) - len(survivors)
    print(
        f"{len(chosen)} mutants: {killed} killed, {len(survivors)} survived,"
        f" {len(known)} equivalent; {time.monotonic() - started:.0f} s"
    )
    unused = EQUIVALENT.keys() - {one.name for one in chosen}
    if unused and not options.only:
        print(f"no such mutants: {sorted(unused)}")
    return 1 if survivors or (unused and not options.only) else 0


if __name__ == "__main__":
    sys.exit(main())
