"""`--fail-on`: which ways a run may end make the command fail, for pipelines that expect some."""

from __future__ import annotations

from typing import Annotated

import typer

from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.errors import InvalidInput

ENDINGS = {
    "denied": ExitCode.DENIED,
    "funds": ExitCode.FUNDS,
    "conflict": ExitCode.CONFLICT,
    "temporary": ExitCode.TEMPORARY,
    "pending": ExitCode.PENDING,
    "integrity": ExitCode.INTEGRITY,
}
"""Each word and the number it is; damage is never a way for a run to end, and always fails."""

FailOn = Annotated[
    str | None,
    typer.Option(
        "--fail-on",
        metavar="WORD,WORD",
        help="Fail only if something was: " + ", ".join(ENDINGS) + ".",
    ),
]
"""Without it a run fails by its own end; a denied purchase is then one of its results."""


def read_fail_on(text: str | None) -> frozenset[ExitCode] | None:
    """The numbers that are to be failures, None for the usual ones. Raises `InvalidInput`."""
    if text is None:
        return None
    words = [word.strip() for word in text.split(",")]
    unknown = [word for word in words if word not in ENDINGS]
    if unknown:
        raise InvalidInput(
            f"{unknown[0][:40]!r} is no way to end: there are {', '.join(ENDINGS)}",
            param="--fail-on",
        )
    return frozenset(ENDINGS[word] for word in words)


def failure_of(ended: ExitCode, fails: frozenset[ExitCode]) -> ExitCode | None:
    """The number that an ending fails with, or None; every denial is also a plain one."""
    denials = (ExitCode.DENIED, ExitCode.FUNDS, ExitCode.CONFLICT)
    if ended in fails:
        return ended
    return ExitCode.DENIED if ended in denials and ExitCode.DENIED in fails else None
