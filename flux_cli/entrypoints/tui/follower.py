"""The thread that follows the ledger: ten looks a second, a new view only when one is due."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic

from flux_cli.errors import FluxError
from flux_cli.usecases.dashboard import look, whose_money
from flux_cli.usecases.dashboard_ports import Watch
from flux_cli.usecases.dashboard_runs import replay_run
from flux_cli.usecases.dashboard_view import Ask, View
from flux_cli.usecases.ports import EventRecord

LOOK_SECONDS = 0.1
"""How long a commit is not noticed at most; asking whether there was one takes microseconds."""

LONGEST_GAP_SECONDS = 5.0
REST = 3
"""After a look the thread rests so many times as long as it took, unless something is asked for."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A view and what it was the answer to; `fault` is why there is none, `bug` if it is ours.

    `money` says what the ledger's money is. A first glance `is_hasty`: the whole view follows.
    """

    ask: Ask
    view: View | None
    at: datetime
    money: str = ""
    fault: str = ""
    bug: Exception | None = None
    is_hasty: bool = False


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
        self._rests_until = 0.0
        self._is_behind = False
        self._ends = False
        self._is_first = True
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
                self._wake.wait(self._until_next())
                self._wake.clear()
                self._once()
        finally:
            self._watch.close()

    def _until_next(self) -> float:
        """Seconds to the next look: what is due after a rest does not wait longer than the rest."""
        if self.paused or not self._is_behind:
            return LOOK_SECONDS
        return min(LOOK_SECONDS, max(0.0, self._rests_until - monotonic()))

    def _once(self) -> None:
        with self._lock:
            ask, is_new, self._is_new = self._ask, self._is_new, False
        if ask is None or self._ends:
            return
        try:
            # What changed during a rest, or a pause, is shown after it.
            self._is_behind |= self._watch.changed()
            started = monotonic()
            rests = self.paused or started < self._rests_until
            if not is_new and (rests or not self._is_behind):
                return
            self._is_behind = False
            with self._watch.reading() as reader:
                if self._is_first:
                    self._is_first = False
                    glance = look(reader, replace(ask, hasty=True))
                    money = whose_money(reader)
                    self._deliver(Frame(ask, glance, reader.now, money, is_hasty=True))
                frame = Frame(ask, look(reader, ask), reader.now, whose_money(reader))
            self._rests_until = monotonic() + REST * (monotonic() - started)
        except FluxError as error:
            frame = Frame(ask, None, datetime.now(UTC), fault=str(error))
        except Exception as bug:
            # It would end in a thread that nobody watches; the app ends with it instead.
            frame = Frame(ask, None, datetime.now(UTC), bug=bug)
        self._deliver(frame)


class Replay(Follower):
    """Shows a run's recorded events one after another, `speed` times as fast as they came."""

    def __init__(
        self, watch: Watch, deliver: Callable[[Frame], None], run_id: str, speed: float
    ) -> None:
        super().__init__(watch, deliver)
        self._run_id = run_id
        self._speed = speed
        self._events: list[EventRecord] | None = None
        self._number = 0
        self._money = ""

    def _once(self) -> None:
        with self._lock:
            ask, is_new, self._is_new = self._ask, self._is_new, False
        if ask is None or self._ends:
            return
        if self._events is None:
            with self._watch.reading() as reader:
                self._events = reader.events(run_id=self._run_id)
                self._money = whose_money(reader)
        moved = not self.paused and self._number < len(self._events)
        if moved:
            self._number += 1
        if moved or is_new:
            view = replay_run(self._run_id, self._events, self._number)
            at = self._events[max(0, self._number - 1)].at
            self._deliver(Frame(ask, view, at, self._money))
        if moved and self._number < len(self._events):
            gap = self._events[self._number].at - self._events[self._number - 1].at
            # Looking waits by itself, and nobody watches a pause of minutes.
            rest = min(LONGEST_GAP_SECONDS, gap.total_seconds()) / self._speed - LOOK_SECONDS
            self._wake.wait(max(0.0, rest))
