"""The options many commands share, each defined once."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from flux_cli.domain.money import CREDIT, Money, parse_money
from flux_cli.entrypoints.cli.output import Format
from flux_cli.errors import InvalidAmount, InvalidInput

COMMON = frozenset(
    {"output", "as_json", "fields", "jq", "quiet", "verbose", "color", "no_input", "yes"}
    | {"config_path", "db", "timeout"}
)
"""On every command, unless it says `without` one."""

LIST = frozenset({"limit", "after", "since", "until", "status", "agent", "run"})
"""For commands that list; leave out what the objects do not have: `LIST - {"run"}`."""

MONEY = frozenset({"dry_run", "idempotency_key", "max_amount"})
"""For commands that move money."""

PLAN = frozenset({"plan"})
WAIT = frozenset({"wait"})

LONGEST_PAGE = 1000


class Color(StrEnum):
    """When to colour."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def _option(
    name: str,
    type_: Any,
    default: Any,
    *declarations: str,
    panel: str,
    help: str,  # noqa: A002  (typer's word)
    **more: Any,
) -> inspect.Parameter:
    option = typer.Option(
        *declarations, help=help, rich_help_panel=panel, show_default=False, **more
    )
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[type_, option],
    )


_LISTS, _MONEY, _EVERY = "Which ones", "Money", "On every command"

SHARED: tuple[inspect.Parameter, ...] = (
    _option("limit", int, 50, "--limit", panel=_LISTS, min=1, max=LONGEST_PAGE, metavar="N",
            help="At most N of them (50, never more than 1000)."),
    _option("after", str | None, None, "--after", panel=_LISTS, metavar="CURSOR",
            help="Go on from the cursor the last page ended with."),
    _option("since", str | None, None, "--since", panel=_LISTS, metavar="WHEN",
            help="From then on: 2026-05-01, 2026-05-01T12:00:00Z, or 24h, 7d ago."),
    _option("until", str | None, None, "--until", panel=_LISTS, metavar="WHEN",
            help="Before then."),
    _option("status", str | None, None, "--status", panel=_LISTS, metavar="WORD",
            help="Only in this state."),
    _option("agent", str | None, None, "--agent", panel=_LISTS, metavar="ID",
            help="Only this agent's."),
    _option("run", str | None, None, "--run", panel=_LISTS, metavar="ID",
            help="Only this run's."),
    _option("dry_run", bool, False, "-n", "--dry-run", panel=_MONEY,
            help="Do all of it, show the result, keep nothing."),
    _option("plan", str | None, None, "--plan", panel=_MONEY, metavar="ID",
            help="Do what this dry run showed, or fail if the world has moved."),
    _option("idempotency_key", str | None, None, "--idempotency-key", panel=_MONEY,
            metavar="KEY", help="The same key never pays twice."),
    _option("max_amount", str | None, None, "--max-amount", panel=_MONEY, metavar="USD",
            help="Refuse to move more than this, e.g. 25.00."),
    _option("wait", bool, True, "--wait/--no-wait", panel=_MONEY,
            help="Wait for the outcome (the default), or return while it is pending."),
    _option("output", Format | None, None, "-o", "--output", panel=_EVERY,
            help="The form of the answer: a table at a terminal, tsv into a pipe."),
    _option("as_json", bool, False, "--json", panel=_EVERY, help="The same as -o json."),
    _option("fields", str | None, None, "--fields", panel=_EVERY, metavar="A,B",
            help="Only these fields; dots reach inside: amount.decimal."),
    _option("jq", str | None, None, "--jq", panel=_EVERY, metavar="EXPR",
            help="Put the JSON through this jq expression."),
    _option("quiet", bool, False, "-q", "--quiet", panel=_EVERY,
            help="Only ids, one a line."),
    _option("verbose", bool, False, "-v", "--verbose", panel=_EVERY, help="Say more on stderr."),
    _option("color", Color, Color.AUTO, "--color", panel=_EVERY, help="When to colour."),
    _option("no_input", bool, False, "--no-input", panel=_EVERY,
            help="Never ask; implied in CI and without a terminal."),
    _option("yes", bool, False, "-y", "--yes", panel=_EVERY,
            help="Answer routine questions with yes; loosens no policy."),
    _option("config_path", Path | None, None, "--config", panel=_EVERY, metavar="PATH",
            help="Your configuration file. [env: FLUX_CONFIG]"),
    _option("db", Path | None, None, "--db", panel=_EVERY, metavar="PATH",
            help="The ledger. [env: FLUX_DB]"),
    _option("timeout", float | None, None, "--timeout", panel=_EVERY, metavar="SECONDS",
            help="Give up after this long."),
)  # fmt: skip
"""In the order the help shows them: a command's own come before all of these."""


def shared(names: Iterable[str]) -> tuple[inspect.Parameter, ...]:
    """The parameters called `names`, in the order of the help."""
    wanted = set(names)
    unknown = wanted - {parameter.name for parameter in SHARED}
    assert not unknown, f"no shared option {sorted(unknown)}"
    return tuple(parameter for parameter in SHARED if parameter.name in wanted)


_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, option: str, now: datetime) -> datetime:
    """A time in UTC from RFC 3339, a date, or `24h` before `now`. Raises `InvalidInput`."""
    number, unit = text[:-1], text[-1:]
    if unit in _UNITS and number.isascii() and number.isdigit() and len(number) <= 5:
        return now - timedelta(**{_UNITS[unit]: int(number)})
    try:
        parsed = datetime.fromisoformat(text)
        # A bare date or time means UTC: the ledger has no other clock.
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(
            f"{text!r} is not a time: write 2026-05-01, 2026-05-01T12:00:00Z, 24h or 7d",
            param=option,
        ) from None


def amount(text: str, option: str) -> Money:
    """An amount of CREDIT from `option`. Raises `InvalidAmount` naming it."""
    try:
        return parse_money(text, CREDIT)
    except InvalidAmount as error:
        raise InvalidAmount(error.message, param=option) from None


def seconds(value: float, option: str) -> float:
    """A time-out: positive, finite, at most a day. Raises `InvalidInput`."""
    if not 0 < value <= 86_400:
        raise InvalidInput("a time-out is more than 0 and at most 86400 seconds", param=option)
    return value
