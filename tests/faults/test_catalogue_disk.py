"""Catalogue A 3, 4 and 6 to 9: signals in the middle of a commit, and disks that refuse.

The fault is put into one syscall of a real `flux` process by `strace`.
"""

from __future__ import annotations

import io
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path

import pytest
from syscalls import LINE

from flux_cli.entrypoints.cli.app import main
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from tests.conftest import ended_with

FLUX = (sys.executable, "-B", "-c", "from flux_cli.entrypoints.cli.app import main; main()")
FUND = ("agents", "fund", "orchestrator", "5", "--idempotency-key", "k", "--json")
CALLS = "pwrite64,fdatasync,unlink"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this module keeps what is made once."""
    return tmp_path_factory.mktemp("disk")


@pytest.fixture
def ledger(place: Path) -> Path:
    """A founded ledger that each case copies; it is made in the first one's home."""
    assert shutil.which("strace"), "these tests need strace (apt install strace)"
    path = place / "clean" / "flux.db"
    if not path.exists():
        assert flux(path, "init").returncode == 0
    return path


def environ(path: Path) -> dict[str, str]:
    return {**os.environ, "FLUX_DB": str(path), "PYTHONUNBUFFERED": "1"}


def flux(
    path: Path, *argv: str, inject: str = "", trace: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run flux, perhaps with a fault injected, to its end."""
    strace = ["strace", "-f", "-qq", "-y", "-e", f"trace={CALLS}", "-o", str(trace or "/dev/null")]
    strace += ["-e", f"inject={inject}"] if inject else []
    line = [*(strace if inject or trace else ()), *FLUX, *argv]
    return subprocess.run(
        line, env=environ(path), capture_output=True, text=True, timeout=120, check=False
    )


def copied(ledger: Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ledger.parent, folder)
    return folder / "flux.db"


@cache
def calls(ledger: Path) -> list[tuple[str, int, str]]:
    """Every call that a funding makes on the ledger's files: its name, its number, the file."""
    folder = ledger.parent.with_name("count")
    path = copied(ledger, folder)
    trace = folder / "trace"
    assert flux(path, *FUND, trace=trace).returncode == 0
    seen: dict[str, int] = {}
    found = []
    for line in trace.read_text(errors="replace").splitlines():
        match = LINE.match(line)
        if match:
            call, name = match.groups()
            seen[call] = seen.get(call, 0) + 1
            if name.startswith(str(folder)):
                found.append((call, seen[call], Path(name).name if name != str(folder) else "."))
    assert {"flux.db", "flux.db-journal", "flux.db.head"} <= {name for _, _, name in found}
    return found


def said(path: Path, *argv: str) -> str:
    """What flux says in this process, where the ledger is judged and not the process."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        code = ended_with(main, (*argv, "--db", str(path)))
    assert code == 0, out.getvalue()
    return out.getvalue()


def available(path: Path) -> str:
    shown = said(path, "agents", "show", "orchestrator", "--json")
    return str(json.loads(shown)["available"]["decimal"])


def settled(path: Path) -> None:
    """The same command again gives its money exactly once, and the ledger is whole."""
    said(path, *FUND)
    assert available(path) == "505.000000"
    said(path, "verify")


def spread(points: Sequence[tuple[str, int, str]], most: int) -> list[tuple[str, int, str]]:
    """`most` of the points, evenly, with the first and the last."""
    step = max(1, (len(points) - 1) // (most - 1))
    return list(points[::step])[:most]


def test_04_the_head_of_a_new_ledger_is_on_the_disk_before_anything_is_committed(
    tmp_path: Path,
) -> None:
    path, trace = tmp_path / "new" / "flux.db", tmp_path / "trace"
    traced = ["strace", "-f", "-qq", "-y", "-e", "trace=fsync,fdatasync", "-o", str(trace)]
    subprocess.run([*traced, *FLUX, "init"], env=environ(path), check=True, capture_output=True)
    synced = [
        Path(name).name if name != str(path.parent) else "."
        for name in re.findall(r"sync\(\d+<([^>]+)>", trace.read_text(errors="replace"))
    ]
    commit = ["flux.db-journal", ".", "flux.db-journal", "flux.db", "."]
    head = ["flux.db.head", "."]
    assert synced[:14] == [*commit, *head, *commit, *head]


@pytest.mark.parametrize(
    ("signal", "code"),
    [("TERM", ExitCode.TERMINATED), ("INT", ExitCode.INTERRUPTED), ("HUP", None)],
)
def test_03_a_signal_in_the_middle_of_a_commit_ends_by_number_and_the_retry_settles_it(
    ledger: Path, tmp_path: Path, signal: str, code: ExitCode | None
) -> None:
    codes = set()
    for call, number, _ in spread(calls(ledger), 3):
        path = copied(ledger, tmp_path / "copy")
        ended = flux(path, *FUND, inject=f"{call}:signal={signal}:when={number}")
        assert "Traceback" not in ended.stderr
        codes.add(ended.returncode)
        settled(path)
    # A command that had already ended its work may still say so; a hang-up has no handler.
    expected = {-1, 129} if code is None else {int(code), 0}
    assert codes <= expected
    assert codes - {0}


@pytest.mark.parametrize("milliseconds", [0, 150, 300])
def test_03_ctrl_c_at_a_terminal_ends_without_a_traceback(
    ledger: Path, tmp_path: Path, milliseconds: int
) -> None:
    path = copied(ledger, tmp_path / "copy")
    child, terminal = pty.fork()
    if child == 0:
        os.execve(FLUX[0], [*FLUX, *FUND[:-1]], environ(path))
    time.sleep(0.05 + milliseconds / 1000)
    os.write(terminal, b"\x03")
    said = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        if not piece:
            break
        said += piece
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(terminal)
    # Before Python runs main there is nobody to catch it; then the signal itself ends it.
    assert code in (0, -2, 1, ExitCode.INTERRUPTED)
    if code in (0, ExitCode.INTERRUPTED):
        assert b"Traceback" not in said
    settled(path)


def point(found: list[tuple[str, int, str]], call: str, file: str) -> int:
    """The number of the last such call on that file."""
    return [number for name, number, at in found if (name, at) == (call, file)][-1]


def message(ended: subprocess.CompletedProcess[str]) -> tuple[int, str, str]:
    """(exit code, error code, message) of a failure in JSON."""
    error = json.loads(ended.stdout)["error"]
    return ended.returncode, error["code"], error["message"]


def test_06_a_sync_that_fails_once_is_reported_and_what_follows_reads_the_disk_anew(
    ledger: Path, tmp_path: Path
) -> None:
    found = calls(ledger)
    for file in ("flux.db-journal", "flux.db"):
        path = copied(ledger, tmp_path / "copy")
        when = point(found, "fdatasync", file)
        code, name, said = message(flux(path, *FUND, inject=f"fdatasync:error=EIO:when={when}"))
        assert (code, name) == (int(ExitCode.TEMPORARY), "storage_failed")
        assert "the disk failed" in said
        assert available(path) in ("500.000000", "505.000000")
        settled(path)


def test_07_a_disk_that_takes_no_write_leaves_the_ledger_readable(
    ledger: Path, tmp_path: Path
) -> None:
    path = copied(ledger, tmp_path / "copy")
    for _ in range(2):
        code, name, said = message(flux(path, *FUND, inject="pwrite64:error=EIO:when=1+"))
        assert (code, name) == (int(ExitCode.TEMPORARY), "storage_failed")
        assert re.search("the disk failed", said)
    shown = flux(path, "agents", "show", "orchestrator", "--json",
                 inject="pwrite64:error=EIO:when=1+")  # fmt: skip
    assert json.loads(shown.stdout)["available"]["decimal"] == "500.000000"
    settled(path)


@pytest.mark.parametrize("file", ["flux.db-journal", "flux.db"])
def test_08_a_full_disk_in_the_middle_of_a_transaction_rolls_back_and_is_named(
    ledger: Path, tmp_path: Path, file: str
) -> None:
    found = calls(ledger)
    path = copied(ledger, tmp_path / "copy")
    when = point(found, "pwrite64", file)
    code, name, said = message(flux(path, *FUND, inject=f"pwrite64:error=ENOSPC:when={when}"))
    assert (code, name) == (int(ExitCode.TEMPORARY), "storage_failed")
    assert said == f"the disk that holds {path} is full"
    assert available(path) == "500.000000"
    settled(path)


@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_09_a_disk_that_refuses_only_the_head_is_named_and_fakes_nothing(
    ledger: Path, tmp_path: Path, error: str
) -> None:
    found = calls(ledger)
    path = copied(ledger, tmp_path / "copy")
    when = point(found, "pwrite64", "flux.db.head")
    ended = flux(path, *FUND, inject=f"pwrite64:error={error}:when={when}")
    assert message(ended)[:2] == (int(ExitCode.TEMPORARY), "storage_failed")
    settled(path)


def test_09_a_journal_that_cannot_be_made_or_taken_away_fakes_nothing(
    ledger: Path, tmp_path: Path
) -> None:
    found = calls(ledger)
    for inject in (
        "unlink:error=EIO:when=" + str(point(found, "unlink", "flux.db-journal")),
        "fdatasync:error=ENOSPC:when=" + str(point(found, "fdatasync", ".")),
    ):
        path = copied(ledger, tmp_path / "copy")
        ended = flux(path, *FUND, inject=inject)
        assert ended.returncode in (0, int(ExitCode.TEMPORARY)), ended.stderr
        if ended.returncode == 0:
            assert available(path) == "505.000000"
        settled(path)
