"""The thread that follows the ledger: four looks a second, a new view only when one is due."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from flux_cli.errors import FluxError
from flux_cli.usecases.dashboard import look
from flux_cli.usecases.dashboard_ports import Watch
from flux_cli.usecases.dashboard_view import Ask, View

LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Frame:
    """A view and what it was the answer to; `fault` is why there is none, `bug` if it is ours."""

    ask: Ask
    view: View | None
    at: datetime
    fault: str = ""
    bug: Exception | None = None


class Follower(threading.Thread):
    """Owns the read-only connection. `deliver` is called in this thread."""

    def __init__(self, watch: Watch, deliver: Callable[[Frame], None]) -> None:
        super().__init__(name="flux-follower", daemon=True)
        self._watch = watch
        self._deliver = deliver
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._ask: Ask | None = None
        self._is_new = False
        self._ends = False
        self.paused = False

    def want(self, ask: Ask) -> None:
        """Show this from now on."""
        with self._lock:
            self._ask, self._is_new = ask, True
        self._wake.set()

    def stop(self) -> None:
        """End soon, and let go of the file."""
        self._ends = True
        self._wake.set()

    def run(self) -> None:
        """Look until told to stop."""
        try:
            while not self._ends:
                self._wake.wait(LOOK_SECONDS)
                self._wake.clear()
                self._once()
        finally:
            self._watch.close()

    def _once(self) -> None:
        with self._lock:
            ask, is_new, self._is_new = self._ask, self._is_new, False
        if ask is None or self._ends:
            return
        try:
            changed = self._watch.changed()
            if not is_new and (self.paused or not changed):
                return
            with self._watch.reading() as reader:
                frame = Frame(ask, look(reader, ask), reader.now)
        except FluxError as error:
            frame = Frame(ask, None, datetime.now(UTC), str(error))
        except Exception as bug:
            # It would end in a thread that nobody watches; the app ends with it instead.
            frame = Frame(ask, None, datetime.now(UTC), bug=bug)
        self._deliver(frame)
