"""What becomes of an escrow: handed in, released in parts, given back, disputed, decided on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from flux_cli.domain.escrows import Dispute, Escrow, EscrowState, Milestone, MilestoneState
from flux_cli.domain.free_text import bounded
from flux_cli.domain.journal import Entry, EntryKind, transfer, wallet
from flux_cli.domain.journal import escrow as escrow_account
from flux_cli.domain.money import Money, total
from flux_cli.domain.refusals import Refusal
from flux_cli.errors import Fix, InvalidAmount, InvalidInput, KeyReused, WrongState
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.freeze import obey_freeze
from flux_cli.usecases.idempotency import check_key
from flux_cli.usecases.ports import Deps, Reader, Transaction

HEXADECIMAL = frozenset("0123456789abcdef")
OPEN = (EscrowState.FUNDED, EscrowState.SUBMITTED)


@dataclass(frozen=True, slots=True)
class Part:
    """What of an escrow to release: a milestone, an amount, or, with neither, the rest."""

    milestone: str | None = None
    amount: Money | None = None


def submit_work(deps: Deps, escrow_id: str, deliverable_hash: str, *, by: str) -> Escrow | Denied:
    """Record the SHA-256 of what the payee hands in, in place of what it handed in before.

    The same hash again changes nothing. Raises `NotFound`, `InvalidInput`, `WrongState`.
    """
    if len(deliverable_hash) != 64 or not set(deliverable_hash) <= HEXADECIMAL:
        raise InvalidInput("a hash is 64 hexadecimal digits in lower case", param="--hash")
    with deps.store.begin() as tx:
        escrow, now = tx.get(Escrow, escrow_id), _now(tx)
        if by != escrow.payee:
            return _not_for(by, f"only {escrow.payee} hands in work")
        if escrow.state is EscrowState.SUBMITTED and escrow.deliverable_hash == deliverable_hash:
            return escrow
        if escrow.state not in OPEN or escrow.is_due(now):
            raise _wrong(escrow, "handed in for", now)
        submitted = replace(
            escrow.move(EscrowState.SUBMITTED, now), deliverable_hash=deliverable_hash
        )
        tx.put(submitted, "escrow.submitted")
        return submitted


def release_escrow(deps: Deps, escrow_id: str, part: Part, *, by: str, key: str) -> Escrow | Denied:
    """Pay the payee all that is locked, or a part of it: the evaluator accepts the work.

    Once for a key. Nothing is released while the economy, the payer, the payee or the evaluator
    is frozen, while a dispute is open, or from the expiry on. Raises `NotFound`, `WrongState`,
    `InvalidAmount`, `InvalidInput`, `Frozen`, and `KeyReused` where the key names another release.
    """
    check_key(key)
    with deps.store.begin() as tx:
        escrow, now = tx.get(Escrow, escrow_id), _now(tx)
        if by != escrow.evaluator:
            return _not_for(by, f"only {escrow.evaluator} accepts the work")
        entry_key = f"escrow_release:{escrow.id}:{key}"
        memo = "accepted" if part.milestone is None else f"accepted: {part.milestone}"
        recorded = tx.entry(entry_key)
        if recorded is not None:
            paid = recorded.entry.moves[0].amount
            if recorded.entry.memo != memo or part.amount not in (None, paid):
                raise KeyReused(f"{key!r} already names another release", subject=escrow.id)
            return escrow
        obey_freeze(tx, escrow.payer, escrow.payee, escrow.evaluator)
        if escrow.state is not EscrowState.SUBMITTED or escrow.is_due(now):
            raise _wrong(escrow, "released from", now)
        amount, names = _accepted(escrow, part)
        tx.post(_payment(escrow, entry_key, amount, memo))
        released = escrow.release(amount, names, now)
        tx.put(released, "escrow.completed" if released.locked.units == 0 else "escrow.released")
        return released


def refund_escrow(deps: Deps, escrow_id: str, *, by: str, key: str) -> Escrow | Denied:
    """Give the payer back all that is locked: the evaluator rejects, or the time is over.

    From the expiry on anyone may ask for it. Nothing but a dispute raised before stands in its
    way: a freeze stops escrowed money from moving anywhere but back to whose it was. Once for a
    key. Raises `NotFound`, `WrongState`, `InvalidInput`.
    """
    check_key(key)
    with deps.store.begin() as tx:
        escrow, now = tx.get(Escrow, escrow_id), _now(tx)
        entry_key = f"escrow_refund:{escrow.id}:{key}"
        if tx.entry(entry_key) is not None:
            return escrow
        if escrow.state not in OPEN:
            raise _wrong(escrow, "given back from", now)
        if not escrow.is_due(now) and by != escrow.evaluator:
            return _not_for(by, f"until it expires only {escrow.evaluator} rejects the work")
        return give_back(tx, escrow, entry_key, now)


def dispute_escrow(deps: Deps, escrow_id: str, *, by: str, reason: str) -> Escrow | Denied:
    """Stop everything until the owner decides; the payer or the payee asks, before the expiry.

    The same objection again changes nothing. Raises `NotFound`, `InvalidInput`, `WrongState`.
    """
    said = bounded(reason, 240)
    if not said:
        raise InvalidInput("say what is disputed", param="--reason")
    with deps.store.begin() as tx:
        escrow, now = tx.get(Escrow, escrow_id), _now(tx)
        if by not in (escrow.payer, escrow.payee):
            return _not_for(by, "only the payer and the payee dispute it")
        open_one = escrow.dispute if escrow.state is EscrowState.DISPUTED else None
        if open_one is not None and (open_one.by, open_one.reason) == (by, said):
            return escrow
        if escrow.state not in OPEN or escrow.is_due(now):
            raise _wrong(escrow, "disputed about", now)
        disputed = replace(escrow.move(EscrowState.DISPUTED, now), dispute=Dispute(by, said, now))
        tx.put(disputed, "escrow.disputed")
        return disputed


def resolve_escrow(deps: Deps, escrow_id: str, to_payee: Money, *, key: str) -> Escrow:
    """The owner's decision on a dispute: `to_payee` is paid, the rest goes back to the payer.

    The caller has made sure that it is the owner. Under a freeze all of it may go back, but
    nothing may be paid. Once for a key. Raises `NotFound`, `WrongState`, `InvalidAmount`,
    `Frozen`, and `KeyReused` where the key names another decision.
    """
    check_key(key)
    with deps.store.begin() as tx:
        escrow, now = tx.get(Escrow, escrow_id), _now(tx)
        entry_key = f"escrow_resolve:{escrow.id}:{key}"
        paid, returned = tx.entry(f"{entry_key}:payee"), tx.entry(f"{entry_key}:payer")
        if paid is not None or returned is not None:
            nothing = Money(0, escrow.amount.asset)
            if to_payee != (nothing if paid is None else paid.entry.moves[0].amount):
                raise KeyReused(f"{key!r} already names another decision", subject=escrow.id)
            return escrow
        if escrow.state is not EscrowState.DISPUTED:
            raise _wrong(escrow, "decided about", now)
        locked = escrow.locked
        if to_payee.asset != locked.asset or not 0 <= to_payee.units <= locked.units:
            raise InvalidAmount(f"give the payee from nothing to {locked}", param="--to-payee")
        rest = locked - to_payee
        if to_payee.units:
            obey_freeze(tx, escrow.payer, escrow.payee)
            tx.post(_payment(escrow, f"{entry_key}:payee", to_payee, "dispute resolved"))
        if rest.units:
            tx.post(_return(escrow, f"{entry_key}:payer", rest, "dispute resolved"))
        resolved = escrow.resolve(to_payee, now)
        tx.put(resolved, "escrow.resolved")
        return resolved


def expire_escrows(deps: Deps) -> list[Escrow]:
    """Give back every escrow whose time is over; a disputed one stays."""
    due: list[Escrow] = []
    with deps.store.reading() as reader:
        now = _now(reader)
        for state in OPEN:
            after: str | None = None
            while page := reader.find(Escrow, state=state, oldest_first=True, after=after):
                due += [escrow for escrow in page if escrow.is_due(now)]
                after = page[-1].id
    expired = []
    for listed in due:
        with deps.store.begin() as tx:
            escrow, now = tx.get(Escrow, listed.id), _now(tx)
            if escrow.is_due(now):
                entry_key = f"escrow_refund:{escrow.id}:expired"
                expired.append(give_back(tx, escrow, entry_key, now))
    return expired


def give_back(tx: Transaction, escrow: Escrow, entry_key: str, now: datetime) -> Escrow:
    state = EscrowState.EXPIRED if escrow.is_due(now) else EscrowState.REJECTED
    tx.post(_return(escrow, entry_key, escrow.locked, state))
    ended = escrow.give_back(state, now)
    tx.put(ended, f"escrow.{state}")
    return ended


def _accepted(escrow: Escrow, part: Part) -> tuple[Money, frozenset[str]]:
    """How much, and for which milestones; raises `InvalidAmount`, `InvalidInput`, `WrongState`."""
    if part.amount is not None and (part.milestone is not None or escrow.milestones):
        raise InvalidInput("milestones are released whole, without an amount", param="--amount")
    if part.milestone is not None:
        chosen = _milestone(escrow, part.milestone)
        return chosen.amount, frozenset({chosen.name})
    wanted = escrow.locked if part.amount is None else part.amount
    if wanted.asset != escrow.amount.asset or not 0 < wanted.units <= escrow.locked.units:
        raise InvalidAmount(
            f"release more than nothing and at most {escrow.locked}", param="--amount"
        )
    pending = [one for one in escrow.milestones if one.state is MilestoneState.PENDING]
    assert not pending or total([one.amount for one in pending], wanted.asset) == wanted
    return wanted, frozenset(one.name for one in pending)


def _milestone(escrow: Escrow, name: str) -> Milestone:
    for one in escrow.milestones:
        if one.name == name and one.state is MilestoneState.PENDING:
            return one
        if one.name == name:
            raise WrongState(f"{name} is {one.state} already", subject=escrow.id)
    there = ", ".join(one.name for one in escrow.milestones) or "none"
    raise InvalidInput(f"no milestone {name[:64]!r}: there are {there}", param="--milestone")


def _payment(escrow: Escrow, key: str, amount: Money, memo: str) -> Entry:
    source, target = escrow_account(escrow.id), wallet(escrow.payee)
    kind = EntryKind.ESCROW_RELEASE
    return transfer(key, kind, source, target, amount, memo=memo, reference=escrow.id)


def _return(escrow: Escrow, key: str, amount: Money, memo: str) -> Entry:
    source, target = escrow_account(escrow.id), wallet(escrow.payer)
    kind = EntryKind.ESCROW_REFUND
    return transfer(key, kind, source, target, amount, memo=memo, reference=escrow.id)


def _now(reader: Reader) -> datetime:
    """The time to judge by: a clock that was set back makes no escrow younger."""
    return max(reader.now, reader.ledger_time)


def _not_for(by: str, why: str) -> Denied:
    return Denied((Refusal("not_this_party", f"{by[:64]} may not: {why}"),))


def _wrong(escrow: Escrow, done: str, now: datetime) -> WrongState:
    """The failure of what an escrow is not in a state for, and what can be done instead."""
    command = ("flux", "escrow")
    if escrow.is_due(now):
        is_what = f"its time was over at {escrow.expires_at:%Y-%m-%d %H:%M} UTC"
        fixes: tuple[Fix, ...] = (Fix("take it back", (*command, "refund", escrow.id)),)
    else:
        is_what = f"it is {escrow.state}"
        fixes = {
            EscrowState.FUNDED: (
                Fix("hand the work in first", (*command, "submit", escrow.id, "--file", "FILE")),
            ),
            EscrowState.DISPUTED: (
                Fix(
                    "the owner decides",
                    (*command, "resolve", escrow.id, "--to-payee", "AMOUNT"),
                ),
            ),
        }.get(escrow.state, ())
    return WrongState(
        f"nothing can be {done} the escrow: {is_what}", subject=escrow.id, fixes=fixes
    )
