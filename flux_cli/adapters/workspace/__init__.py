"""The folders that runs deliver into: staged first, then put in place whole."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from flux_cli.adapters.workspace.tree import tree_digest
from flux_cli.domain.runs import SourceFile
from flux_cli.domain.work import DATA_ENDINGS, Artefact, Source
from flux_cli.errors import Fix, InvalidInput, LedgerBusy, StorageFailed

MARK = ".flux-run"
"""The file that says a folder is a run's, and which run's."""

STAGED = ".working"
LARGEST_SOURCE = 4 * 1024 * 1024
"""Bytes of one source document; more is refused rather than read."""

LARGEST_DATA = 8 * 1024**3
"""Bytes of one file of tables; it is read at its path and never whole."""

TEXTS = ("text/", "application/json")


WriteFile = Callable[[Path, str, bytes, str], Artefact]
ReadText = Callable[[Path, bytes], str]


class Folders:
    """Fills the `Workspace` port on a local disk.

    `write` puts one file in a folder, safely; `read` is the text of a document's bytes.
    """

    def __init__(self, write: WriteFile, read: ReadText) -> None:
        self._write = write
        self._read_text = read
        self._texts: dict[str, str] = {}

    def claim(self, out: Path, run_id: str) -> None:
        """Make the folder and mark it; raises `InvalidInput` where it holds something else."""
        with disk_errors(out):
            if out.is_dir() and any(out.iterdir()) and not (out / MARK).is_file():
                raise InvalidInput(
                    f"{out} is not empty and Flux did not make it",
                    param="--out",
                    fixes=(Fix("name a new or empty folder with --out"),),
                )
            out.mkdir(parents=True, exist_ok=True)
            (out / MARK).write_text(run_id + "\n", encoding="utf-8")

    @contextmanager
    def held(self, out: Path, run_id: str) -> Iterator[None]:
        """Claim the folder for this process alone; raises `LedgerBusy` where another is in it.

        The lock is its mark's, and the system takes it back when its holder dies.
        """
        self.claim(out, run_id)
        with disk_errors(out):
            mark = os.open(out / MARK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            try:
                fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LedgerBusy(
                    f"another process is at work in {out}",
                    subject=run_id,
                    fixes=(Fix("see how far it is", ("flux", "runs", "watch", run_id)),),
                ) from None
            yield
        finally:
            os.close(mark)

    def stage(self, out: Path, task_id: str) -> Path:
        """A fresh, empty folder to work in."""
        folder = out / STAGED / task_id
        with disk_errors(out):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        return folder

    def keep(self, out: Path, task_id: str) -> Path:
        """Put the staged folder in its final place."""
        final = out / task_id
        with disk_errors(out):
            if final.exists():
                shutil.rmtree(final)
            os.replace(out / STAGED / task_id, final)
            if not any((out / STAGED).iterdir()):
                (out / STAGED).rmdir()
        return final

    def folder(self, out: Path, task_id: str) -> Path:
        """Where a task's deliverables are."""
        return out / task_id

    def intact(self, folder: Path, artefacts: Sequence[Artefact]) -> bool:
        """Whether every file is there with its hash."""
        try:
            return all(_digest(folder / item.path) == item.sha256 for item in artefacts)
        except OSError:
            return False

    def texts(self, folder: Path, artefacts: Sequence[Artefact]) -> dict[str, str]:
        """The text artefacts by file name."""
        with disk_errors(folder):
            return {
                item.path: (folder / item.path).read_text(encoding="utf-8")
                for item in artefacts
                if item.media_type.startswith(TEXTS)
            }

    def describe_source(self, path: Path) -> SourceFile:
        """Name, place and hash of a file or folder to be read; raises `InvalidInput`."""
        if path.is_dir():
            place = path.resolve()
            return SourceFile(f"{place.name}/", str(place), tree_digest(place))
        digest = (
            _data_digest(path)
            if path.name.lower().endswith(DATA_ENDINGS)
            else hashlib.sha256(_read(path)).hexdigest()
        )
        return SourceFile(path.name, str(path.resolve()), digest)

    def read_source(self, source: SourceFile) -> Source:
        """A source's text; raises `InvalidInput` if it is gone or no longer what it was."""
        if source.name.endswith("/"):
            if tree_digest(Path(source.path)) != source.sha256:
                raise _changed(source)
            return Source(source.name, "", source.sha256, source.path)
        if source.name.lower().endswith(DATA_ENDINGS):
            return _data(source)
        data = _read(Path(source.path))
        if hashlib.sha256(data).hexdigest() != source.sha256:
            raise _changed(source)
        # Each step of a run reads its sources again, and some take a process to read.
        known = source.sha256 + Path(source.path).suffix
        if known not in self._texts:
            self._texts[known] = self._read_text(Path(source.path), data)
        return Source(source.name, self._texts[known], source.sha256)

    def write(self, out: Path, name: str, data: bytes, media_type: str) -> Artefact:
        """Write one file of the run's own beside the deliverables."""
        with disk_errors(out):
            return self._write(out, name, data, media_type)


def _changed(source: SourceFile) -> InvalidInput:
    return InvalidInput(f"{source.path} has changed since the run began", param="sources")


def _data(source: SourceFile) -> Source:
    """A file of tables, named by its path; its text too where it is small and is text."""
    path = Path(source.path)
    if _data_digest(path) != source.sha256:
        raise _changed(source)
    text = ""
    if path.stat().st_size <= LARGEST_SOURCE:
        with suppress(UnicodeDecodeError):
            text = path.read_bytes().decode("utf-8")
    return Source(source.name, text, source.sha256, source.path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _data_digest(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_DATA:
            raise InvalidInput(f"{path} is larger than {LARGEST_DATA} bytes", param="sources")
        return _digest(path)
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}", param="sources") from error


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_SOURCE:
            raise InvalidInput(f"{path} is larger than {LARGEST_SOURCE} bytes", param="sources")
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}", param="sources") from error


@contextmanager
def disk_errors(place: Path) -> Iterator[None]:
    """Name what the disk refuses, with the place."""
    try:
        yield
    except OSError as error:
        raise StorageFailed(
            f"cannot write to {place}: {error.strerror}", subject=str(place)
        ) from error
