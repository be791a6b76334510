"""`flux help TOPIC`, and `flux help COMMAND` for who writes it that way round."""

from __future__ import annotations

from typing import Annotated

import typer

from flux_cli.entrypoints.cli.help_topics import ABOUT, TOPICS
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.nouns import ENTRIES
from flux_cli.entrypoints.cli.verb import TEXT_ONLY, daily, verb
from flux_cli.errors import Fix, NotFound

app = daily()


@verb(
    app, "help", without=TEXT_ONLY, examples=("flux help exit-codes", "flux help payments request")
)
def explain(
    flux: Invocation,
    topic: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TOPIC]", help="exit-codes, env, formats, or a command's words."),
    ] = None,
) -> None:
    """Explain exit codes, environment variables, output formats or a command."""
    words = topic or []
    name = " ".join(words)
    if not words:
        flux.print("".join(f"flux help {name:<12}{said}\n" for name, said in ABOUT.items()))
    elif name in TOPICS:
        flux.print(TOPICS[name]())
    elif words[0] in {entry.name for entry in ENTRIES}:
        # Here, where the commands are already loaded: they import this module's neighbours.
        from flux_cli.entrypoints.cli.app import app as root

        root([*words, "--help"], prog_name="flux", standalone_mode=False)
    else:
        fixes = tuple(Fix("read", ("flux", "help", one)) for one in TOPICS)
        raise NotFound(f"no help on {name!r}", subject=name, param="TOPIC", fixes=fixes)
