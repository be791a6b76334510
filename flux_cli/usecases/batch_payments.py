"""Many payments from one file: checked whole, then each decided alone, or all or none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.errors import KeyReused, NotFound
from flux_cli.kernel.authorize import authorize
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.gather_facts import gather_facts
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps, Progress, Reader, Transaction
from flux_cli.usecases.request_money import apply_verdict, draft_intent, request_money


@dataclass(frozen=True, slots=True)
class Row:
    """One payment that is asked for: the line it is on, its idempotency key, and what it asks."""

    line: int
    key: str
    request: MoneyRequest


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row cannot be judged at all."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row; `repeated` if an earlier batch or payment had its key."""

    row: Row
    intent: PaymentIntent
    repeated: bool


PAID = IntentState.CAPTURED

TOGETHER = 50
"""Rows that share a write, which costs the disk as much as many rows; others wait that long."""


def check_rows(deps: Deps, rows: Sequence[Row]) -> list[Fault]:
    """Every row that names what there is not, or whose key names another payment."""
    faults: list[Fault] = []
    with deps.store.reading() as reader:
        for row in rows:
            try:
                draft = draft_intent(deps, reader, row.request, row.key)
                if _recorded(reader, row, draft) is None:
                    gather_facts(reader, draft, None)
            except (NotFound, KeyReused) as error:
                faults.append(Fault(row.line, error.message))
    return faults


def pay_each(deps: Deps, rows: Sequence[Row], progress: Progress) -> Iterator[Outcome]:
    """Decide and pay row after row, in order, each for itself.

    A row that was decided before, by its key, is found and not paid again; so a batch that was
    interrupted goes on when it is run once more. Raises `KeyReused`.
    """
    done = 0
    while done < len(rows):
        outcomes = _some(deps, rows[done : done + TOGETHER])
        done += len(outcomes)
        for outcome in outcomes:
            row, intent = outcome.row, outcome.intent
            if intent.state is IntentState.AWAITING_QUORUM:
                intent = request_money(deps, row.request, key=row.key, progress=progress)
            yield replace(outcome, intent=intent)


def _some(deps: Deps, rows: Sequence[Row]) -> list[Outcome]:
    """The first of the rows in one write, up to one that has to be voted on."""
    outcomes: list[Outcome] = []
    with deps.store.begin() as tx:
        for row in rows:
            outcomes.append(_judged(deps, tx, row))
            if outcomes[-1].intent.state is IntentState.AWAITING_QUORUM:
                break
    return outcomes


def pay_all(deps: Deps, rows: Sequence[Row], *, keep: bool = True) -> list[Outcome] | Outcome:
    """Pay every row in one transaction, each judged after those before it; or pay none.

    The first row that is not paid at once is given instead, and nothing is recorded. Approvals
    cannot be waited for, so a row that needs one is not paid. Other writers wait until the last
    row. Raises `KeyReused`.
    """

    outcomes: list[Outcome] = []
    try:
        with deps.store.begin() as tx:
            for row in rows:
                outcome = _judged(deps, tx, row)
                if outcome.intent.state is not PAID:
                    raise _Undone(outcome)
                outcomes.append(outcome)
            if not keep:
                raise _Undone(outcomes)
    except _Undone as undone:
        return undone.result
    return outcomes


def foresee(deps: Deps, rows: Sequence[Row]) -> list[Outcome]:
    """What `pay_each` would do now, as far as the kernel decides; nothing of it is kept."""
    outcomes: list[Outcome] = []
    try:
        with deps.store.begin() as tx:
            outcomes += [_judged(deps, tx, row) for row in rows]
            raise _Undone(outcomes)
    except _Undone:
        return outcomes


class _Undone(Exception):
    """Leaves a transaction without keeping it."""

    def __init__(self, result: list[Outcome] | Outcome) -> None:
        super().__init__()
        self.result = result


def _judged(deps: Deps, tx: Transaction, row: Row) -> Outcome:
    """The row's intent, found by its key, or recorded with the kernel's verdict on it."""
    draft = draft_intent(deps, tx, row.request, row.key)
    found = _recorded(tx, row, draft)
    if found is not None:
        return Outcome(row, found, repeated=True)
    verdict = authorize(draft.spend, gather_facts(tx, draft, None))
    if isinstance(verdict, Denied) and verdict.waits_for == "quorum_required":
        waiting = replace(draft, state=IntentState.AWAITING_QUORUM)
        tx.put(waiting, "payment.awaiting_quorum")
        return Outcome(row, replace(waiting, refusals=verdict.refusals), repeated=False)
    intent = apply_verdict(deps, tx, draft, verdict, None, is_new=True)
    return Outcome(row, intent, repeated=False)


def _recorded(reader: Reader, row: Row, draft: PaymentIntent) -> PaymentIntent | None:
    """What the row's key names already; raises `KeyReused` where that is another payment."""
    found = reader.lookup(PaymentIntent, key=row.key)
    if found is None:
        return None
    same = found.request_digest == draft.request_digest
    if not same or found.capture_method is not draft.capture_method:
        raise KeyReused(f"{row.key!r} already names another payment", subject=found.id)
    return found
