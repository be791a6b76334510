"""What the signer has signed, so that nothing is signed twice or above its caps.

Lines of JSON in an owner-only file, each sealed together with the seal before it: a changed or
dropped line is seen, and so is a missing file. One lock file makes several signers take turns.
Rolling the whole file back to an earlier copy of itself is not seen here; the token still refuses
to pay a nonce twice.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from flux_cli.signer.encoding import Malformed
from flux_cli.signer.policy import Sealed

DAY = 24 * 3600
NAME = "signed"


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that was signed: an authorization, a cancellation, or a transaction (`gas`)."""

    kind: str
    at: int
    nonce: str
    payee: str = ""
    units: int = 0
    valid_after: int = 0
    valid_before: int = 0
    account_nonce: int = 0
    fee: int = 0


@dataclass(slots=True)
class Record:
    """Everything signed so far, read up to the end of the file while the lock is held."""

    folder: Path
    sealed: Sealed
    authorizations: dict[str, Line] = field(default_factory=dict)
    fees: dict[int, Line] = field(default_factory=dict)
    wraps: dict[str, int] = field(default_factory=dict)
    _last: str = ""
    _read: int = 0

    def create(self) -> None:
        """Begin the record with its first line; an existing one is kept."""
        path = self.folder / NAME
        if path.exists():
            return
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        self.add(Line("begun", 0, ""))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Read what others have added, with nobody else signing meanwhile. Raises `Malformed`."""
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._catch_up()
            yield
        finally:
            os.close(lock)

    def add(self, line: Line) -> None:
        """Write one line to the disk before anything is signed for it."""
        text = msgspec.json.encode(line).decode()
        mark = self.sealed.mark(f"{self._last}|{text}".encode())
        data = f"{mark} {text}\n".encode()
        file = os.open(self.folder / NAME, os.O_WRONLY | os.O_APPEND)
        try:
            if os.write(file, data) != len(data):
                raise Malformed("the record could not be written whole")
            os.fsync(file)
        finally:
            os.close(file)
        self._count(line)
        self._last = mark
        self._read += len(data)

    def spent(self, since: int) -> int:
        """The units authorized at or after `since`, cancelled ones too: they might have paid."""
        return sum(line.units for line in self.authorizations.values() if line.at >= since)

    def gas_spent(self, since: int, but: int) -> int:
        """The most that the transactions signed since then can cost, in wei, without one's."""
        recent = (line for nonce, line in self.fees.items() if nonce != but and line.at >= since)
        return sum(line.fee for line in recent)

    def _catch_up(self) -> None:
        try:
            with (self.folder / NAME).open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size < self._read:
                    raise Malformed("the record of what was signed has become shorter")
                file.seek(self._read)
                data = file.read()
        except OSError:
            raise Malformed("the record of what was signed is missing") from None
        whole = data[: data.rfind(b"\n") + 1]
        for spelled in whole.splitlines():
            mark, _, text = spelled.decode(errors="replace").partition(" ")
            if not self.sealed.matches(f"{self._last}|{text}".encode(), mark):
                raise Malformed("the record of what was signed was changed without the wallet key")
            try:
                self._count(msgspec.json.decode(text, type=Line))
            except msgspec.DecodeError as error:
                raise Malformed(f"the record holds what it should not: {error}") from None
            self._last = mark
        self._read += len(whole)
        if len(data) != len(whole):
            # A line cut off by a crash was never acted on: signing waits for the whole line.
            os.truncate(self.folder / NAME, self._read)
        if not self._last:
            raise Malformed("the record of what was signed is empty")

    def _count(self, line: Line) -> None:
        if line.kind == "authorization":
            self.authorizations[line.nonce] = line
        elif line.kind == "gas":
            before = self.fees.get(line.account_nonce)
            if before is None or line.fee >= before.fee:
                self.fees[line.account_nonce] = line
            self.wraps[line.nonce] = self.wraps.get(line.nonce, 0) + 1
