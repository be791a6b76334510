"""Group commit: writers that wait for each other anyway share one transaction and one sync.

One caller at a time has the turn and writes inside a savepoint of its own. If another waits, it
joins the same transaction; the last one commits for all, and nobody returns before that. Callers
that hand their work to `run` wait for no turn: whoever leads does it for all of them.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TypeVar

from flux_cli.adapters.store.journal import Journal
from flux_cli.errors import LedgerBusy, StorageFailed

MOST_MEMBERS = 64
"""More would make the first wait longer than the sync it saves."""

LONGEST_SECONDS = 0.05
"""How long a group takes new members; other processes wait for the lock meanwhile."""

LINGER_SECONDS = 0.0005
"""How long a writer that has had company waits for it to come again: far less than a sync, which
the first of many would else make for itself alone while the others are being told of the last.
"""


T = TypeVar("T")


@dataclass(slots=True)
class Group:
    """One open transaction and those who wrote in it."""

    journal: Journal
    closes_at: float
    members: int = 0
    failure: BaseException | None = None
    is_closed: bool = False
    done: threading.Event | None = None


@dataclass(slots=True, eq=False)
class Ticket:
    """A caller's work, which another may do for it; how it ended.

    `told` is held until it has ended, or until its caller leads.
    """

    work: Callable[[Group], Any]
    told: threading.Lock = field(default_factory=threading.Lock)
    result: Any = None
    failure: BaseException | None = None


class CommitGroups:
    """Lets callers write in turn; `start` opens a transaction, `end` commits it or rolls back."""

    def __init__(
        self,
        start: Callable[[], Journal],
        end: Callable[[Journal, bool], None],
        busy_timeout_seconds: float,
    ) -> None:
        self._start = start
        self._end = end
        self._timeout = busy_timeout_seconds
        self._leave_parent()

    def _leave_parent(self) -> None:
        self._pid = os.getpid()
        self._turn = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = 0
        self._tickets: deque[Ticket] = deque()
        self._leader: Ticket | None = None
        self._had_company = False
        self._open: Group | None = None

    def member(self) -> AbstractContextManager[Group]:
        """Write in the open group, or in a new one; on leaving, it is committed or it raises."""
        return _Member(self)

    def run(self, work: Callable[[Group], T]) -> T:
        """What `work` gives, once the group it was done in is committed; raises what it raises.

        Another caller's thread may do it.
        """
        if self._pid != os.getpid():
            self._leave_parent()
        own = Ticket(work)
        try:
            with self._counting:
                if self._leader is None:
                    self._leader = own
                else:
                    own.told.acquire()
                    self._tickets.append(own)
            if self._leader is not own:
                self._be_told(own)
            if self._leader is own:
                self._lead(own)
        finally:
            # Also when it was interrupted: whoever waits would wait for nobody.
            if self._leader is own:
                self._hand_on()
        if own.failure is not None:
            raise own.failure
        result: T = own.result
        return result

    def _be_told(self, own: Ticket) -> None:
        """Wait until one's work has ended or one leads; longer than the time-out only while it is
        being done.
        """
        try:
            while not own.told.acquire(timeout=self._timeout):
                if own in self._tickets:
                    raise self._busy()
        finally:
            with self._counting:
                if own in self._tickets:
                    self._tickets.remove(own)

    def _lead(self, own: Ticket) -> None:
        """Do one's own work and all that has come since, commit, and tell everybody."""
        group, done = None, list[Ticket]()
        try:
            group = self._join()
            try:
                self._work(group, own, done)
            finally:
                may_go_on = group.members > 0 and group.failure is None
                self._leave(group, may_go_on=may_go_on, lingers=False)
            if done:
                self._await(group)
        except BaseException as failure:
            told: BaseException | None = failure
            if group is None:
                # What keeps this one from the ledger keeps all those from it who wait as well.
                with self._counting:
                    done += self._tickets
                    self._tickets.clear()
            elif group.is_closed:
                told = group.failure
            for one in done:
                one.failure = told if isinstance(told, Exception | None) else _interrupted()
            raise
        finally:
            self._hand_on()
            for one in done:
                if one is not own:
                    one.told.release()

    def _work(self, group: Group, own: Ticket, done: list[Ticket]) -> None:
        """The work of one ticket after another, each undone alone."""
        ticket: Ticket | None = own
        while ticket is not None:
            try:
                with _undone_alone(group):
                    ticket.result = ticket.work(group)
                group.members += 1
                done.append(ticket)
            except BaseException as failure:
                ticket.failure = failure
                if ticket is not own:
                    if not isinstance(failure, Exception):
                        ticket.failure = _interrupted()
                    ticket.told.release()
                if not isinstance(failure, Exception):
                    raise
            ticket = self._next(group)

    def _next(self, group: Group) -> Ticket | None:
        if group.members == 0 or group.failure is not None or not _is_open(group):
            return None
        if not self._tickets:
            self._linger(group)
        with self._counting:
            return self._tickets.popleft() if self._tickets else None

    def _hand_on(self) -> None:
        """Let the first who waits lead."""
        with self._counting:
            follower = self._tickets.popleft() if self._tickets else None
            self._leader = follower
            if follower is not None:
                follower.told.release()

    def _join(self) -> Group:
        if self._pid != os.getpid():
            self._leave_parent()
        with self._counting:
            self._waiting += 1
        has_turn = self._turn.acquire(timeout=self._timeout)
        with self._counting:
            self._waiting -= 1
        if not has_turn:
            raise self._busy()
        try:
            if self._open is None:
                self._open = Group(self._start(), time.monotonic() + LONGEST_SECONDS)
        except BaseException:
            self._turn.release()
            raise
        return self._open

    def _linger(self, group: Group) -> None:
        if self._had_company and not self._waiting and group.members == 1:
            time.sleep(LINGER_SECONDS)

    def _busy(self) -> LedgerBusy:
        return LedgerBusy(f"another writer kept the ledger for {self._timeout:g} s; try again")

    def _leave(self, group: Group, *, may_go_on: bool, lingers: bool = True) -> None:
        """Hand the turn to whoever waits, or commit."""
        if may_go_on and lingers:
            self._linger(group)
        try:
            if self._waiting and _is_open(group) and may_go_on:
                group.done = group.done or threading.Event()
            else:
                self._close(group)
        finally:
            self._turn.release()

    def _await(self, group: Group) -> None:
        while not group.is_closed:
            assert group.done is not None, "an open group was handed on"
            if group.done.wait(0.02):
                break
            # Whoever was waiting may have given up, and would have committed.
            if self._turn.acquire(blocking=False):
                try:
                    if self._open is group and not self._waiting:
                        self._close(group)
                finally:
                    self._turn.release()
        if group.failure is not None:
            raise group.failure

    def _close(self, group: Group) -> None:
        try:
            self._end(group.journal, group.members > 0 and group.failure is None)
        except BaseException as failure:  # every member raises it, in its own thread
            group.failure = failure
        finally:
            self._had_company = group.members > 1
            self._open, group.is_closed = None, True
            if group.done is not None:
                group.done.set()


class _Member(AbstractContextManager[Group]):
    """A class for the sake of speed, since every commit passes through it."""

    __slots__ = ("_alone", "_group", "_groups")

    def __init__(self, groups: CommitGroups) -> None:
        self._groups = groups

    def __enter__(self) -> Group:
        group = self._group = self._groups._join()
        self._alone = _undone_alone(group)
        try:
            self._alone.__enter__()
        except BaseException:
            self._leave()
            raise
        return group

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        kept = False
        try:
            self._alone.__exit__(kind, error, trace)
            if error is None:
                self._group.members += 1
                kept = True
        finally:
            self._leave()
            if kept:
                self._groups._await(self._group)

    def _leave(self) -> None:
        # With nothing in it to keep, or all of it undone, the group ends.
        group = self._group
        self._groups._leave(group, may_go_on=group.members > 0 and group.failure is None)


def _is_open(group: Group) -> bool:
    """Whether a group still takes members."""
    return group.members < MOST_MEMBERS and time.monotonic() < group.closes_at


def _interrupted() -> LedgerBusy:
    return LedgerBusy("the writer that did this for you was interrupted; try again")


def _undone_alone(group: Group) -> AbstractContextManager[None]:
    """What a member wrote is undone alone; the first one's is the whole transaction."""
    return _savepoint(group) if group.members else _WHOLE


_WHOLE = nullcontext()


@contextmanager
def _savepoint(group: Group) -> Iterator[None]:
    connection = group.journal.connection
    connection.execute("savepoint member")
    try:
        yield
    except BaseException:
        try:
            # Some failures of a disk undo the whole transaction, and with it the members before.
            connection.execute("rollback to member")
            connection.execute("release member")
            group.journal.forget()
        except sqlite3.Error:
            group.failure = StorageFailed(
                "the disk failed while others wrote; nothing of it was kept, try again"
            )
        raise
    connection.execute("release member")
