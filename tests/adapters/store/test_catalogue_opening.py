"""Catalogue A, opening and sharing a ledger: places, locks, limits, forks, old and new schemas."""

from __future__ import annotations

import ast
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flux_cli.adapters.clock import SystemClock
from flux_cli.adapters.store import connection
from flux_cli.adapters.store.connection import newest_schema
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.domain.journal import WORLD, Entry, EntryKind, transfer, wallet
from flux_cli.domain.money import Money
from flux_cli.errors import FluxError, LedgerBusy, UnsafeStorage

PACKAGE = Path(__file__).resolve().parents[3] / "flux_cli"


def open_at(path: Path, seconds: float = 30.0) -> SqliteStore:
    return SqliteStore(path, clock=SystemClock(), busy_timeout_seconds=seconds)


def top_up(key: str) -> Entry:
    return transfer(key, EntryKind.TOP_UP, WORLD, wallet("ada"), Money(5))


def post(store: SqliteStore, *keys: str) -> None:
    for key in keys:
        with store.begin() as tx:
            tx.post(top_up(key))


def keys(path: Path) -> list[str]:
    with open_at(path).reading() as reader:
        return [record.entry.key for record in reader.entries()][::-1]


def faults(path: Path) -> list[str]:
    return [fault for finding in open_at(path).verify() for fault in finding.faults]


def in_child(task: Callable[[], None]) -> int:
    """Run a task in a forked process; its exit code, or the negative number of its signal."""
    child = os.fork()
    if child == 0:
        try:
            task()
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger" / "flux.db"


def test_10_a_read_only_file_system_is_refused_at_the_start(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(open_at(path), "a")
    writable = os.access
    monkeypatch.setattr(os, "access", lambda place, mode: mode != os.W_OK and writable(place, mode))
    with pytest.raises(UnsafeStorage, match="read-only"):
        post(open_at(path), "b")
    monkeypatch.undo()
    assert (keys(path), faults(path)) == (["a"], [])


def test_10_a_file_that_turns_read_only_refuses_and_keeps_what_it_has(path: Path) -> None:
    post(open_at(path), "a")

    def write() -> None:
        store = open_at(path)
        store._connections.writer().execute("pragma query_only = on")
        store._ready = True
        with pytest.raises(UnsafeStorage, match="cannot be opened for writing"):
            post(store, "b")

    assert in_child(write) == 0
    assert (keys(path), faults(path)) == (["a"], [])


def test_11_with_no_file_left_to_open_a_write_fails_by_name_and_the_next_one_works(
    path: Path,
) -> None:
    post(open_at(path), "a")

    def starve() -> None:
        store = open_at(path)
        post(store, "b")
        most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, most[1]))
        with pytest.raises(FluxError):
            post(store, "c")
        resource.setrlimit(resource.RLIMIT_NOFILE, most)
        post(store, "d")

    assert in_child(starve) == 0
    assert [key for key in keys(path) if key != "c"] == ["a", "b", "d"]
    assert faults(path) == []


def test_11_at_every_number_of_files_that_may_be_open_a_start_works_or_fails_by_name(
    path: Path,
) -> None:
    post(open_at(path), "first")
    for limit in range(3, 14):

        def start(limit: int = limit) -> None:
            most = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, most[1]))
            store = open_at(path)
            try:
                post(store, f"k{limit}")
            except FluxError:
                resource.setrlimit(resource.RLIMIT_NOFILE, most)
                post(store, f"k{limit}")

        assert in_child(start) == 0, f"with {limit} files"
    assert keys(path) == ["first", *(f"k{limit}" for limit in range(3, 14))]
    assert faults(path) == []


def test_12_out_of_memory_at_any_point_loses_nothing(path: Path) -> None:
    post(open_at(path), "first")
    refused = 0
    for kilobytes in [*range(20, 400, 20)]:

        def starve(kilobytes: int = kilobytes) -> None:
            store = open_at(path)
            try:
                store._connections.get().execute(f"pragma hard_heap_limit = {kilobytes * 1024}")
                post(store, f"k{kilobytes}")
            except (FluxError, MemoryError):
                os._exit(7)

        code = in_child(starve)
        assert code in (0, 7), f"with {kilobytes} kB"
        refused += code == 7
        if code == 0:
            assert keys(path)[-1] == f"k{kilobytes}"
    assert refused > 0
    assert faults(path) == []


def test_12_a_memory_error_in_the_middle_of_a_transaction_leaves_no_trace(path: Path) -> None:
    store = open_at(path)
    post(store, "a")

    def fail() -> None:
        with store.begin() as tx:
            tx.post(top_up("b"))
            raise MemoryError

    with pytest.raises(MemoryError):
        fail()
    post(store, "c")
    assert (keys(path), faults(path)) == (["a", "c"], [])


def test_13_a_lock_that_is_held_too_long_ends_in_a_bounded_wait_and_no_effect(path: Path) -> None:
    post(open_at(path), "a")
    shell = sqlite3.connect(path, isolation_level=None)
    for lock in ("begin immediate", "begin exclusive"):
        shell.execute(lock)
        began = time.monotonic()
        with pytest.raises(LedgerBusy, match="try again"):
            post(open_at(path, seconds=0.3), "b")
        assert 0.2 < time.monotonic() - began < 60
        shell.execute("rollback")
    shell.close()
    assert (keys(path), faults(path)) == (["a"], [])


def statements() -> list[tuple[str, str]]:
    """Every text that begins a transaction in the package, and the module it is in."""
    found = []
    for module in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Attribute):
                text = node.args[0]
                if isinstance(text, ast.Constant) and str(text.value).lower().startswith("begin"):
                    found.append((module.name, str(text.value).lower()))
    return found


def test_14_every_write_takes_its_lock_at_once_and_only_a_reader_begins_deferred() -> None:
    begun = statements()
    assert {name for name, text in begun if text == "begin immediate"} == {
        "connection.py",
        "ledger.py",
    }
    assert {pair for pair in begun if pair[1] != "begin immediate"} == {
        ("ledger.py", "begin"),
        ("watch.py", "begin"),  # its connection is read-only
    }
    for name in ("ledger", "watch"):
        source = (PACKAGE / f"adapters/store/{name}.py").read_text(encoding="utf-8")
        deferred = [
            function.name
            for function in ast.walk(ast.parse(source))
            if isinstance(function, ast.FunctionDef)
            and any(isinstance(n, ast.Constant) and n.value == "begin" for n in ast.walk(function))
        ]
        assert deferred == ["reading"]


def test_14_a_reader_that_writes_is_refused_where_the_port_has_no_such_verb(path: Path) -> None:
    store = open_at(path)
    post(store, "a")
    with store.reading() as reader:
        assert not hasattr(reader, "post")
        assert not hasattr(reader, "put")


def test_17_twenty_starters_make_one_schema_together(path: Path) -> None:
    children = []
    for number in range(20):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                post(open_at(path), f"k{number}")
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert codes == [0] * 20
    assert sorted(keys(path)) == sorted(f"k{number}" for number in range(20))
    assert faults(path) == []


def test_18_killed_while_it_is_made_a_ledger_has_all_of_its_schema_or_none(tmp_path: Path) -> None:
    draw, found = random.Random(18), set[int]()
    for number in range(12):
        path = tmp_path / f"{number}.db"
        child = os.fork()
        if child == 0:
            try:
                post(open_at(path), "a")
                time.sleep(5)
            finally:
                os._exit(1)
        time.sleep(draw.uniform(0.002, 0.12))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        if path.exists():
            raw = sqlite3.connect(path)
            found.add(raw.execute("pragma user_version").fetchone()[0])
            raw.close()
        post(open_at(path), "b")
        assert keys(path)[-1] == "b"
        assert faults(path) == []
    assert found <= {0, newest_schema()}


def test_18_an_older_schema_is_brought_up_whole_or_stays_as_it_was(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = sorted((PACKAGE / "adapters/store/migrations").glob("*.sql"))
    for name in ("older", "broken"):
        (tmp_path / name).mkdir()
    for script in scripts[:2]:
        shutil.copy(script, tmp_path / "older")
    for script in scripts:
        shutil.copy(script, tmp_path / "broken")
    last = tmp_path / "broken" / scripts[-1].name
    last.write_text(last.read_text() + "\nselect no_such_function();")
    with monkeypatch.context() as older:
        older.setattr(connection, "_folder", lambda: tmp_path / "older")
        with open_at(path).begin():
            pass
    with monkeypatch.context() as broken:
        broken.setattr(connection, "_folder", lambda: tmp_path / "broken")
        with pytest.raises(sqlite3.OperationalError, match="no_such_function"):
            post(open_at(path), "a")
    raw = sqlite3.connect(path)
    assert raw.execute("pragma user_version").fetchone() == (2,)
    raw.close()
    post(open_at(path), "a")
    assert (keys(path), faults(path)) == (["a"], [])


def test_19_a_forked_child_writes_on_a_connection_of_its_own(path: Path) -> None:
    store = open_at(path)
    post(store, "parent-1")
    assert in_child(lambda: post(store, "child-1", "child-2")) == 0
    post(store, "parent-2")
    assert sorted(keys(path)) == ["child-1", "child-2", "parent-1", "parent-2"]
    assert faults(path) == []


def test_19_a_child_forked_in_the_middle_of_a_transaction_is_told_to_try_again(path: Path) -> None:
    """SQLite's own memory of the parent's lock is copied by the fork, so no write can begin."""
    store = open_at(path, seconds=0.4)
    post(store, "parent-1")

    def write() -> None:
        with pytest.raises(LedgerBusy):
            post(store, "child")

    with store.begin() as tx:
        tx.post(top_up("parent-2"))
        assert in_child(write) == 0
    post(store, "parent-3")
    assert (keys(path), faults(path)) == (["parent-1", "parent-2", "parent-3"], [])


HAND = {"open", "read_bytes", "read_text", "write_bytes", "copy", "copyfile", "copy2", "move"}


def test_20_nobody_opens_or_copies_a_ledgers_file_by_hand() -> None:
    by_hand = []
    for module in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            text = ast.unparse(node)
            if name in HAND and any(word in text for word in ("ledger.path", "store.path")):
                by_hand.append(f"{module.name}: {text}")
    assert by_hand == []
    store = {
        (module.name, getattr(node.func, "attr", getattr(node.func, "id", "")))
        for module in sorted((PACKAGE / "adapters/store").glob("*.py"))
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in HAND
    }
    # place and copies make an empty file before SQLite has it; head is a file of its own; .sql is
    # data.
    assert store <= {
        ("place.py", "open"),
        ("copies.py", "open"),
        ("place.py", "read_text"),
        ("head.py", "open"),
        ("head.py", "read_bytes"),
        ("connection.py", "read_text"),
    }


WATCHED = """
import sys
from pathlib import Path
from flux_cli.adapters.clock import FreshIds, SystemClock
from flux_cli.adapters.store.ledger import SqliteStore
from flux_cli.domain.journal import WORLD, EntryKind, transfer, wallet
from flux_cli.domain.money import Money
opened, path = [], Path(sys.argv[1])
sys.addaudithook(lambda event, args: opened.append((event, str(args[0])))
                 if event in ("open", "os.open", "shutil.copyfile") else None)
store = SqliteStore(path, clock=SystemClock())
for number in range(3):
    with store.begin() as tx:
        tx.post(transfer(f"k{number}", EntryKind.TOP_UP, WORLD, wallet("ada"), Money(5)))
    with store.reading() as reader:
        reader.entries()
assert not [fault for finding in store.verify() for fault in finding.faults]
print([event for event, name in opened if name == str(path)])
"""


def test_20_python_opens_the_file_once_to_make_it_and_never_again(path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WATCHED, str(path)], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "['open']\n"


def test_20_why_opening_it_by_hand_is_forbidden(tmp_path: Path) -> None:
    """A close by hand drops the lock this process has: the trap itself, on this system."""
    path = tmp_path / "trap.db"
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("create table t (x)")
    raw.execute("begin immediate")
    code = (
        "import sqlite3,sys; c=sqlite3.connect(sys.argv[1],timeout=0); c.execute('begin immediate')"
    )
    argv = [sys.executable, "-c", code, str(path)]
    locked = subprocess.run(argv, capture_output=True, check=False).returncode
    with path.open("rb"):
        pass
    after = subprocess.run(argv, capture_output=True, check=False).returncode
    raw.close()
    assert (locked, after) == (1, 0)


MOUNTS = """22 1 8:1 / / rw - ext4 /dev/root rw
31 22 0:42 / {point} rw - {kind} somewhere:/share rw
"""


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "9p", "fuse.sshfs", "drvfs"])
def test_26_a_ledger_on_a_shared_file_system_is_refused_with_the_reason(
    path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    mounts = MOUNTS.format(point=path.parent.parent.resolve(), kind=kind)
    read = Path.read_text
    monkeypatch.setattr(
        Path,
        "read_text",
        lambda file, *how, **more: (
            mounts if str(file) == "/proc/self/mountinfo" else read(file, *how, **more)
        ),
    )
    with pytest.raises(UnsafeStorage, match=f"is on {kind}, whose locks cannot protect"):
        post(open_at(path), "a")
    assert not path.exists()


def test_26_a_ledger_under_two_names_or_behind_a_link_is_refused(
    path: Path, tmp_path: Path
) -> None:
    post(open_at(path), "a")
    (tmp_path / "link.db").symlink_to(path)
    os.link(path, tmp_path / "second.db")
    for other in (tmp_path / "link.db", tmp_path / "second.db", path):
        with pytest.raises(UnsafeStorage, match="link"):
            post(open_at(other), "b")
    (tmp_path / "second.db").unlink()
    assert (keys(path), faults(path)) == (["a"], [])


@pytest.mark.parametrize(
    ("version", "mode"),
    [((3, 40, 1), "delete/extra"), ((3, 51, 2), "delete/extra"), ((3, 51, 3), "wal/full")],
)
def test_27_a_sqlite_with_the_wal_reset_bug_keeps_a_rollback_journal(
    path: Path, monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int], mode: str
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    store = open_at(path)
    post(store, "a")
    journal = store._connections.writer().execute("pragma journal_mode").fetchone()[0]
    synchronous = store._connections.writer().execute("pragma synchronous").fetchone()[0]
    names = {2: "full", 3: "extra"}
    assert (store.mode, f"{journal}/{names[synchronous]}") == (mode, mode)


def test_27_the_doctor_says_which_mode_and_why(
    flux: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 40, 1))
    assert "can corrupt a write-ahead log" in flux("doctor", "--json").out


@pytest.mark.parametrize("version", [(3, 36, 0), (3, 6, 23)])
def test_28_a_sqlite_without_strict_tables_is_refused_at_the_start(
    path: Path, monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int]
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    monkeypatch.setattr(sqlite3, "sqlite_version", ".".join(map(str, version)))
    with pytest.raises(UnsafeStorage, match="SQLite"):
        post(open_at(path), "a")
