"""Streams: opened and funded by leave of the kernel and the quorum, paid as time passes.

A freeze of the economy, the payer or the payee does not stop the clock: what accrues meanwhile is
owed, and nothing of it is paid, nor anything returned, until the thaw. A pause stops the clock,
and is possible under a freeze.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from flux_cli.domain.free_text import bounded
from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent, Share
from flux_cli.domain.journal import EntryKind, stream_account, transfer, wallet
from flux_cli.domain.money import Money
from flux_cli.domain.quorum import Urgency
from flux_cli.domain.runs import step_key
from flux_cli.domain.streams import Stream, StreamState, Terms
from flux_cli.errors import Fix, InvalidAmount, InvalidInput, WrongState
from flux_cli.usecases.capture_payment import cancel_payment, capture_into
from flux_cli.usecases.describe_run import Document, shallow
from flux_cli.usecases.freeze import obey_freeze
from flux_cli.usecases.idempotency import check_key
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps, Progress, Reader, Transaction
from flux_cli.usecases.request_money import request_money

WAITING = frozenset(
    {
        IntentState.DRAFT,
        IntentState.DENIED,
        IntentState.AWAITING_QUORUM,
        IntentState.AWAITING_OWNER,
    }
)
"""The money is not granted, or not yet; the caller is told by the intent."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is said for the money, and the most the owner lets it be.

    Where the seats are asked, one of them refuses money for which no deliverable is named.
    """

    justification: str = ""
    claimed_return: Money | None = None
    deliverables: tuple[str, ...] = ()
    budget: Money | None = None


def open_stream(
    deps: Deps, terms: Terms, case: Case, *, key: str, progress: Progress
) -> Stream | PaymentIntent:
    """Ask for the funds and open the stream once they are approved, once for each key.

    The intent comes back instead where it is denied or waits; call again with the same key after
    its approval. Raises `InvalidInput`, `NotFound`, `Frozen`, `KeyReused` where the key names
    another request, and `WrongState` where its hold was given back or paid out meanwhile.
    """
    check_key(key)
    intent_key = f"stream:{key}"
    with deps.store.reading() as reader:
        if reader.lookup(PaymentIntent, key=intent_key) is None:
            _refuse_impossible(terms, clock(reader))
    request = _request(terms, terms.fund, f"a stream of {_in_words(terms)}", case)
    intent = request_money(deps, request, key=intent_key, progress=progress)
    if intent.state in WAITING:
        return intent
    with deps.store.begin() as tx:
        opened = tx.lookup(Stream, key=key)
        return opened or _open(deps, tx, terms, tx.get(PaymentIntent, intent.id), key)


def _open(deps: Deps, tx: Transaction, terms: Terms, intent: PaymentIntent, key: str) -> Stream:
    now, nothing = clock(tx), Money(0, terms.fund.asset)
    _still_held(tx, intent)
    obey_freeze(tx, terms.payer, terms.payee)
    stream = Stream(
        id=deps.ids.new("stream"),
        key=key,
        state=StreamState.ACTIVE,
        payer=terms.payer,
        payee=terms.payee,
        rate=terms.rate,
        funded=terms.fund,
        paid=nothing,
        returned=nothing,
        ran_before=0,
        running_since=now,
        cap=terms.cap,
        ends_at=terms.end(now),
        memo=bounded(terms.memo, 600),
        intent_ids=(intent.id,),
        created_at=now,
        updated_at=now,
    )
    capture_into(tx, intent, stream_account(stream.id))
    tx.put(stream, "stream.opened")
    return stream


def top_up(
    deps: Deps, stream_id: str, amount: Money, case: Case, *, key: str, progress: Progress
) -> Stream | PaymentIntent:
    """Ask for more funds and add them once approved, once for each key of a stream.

    The intent comes back instead where it is denied or waits. They also pay for the time the
    stream ran without money. Raises as `open_stream` does, and `WrongState` for an ended stream,
    whose approved top-up is given back.
    """
    if amount.units <= 0:
        raise InvalidAmount("top up with more than nothing", param="AMOUNT")
    check_key(key)
    intent_key = f"topup:{stream_id}:{key}"
    with deps.store.reading() as reader:
        stream = reader.get(Stream, stream_id)
        if reader.lookup(PaymentIntent, key=intent_key) is None:
            _refuse_ended(stream)
    terms = Terms(stream.payer, stream.payee, stream.rate, amount, stream.cap, stream.ends_at)
    request = _request(terms, amount, f"more for {stream.id}", case)
    intent = request_money(deps, request, key=intent_key, progress=progress)
    if intent.state in WAITING:
        return intent
    with deps.store.begin() as tx:
        stream = tx.get(Stream, stream_id)
        if intent.id in stream.intent_ids:
            return stream
        if stream.state is not StreamState.ENDED:
            return _add(tx, stream, tx.get(PaymentIntent, intent.id))
    cancel_payment(deps, intent.id)
    raise _ended(stream)


def _add(tx: Transaction, stream: Stream, intent: PaymentIntent) -> Stream:
    _still_held(tx, intent)
    obey_freeze(tx, stream.payer, stream.payee)
    capture_into(tx, intent, stream_account(stream.id))
    fuller = replace(
        stream,
        funded=stream.funded + intent.amount,
        intent_ids=(*stream.intent_ids, intent.id),
        updated_at=clock(tx),
    )
    tx.put(fuller, "stream.topped_up")
    return fuller


def settle_stream(deps: Deps, stream_id: str) -> Stream:
    """Pay the payee what has accrued and is not yet paid; where that is nothing, change nothing.

    Raises `NotFound`, `Frozen`.
    """
    with deps.store.begin() as tx:
        stream = tx.get(Stream, stream_id)
        if stream.state is StreamState.ENDED:
            return stream
        obey_freeze(tx, stream.payer, stream.payee)
        return _settled(tx, stream)


def pause_stream(deps: Deps, stream_id: str) -> Stream:
    """Stop the clock, to the microsecond; nothing is paid. Repeats change nothing.

    Raises `NotFound`, and `WrongState` for an ended stream.
    """
    with deps.store.begin() as tx:
        stream = tx.get(Stream, stream_id)
        _refuse_ended(stream)
        if stream.state is StreamState.PAUSED:
            return stream
        paused = stream.stopped(clock(tx), StreamState.PAUSED)
        tx.put(paused, "stream.paused")
        return paused


def resume_stream(deps: Deps, stream_id: str) -> Stream:
    """Let the clock run on from where it stopped. Repeats change nothing.

    Raises `NotFound`, `Frozen`, and `WrongState` for a stream that has ended or is past its end.
    """
    with deps.store.begin() as tx:
        stream, now = tx.get(Stream, stream_id), clock(tx)
        _refuse_ended(stream)
        if stream.state is StreamState.ACTIVE:
            return stream
        if stream.ends_at is not None and now >= stream.ends_at:
            raise WrongState("it was to run until an earlier time: close it", subject=stream.id)
        obey_freeze(tx, stream.payer, stream.payee)
        resumed = replace(stream, state=StreamState.ACTIVE, running_since=now, updated_at=now)
        tx.put(resumed, "stream.resumed")
        return resumed


def close_stream(deps: Deps, stream_id: str) -> Stream:
    """Pay what is owed, return all the rest to the payer and end the stream, in one transaction.

    Repeats change nothing. Raises `NotFound`, `Frozen`.
    """
    with deps.store.begin() as tx:
        stream = tx.get(Stream, stream_id)
        if stream.state is StreamState.ENDED:
            return stream
        obey_freeze(tx, stream.payer, stream.payee)
        stream = _settled(tx, stream)
        rest = stream.locked
        if rest.units:
            tx.post(
                transfer(
                    step_key(stream.id, "", "remainder"),
                    EntryKind.ESCROW_REFUND,
                    stream_account(stream.id),
                    wallet(stream.payer),
                    rest,
                    memo="not streamed",
                    reference=stream.id,
                )
            )
        ended = replace(stream.stopped(clock(tx), StreamState.ENDED), returned=rest)
        tx.put(ended, "stream.ended")
        return ended


def _settled(tx: Transaction, stream: Stream) -> Stream:
    now = clock(tx)
    owed = stream.owed(now)
    if owed.units == 0:
        return stream
    tx.post(
        transfer(
            # What is paid only grows, so each amount paid so far is the name of one payment.
            step_key(stream.id, "", "accrual", stream.paid.units),
            EntryKind.STREAM_ACCRUAL,
            stream_account(stream.id),
            wallet(stream.payee),
            owed,
            memo=stream.memo[:120],
            reference=stream.id,
        )
    )
    settled = replace(stream, paid=stream.paid + owed, updated_at=now)
    tx.put(settled, "stream.settled")
    return settled


def clock(reader: Reader) -> datetime:
    """The time streams go by: the machine's, but never behind what the ledger has recorded."""
    return max(reader.now, reader.ledger_time)


def describe_stream(stream: Stream, now: datetime) -> Document:
    """A stream with what it has accrued by `now`, what of it is owed, and when it runs out."""
    accrued = stream.accrued(now)
    hidden = {"key", "rate", "ran_before", "running_since"}
    document = {name: value for name, value in shallow(stream).items() if name not in hidden}
    amount = Money(stream.rate.units, stream.funded.asset)
    return document | {
        "rate": {"amount": amount, "per_seconds": stream.rate.per_seconds},
        "accrued": accrued,
        "owed": stream.owed(now),
        "left": stream.funded - stream.returned - accrued,
        "ran_microseconds": stream.ran(now),
        "runs_out_at": stream.runs_out_at(),
        "counted_at": now,
        "simulated": True,
    }


def _request(terms: Terms, amount: Money, what: str, case: Case) -> MoneyRequest:
    memo = f": {terms.memo}" if terms.memo else ""
    return MoneyRequest(
        requester=terms.payer,
        amount=amount,
        shares=(Share(terms.payee, amount),),
        purpose=what + memo,
        justification=case.justification,
        claimed_return=case.claimed_return,
        urgency=Urgency.LOW,
        plan_digest=terms.digest,
        reference="",
        escrowed=False,
        budget=case.budget,
        category="stream",
        capture_method=CaptureMethod.ESCROW,
        deliverables=case.deliverables,
    )


def _in_words(terms: Terms) -> str:
    return f"{terms.rate.in_words(terms.fund.asset)} to {terms.payee}"


def _refuse_impossible(terms: Terms, now: datetime) -> None:
    """Raise `InvalidInput` for terms under which nothing could ever be paid."""
    if terms.fund.units <= 0:
        raise InvalidAmount("fund a stream with more than nothing", param="--fund")
    if terms.cap is not None and (terms.cap.units <= 0 or terms.cap.asset != terms.fund.asset):
        raise InvalidAmount("a cap is more than nothing, of what funds it", param="--cap")
    if terms.ends_at is not None and terms.ends_at <= now:
        raise InvalidInput("a stream ends in the future", param="--until")
    if terms.ends_at is not None and terms.lasts_seconds is not None:
        raise InvalidInput("say when it ends, or how long it lasts", param="--for")


def _refuse_ended(stream: Stream) -> None:
    if stream.state is StreamState.ENDED:
        raise _ended(stream)


def _ended(stream: Stream) -> WrongState:
    return WrongState("the stream has ended; open another", subject=stream.id)


def _still_held(reader: Reader, intent: PaymentIntent) -> None:
    """Raise `WrongState` unless all of an approved intent's money is on hold and in time."""
    if intent.on_hold == intent.amount and clock(reader) < intent.expires_at:
        return
    raise WrongState(
        f"its funds are not on hold any more: the payment is {intent.state}",
        subject=intent.id,
        fixes=(Fix("ask again under another key"),),
    )
