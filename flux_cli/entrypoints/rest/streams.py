"""Streams: money per second, opened, paused, topped up, closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Path
from starlette.responses import Response

from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.streams import Stream, StreamState, Terms, parse_rate
from flux_cli.entrypoints.rest import forms
from flux_cli.entrypoints.rest.call import (
    Answer,
    Call,
    IdempotencyKey,
    MayPay,
    MayRead,
    listed,
    room,
    shown,
    told,
)
from flux_cli.entrypoints.rest.outs import PageOf, StreamOut, problems
from flux_cli.entrypoints.rest.pages import After, AgentName, Limit, page
from flux_cli.entrypoints.rest.payments import AWAITED, outcome, parties, quietly
from flux_cli.usecases import streams as engine
from flux_cli.usecases.describe_run import Document

router = room("/v1", "streams")

StreamId = Annotated[str, Path(min_length=1, max_length=64)]
MADE: dict[int | str, dict[str, Any]] = {**AWAITED, **problems(403, 404, 409, 422)}


@router.post("/streams", status_code=201, response_model=StreamOut, responses=MADE)
def open_stream(form: forms.StreamForm, call: MayPay, key: IdempotencyKey) -> Response:
    """Open a stream once its funds are approved; repeat with the same key where they wait."""
    with call.deps.store.reading() as reader:
        parties(call, reader, form.from_agent, form.to_agent)
    terms = Terms(
        payer=form.from_agent,
        payee=form.to_agent,
        rate=parse_rate(form.rate),
        fund=forms.money(form.fund),
        cap=forms.some_money(form.cap),
        lasts_seconds=form.lasts_seconds,
        memo=form.memo,
    )
    case = engine.Case(form.justification, forms.some_money(form.expected_return))

    def carry_out(engine_key: str) -> Answer:
        made = engine.open_stream(call.deps, terms, case, key=engine_key, progress=quietly)
        return _answer(call, made, 201)

    return call.once(key, form, carry_out)


@router.get("/streams", response_model=PageOf[StreamOut])
def list_streams(
    call: MayRead,
    limit: Limit = 20,
    after: After = None,
    agent: AgentName = None,
    status: StreamState | None = None,
) -> Response:
    """List streams, newest first; `agent` is who pays."""
    with call.deps.store.reading() as reader:
        found, following = page(
            call, reader, Stream, _names, limit, after, payer=agent, state=status
        )
    return listed([_told(call, one) for one in found], following)


@router.get("/streams/{stream_id}", response_model=StreamOut, responses=problems(404))
def show_stream(stream_id: StreamId, call: MayRead) -> Response:
    """Show a stream with what it has accrued by now."""
    return shown(_told(call, _seen(call, stream_id, acting=False)))


@router.post("/streams/{stream_id}/top_up", response_model=StreamOut, responses=MADE)
def top_up(
    stream_id: StreamId, form: forms.TopUpForm, call: MayPay, key: IdempotencyKey
) -> Response:
    """Add funds once they are approved."""
    case = engine.Case(form.justification, forms.some_money(form.expected_return))
    amount = forms.money(form.amount)
    _seen(call, stream_id, acting=True)

    def carry_out(engine_key: str) -> Answer:
        made = engine.top_up(call.deps, stream_id, amount, case, key=engine_key, progress=quietly)
        return _answer(call, made, 200)

    return call.once(key, form, carry_out)


@router.post("/streams/{stream_id}/settle", response_model=StreamOut, responses=MADE)
def settle(stream_id: StreamId, form: forms.Nothing, call: MayPay, key: IdempotencyKey) -> Response:
    """Pay the payee what has accrued."""
    return _act(call, stream_id, form, key, lambda: engine.settle_stream(call.deps, stream_id))


@router.post("/streams/{stream_id}/pause", response_model=StreamOut, responses=MADE)
def pause(stream_id: StreamId, form: forms.Nothing, call: MayPay, key: IdempotencyKey) -> Response:
    """Stop the clock."""
    return _act(call, stream_id, form, key, lambda: engine.pause_stream(call.deps, stream_id))


@router.post("/streams/{stream_id}/resume", response_model=StreamOut, responses=MADE)
def resume(stream_id: StreamId, form: forms.Nothing, call: MayPay, key: IdempotencyKey) -> Response:
    """Let the clock run on."""
    return _act(call, stream_id, form, key, lambda: engine.resume_stream(call.deps, stream_id))


@router.post("/streams/{stream_id}/close", response_model=StreamOut, responses=MADE)
def close(stream_id: StreamId, form: forms.Nothing, call: MayPay, key: IdempotencyKey) -> Response:
    """Pay what is owed, give the rest back, and end the stream."""
    return _act(call, stream_id, form, key, lambda: engine.close_stream(call.deps, stream_id))


def _act(
    call: Call, stream_id: str, form: forms.Nothing, key: str, act: Callable[[], Stream]
) -> Response:
    _seen(call, stream_id, acting=True)
    return call.once(key, form, lambda _: Answer(200, _told(call, act())))


def _answer(call: Call, made: Stream | PaymentIntent, done: int) -> Answer:
    if isinstance(made, PaymentIntent):
        return outcome(call, made)
    return Answer(done, _told(call, made))


def _told(call: Call, stream: Stream) -> Document:
    with call.deps.store.reading() as reader:
        now = engine.clock(reader)
    return told("stream", engine.describe_stream(stream, now))


def _names(stream: Stream) -> tuple[str, ...]:
    return (stream.payer, stream.payee)


def _seen(call: Call, stream_id: str, *, acting: bool) -> Stream:
    """The stream, if the key sees a side of it; `acting`, if it acts for its payer."""
    with call.deps.store.reading() as reader:
        stream = reader.lookup(Stream, id=stream_id)
        names = () if stream is None else (stream.payer,) if acting else _names(stream)
        return call.own(reader, stream, names, "stream")
