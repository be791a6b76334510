"""The lock file beside the ledger, which every write passes through and which keeps its head.

The head is the last place and hash of both chains. It is kept outside the database so that a
truncated file, or an old backup put in its place, is seen.
"""

from __future__ import annotations

import errno
import fcntl
import json
import mmap
import os
import threading
import time
import weakref
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flux_cli.adapters.store.place import file_system, keep_name
from flux_cli.errors import LedgerBusy, StorageFailed, UnsafeStorage

SLOT = 512
"""Two slots are written in turn, so a torn write leaves the one before it."""

IN_PLACE = frozenset({"ext2", "ext3", "ext4"})
"""File systems that write over a block where it is: storing into a mapped page cannot fail there
for want of room, and it spares the journal of the file system a changed inode at every commit."""


@dataclass(frozen=True, slots=True)
class Head:
    """The ends of the chain of movements and of the chain of events, by number and hash."""

    movements: int = 0
    movement_hash: str = ""
    events: int = 0
    event_hash: str = ""

    @property
    def commits(self) -> int:
        """Grows with everything recorded, so the larger of two heads is the newer."""
        return self.movements + self.events


class HeadFile:
    """`<ledger>.head`: a lock between processes and threads, and the recorded `Head`."""

    def __init__(self, ledger: Path, busy_timeout_seconds: float) -> None:
        self.path = ledger.with_name(ledger.name + ".head")
        self._timeout = busy_timeout_seconds
        self._threads = threading.Lock()
        self._pid = 0
        self._file = -1
        self._page: mmap.mmap | None = None
        self._writes = 0
        self._seen: bytes = b""
        self._found: tuple[int, Head | None] = (1, None)
        self._is_read = False

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the one write lock; raises `LedgerBusy` after the time-out."""
        self.acquire()
        try:
            yield
        finally:
            self.release()

    def acquire(self) -> None:
        """Take the one write lock; raises `LedgerBusy` after the time-out."""
        deadline = time.monotonic() + self._timeout
        if self._pid not in (0, os.getpid()):
            # A thread of the parent may have held it at the fork; here nobody will let it go.
            self._threads = threading.Lock()
        if not self._threads.acquire(timeout=self._timeout):
            raise self._busy()
        try:
            self._open()
            self._flock(deadline)
        except BaseException:
            self._threads.release()
            raise

    def release(self) -> None:
        """Let the next writer in; any thread may do it."""
        self._is_read = False
        fcntl.flock(self._file, fcntl.LOCK_UN)
        self._threads.release()

    def _open(self) -> None:
        if self._pid == os.getpid():
            return
        # A forked child must not share its parent's open file: the lock belongs to it.
        try:
            self._file = os.open(
                self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
            )
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise UnsafeStorage(
                    f"{self.path} is a link; it would be written elsewhere", subject=str(self.path)
                ) from error
            raise StorageFailed(
                f"cannot open {self.path}: {error.strerror}", subject=str(self.path)
            ) from error
        self._pid, self._page, self._writes = os.getpid(), None, 0
        weakref.finalize(self, os.close, self._file)

    def _flock(self, deadline: float) -> None:
        pause = 0.0005
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise self._busy() from None
            time.sleep(pause)
            pause = min(pause * 1.5, 0.008)

    def _busy(self) -> LedgerBusy:
        return LedgerBusy(
            f"another process kept the ledger for {self._timeout:g} s; try again",
            subject=str(self.path),
        )

    def read(self) -> Head | None:
        """The newest head that is whole, or None where none was ever recorded."""
        head = self._newest()[1]
        self._is_read = True
        return head

    def write(self, head: Head) -> None:
        """Record `head` over the older slot; the caller holds the lock."""
        if not self._is_read:
            self.read()
        slot = 1 - self._found[0]
        data = spell(head)
        self._put(data, slot * SLOT)
        first, second = self._seen[:SLOT].ljust(SLOT), self._seen[SLOT:].ljust(SLOT)
        self._seen = first + data if slot else data + second
        self._found = slot, head

    def replace(self, head: Head) -> None:
        """Forget every recorded head but this one; the caller holds the lock."""
        self._put(spell(head) * 2, 0)

    def _put(self, data: bytes, place: int) -> None:
        try:
            there = os.fstat(self._file)
            is_whole = there.st_size == 2 * SLOT and there.st_nlink > 0
            page = self._mapped() if is_whole else None
            if page is None:
                os.pwrite(self._file, data, place)
            else:
                page[place : place + len(data)] = data
            if not is_whole:
                # Without a head, after a power cut, the ledger would look like an old copy.
                os.fsync(self._file)
                keep_name(self.path)
        except OSError as error:
            # What it would have recorded is in the ledger: the head may lag, never lead.
            raise StorageFailed(
                f"cannot write {self.path}: {error.strerror}; try again with the same key",
                subject=str(self.path),
            ) from error

    def _mapped(self) -> mmap.mmap | None:
        """Both slots in memory, for a process that writes often; None where that is unsafe."""
        self._writes += 1
        # One command alone never gets here, and need not ask what file system this is.
        if self._writes == 3 and file_system(self.path.parent.resolve()) in IN_PLACE:
            self._page = mmap.mmap(self._file, 2 * SLOT)
        return self._page

    def _newest(self) -> tuple[int, Head | None]:
        """The slot of the newest head and the head; what was parsed before is not parsed again."""
        raw = self._raw()
        if raw != self._seen:
            first, second = parse(raw[:SLOT]), parse(raw[SLOT : 2 * SLOT])
            if second is None or (first is not None and first.commits >= second.commits):
                self._found = (0, first) if first is not None else (1, None)
            else:
                self._found = 1, second
            self._seen = raw
        return self._found

    def _raw(self) -> bytes:
        try:
            if self._pid == os.getpid():
                # An open file outlives its name; one without a name is a head that was lost.
                there = os.fstat(self._file)
                if there.st_nlink == 0:
                    return b""
                if self._page is not None and there.st_size == 2 * SLOT:
                    return self._page[:]
                return os.pread(self._file, 2 * SLOT, 0)
            return self.path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise StorageFailed(f"cannot read {self.path}: {error.strerror}") from error


def spell(head: Head) -> bytes:
    """One slot: a checksum, then the head as JSON, padded to its fixed size."""
    body = (
        f'{{"event_hash": "{head.event_hash}", "events": {head.events},'
        f' "movement_hash": "{head.movement_hash}", "movements": {head.movements}}}'
    ).encode()
    return f"{zlib.crc32(body):08x} ".encode() + body.ljust(SLOT - 10) + b"\n"


def parse(slot: bytes) -> Head | None:
    """The head a slot holds, or None where it is empty, torn or damaged."""
    checksum, _, body = slot.strip().partition(b" ")
    if not body or f"{zlib.crc32(body.strip()):08x}".encode() != checksum:
        return None
    return Head(**json.loads(body))
