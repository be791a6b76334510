"""The owner's allow-list at work: who is let in, and with what around it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from flux_cli.adapters.specialists.outside.agent import Agent
from flux_cli.adapters.specialists.outside.command import Command
from flux_cli.adapters.specialists.sandbox import Bounded, kernel_bounds
from flux_cli.adapters.specialists.sandbox_child import Limits
from flux_cli.domain.marketplace import Listing
from flux_cli.domain.outside import Allowed, AllowedCommand
from flux_cli.domain.work import Assignment, Check, Submission
from flux_cli.errors import Fix
from flux_cli.usecases.ports import Trade

LIMITS = Limits(
    seconds=180, cpu_seconds=120, memory_bytes=2 << 30, folder_bytes=256 << 20, files=500,
    programs=8,
)  # fmt: skip
PROGRAMS = ("/bin", "/usr/bin", "/usr/local/bin")
FOR_THE_NETWORK = ("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ssl", "/etc/pki")


@dataclass(frozen=True, slots=True)
class OutsideTrade:
    """Somebody's work, sized and judged by Flux's own specialist of the trade."""

    inside: Trade
    do: Callable[[Assignment, Path], Submission]

    @property
    def name(self) -> str:
        """The trade's name."""
        return self.inside.name

    def size(self, assignment: Assignment) -> tuple[int, int]:
        """How much work it is."""
        return self.inside.size(assignment)

    def work(self, assignment: Assignment, folder: Path) -> Submission:
        """Have it done; raises `WorkFailed`."""
        return self.do(assignment, folder)

    def check(self, assignment: Assignment, folder: Path) -> tuple[Check, ...]:
        """The trade's own checks, the same for everybody."""
        return self.inside.check(assignment, folder)


@dataclass(frozen=True, slots=True)
class Gate:
    """Fills the `Outside` port from the owner's configuration."""

    allowed: Allowed
    limits: Limits = LIMITS

    def barred(self, listing: Listing) -> str | None:
        """Why this listing's own command or agent may not work now, or None."""
        if listing.url:
            return None if self.allowed.names(listing.url) else NOT_ALLOWED
        entry = self._entry(listing)
        if entry is None:
            return NOT_ALLOWED
        if not all(kernel_bounds()):
            return "a command, which this machine cannot bound (no Landlock or no seccomp)"
        if command_digest(listing.command) != entry.sha256:
            return "no longer what the owner's allow-list has: its files changed"
        return None

    def allowance(self, listing: Listing) -> Fix:
        """What the owner would write to let it work."""
        if listing.url:
            return Fix(f"if you trust it, add {listing.url} to market.agents in your configuration")
        digest = command_digest(listing.command)
        if digest is None:
            return Fix(f"there is no program {listing.command[0]} on this machine")
        line = AllowedCommand(listing.command, digest).line
        return Fix(f"if you trust it, add this line to market.commands: {line}")

    def worker(self, listing: Listing, inside: Trade) -> Trade:
        """The listing's command or agent at `inside`'s work, which judges what it hands in."""
        if listing.url:
            return OutsideTrade(inside, Agent(listing.url).work)
        entry = self._entry(listing)
        assert entry is not None, "who is barred does not work"
        return OutsideTrade(inside, bounded(entry, self.limits).work)

    def _entry(self, listing: Listing) -> AllowedCommand | None:
        same = (one for one in self.allowed.commands if one.words == listing.command)
        return next(same, None)


NOT_ALLOWED = "not on the owner's allow-list"


def bounded(entry: AllowedCommand, limits: Limits) -> Bounded:
    """An allowed command in its bounded process."""
    named = [word for word in entry.words if _is_file(word)]
    return Bounded(
        Command(*entry.words),
        replace(limits, network=entry.network),
        given=entry.words,
        readable=(*named, *(FOR_THE_NETWORK if entry.network else ())),
        runnable=(*PROGRAMS, str(Path(entry.words[0]).resolve())),
    )


def command_digest(words: tuple[str, ...]) -> str | None:
    """SHA-256 of a command's words, and of what is in each file that one of them names.

    None where the program is not there.
    """
    if not _is_file(words[0]) or not os.access(words[0], os.X_OK):
        return None
    whole = hashlib.sha256()
    for word in words:
        whole.update(word.encode() + b"\0")
        if _is_file(word):
            with Path(word).open("rb") as file:
                whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


def _is_file(word: str) -> bool:
    return word.startswith("/") and Path(word).is_file()
