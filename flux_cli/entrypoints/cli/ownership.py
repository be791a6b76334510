"""Who is the owner: somebody at a terminal who types what is asked, or who holds the credential."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flux_cli.domain.text import visible
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.errors import Fix, OwnerRequired
from flux_cli.usecases.ports import Deps

TOKEN_VARIABLE = "FLUX_OWNER_TOKEN_FILE"  # noqa: S105 - the name of a variable
LARGEST_TOKEN_FILE = 4096

TokenFile = Annotated[
    Path | None,
    typer.Option(
        "--owner-token-file",
        metavar="PATH",
        envvar=TOKEN_VARIABLE,
        show_default=False,
        help="The file with the owner's credential, where nobody is at a terminal.",
    ),
]
"""A command's option for the credential, to be handed to `prove_owner`."""


def prove_owner(
    flux: Invocation,
    deps: Deps,
    what: str,
    typed: str,
    *,
    terminal_only: bool = False,
    token_file: Path | None = None,
) -> None:
    """Return only if the owner wants `what`, a sentence; else raise `OwnerRequired`.

    The owner is whoever holds the credential of `--owner-token-file` or FLUX_OWNER_TOKEN_FILE,
    or types `typed` at the terminal itself. A piped answer and `--yes` are nobody's word. With
    `terminal_only` the credential does not count either.
    """
    named = flux.environ.get(TOKEN_VARIABLE)
    given = token_file or (Path(named) if named else None)
    if given is not None and not terminal_only:
        deps.owner.establish()
        if not deps.owner.verify(_token(given)):
            raise OwnerRequired(
                f"{given} does not hold this ledger's owner's credential",
                subject=str(given),
                param="--owner-token-file",
            )
        return
    if flux.no_input or flux.environ.get("CI") or not flux.terminal.err_is_tty:
        raise OwnerRequired(f"{what} Only the owner may.", fixes=_fixes(terminal_only))
    if _answer(f"{what} Type {typed} to go on: ", terminal_only=terminal_only) != typed:
        raise OwnerRequired(f"that was not {typed}: nothing was done")


def _fixes(terminal_only: bool) -> tuple[Fix, ...]:
    at_terminal = Fix("run it at a terminal and confirm it there")
    with_file = Fix("or give the credential beside the ledger with --owner-token-file PATH")
    return (at_terminal,) if terminal_only else (at_terminal, with_file)


def _answer(question: str, *, terminal_only: bool) -> str:
    """What is typed at the terminal itself: stdin may be anybody's."""
    try:
        with open("/dev/tty", "r+b", buffering=0) as tty:
            tty.write(visible(question).encode())
            return tty.readline().decode(errors="replace").strip()
    except OSError as error:
        raise OwnerRequired(
            "there is no terminal to ask the owner at", fixes=_fixes(terminal_only)
        ) from error


def _token(path: Path) -> str:
    try:
        with path.open(encoding="ascii", errors="replace") as file:
            return file.read(LARGEST_TOKEN_FILE)
    except OSError as error:
        raise OwnerRequired(
            f"cannot read the owner's credential: {error.strerror}",
            subject=str(path),
            param="--owner-token-file",
        ) from error
