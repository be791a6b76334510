"""Where a card's details may go and come from: a private file, or the terminal itself.

Never an argument, which every process can read in the process list, and never a pipe.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flux_cli.domain.card_network import Presented
from flux_cli.domain.cards import Revealed
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.errors import Fix, InvalidInput, StorageFailed

LARGEST = 4096
"""Bytes of a file with a card's details."""

FIELDS = ("number", "expiry", "cvv")


class CardFile:
    """A new 0600 file that holds room for a card's details before they are looked at.

    A reveal happens once, so the disk must have taken the room before it does.
    """

    def __init__(self, handle: int) -> None:
        self._handle = handle
        os.fchmod(handle, 0o600)
        os.write(handle, b" " * LARGEST)
        os.fsync(handle)

    def write(self, revealed: Revealed) -> None:
        """Put the details in the place of the room."""
        details = {
            "simulated": True,
            "number": revealed.number,
            "expiry": revealed.expiry,
            "cvv": revealed.cvv,
        }
        content = (json.dumps(details, indent=2) + "\n").encode()
        os.pwrite(self._handle, content, 0)
        os.ftruncate(self._handle, len(content))
        os.fsync(self._handle)


@contextmanager
def new_card_file(path: Path) -> Iterator[CardFile]:
    """A file to write details to; it is gone again if they were not.

    Raises `InvalidInput` where something is there already, `StorageFailed`.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise InvalidInput(f"{path} is there already", subject=str(path), param="--to") from None
    except OSError as error:
        raise InvalidInput(f"cannot make {path}: {error.strerror}", param="--to") from error
    try:
        yield CardFile(handle)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise StorageFailed(f"cannot write {path}: {error.strerror}", subject=str(path)) from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)


def read_details(flux: Invocation, path: Path | None) -> Presented:
    """A card's details from a private file, or typed at the terminal. Raises `InvalidInput`."""
    return _typed(flux) if path is None else _from_file(path)


def _from_file(path: Path) -> Presented:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(handle, "rb") as file:
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode):
                raise InvalidInput(f"{path} is no file", subject=str(path), param="--card")
            if about.st_mode & 0o077:
                raise InvalidInput(
                    f"others may read {path} (mode {about.st_mode & 0o777:04o})",
                    subject=str(path),
                    param="--card",
                    fixes=(Fix("make it private", ("chmod", "600", str(path))),),
                )
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}", param="--card") from error
    return _parsed(content, path)


def _parsed(content: bytes, path: Path) -> Presented:
    # The parser's own message could quote the card.
    wanted = InvalidInput(
        f"{path} does not hold a card's details",
        subject=str(path),
        param="--card",
        fixes=(Fix('write {"number": "…", "expiry": "MM/YY", "cvv": "…"}, as reveal --to does'),),
    )
    try:
        found = json.loads(content) if len(content) <= LARGEST else None
    except (ValueError, RecursionError):
        raise wanted from None
    if not isinstance(found, dict):
        raise wanted
    values = [value for name in FIELDS if isinstance(value := found.get(name), str)]
    if len(values) != len(FIELDS):
        raise wanted
    return Presented(*values)


def _typed(flux: Invocation) -> Presented:
    """What is typed at the terminal itself, unseen, as a shop's till would take it."""
    import getpass

    if flux.no_input or flux.environ.get("CI") or not flux.terminal.err_is_tty:
        raise InvalidInput(
            "nobody is here to type the card's details",
            param="--card",
            fixes=(Fix("give the private file that `flux cards reveal --to FILE` wrote"),),
        )
    try:
        with open("/dev/tty", "w", encoding="utf-8") as tty:
            said = [getpass.getpass(f"card's {name}: ", stream=tty) for name in FIELDS]
    except (OSError, EOFError) as error:
        raise InvalidInput("there is no terminal to type at", param="--card") from error
    return Presented(*(one.strip() for one in said))
