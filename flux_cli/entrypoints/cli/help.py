"""`flux help TOPIC`."""

from __future__ import annotations

from typing import Annotated

import typer

from flux_cli.entrypoints.cli.help_topics import TOPICS
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.verb import TEXT_ONLY, daily, verb
from flux_cli.errors import Fix, NotFound

app = daily()


@verb(app, "help", without=TEXT_ONLY)
def explain(
    flux: Invocation,
    topic: Annotated[str | None, typer.Argument(help="exit-codes, env or formats.")] = None,
) -> None:
    """Explain exit codes, environment variables or output formats."""
    if topic is None:
        flux.print("".join(f"flux help {name}\n" for name in TOPICS))
        return
    if topic not in TOPICS:
        fixes = tuple(Fix("read", ("flux", "help", name)) for name in TOPICS)
        raise NotFound(f"no help on {topic!r}", subject=topic, param="TOPIC", fixes=fixes)
    flux.print(TOPICS[topic]())
