"""`flux completion SHELL`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.verb import TEXT_ONLY, daily, verb

app = daily()


class Shell(StrEnum):
    """The shells we can complete in."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@verb(
    app,
    "completion",
    without=TEXT_ONLY,
    examples=(
        "flux completion bash > ~/.local/share/bash-completion/completions/flux",
        'flux completion zsh > "${fpath[1]}/_flux"',
        "flux completion fish > ~/.config/fish/completions/flux.fish",
    ),
)
def print_script(
    flux: Invocation,
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Print the script that lets SHELL complete flux's commands and options."""
    from typer import completion

    script = completion.get_completion_script(  # type: ignore[attr-defined]
        prog_name="flux", complete_var="_FLUX_COMPLETE", shell=shell.value
    )
    flux.print(script)
