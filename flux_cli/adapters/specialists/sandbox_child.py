"""The process a specialist works in: it gives up what it may not have, works, and answers.

The request is one JSON document on standard input, answers are JSON lines on what was standard
output. Whatever the specialist prints goes to standard error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flux_cli.adapters.specialists.progress import EVENT
from flux_cli.domain.work import Assignment

LONGEST_LINE = 200
LOCAL_SOCKET = 1
"""AF_UNIX, on every system that has it: a pair of them is how one process talks to itself."""

DISK_IS_AT_FAULT = frozenset({28, 122, 5, 30})
"""ENOSPC, EDQUOT, EIO and EROFS: the disk's failures, where the others are the specialist's."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one piece of work may use: seconds, bytes, counts. `programs` are other processes.

    The `network` is for what the owner said may reach it.
    """

    seconds: int = 180
    cpu_seconds: int = 150
    memory_bytes: int = 4 << 30
    file_bytes: int = 256 << 20
    folder_bytes: int = 512 << 20
    files: int = 2000
    open_files: int = 256
    programs: int = 0
    printed_bytes: int = 64 << 10
    answer_bytes: int = 8 << 20
    network: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What the process is to do, with what, and what it must give up first.

    `given` is what its craft is made with.
    """

    craft: tuple[str, str]
    does: str
    assignment: Assignment
    folder: str
    limits: Limits
    landlock: bool
    seccomp: bool
    readable: tuple[str, ...]
    runnable: tuple[str, ...]
    listable: tuple[str, ...]
    writable: tuple[str, ...]
    parent: int
    given: tuple[str, ...] = ()


def main() -> None:
    """Do what standard input asks. Always ends the process."""
    import msgspec

    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    encoder = msgspec.json.Encoder()

    def answer(kind: str, value: object) -> None:
        answers.write(encoder.encode({kind: value}) + b"\n")

    request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
    confine(request)
    sys.addaudithook(_watch(answer))
    kind, value = _outcome(request)
    answer(kind, value)
    sys.stderr.flush()
    # No destructor and no exit handler of what was loaded gets a say after the answer.
    os._exit(0)


def confine(request: Request) -> None:
    """Give up everything the request does not leave; raises `OSError` where that fails."""
    if sys.platform == "linux":
        from flux_cli.adapters.specialists import sandbox_kernel

        sandbox_kernel.die_with_parent()
        if os.getppid() != request.parent:
            os._exit(1)
    _limit(request.limits)
    if request.landlock:
        sandbox_kernel.confine_files(
            map(Path, request.readable),
            map(Path, request.runnable),
            map(Path, request.writable),
            map(Path, request.listable),
            network=request.limits.network,
        )
    if request.seccomp:
        limits = request.limits
        sandbox_kernel.confine_calls(programs=limits.programs > 0, network=limits.network)


def _limit(limits: Limits) -> None:
    if sys.platform == "win32":
        return
    import resource

    wanted = [
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
    ]
    if sys.platform == "linux":
        # The kernel counts every thread of this user, not only ours.
        wanted.append((resource.RLIMIT_NPROC, _threads_of_this_user() + 64 + limits.programs))
    for kind, most in wanted:
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        resource.setrlimit(kind, (most, most))


def _threads_of_this_user() -> int:
    user, count = os.getuid(), 0
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                if entry.stat().st_uid == user:
                    count += os.stat(f"{entry.path}/task").st_nlink - 2
            except OSError:
                continue  # it ended while we counted
    return count


def _watch(answer: Callable[[str, object], None]) -> Callable[[str, Any], None]:
    """Progress is passed on; a try at the network ends the process and says so."""

    def hook(event: str, arguments: Any) -> None:
        if event == EVENT:
            answer("say", str(arguments[0])[:LONGEST_LINE])
        elif event.startswith("socket.") and not (
            event == "socket.gethostname"
            or (event == "socket.__new__" and arguments[1] == LOCAL_SOCKET)
        ):
            answer("stopped", f"it tried to reach the network ({event})")
            os._exit(1)

    return hook


def _outcome(request: Request) -> tuple[str, object]:
    """(kind, value) of the answer; whatever the specialist raised is one too."""
    import importlib

    from flux_cli.errors import StorageFailed, WorkFailed

    folder = Path(request.folder)
    try:
        module, name = request.craft
        craft = getattr(importlib.import_module(module), name)(*request.given)
        if request.does == "check":
            return "checks", craft.check(request.assignment, folder)
        return "done", craft.work(request.assignment, folder)
    except WorkFailed as failure:
        return "failed", failure.message
    except StorageFailed as failure:
        cause = failure.__cause__
        at_fault = isinstance(cause, OSError) and cause.errno in DISK_IS_AT_FAULT
        return ("storage" if at_fault else "failed"), failure.message
    except MemoryError:
        return "failed", f"it needed more than {request.limits.memory_bytes >> 20} MiB of memory"
    except Exception as error:
        return "failed", f"it broke: {_where(error)}"


def _where(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "" if trace is None else f" at {Path(trace.tb_frame.f_code.co_filename).name}"
    line = "" if trace is None else f":{trace.tb_lineno}"
    return f"{type(error).__name__}: {error}{place}{line}"


if __name__ == "__main__":
    main()
