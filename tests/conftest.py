"""What every test has: a home of its own, and flux in the same process."""

from __future__ import annotations

import io
import json
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flux_cli.adapters.store import connection as store_connection
from flux_cli.adapters.store import verify as store_verify

for name, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    # Started in the background these are ignored, and the processes that tests start inherit it.
    if signal.getsignal(name) is signal.SIG_IGN:
        signal.signal(name, handler)


@pytest.fixture(autouse=True, scope="session")
def migrated_once() -> Iterator[None]:
    """A new ledger in this process is a copy of one that the real migrations made: they take four
    fifths of founding one. Other migrations than the package's, an older ledger, and other
    processes go the long way.
    """
    folder, migrate = store_connection._folder, store_connection.migrate
    assert store_verify.migrate is migrate, "verify compares a copy with what the real ones make"
    made: list[bytes] = []

    def quick(connection: sqlite3.Connection, found: int) -> None:
        if found or store_connection._folder is not folder:
            migrate(connection, found)
            return
        if not made:
            with closing(sqlite3.connect(":memory:", isolation_level=None)) as first:
                migrate(first, 0)
                made.append(first.serialize())
        with closing(sqlite3.connect(":memory:")) as source:
            source.deserialize(made[0])
            source.backup(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store_connection, "migrate", quick)
        yield


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home directory to stand in; no test sees the real one, or its environment."""
    place = tmp_path / "home"
    place.mkdir(mode=0o700)
    for name in list(os.environ):
        if name.startswith("FLUX_") or name in {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "CI"}:
            monkeypatch.delenv(name)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("USERPROFILE", str(place))
    for kind, folder in [
        ("CONFIG", ".config"),
        ("DATA", ".local/share"),
        ("STATE", ".local/state"),
        ("CACHE", ".cache"),
    ]:
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(place / folder))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    work = place / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return place


@dataclass(frozen=True, slots=True)
class Ended:
    """What a flux command left behind."""

    out: str
    err: str
    code: int

    def json(self) -> Any:
        """stdout as the one document it is."""
        return json.loads(self.out)


class Pretended(io.TextIOWrapper):
    """A stream that says what it is told about being a terminal."""

    def __init__(self, *, tty: bool, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="")
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty

    def text(self) -> str:
        self.flush()
        content: bytes = self.buffer.getvalue()  # type: ignore[attr-defined]
        return content.decode(self.encoding)


@pytest.fixture
def flux(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """Run `flux …` in this process: `flux("config", "show", tty=True, NO_COLOR="1")`."""

    def run(
        *argv: str, tty: bool = False, encoding: str = "utf-8", columns: int = 80, **environ: str
    ) -> Ended:
        from flux_cli.entrypoints.cli.app import main

        out = Pretended(tty=tty, encoding=encoding)
        err = Pretended(tty=tty, encoding=encoding)
        with monkeypatch.context() as scoped:
            for name, value in environ.items():
                scoped.setenv(name, value)
            if tty:
                scoped.setenv("COLUMNS", str(columns))
            scoped.setattr(sys, "stdout", out)
            scoped.setattr(sys, "stderr", err)
            code = ended_with(main, argv)
        return Ended(out.text(), err.text(), code)

    return run


def ended_with(main: Callable[[Sequence[str]], None], argv: Sequence[str]) -> int:
    """The exit code of a console script's function."""
    try:
        main(argv)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else -1
    return 0
