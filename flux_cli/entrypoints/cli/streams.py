"""`flux streams open|list|show|topup|settle|pause|resume|close`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.streams import (
    Stream,
    StreamState,
    Terms,
    parse_duration,
    parse_rate,
)
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.options import LIST, MONEY, amount, moment
from flux_cli.entrypoints.cli.outcomes import refuse
from flux_cli.entrypoints.cli.pages import filters, page
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.errors import InvalidInput
from flux_cli.usecases.ports import Deps, Reader
from flux_cli.usecases.streams import (
    Case,
    clock,
    close_stream,
    describe_stream,
    open_stream,
    pause_stream,
    resume_stream,
    settle_stream,
    top_up,
)
from flux_cli.usecases.view_agents import agent_named
from flux_cli.usecases.view_payments import summarise_payment

T = TypeVar("T")

app = noun("Money per second, from one agent to another.")

COLUMNS = (
    Column("id", "id", "id"),
    Column("payer", "from"),
    Column("payee", "to"),
    Column("rate_text", "rate", "number"),
    Column("owed", "owed", "money"),
    Column("paid", "paid", "money"),
    Column("left", "left", "money"),
    Column("state", "state", "status"),
)
SHOWN = (
    *("id", "state", "payer", "payee", "rate_text", "memo", "accrued", "owed", "paid", "left"),
    *("funded", "returned", "cap", "runs_out_at", "ends_at", "created_at", "counted_at"),
)
"""What people see of a stream, in order."""

ID = Annotated[str, typer.Argument(metavar="ID", help="The stream's id, or its start.")]
WHY = Annotated[str, typer.Option("--why", help="What the money is for, as the seats read it.")]
RETURN = Annotated[
    str | None,
    typer.Option("--expected-return", metavar="USD", help="What the owner expects back."),
]
DELIVERABLE = Annotated[
    list[str] | None,
    typer.Option("--deliverable", help="What is delivered for it; repeatable."),
]
GRANTED = MONEY - {"dry_run"}


@verb(
    app,
    "open",
    options=GRANTED,
    examples=(
        "flux streams open orchestrator researcher --rate 0.01/s --fund 20",
        "flux streams open orchestrator researcher --rate 36/h --fund 20 --for 2h --cap 15",
    ),
)
def open_(
    flux: Invocation,
    payer: Annotated[str, typer.Argument(metavar="PAYER", help="Whose money it is.")],
    payee: Annotated[str, typer.Argument(metavar="PAYEE", help="Who earns it with time.")],
    rate: Annotated[str, typer.Option(metavar="RATE", help="How fast: 0.01/s, 36/h, 0.0001/90s.")],
    fund: Annotated[str, typer.Option(metavar="USD", help="How much to lock for it now.")],
    cap: Annotated[
        str | None, typer.Option(metavar="USD", help="The most it may ever pay.")
    ] = None,
    lasts: Annotated[
        str | None, typer.Option("--for", metavar="TIME", help="End after 90s, 15m, 2h, 3d.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="WHEN", help="End then, e.g. 2027-05-01T12:00:00Z.")
    ] = None,
    memo: Annotated[str, typer.Option(help="A note kept with it.")] = "",
    why: WHY = "",
    expected_return: RETURN = None,
    deliverable: DELIVERABLE = None,
) -> ExitCode:
    """Open a stream: its funds are asked for, judged, and locked until they are earned."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        payer, payee = agent_named(reader, payer).name, agent_named(reader, payee).name
    terms = Terms(
        payer=payer,
        payee=payee,
        rate=_named("--rate", parse_rate, rate),
        fund=amount(fund, "--fund"),
        cap=None if cap is None else amount(cap, "--cap"),
        ends_at=None if until is None else moment(until, "--until", flux.now),
        lasts_seconds=None if lasts is None else _named("--for", parse_duration, lasts),
        memo=memo,
    )
    key = flux.idempotency_key or deps.ids.new("event")
    case = _case(flux, why, expected_return, deliverable)
    answer = open_stream(deps, terms, case, key=key, progress=flux.progress)
    return _tell(flux, deps, answer, key, "money is locked for it and earned with time; simulated")


@verb(app, "list", options=LIST - {"run"}, examples=("flux streams list --status active",))
def list_(flux: Invocation) -> None:
    """List streams, newest first, with what has accrued by now; --agent is who pays."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        equal = filters(flux, reader, StreamState, "payer")
        streams, following = page(flux, reader, Stream, equal)
        rows = [_row(reader, stream) for stream in streams]
    empty = "no streams: `flux streams open` starts one"
    flux.show(Listing("stream", rows, COLUMNS, following, empty=empty))


@verb(app, "show", examples=("flux streams show str_01",))
def show(flux: Invocation, stream_id: ID) -> None:
    """Show a stream and what it has accrued by now, to the microsecond."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    _show(flux, deps, _found(deps, stream_id), "money is simulated")


@verb(
    app,
    "topup",
    options=GRANTED,
    examples=("flux streams topup str_01 20 --idempotency-key may",),
)
def topup(
    flux: Invocation,
    stream_id: ID,
    more: Annotated[str, typer.Argument(metavar="AMOUNT", help="How much more to lock.")],
    why: WHY = "",
    expected_return: RETURN = None,
    deliverable: DELIVERABLE = None,
) -> ExitCode:
    """Lock more money for a stream, which also pays for time it ran without any."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    stream, key = _found(deps, stream_id), flux.idempotency_key or deps.ids.new("event")
    money, case = amount(more, "AMOUNT"), _case(flux, why, expected_return, deliverable)
    answer = top_up(deps, stream.id, money, case, key=key, progress=flux.progress)
    return _tell(flux, deps, answer, key, f"{money} more is locked for it; simulated")


@verb(app, "settle", examples=("flux streams settle str_01",))
def settle(flux: Invocation, stream_id: ID) -> None:
    """Pay the payee what has accrued and is not yet paid."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    before = _found(deps, stream_id)
    stream = settle_stream(deps, before.id)
    paid = stream.paid - before.paid
    _show(flux, deps, stream, f"{stream.payee} was paid {paid}, simulated")


@verb(app, "pause", examples=("flux streams pause str_01",))
def pause(flux: Invocation, stream_id: ID) -> None:
    """Stop the clock of a stream; what has accrued stays owed."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    stream = pause_stream(deps, _found(deps, stream_id).id)
    _show(flux, deps, stream, f"paused; `flux streams resume {stream.id}` lets it run on")


@verb(app, "resume", examples=("flux streams resume str_01",))
def resume(flux: Invocation, stream_id: ID) -> None:
    """Let the clock of a paused stream run on."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    stream = resume_stream(deps, _found(deps, stream_id).id)
    _show(flux, deps, stream, "it runs; money is simulated")


@verb(app, "close", examples=("flux streams close str_01",))
def close(flux: Invocation, stream_id: ID) -> None:
    """Pay what is owed, return the exact rest to the payer, and end the stream."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    stream = close_stream(deps, _found(deps, stream_id).id)
    last = f"{stream.payee} earned {stream.paid}, {stream.payer} got back {stream.returned}"
    _show(flux, deps, stream, f"{last}; simulated")


def _found(deps: Deps, text: str) -> Stream:
    with deps.store.reading() as reader:
        return reader.resolve(Stream, text)


def _case(
    flux: Invocation, why: str, expected_return: str | None, deliverables: list[str] | None
) -> Case:
    expected = None if expected_return is None else amount(expected_return, "--expected-return")
    return Case(why, expected, tuple(deliverables or ()), flux.max_amount)


def _named(option: str, parse: Callable[[str], T], text: str) -> T:
    """What `text` says, or the refusal of it with the option it came from."""
    try:
        return parse(text)
    except InvalidInput as error:
        raise type(error)(error.message, param=option) from None


def _row(reader: Reader, stream: Stream) -> dict[str, object]:
    """A stream for a list: as it is described, its rate in words beside it."""
    words = stream.rate.in_words(stream.funded.asset)
    return describe_stream(stream, clock(reader)) | {"rate_text": words}


def _show(flux: Invocation, deps: Deps, stream: Stream, last: str) -> None:
    with deps.store.reading() as reader:
        whole = _row(reader, stream)
    shown = {name: whole[name] for name in SHOWN} if flux.for_people else whole
    flux.show(Document("stream", shown, headings={"rate_text": "rate"}, last=last))


def _tell(
    flux: Invocation, deps: Deps, answer: Stream | PaymentIntent, key: str, last: str
) -> ExitCode:
    """Show the stream, end as denied, or say what is waited for and how to go on."""
    if isinstance(answer, Stream):
        _show(flux, deps, answer, last)
        return ExitCode.OK
    document = Document("payment", summarise_payment(answer))
    if answer.state is IntentState.DENIED:
        refuse(flux, answer, document)
    flux.show(document)
    flux.note(f"{answer.state}; once it is approved, repeat this with --idempotency-key {key}")
    return ExitCode.PENDING
