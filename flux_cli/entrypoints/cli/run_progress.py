"""What a person reads while a run goes on: one sentence a step."""

from __future__ import annotations

from flux_cli.domain.text import visible
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.usecases.ports import Progress

SENTENCES = {
    "run": "run {id} (simulated money)",
    "planned": "plan: {tasks} tasks",
    "quote": "{agent} asks {price} for {task}, score {score}",
    "ballot": "{seat} votes {vote}, risk {risk}/10",
    "approved": "approved: {amount}, {yes} of 5 YES, {needed} needed",
    "waiting": "payment {payment} is {state}",
    "escrow": "{amount} from the card into escrow for {agent}",
    "working": "{agent} works on {task}",
    "submitted": "{agent} hands in {files} files",
    "revision": "{task} goes back: {failed}",
    "paid": "{agent} is paid {amount}: all {checks} checks passed",
    "refunded": "{agent} is not paid, the money came back: {reason}",
    "delivered": "{files} files delivered",
}
"""How each step of a run is said."""


def run_progress(flux: Invocation) -> Progress:
    """Sentences for a person at a terminal, `key=value` for a log."""
    if not flux.terminal.err_is_tty or flux.environ.get("CI"):
        return flux.progress

    def say(step: str, /, **facts: object) -> None:
        shown = {name: visible(str(value)) for name, value in facts.items()}
        flux.note("· " + SENTENCES[step].format(**shown))

    return say
