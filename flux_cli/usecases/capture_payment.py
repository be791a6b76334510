"""What becomes of approved money: captured, in parts, cancelled, expired, or captured late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flux_cli.domain.intents import CaptureMethod, IntentState, PaymentIntent, payment_step
from flux_cli.domain.journal import Entry, EntryKind, Move, held, transfer, wallet
from flux_cli.domain.mandates import Mandate, MandateState
from flux_cli.domain.money import Money
from flux_cli.errors import Fix, InvalidAmount, InvalidInput, KeyReused, WrongState
from flux_cli.kernel.corrections import Correction, correct
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.correct_payment import correction_facts, record_correction
from flux_cli.usecases.draw_mandate import reserve, settle
from flux_cli.usecases.freeze import obey_freeze
from flux_cli.usecases.ports import Deps, Reader, Transaction

MOST_EXPIRED_AT_ONCE = 100


def pay_out(tx: Transaction, intent: PaymentIntent) -> None:
    """Move all of a just permitted intent's money to its payees, for the first time."""
    one = intent.shares[0]
    if len(intent.shares) == 1:
        entries = [_entry(intent, "pay", EntryKind.PAYMENT, wallet, one.payee, one.amount)]
    else:
        entries = [hold_entry(intent), _shared(intent)]
    tx.post_many(entries)
    _settle_mandate(tx, intent, captured=intent.amount)


def capture_into(tx: Transaction, intent: PaymentIntent, account: str) -> PaymentIntent:
    """Move all of an approved intent's hold into `account`, an escrow's or a stream's.

    What comes back from there later is no refund of the intent: its caps have counted it.
    """
    assert intent.on_hold.units > 0, "only what is on hold can be moved"
    amount = intent.on_hold
    tx.post(
        transfer(
            payment_step(intent.id, "into"),
            EntryKind.ESCROW_FUND,
            held(intent.requester),
            account,
            amount,
            memo=intent.purpose[:120],
            reference=intent.id,
            run_id=intent.run_id,
        )
    )
    _settle_mandate(tx, intent, captured=amount)
    moved = replace(intent, state=IntentState.CAPTURED, captured=intent.captured + amount)
    tx.put(moved, "payment.captured", run_id=intent.run_id)
    return moved


def capture_payment(
    deps: Deps, intent_id: str, amount: Money | None, *, final: bool, key: str
) -> PaymentIntent | Denied:
    """Pay all that is on hold, or `amount` of it; `final` gives the rest back.

    A hold that has expired is captured from the wallet again and flagged as late, if the kernel
    lets it. Raises `NotFound`, `WrongState`, `InvalidAmount`, `Frozen`, and `KeyReused` where the
    key names another capture.
    """
    with deps.store.begin() as tx:
        intent = tx.get(PaymentIntent, intent_id)
        entry_key = f"capture:{intent.id}:{key}"
        recorded = tx.entry(entry_key)
        if recorded is not None:
            arrived = sum(move.amount.units for move in recorded.entry.moves)
            if amount is not None and amount.units != arrived:
                raise KeyReused(f"{key!r} already names another capture", subject=intent.id)
            return intent
        if intent.capture_method is CaptureMethod.ESCROW:
            raise WrongState("its money is for an escrow or a stream", subject=intent.id)
        refuse_if_settling(intent)
        obey_freeze(tx, intent.requester)
        intent = _expired(tx, intent) if _is_due(tx, intent) else intent
        if intent.state is IntentState.EXPIRED:
            return _capture_late(deps, tx, intent, amount, key, entry_key)
        return _capture(tx, intent, amount, entry_key, final=final)


def _capture(
    tx: Transaction, intent: PaymentIntent, amount: Money | None, key: str, *, final: bool
) -> PaymentIntent:
    left = intent.on_hold
    if left.units == 0:
        raise WrongState(
            f"the payment is {intent.state}; nothing of it is on hold", subject=intent.id
        )
    wanted = _wanted(intent, amount, left)
    if len(intent.shares) > 1:
        tx.post(replace(_shared(intent), key=key))
    else:
        payee = intent.shares[0].payee
        tx.post(replace(_entry(intent, "", EntryKind.CAPTURE, held, payee, wanted), key=key))
    captured = replace(intent, captured=intent.captured + wanted)
    rest = captured.amount - captured.captured - captured.released
    if rest.units == 0:
        captured = replace(captured, state=IntentState.CAPTURED)
    _settle_mandate(tx, intent, captured=wanted)
    tx.put(captured, "payment.captured", run_id=intent.run_id)
    return give_back(tx, captured, IntentState.CAPTURED) if final and rest.units else captured


def _wanted(intent: PaymentIntent, amount: Money | None, most: Money) -> Money:
    """The amount to capture, checked. Raises `InvalidAmount`, `InvalidInput`."""
    wanted = most if amount is None else amount
    if wanted.asset != intent.amount.asset or not 0 < wanted.units <= most.units:
        raise InvalidAmount(f"capture more than nothing and at most {most}", param="--amount")
    if len(intent.shares) > 1 and wanted != intent.amount:
        raise InvalidInput("a payment to several payees is captured whole", param="--amount")
    return wanted


def _capture_late(
    deps: Deps,
    tx: Transaction,
    intent: PaymentIntent,
    amount: Money | None,
    key: str,
    entry_key: str,
) -> PaymentIntent | Denied:
    """Take from the wallet what was approved, released and is claimed after all."""
    wanted = _wanted(intent, amount, intent.released)
    if len(intent.shares) > 1:
        raise InvalidInput("a late capture has one payee", subject=intent.id)
    allowance = intent.released
    if intent.mandate_id is not None:
        allowance = min(allowance, _left_of(tx, intent.mandate_id))
    ask = Correction(
        purpose="late capture",
        key=key,
        amount=wanted,
        allowance=allowance,
        **correction_facts(tx, intent, intent.requester),
    )
    verdict = correct(ask)
    decision_id = record_correction(deps, tx, intent, ask, verdict)
    if isinstance(verdict, Denied):
        return verdict
    payee = intent.shares[0].payee
    entry = _entry(intent, "", EntryKind.CAPTURE, wallet, payee, wanted)
    tx.post(
        replace(
            entry,
            key=entry_key,
            decision_id=decision_id,
            memo="late: the hold had expired",
        )
    )
    late = replace(
        intent,
        state=IntentState.CAPTURED,
        captured=intent.captured + wanted,
        released=intent.released - wanted,
        late=True,
    )
    tx.put(late, "payment.captured_late", run_id=intent.run_id)
    if intent.mandate_id is not None:
        reserve(tx, intent.mandate_id, wanted)
        _settle_mandate(tx, intent, captured=wanted)
    return late


def _left_of(reader: Reader, mandate_id: str) -> Money:
    """What can still be spent under a mandate: nothing, once it has ended."""
    mandate = reader.get(Mandate, mandate_id)
    now = max(reader.now, reader.ledger_time)
    is_open = mandate.state is MandateState.ACTIVE and now < mandate.expires_at
    return mandate.left if is_open else Money(0, mandate.total.asset)


def cancel_payment(deps: Deps, intent_id: str) -> PaymentIntent:
    """Give up a payment that is not captured; what is on hold goes back.

    A payment that is cancelled already stays as it is.

    Raises `NotFound`, and `WrongState` for one that was captured, denied, carded or is unknown.
    """
    with deps.store.begin() as tx:
        intent = tx.get(PaymentIntent, intent_id)
        if intent.state is IntentState.CANCELLED:
            return intent
        if intent.state in WAITING:
            cancelled = replace(intent, state=IntentState.CANCELLED)
            tx.put(cancelled, "payment.cancelled", run_id=intent.run_id)
            return cancelled
        if intent.on_hold.units == 0:
            raise WrongState(
                f"the payment is {intent.state} and cannot be cancelled", subject=intent.id
            )
        refuse_if_settling(intent)
        ends = IntentState.CAPTURED if intent.captured.units else IntentState.CANCELLED
        return give_back(tx, intent, ends)


WAITING = (IntentState.DRAFT, IntentState.AWAITING_QUORUM, IntentState.AWAITING_OWNER)


def expire_payments(deps: Deps) -> list[PaymentIntent]:
    """Give back every hold, and end every request, whose time is over; an unknown outcome stays."""
    due: list[PaymentIntent] = []
    with deps.store.reading() as reader:
        for state in (IntentState.APPROVED, IntentState.AWAITING_OWNER):
            found = reader.find(PaymentIntent, state=state, oldest_first=True)
            due += [intent for intent in found if _is_due(reader, intent)]
    expired = []
    for listed in due[:MOST_EXPIRED_AT_ONCE]:
        with deps.store.begin() as tx:
            intent = tx.get(PaymentIntent, listed.id)
            if _is_due(tx, intent):
                expired.append(_expired(tx, intent))
    return expired


def _is_due(reader: Reader, intent: PaymentIntent) -> bool:
    over = max(reader.now, reader.ledger_time) >= intent.expires_at
    held_here = intent.on_hold.units > 0 and not intent.settles_outside
    return over and (intent.state is IntentState.AWAITING_OWNER or held_here)


def refuse_if_settling(intent: PaymentIntent) -> None:
    """Raise `WrongState` for what leaves by a chain: what was signed may still be sent."""
    if intent.settles_outside:
        raise WrongState(
            f"its money leaves by the rail {intent.rail}; only its settlement ends it",
            subject=intent.id,
            fixes=(Fix("settle it", ("flux", "settle", "drain")),),
        )


def _expired(tx: Transaction, intent: PaymentIntent) -> PaymentIntent:
    if intent.state is IntentState.AWAITING_OWNER:
        expired = replace(intent, state=IntentState.EXPIRED)
        tx.put(expired, "payment.expired", run_id=intent.run_id)
        return expired
    return give_back(tx, intent, IntentState.EXPIRED)


def give_back(tx: Transaction, intent: PaymentIntent, ends: IntentState) -> PaymentIntent:
    """Release all that is still on hold and end the payment as `ends`."""
    rest = intent.amount - intent.captured - intent.released
    tx.post(
        transfer(
            payment_step(intent.id, "release"),
            EntryKind.RELEASE,
            held(intent.requester),
            wallet(intent.requester),
            rest,
            memo=f"{ends}: not captured",
            reference=intent.id,
            run_id=intent.run_id,
        )
    )
    _settle_mandate(tx, intent, released=rest)
    ended = replace(intent, state=ends, released=intent.released + rest)
    tx.put(ended, f"payment.{ends}", run_id=intent.run_id)
    return ended


def _settle_mandate(
    tx: Transaction,
    intent: PaymentIntent,
    *,
    captured: Money | None = None,
    released: Money | None = None,
) -> None:
    if intent.mandate_id is not None:
        nothing = Money(0, intent.amount.asset)
        settle(tx, intent.mandate_id, captured=captured or nothing, released=released or nothing)


def _entry(
    intent: PaymentIntent,
    step: str,
    kind: EntryKind,
    source: Callable[[str], str],
    payee: str,
    amount: Money,
) -> Entry:
    return transfer(
        payment_step(intent.id, step),
        kind,
        source(intent.requester),
        wallet(payee),
        amount,
        memo=intent.purpose[:120],
        decision_id=intent.decision_id if kind is EntryKind.PAYMENT else None,
        reference=intent.id,
        run_id=intent.run_id,
    )


def hold_entry(intent: PaymentIntent) -> Entry:
    """The entry that sets an approved payment's money aside."""
    return transfer(
        payment_step(intent.id, "hold"),
        EntryKind.HOLD,
        wallet(intent.requester),
        held(intent.requester),
        intent.amount,
        memo=intent.purpose[:120],
        decision_id=intent.decision_id,
        reference=intent.id,
        run_id=intent.run_id,
    )


def _shared(intent: PaymentIntent) -> Entry:
    """One entry that pays each payee its share from the hold."""
    moves = tuple(
        Move(held(intent.requester), wallet(share.payee), share.amount) for share in intent.shares
    )
    return Entry(
        payment_step(intent.id, "capture"),
        EntryKind.CAPTURE,
        moves,
        intent.purpose[:120],
        reference=intent.id,
        run_id=intent.run_id,
    )
