"""Specialists that do what no specialist may. Each is made by name in a process of its own."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import signal
import socket
import time
from pathlib import Path

from flux_cli.adapters.specialists.artefacts import write_artefact
from flux_cli.adapters.specialists.progress import say
from flux_cli.domain.work import Artefact, Assignment, Check, Submission
from flux_cli.errors import WorkFailed


class Honest:
    """Delivers one file that says what the brief says, and checks that it is there."""

    name = "honest"

    def size(self, assignment: Assignment) -> tuple[int, int]:
        return 1, 1

    def work(self, assignment: Assignment, folder: Path) -> Submission:
        say("writing")
        data = assignment.brief.encode()
        return Submission((write_artefact(folder, "a.txt", data, "text/plain"),), "done")

    def check(self, assignment: Assignment, folder: Path) -> tuple[Check, ...]:
        text = (folder / "a.txt").read_text()
        return (Check("says the brief", text == assignment.brief, "the brief", text),)


class Hangs(Honest):
    def work(self, assignment: Assignment, folder: Path) -> Submission:
        say("thinking")
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            time.sleep(60)


class Spins(Honest):
    def work(self, assignment: Assignment, folder: Path) -> Submission:
        while True:
            pass


class FloodsFiles(Honest):
    def work(self, assignment: Assignment, folder: Path) -> Submission:
        number = 0
        while True:
            number += 1
            (folder / f"{number}").write_bytes(b"")


class FloodsDisk(Honest):
    def work(self, assignment: Assignment, folder: Path) -> Submission:
        number = 0
        while True:
            number += 1
            (folder / f"{number}").write_bytes(bytes(1 << 20))


class OneHugeFile(Honest):
    def work(self, assignment: Assignment, folder: Path) -> Submission:
        data = bytes(8 << 20)
        return Submission((write_artefact(folder, "huge", data, "text/plain"),), "done")


class PrintsEscapes(Honest):
    def work(self, assignment: Assignment, folder: Path) -> Submission:
        print("\x1b]0;owned\x07\x1b[2J", flush=True)
        return super().work(assignment, folder)


class PrintsForEver(Honest):
    def work(self, assignment: Assignment, folder: Path) -> Submission:
        while True:
            os.write(1, b"all work and no play\n")


class CallsHome(Honest):
    def work(self, assignment: Assignment, folder: Path) -> Submission:
        with contextlib.suppress(BaseException):
            socket.create_connection(("192.0.2.1", 80), timeout=1)
        return super().work(assignment, folder)


class CallsHomeInC(Honest):
    def work(self, assignment: Assignment, folder: Path) -> Submission:
        ctypes.CDLL(None).socket(2, 1, 0)
        return super().work(assignment, folder)


class ForkBomb(Honest):
    def work(self, assignment: Assignment, folder: Path) -> Submission:
        while True:
            try:
                os.fork()
            except OSError as error:
                raise WorkFailed(f"cannot fork: {error.strerror}") from error


class ProgramBomb(Honest):
    """For where programs are allowed: starts them without end."""

    def work(self, assignment: Assignment, folder: Path) -> Submission:
        while True:
            if os.fork() == 0:
                time.sleep(600)
            time.sleep(0.02)


class LeavesBehind(Honest):
    """For where programs are allowed: starts one that tries to outlive it."""

    def work(self, assignment: Assignment, folder: Path) -> Submission:
        child = os.fork()
        if child == 0:
            try:
                os.setsid()
                escaped = "yes"
            except OSError:
                escaped = "no"
            Path(os.environ["TMPDIR"], "escaped").write_text(escaped)
            time.sleep(600)
        while not (mark := Path(os.environ["TMPDIR"], "escaped")).exists():
            time.sleep(0.01)
        return Submission(
            (write_artefact(folder, "a.txt", f"{child}".encode(), "text/plain"),),
            f"left its group: {mark.read_text()}",
        )


class Greedy(Honest):
    def work(self, assignment: Assignment, folder: Path) -> Submission:
        hoard = bytearray(16 << 30)
        return Submission((), f"{len(hoard)}")


class Spy(Honest):
    """Reports what it can see: the file the brief names, its environment, and its surroundings."""

    def work(self, assignment: Assignment, folder: Path) -> Submission:
        seen = []
        for path in assignment.brief.split():
            try:
                seen.append(Path(path).read_text()[:20])
            except OSError as error:
                seen.append(type(error).__name__)
        try:
            Path(folder.parent, "beside").write_text("x")
            seen.append("wrote beside")
        except OSError as error:
            seen.append(type(error).__name__)
        try:
            os.kill(os.getppid(), 0)
            seen.append("may signal")
        except OSError as error:
            seen.append(type(error).__name__)
        data = " ".join(sorted(os.environ)).encode()
        return Submission((write_artefact(folder, "env.txt", data, "text/plain"),), "|".join(seen))


class Linker(Honest):
    def work(self, assignment: Assignment, folder: Path) -> Submission:
        (folder / "a.txt").symlink_to("/etc/passwd")
        data = Path("/etc/passwd").read_bytes()
        return Submission(
            (Artefact("a.txt", "text/plain", len(data), hashlib.sha256(data).hexdigest()),), "done"
        )


class Lists(Honest):
    """Lists what it does not deliver."""

    listed = Artefact("gone.txt", "text/plain", 1, "0" * 64)

    def work(self, assignment: Assignment, folder: Path) -> Submission:
        return Submission((self.listed,), "done")


class ListsOutside(Lists):
    listed = Artefact("../../flux.db", "text/plain", 1, "0" * 64)


class LiesAboutBytes(Honest):
    def work(self, assignment: Assignment, folder: Path) -> Submission:
        write_artefact(folder, "a.txt", b"other", "text/plain")
        return Submission((Artefact("a.txt", "text/plain", 5, "0" * 64),), "done")


class LeavesMore(Honest):
    def work(self, assignment: Assignment, folder: Path) -> Submission:
        (folder / "unlisted").write_text("x")
        return super().work(assignment, folder)


class EscapesInSummary(Honest):
    def work(self, assignment: Assignment, folder: Path) -> Submission:
        return Submission(super().work(assignment, folder).artefacts, "\x1b[31mpay me twice")


class Breaks(Honest):
    def work(self, assignment: Assignment, folder: Path) -> Submission:
        raise KeyError("\x1b[2Jnothing")


class Dies(Honest):
    def work(self, assignment: Assignment, folder: Path) -> Submission:
        os._exit(0)


class GivesUp(Honest):
    def work(self, assignment: Assignment, folder: Path) -> Submission:
        raise WorkFailed("the brief names no product")


class ForgesAnAnswer(Honest):
    """Writes answers of its own on every descriptor it can find."""

    def work(self, assignment: Assignment, folder: Path) -> Submission:
        for number in range(3, 64):
            try:
                os.write(number, b'{"done": {"artefacts": "all of them", "summary": 7}}\n')
            except OSError:
                continue
        return super().work(assignment, folder)


class ChecksForEver(Honest):
    def check(self, assignment: Assignment, folder: Path) -> tuple[Check, ...]:
        while True:
            time.sleep(60)
