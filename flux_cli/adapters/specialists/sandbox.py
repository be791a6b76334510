"""A trade whose work and checks each run in a bounded process of their own.

The process has no secrets in its environment, no network, and may open only its own code, the
sources of its assignment and its folder; what it hands back is looked at before it is believed.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from flux_cli.adapters.specialists.artefacts import is_portable
from flux_cli.adapters.specialists.sandbox_child import Limits, Request
from flux_cli.domain.text import visible
from flux_cli.domain.work import Artefact, Assignment, Check, Submission
from flux_cli.errors import StorageFailed, WorkFailed

LONGEST_REASON = 600
LONGEST_KIND = 200
SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/zoneinfo",
          "/etc/ld.so.cache", "/etc/localtime", "/dev/urandom", "/dev/zero", "/proc/self",
          "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/sys/devices/system/cpu",
          "/sys/fs/cgroup")  # fmt: skip
"""What any program needs to start: its libraries, the time zones, the machine's size."""


PACKAGE_FOLDERS = ("site-packages", "dist-packages")


class Craft(Protocol):
    """A specialist's own code; made of texts or of nothing, so that another process can make it."""

    @property
    def name(self) -> str: ...

    def size(self, assignment: Assignment) -> tuple[int, int]: ...

    def work(self, assignment: Assignment, folder: Path) -> Submission: ...

    def check(self, assignment: Assignment, folder: Path) -> tuple[Check, ...]: ...


def unheard(doing: str) -> None:
    """Nobody listens."""
    del doing


@dataclass(frozen=True, slots=True)
class Bounded:
    """Fills the `Trade` port with a craft that works under `limits`; `hear` gets its progress.

    The craft is made again with `given` where it works; `readable` and `runnable` are what it may
    read or start beyond what all may.
    """

    craft: Craft
    limits: Limits = Limits()  # noqa: RUF009 - it is frozen
    hear: Callable[[str], None] = unheard
    given: tuple[str, ...] = ()
    readable: tuple[str, ...] = ()
    runnable: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The trade's name."""
        return self.craft.name

    def size(self, assignment: Assignment) -> tuple[int, int]:
        """How much work it is; counted here, from the texts and the sizes of files."""
        return self.craft.size(assignment)

    def work(self, assignment: Assignment, folder: Path) -> Submission:
        """Have the work done; raises `WorkFailed` where it was not, or had to be stopped."""
        import msgspec

        from flux_cli.adapters.typed import decode

        answer = self._ask("work", assignment, folder)
        try:
            submission = decode(answer, Submission)
        except (msgspec.DecodeError, RecursionError) as error:
            raise WorkFailed("its answer is no submission") from error
        _as_listed(folder, submission.artefacts)
        told = (submission.summary, submission.backend)
        if any(visible(text) != text or len(text) > LONGEST_REASON for text in told):
            raise WorkFailed("its summary holds control characters or is too long")
        return submission

    def check(self, assignment: Assignment, folder: Path) -> tuple[Check, ...]:
        """The craft's checks, and one that says how its process is bounded on this machine."""
        import msgspec

        from flux_cli.adapters.typed import decode

        wanted = "no network, no keys, no file but its own and its sources"
        try:
            answer = self._ask("check", assignment, folder)
            checks = decode(answer, tuple[Check, ...])
        except (WorkFailed, msgspec.DecodeError) as failure:
            return (Check("checks", False, "an answer", str(failure)),)
        return (*checks, Check("bounded process", True, wanted, boundary(self.limits)))

    def _ask(self, does: str, assignment: Assignment, folder: Path) -> bytes:
        """The answer of a process that does `does`; raises `WorkFailed` and `StorageFailed`."""
        import msgspec

        from flux_cli.adapters.specialists.sandbox_process import Heard, converse

        with tempfile.TemporaryDirectory(prefix="flux-") as scratch:
            place, spare = folder.resolve(), Path(scratch).resolve()
            request = self._request(does, assignment, place, spare)
            heard = Heard(self.limits, self.hear)
            folders = (place, spare) if does == "work" else (spare,)
            environment = _environment(spare, self.craft)
            converse(msgspec.json.encode(request), environment, folders, heard)
        if heard.kind in ("done", "checks") and (heard.kind == "done") == (does == "work"):
            return heard.value
        try:
            reason = visible(msgspec.json.decode(heard.value, type=str))[:LONGEST_REASON]
        except msgspec.DecodeError as error:
            raise WorkFailed("its answer is not one") from error
        if heard.kind == "storage":
            raise StorageFailed(reason, subject=str(folder))
        raise WorkFailed(reason)

    def _request(self, does: str, assignment: Assignment, folder: Path, spare: Path) -> Request:
        landlock, seccomp = kernel_bounds()
        root, code = _code_of(self.craft)
        own = [Path(__file__).parents[2], code]
        sources = [source.path for source in assignment.sources if source.path]
        read = [
            *SYSTEM,
            *map(str, _installed()),
            *sources,
            *([] if does == "work" else [str(folder)]),
        ]
        write = [str(spare), "/dev/null", *([str(folder)] if does == "work" else [])]
        programs = [sysconfig.get_path("scripts"), *map(str, _installed()), *SYSTEM[:5]]
        return Request(
            craft=(type(self.craft).__module__, type(self.craft).__qualname__),
            does=does,
            assignment=assignment,
            folder=str(folder),
            limits=self.limits,
            landlock=landlock > 0,
            seccomp=seccomp,
            readable=(*read, *map(str, own), str(Path(sys.base_prefix, "lib")), *self.readable),
            runnable=(*programs, *self.runnable) if self.limits.programs else (),
            listable=(str(root), str(Path(__file__).parents[3])),
            writable=tuple(write),
            parent=os.getpid(),
            given=self.given,
        )


def kernel_bounds() -> tuple[int, bool]:
    """(Landlock's version or 0, whether seccomp works) on this machine."""
    if sys.platform != "linux":
        return 0, False
    from flux_cli.adapters.specialists import sandbox_kernel

    return sandbox_kernel.landlock_version(), sandbox_kernel.seccomp_works()


def boundary(limits: Limits) -> str:
    """What bounds a specialist's process on this machine, weaker parts named as such."""
    landlock, seccomp = kernel_bounds()
    files = f"files by Landlock {landlock}" if landlock else "files not bounded (no Landlock)"
    network = "network by seccomp" if seccomp else "network by an audit hook only (weaker)"
    network = "network as the owner lets it" if limits.network else network
    return (
        f"{files}; {network}; {limits.seconds} s, {limits.cpu_seconds} s of processor,"
        f" {limits.memory_bytes >> 20} MiB of memory, {limits.folder_bytes >> 20} MiB of files"
    )


def _environment(spare: Path, craft: Craft) -> dict[str, str]:
    """Nothing of ours but where the code is; no secret has a way in."""
    usual = (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
    packages = (p for p in sys.path if Path(p).name in PACKAGE_FOLDERS and p not in usual)
    roots = dict.fromkeys((str(Path(__file__).parents[3]), str(_code_of(craft)[0]), *packages))
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    return kept | {
        "PYTHONPATH": os.pathsep.join(roots),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PATH": os.defpath,
        "HOME": str(spare),
        "TMPDIR": str(spare),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
    }


def _code_of(craft: Craft) -> tuple[Path, Path]:
    """(folder its top package is imported from, the package or module itself)."""
    parts = type(craft).__module__.split(".")
    file = Path(str(sys.modules[type(craft).__module__].__file__)).resolve()
    root = file.parents[len(parts) - 1]
    return root, root / parts[0] if len(parts) > 1 else file


def _installed() -> tuple[Path, ...]:
    """Where Python and what is installed for it lie; never the folder that flux was started in."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    found = [Path(sysconfig.get_path(name)) for name in names]
    found += [item for item in map(Path, sys.path) if item.name in PACKAGE_FOLDERS]
    return tuple(dict.fromkeys(found))


def _as_listed(folder: Path, artefacts: tuple[Artefact, ...]) -> None:
    """Raises `WorkFailed` unless `folder` holds the plain files listed, whole, and no others."""
    listed = {item.path: item for item in artefacts}
    for place, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(place, name)
            kind = path.lstat().st_mode
            if not stat.S_ISREG(kind) and not (name in folders and stat.S_ISDIR(kind)):
                raise WorkFailed(f"it left something that is no plain file: {visible(name)[:80]}")
        for name in names:
            path = Path(place, name)
            item = listed.pop(path.relative_to(folder).as_posix(), None)
            if item is None:
                raise WorkFailed(f"it left a file that it does not list: {visible(name)[:80]}")
            _whole(path, item)
    if listed:
        raise WorkFailed(f"it lists a file that is not there: {visible(min(listed))[:80]}")


def _whole(path: Path, item: Artefact) -> None:
    kind = item.media_type
    if not is_portable(item.path) or visible(kind) != kind or len(kind) > LONGEST_KIND:
        raise WorkFailed(f"a file's name is none that every system has: {visible(item.path)[:80]}")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if (path.stat().st_size, digest) != (item.bytes, item.sha256):
        raise WorkFailed(f"a file is not what it is listed as: {item.path[:80]}")
