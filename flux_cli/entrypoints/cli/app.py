"""The `flux` command: finds the module for a word, and ends every failure with its number."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.interruption import Interrupted, Terminated, sigterm_raises
from flux_cli.entrypoints.cli.nouns import ENTRIES, SECTIONS, Entry
from flux_cli.entrypoints.cli.terminal import ReaderLeft, Terminal, open_terminal
from flux_cli.errors import FluxError, StorageFailed

if TYPE_CHECKING:
    # Imported where a failure happens; a command that works need not wait for it.
    from flux_cli.entrypoints.cli.failures import Failure


class Root(TyperGroup):
    """Lists every word from a table, and imports only the module of the word that is called."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for entry in ENTRIES:
            self.commands[entry.name] = TyperCommand(entry.name, help=entry.summary)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the word among the table's, then load what stands behind it."""
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None and command is not None:
            command = loaded(next(entry for entry in ENTRIES if entry.name == name))
        return name, command, rest

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Write the words under the headings of the table."""
        for section in SECTIONS:
            rows = [(entry.name, entry.summary) for entry in ENTRIES if entry.section == section]
            if rows:
                with formatter.section(section):
                    formatter.write_dl(rows)


def loaded(entry: Entry) -> Any:
    """The command behind a word, from the `app` of its module."""
    typed: typer.Typer = importlib.import_module(entry.module).app
    command = typer.main.get_command(typed)
    command.name = entry.name
    return command


app = typer.Typer(
    cls=Root,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
)


@app.callback()
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Flux gives money to AI agents without giving them keys.

    An agent spends only what its policy, its budget and a quorum of five allow; every cent is
    in one ledger on this machine.
    """
    if version:
        from importlib.metadata import version as installed

        _terminal().write(f"flux {installed('flux-agents')}\n")
    elif context.invoked_subcommand is None:
        from flux_cli.entrypoints.cli.help_topics import START

        _terminal().write(START)
    if version:
        raise typer.Exit


def main(argv: Sequence[str] | None = None) -> None:
    """Console script: the one place where a failure becomes an exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if "_FLUX_COMPLETE" in os.environ:
        from typer import completion

        completion.completion_init()  # type: ignore[attr-defined]
    try:
        code = _ended(arguments)
    except ReaderLeft:
        _hush()
        code = ExitCode.READER_LEFT
    if code:
        sys.exit(int(code))


def _ended(arguments: list[str]) -> int:
    try:
        with sigterm_raises():
            code = app(arguments, prog_name="flux", standalone_mode=False) or ExitCode.OK
            if code == ExitCode.INTERRUPTED:
                # typer answers a Ctrl-C before any command with 130 and says nothing.
                raise Interrupted
            return int(code)
    except Exception as error:
        return _report(_failure(error, arguments), arguments)
    except (Interrupted, KeyboardInterrupt, Terminated) as stop:
        terminated = isinstance(stop, Terminated)
        told = stop if isinstance(stop, Interrupted) else Interrupted(terminated=terminated)
        from flux_cli.entrypoints.cli import failures

        return _report(failures.of_stop(told), arguments)


def _failure(error: Exception, arguments: Sequence[str]) -> Failure:
    from flux_cli.entrypoints.cli import failures
    from flux_cli.entrypoints.cli.refusal import Denial

    match error:
        case FluxError():
            return failures.of_flux_error(error, _listing(arguments))
        case Denial():
            return failures.of_denial(error)
        case typer.TyperException():
            return failures.of_usage(error)
        case typer.Abort():
            return failures.of_stop(Interrupted())
    words = {entry.name for entry in ENTRIES}
    return failures.of_bug(error, next((word for word in arguments if word in words), ""))


LISTS_OF = {
    "run": "runs",
    "proof": "payments",
    **dict.fromkeys(("pay", "freeze", "thaw", "wallets"), "agents"),
}
"""The noun whose list has what a daily verb names."""


def _listing(arguments: Sequence[str]) -> tuple[str, ...]:
    """The command that lists what these arguments name, where there is one."""
    entries = {entry.name: entry for entry in ENTRIES}
    word = next((one for one in arguments if one in entries), "")
    entry = entries.get(LISTS_OF.get(word, word))
    listed = entry is not None and "list" in getattr(loaded(entry), "commands", ())
    return ("flux", entry.name, "list") if entry is not None and listed else ()


def _report(failure: Failure, arguments: Sequence[str]) -> int:
    from flux_cli.entrypoints.cli.failures import failure_json, failure_lines

    terminal = _terminal()
    if wants_json(arguments):
        from flux_cli.entrypoints.cli.output import json_text

        indent = None if _wants_jsonl(arguments) else 2
        text = json_text(failure_json(failure), ascii_only=not terminal.utf8, indent=indent)
        try:
            terminal.write(text + "\n")
        except StorageFailed:
            terminal.say(failure_lines(failure))  # stdout is full: stderr is all there is
    else:
        terminal.say(failure_lines(failure))
    return int(failure.exit_code)


_JSON_WORD = re.compile(r"--json|--jq(=.*)?|--output=jsonl?|-[a-z]*o=?jsonl?", re.DOTALL)
_OUTPUT_WORD = re.compile(r"--output|-[a-z]*o")


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether the command line asks for JSON, even one that cannot be parsed."""
    words = list(arguments)[: arguments.index("--")] if "--" in arguments else list(arguments)
    asked = any(_JSON_WORD.fullmatch(word) for word in words)
    return asked or any(
        _OUTPUT_WORD.fullmatch(word) and value in {"json", "jsonl"}
        for word, value in pairwise(words)
    )


def _wants_jsonl(arguments: Sequence[str]) -> bool:
    return any(word.endswith("jsonl") for word in arguments)


def _terminal() -> Terminal:
    return open_terminal(os.environ)


def _hush() -> None:
    """Point stdout at nothing, so that Python's last flush does not complain either."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        return
