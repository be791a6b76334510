"""Starting a bounded process, listening to it, and ending it with all it started."""

from __future__ import annotations

import os
import selectors
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flux_cli.adapters.specialists.sandbox_child import Limits
from flux_cli.domain.text import visible
from flux_cli.errors import WorkFailed

LOOK_EVERY_SECONDS = 0.1
GONE_WITHIN_SECONDS = 5.0
"""How long a killed group may take to leave; its last member may be anyone's child by then."""

CONTROLS = bytes({*range(32), 127} - {9, 10, 13})
"""What a terminal obeys; nothing that a specialist prints may hold one."""

READ_BYTES = 64 * 1024
"""How much is read at a time."""


@dataclass(slots=True)
class Heard:
    """What came from the process so far."""

    limits: Limits
    hear: Callable[[str], None]
    started: float = field(default_factory=time.monotonic)
    waiting: bytearray = field(default_factory=bytearray)
    answered: int = 0
    printed: int = 0
    last_words: bytes = b""
    doing: str = ""
    kind: str = ""
    value: bytes = b""

    def answer(self, data: bytes) -> None:
        """Take what came on the answers' pipe; raises `WorkFailed` when it is too much."""
        import msgspec

        self.answered += len(data)
        if self.answered > self.limits.answer_bytes:
            raise WorkFailed(f"it answered with more than {self.limits.answer_bytes} bytes")
        self.waiting += data
        *lines, rest = self.waiting.split(b"\n")
        self.waiting = rest
        for line in lines:
            try:
                message = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
                if self.kind or len(message) != 1:
                    raise WorkFailed("it answered more than once")
                ((kind, value),) = message.items()
                if kind == "say":
                    self.doing = visible(msgspec.json.decode(value, type=str))[:200]
                    self.hear(self.doing)
                else:
                    self.kind, self.value = kind, bytes(value)
            except msgspec.DecodeError as error:
                raise WorkFailed("its answer is not one") from error

    def print(self, data: bytes) -> None:
        """Look at what was printed; raises `WorkFailed` for escapes and for too much."""
        if data.translate(None, CONTROLS) != data:
            raise WorkFailed("it printed control characters")
        self.printed += len(data)
        self.last_words = (self.last_words + data)[-1000:]
        if self.printed > self.limits.printed_bytes:
            raise WorkFailed(f"it printed more than {self.limits.printed_bytes} bytes")


def converse(
    request: bytes, environment: dict[str, str], folders: tuple[Path, ...], heard: Heard
) -> None:
    """Run the process to its end or to its limit; the answer is left in `heard`.

    `folders` are what it may write, the first of them where it stands. Raises `WorkFailed` where
    it had to be stopped, died, or said nothing.
    """
    with tempfile.TemporaryFile() as file:
        file.write(request)
        file.seek(0)
        process = subprocess.Popen(
            [sys.executable, "-sP", "-m", "flux_cli.adapters.specialists.sandbox_child"],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=folders[0],
            start_new_session=True,
        )
    with process:
        try:
            _listen(process, folders, heard)
        except WorkFailed as failure:
            raise WorkFailed(failure.message + _while(heard)) from failure
        finally:
            _kill(process)
    if not heard.kind:
        raise WorkFailed(_death(process.returncode, heard) + _while(heard))


def _listen(process: subprocess.Popen[bytes], folders: tuple[Path, ...], heard: Heard) -> None:
    assert process.stdout is not None, "it was started with pipes"
    assert process.stderr is not None, "it was started with pipes"
    deadline = heard.started + heard.limits.seconds
    look = heard.started + LOOK_EVERY_SECONDS
    with selectors.DefaultSelector() as pipes:
        pipes.register(process.stdout, selectors.EVENT_READ, heard.answer)
        pipes.register(process.stderr, selectors.EVENT_READ, heard.print)
        while pipes.get_map():
            # Asked before the pipes are: all that it said before it ended is then still to be read.
            has_ended = process.poll() is not None
            ready = pipes.select(LOOK_EVERY_SECONDS)
            for pipe, _ in ready:
                data = os.read(pipe.fd, READ_BYTES)
                if data:
                    pipe.data(data)
                else:
                    pipes.unregister(pipe.fileobj)
            now = time.monotonic()
            if now > deadline:
                raise WorkFailed(f"it took longer than {heard.limits.seconds} s")
            if now >= look:
                look = now + LOOK_EVERY_SECONDS
                _look(process, folders, heard.limits)
            if not ready and has_ended:
                break  # what it left running may hold the pipes open for ever
    for folder in folders:
        _weigh(folder, heard.limits)


def _look(process: subprocess.Popen[bytes], folders: tuple[Path, ...], limits: Limits) -> None:
    for folder in folders:
        _weigh(folder, limits)
    if limits.programs and sys.platform == "linux":
        running = sum(1 for _ in _group(process.pid))
        if running > limits.programs + 1:
            raise WorkFailed(f"it started more than {limits.programs} programs")


def _weigh(folder: Path, limits: Limits) -> None:
    """Raises `WorkFailed` where the folder holds more than it may."""
    size = count = 0
    places = [folder]
    while places and count <= limits.files:
        try:
            with os.scandir(places.pop()) as entries:
                for entry in entries:
                    about = entry.stat(follow_symlinks=False)
                    count, size = count + 1, size + about.st_size
                    if stat.S_ISDIR(about.st_mode):
                        places.append(Path(entry.path))
                    if count > limits.files:
                        break
        except FileNotFoundError:
            continue  # it is still at work there
    if size > limits.folder_bytes:
        raise WorkFailed(f"it wrote more than {limits.folder_bytes >> 20} MiB")
    if count > limits.files:
        raise WorkFailed(f"it wrote more than {limits.files} files")


def _group(leader: int) -> Iterator[int]:
    """The processes that `leader` and its descendants are; none of them can leave its group."""
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                about = Path(entry.path, "stat").read_text()
            except OSError:
                continue  # it ended while we looked
            if int(about.rpartition(")")[2].split()[2]) == leader:
                yield int(entry.name)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and all in its group, which is all that it started, and see them gone."""
    until = time.monotonic() + GONE_WITHIN_SECONDS
    try:
        while time.monotonic() < until:
            os.killpg(process.pid, signal.SIGKILL)
            process.poll()
            time.sleep(0.002)
    except ProcessLookupError:
        return
    process.wait()


def _while(heard: Heard) -> str:
    return f", while at {heard.doing!r}" if heard.doing else ""


def _death(code: int, heard: Heard) -> str:
    """Why a process that said nothing is no more."""
    if code == -signal.SIGXCPU or code == -signal.SIGKILL:
        return (
            f"it was killed: over {heard.limits.cpu_seconds} s of processor time, or out of memory"
        )
    if code == -signal.SIGSYS:
        return "the kernel stopped it: it tried to reach the network"
    words = heard.last_words.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return f"it ended with {code} and no answer" + (f": {visible(words)[:200]}" if words else "")
