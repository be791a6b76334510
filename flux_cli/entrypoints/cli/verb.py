"""How a command is declared: its own parameters, and the shared options added after them."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from flux_cli.entrypoints.cli import options as shared_options
from flux_cli.entrypoints.cli.exit_codes import ExitCode, exit_code_of
from flux_cli.entrypoints.cli.interruption import Interrupted, Terminated
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.output import Format, Wish
from flux_cli.entrypoints.cli.terminal import open_terminal
from flux_cli.errors import Fix, FluxError, InvalidInput

TEXT_ONLY = frozenset({"output", "as_json", "fields", "jq", "quiet", "yes", "db", "timeout"})
"""What to leave out `without` where the answer is a text and not a document."""

LONGEST_SENTENCE = 1_000
"""Characters of a verb's first sentence that its noun's help shows: all of any sentence."""

Command = TypeVar("Command", bound=Callable[..., ExitCode | None])


def noun(summary: str) -> typer.Typer:
    """An app for one noun's verbs; without a verb it prints its help."""
    app = typer.Typer(
        cls=NounGroup,
        help=summary,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        invoke_without_command=True,
        subcommand_metavar="VERB [ARGS]...",
    )

    @app.callback()
    def without_a_verb(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            open_terminal(os.environ).write(context.get_help() + "\n")

    return app


def daily() -> typer.Typer:
    """An app for one verb that stands directly after `flux`."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def verb(
    app: typer.Typer,
    name: str,
    *,
    options: frozenset[str] = frozenset(),
    without: frozenset[str] = frozenset(),
    examples: tuple[str, ...] = (),
    hidden: bool = False,
) -> Callable[[Command], Command]:
    """Register a command that takes an `Invocation` first and its own parameters after.

    `options` are sets of shared names (`LIST`, `MONEY`); `without` leaves out common ones that
    mean nothing here. The command may return the `ExitCode` to end with; None is OK.
    """

    def register(command: Command) -> Command:
        signature = inspect.signature(command, eval_str=True)
        _, *own = signature.parameters.values()
        names = (shared_options.COMMON | options) - without
        added = shared_options.shared(names)
        clash = {parameter.name for parameter in own} & {parameter.name for parameter in added}
        assert not clash, f"{name}: {sorted(clash)} is both its own option and a shared one"

        def carry_out(context: typer.Context, **values: Any) -> ExitCode:
            mine = {parameter.name: values.pop(parameter.name) for parameter in own}
            title = context.command_path.partition(" ")[2]
            return _carried_out(command, opened(title, values), mine)

        _describe(carry_out, command, [*own, *added])
        app.command(
            name,
            cls=VerbCommand,
            epilog="\n".join(examples),
            hidden=hidden,
            options_metavar="[OPTIONS]",
        )(carry_out)
        return command

    return register


def _describe(
    wrapper: Callable[..., Any], command: Callable[..., Any], parameters: list[inspect.Parameter]
) -> None:
    """Give `wrapper` the signature Typer is to read; Typer asks for both forms of it."""
    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    keyed = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in parameters]
    wrapper.__name__ = command.__name__
    wrapper.__doc__ = command.__doc__
    wrapper.__annotations__ = {one.name: one.annotation for one in (context, *keyed)}
    wrapper.__signature__ = inspect.Signature([context, *keyed])  # type: ignore[attr-defined]


def _carried_out(
    command: Callable[..., ExitCode | None], invocation: Invocation, mine: Mapping[str, Any]
) -> ExitCode:
    try:
        invocation.form  # noqa: B018  (two formats at once are refused before money moves)
        code = command(invocation, **mine)
        invocation.send()
    except typer.Exit:
        invocation.send()  # ending with a number of its own is still an answer
        raise
    except FluxError as error:
        temporary = exit_code_of(error) is ExitCode.TEMPORARY
        if temporary and not error.fixes and invocation.resume:
            error.fixes = (Fix("then go on from where it stopped", invocation.resume),)
        raise
    except BrokenPipeError as error:
        # A pipe or socket of the command's own; typer would take it for stdout and say nothing.
        raise RuntimeError("a connection was closed while the command used it") from error
    except (KeyboardInterrupt, Terminated) as stop:
        terminated = isinstance(stop, Terminated)
        raise Interrupted(invocation.resume, terminated=terminated) from None
    return code if code is not None else ExitCode.OK


def opened(title: str, values: Mapping[str, Any]) -> Invocation:
    """The invocation that these shared options make in this process."""
    given = dict(values)
    now = datetime.now(UTC)
    wish = Wish(
        format=_format(given.pop("output", None), given.pop("as_json", False)),
        fields=given.pop("fields", None),
        jq=given.pop("jq", None),
        quiet=given.pop("quiet", False),
    )
    color = str(given.pop("color", "auto"))
    for name in ("since", "until"):
        if given.get(name) is not None:
            given[name] = shared_options.moment(given[name], f"--{name}", now)
    if given.get("max_amount") is not None:
        given["max_amount"] = shared_options.amount(given["max_amount"], "--max-amount")
    if given.get("timeout") is not None:
        given["timeout"] = shared_options.seconds(given["timeout"], "--timeout")
    return Invocation(
        command=title,
        terminal=open_terminal(os.environ, color),
        environ=os.environ,
        cwd=Path.cwd(),
        now=now,
        wish=wish,
        **given,
    )


def _format(output: Format | None, as_json: bool) -> Format | None:
    if as_json and output not in {None, Format.JSON}:
        raise InvalidInput(f"--json and -o {output} ask for two forms at once", param="--output")
    return Format.JSON if as_json else output


class NounGroup(TyperGroup):
    """Help with each verb's whole first sentence; it goes on below where a line is too short."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the verbs in the order of the module."""
        named = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [
            (name, command.get_short_help_str(limit=LONGEST_SENTENCE))
            for name, command in named
            if command is not None and not command.hidden
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class VerbCommand(TyperCommand):
    """Help in sections: a command's own options first, what every command has last."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """`FROM TO AMOUNT`, as the examples are typed: typer writes `{FROM} {TO} {AMOUNT}`."""
        pieces = super().collect_usage_pieces(ctx)
        return [re.sub(r"^\{(\w+)(\.{3})?\}.*", r"\1\2", piece) for piece in pieces]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options under the heading each belongs to."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            heading = getattr(parameter, "rich_help_panel", None) or "Options"
            if parameter.name == "help":
                heading = "On every command"
            elif parameter.param_type_name == "argument":
                heading = "Arguments"
            sections.setdefault(heading, []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Write the examples as they are to be typed; prose wrapping would run them together."""
        if self.epilog:
            with formatter.section("Examples"):
                for line in self.epilog.split("\n"):
                    formatter.write(f"  {line}\n")
