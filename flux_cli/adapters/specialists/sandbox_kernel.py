"""What the Linux kernel can be made to refuse a process and all it starts.

Landlock (kernel.org/doc/html/latest/userspace-api/landlock.html) bounds the files, seccomp
(seccomp(2)) the system calls. Neither needs a privilege, and neither can be taken back.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION_OF_RULESET = 1
PATH_BENEATH = 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
REMOVE, MAKE_DIR, MAKE_FILE = 16 | 32, 128, 256
REFER, TRUNCATE, DEVICE_IOCTL = 1 << 13, 1 << 14, 1 << 15
OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | DEVICE_IOCTL
TO_READ = READ_FILE | READ_DIR
TO_RUN = TO_READ | EXECUTE
TO_WRITE = TO_READ | WRITE_FILE | REMOVE | MAKE_DIR | MAKE_FILE | REFER | TRUNCATE
"""No links, pipes, sockets or devices: what is delivered is plain files in plain folders."""

NO_NEW_PRIVILEGES, DIE_WITH_PARENT, SET_SECCOMP, GET_SECCOMP = 38, 1, 22, 21
FILTER = 2
KILL, ALLOW, REFUSE = 0x80000000, 0x7FFF0000, 0x00050000
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16
X32 = 0x40000000
THREAD, NAMESPACES = 0x00010000, 0x7E020000
INTERNET = (2, 10, 17, 40)
"""AF_INET, AF_INET6, AF_PACKET and AF_VSOCK."""


@dataclass(frozen=True, slots=True)
class Calls:
    """One architecture's numbers of the system calls that the filter names."""

    architecture: int
    socket: int
    clone: int
    own_only: tuple[int, ...]
    run: tuple[int, ...]
    leave_group: tuple[int, ...]
    other: tuple[int, ...]


CALLS = {
    "x86_64": Calls(
        0xC000003E, 41, 56,
        own_only=(234,),
        run=(57, 58, 59, 322),
        leave_group=(109, 112),
        other=(62, 101, 129, 155, 161, 165, 166, 175, 200, 246, 248, 249, 250, 272, 297, 298, 304,
               308, 310, 311, 313, 321, 323, 424, 425, 438),
    ),
    "aarch64": Calls(
        0xC00000B7, 198, 220,
        own_only=(131,),
        run=(221, 281),
        leave_group=(154, 157),
        other=(39, 40, 41, 51, 97, 104, 105, 117, 129, 130, 138, 217, 218, 219, 240, 241, 265, 268,
               270, 271, 273, 280, 282, 424, 425, 438),
    ),
}  # fmt: skip
"""`other`: signals to others, tracing, mounts, namespaces, modules, keys, bpf, io_uring."""

CLONE3 = 435
PRLIMIT = {"x86_64": 302, "aarch64": 261}


def landlock_version() -> int:
    """The kernel's Landlock ABI, 0 where it has none."""
    if sys.platform != "linux":
        return 0
    found = _library().syscall(CREATE_RULESET, None, 0, VERSION_OF_RULESET)
    return max(int(found), 0)


def seccomp_works() -> bool:
    """Whether this kernel filters system calls and the filter knows this architecture."""
    if sys.platform != "linux" or platform.machine() not in CALLS:
        return False
    return int(_library().prctl(GET_SECCOMP, 0, 0, 0, 0)) >= 0


def die_with_parent() -> None:
    """Ask the kernel to kill this process when the thread that started it ends."""
    _checked(_library().prctl(DIE_WITH_PARENT, 9, 0, 0, 0), "prctl")


def confine_files(readable: Iterable[Path], runnable: Iterable[Path], writable: Iterable[Path],
                  listable: Iterable[Path], *, network: bool = False) -> None:  # fmt: skip
    """From now on only these can be opened; the rest of the disk answers EACCES.

    Raises `OSError` where the kernel does not do it.
    """
    version = landlock_version()
    files = (1 << 13) - 1
    for since, right in ((2, REFER), (3, TRUNCATE), (5, DEVICE_IOCTL)):
        files |= right if version >= since else 0
    # TCP bind and connect; abstract sockets and signals that leave this process's domain.
    ports, scoped = (3 if version >= 4 and not network else 0), (3 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    attributes = struct.pack("=QQQ", files, ports, scoped)[:size]
    library = _library()
    ruleset = _checked(library.syscall(CREATE_RULESET, attributes, size, 0), "landlock")
    for paths, rights in (
        (readable, TO_READ),
        (runnable, TO_RUN),
        (writable, TO_WRITE),
        (listable, READ_DIR),
    ):
        for path in paths:
            _allow(library, ruleset, path, rights & files)
    _checked(library.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0), "prctl")
    _checked(library.syscall(RESTRICT_SELF, ruleset, 0), "landlock")
    os.close(ruleset)


def _allow(library: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)  # type: ignore[attr-defined,unused-ignore]
    except FileNotFoundError:
        return
    if not path.is_dir():
        rights &= OF_A_FILE
    rule = struct.pack("=Qi", rights, place)
    _checked(library.syscall(ADD_RULE, ruleset, PATH_BENEATH, rule, 0), f"landlock {path}")
    os.close(place)


def confine_calls(*, programs: bool, network: bool = False) -> None:
    """From now on no other process, and unless allowed no new one and no network either.

    Opening an internet socket ends the process with SIGSYS. Raises `OSError`.
    """
    code = _filter(CALLS[platform.machine()], programs=programs, network=network)
    words = b"".join(struct.pack("=HBBI", *word) for word in code)
    buffer = ctypes.create_string_buffer(words, len(words))
    program = struct.pack("@HP", len(code), ctypes.addressof(buffer))
    library = _library()
    _checked(library.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0), "prctl")
    _checked(library.prctl(SET_SECCOMP, FILTER, program, 0, 0), "seccomp")


Word = tuple[int, int, int, int]
"""One instruction: code, how many to skip if true, if false, and its operand."""


def _filter(calls: Calls, *, programs: bool, network: bool) -> Sequence[Word]:
    denied = [*calls.leave_group, *calls.other, *(() if programs else calls.run)]
    no, own = REFUSE | errno.EPERM, os.getpid()
    code: list[Word] = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, calls.architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, X32),
        (RETURN, 0, 0, KILL),
    ]
    for number in denied:
        code += [(EQUAL, 0, 1, number), (RETURN, 0, 0, no)]
    # Its flags lie in memory the filter cannot read; without it the C library uses clone.
    code += [(EQUAL, 0, 1, CLONE3), (RETURN, 0, 0, REFUSE | errno.ENOSYS)]
    rules: list[tuple[int, list[Word]]] = [
        (number, [(EQUAL, 1, 0, own), (RETURN, 0, 0, no)]) for number in calls.own_only
    ]
    rules.append((PRLIMIT[platform.machine()], [(EQUAL, 1, 0, 0), (RETURN, 0, 0, no)]))
    internet: list[Word] = []
    for family in INTERNET:
        internet += [(EQUAL, 0, 1, family), (RETURN, 0, 0, KILL)]
    if not network:
        rules.append((calls.socket, [*internet, (RETURN, 0, 0, REFUSE | errno.EACCES)]))
    born: list[Word] = [(ANY_BIT, 0, 1, NAMESPACES), (RETURN, 0, 0, no)]
    if not programs:
        born += [(ANY_BIT, 1, 0, THREAD), (RETURN, 0, 0, no)]
    rules.append((calls.clone, born))
    for number, test in rules:
        body = [(LOAD, 0, 0, FIRST_ARGUMENT), *test, (RETURN, 0, 0, ALLOW)]
        code += [(EQUAL, 0, len(body), number), *body]
    return [*code, (RETURN, 0, 0, ALLOW)]


def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, name: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result
