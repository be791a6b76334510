"""`flux skill`: what an agent needs to know to use Flux from a shell, as a skill file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flux_cli.bootstrap import LoadedExports
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.verb import TEXT_ONLY, daily, verb
from flux_cli.errors import StorageFailed

app = daily()

SKILL = Path(__file__).with_name("skill.md")
FOLDER = "flux"
"""A skill's folder has the skill's name."""


@verb(app, "skill", without=TEXT_ONLY, examples=("flux skill", "flux skill -o .claude/skills"))
def skill(
    flux: Invocation,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Write DIR/flux/SKILL.md instead."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the one that is there.")] = False,
) -> None:
    """Print a skill file for agents that have a shell: how to use Flux, safely.

    With -o it is written where a client looks for skills.
    """
    text = SKILL.read_text(encoding="utf-8")
    if out is None:
        flux.print(text)
        return
    path = flux.cwd / out / FOLDER / "SKILL.md"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFailed(
            f"cannot make {path.parent}: {error.strerror}", subject=str(path.parent)
        ) from error
    with LoadedExports().file(path, replace=force) as file:
        file.write(text)
    flux.print(str(path))
