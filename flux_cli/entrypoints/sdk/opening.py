"""Opening the SDK's ledger: a file, or one that leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flux_cli.bootstrap import close_flux, open_flux
from flux_cli.config import load_config
from flux_cli.usecases.found_economy import found_ledger
from flux_cli.usecases.ports import Deps

if TYPE_CHECKING:
    from flux_cli.entrypoints.sdk.remote_client import Remote

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a folder only we can enter


@dataclass(frozen=True, slots=True)
class Opened:
    """A ledger in use; `removal` takes away the folder of one that is in memory."""

    deps: Deps
    removal: weakref.finalize[..., object] | None


def open_file(path: Path) -> Opened:
    """The ledger at `path`, made if it is not there, with the owner's configuration."""
    return Opened(_founded(path), None)


def open_in_memory(owner: object) -> Opened:
    """A ledger of our own, gone when `owner` is closed, collected, or the program ends.

    The engine's promises need a file, so it is one: in memory that looks like a disk where the
    system has it, else in the folder for temporary files. A killed program leaves it there.
    """
    within = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="flux-", dir=within))
    removal = weakref.finalize(owner, _remove, folder, os.getpid())
    return Opened(_founded(folder / "flux.db"), removal)


def open_remote(base_url: str, api_key: str, timeout: float, attempts: int) -> Remote:
    """A server; the libraries for it are loaded now. Raises `ValueError` for its name or key."""
    from flux_cli.entrypoints.sdk.remote_client import Remote
    from flux_cli.entrypoints.sdk.remote_wire import Server

    return Remote(Server(base_url, api_key, timeout, attempts))


def close(opened: Opened) -> None:
    """Let go of the file; one in memory is removed."""
    close_flux(opened.deps)
    if opened.removal is not None:
        opened.removal()


def _founded(path: Path) -> Deps:
    config = load_config({"ledger.path": str(path)}, os.environ, Path.cwd())
    deps = open_flux(config)
    found_ledger(deps)
    return deps


def _remove(folder: Path, pid: int) -> None:
    """Remove the folder, unless this is a forked child: it is its parent's."""
    if os.getpid() == pid:
        shutil.rmtree(folder, ignore_errors=True)
