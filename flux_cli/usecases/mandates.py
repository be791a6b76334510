"""Mandates from their making to their end: created, closed, revoked, expired."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from flux_cli.domain.agents import Agent
from flux_cli.domain.free_text import bounded
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.mandates import Mandate, MandateState, narrows
from flux_cli.domain.money import Money
from flux_cli.domain.policies import Limit
from flux_cli.domain.refusals import Refusal
from flux_cli.domain.text import HIDDEN
from flux_cli.errors import Fix, InvalidAmount, InvalidInput, KeyReused, NotFound, WrongState
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.capture_payment import give_back
from flux_cli.usecases.draw_mandate import reserve, settle
from flux_cli.usecases.gather_facts import DEEPEST, mandates_of
from flux_cli.usecases.idempotency import check_key
from flux_cli.usecases.ports import Deps, Reader, Transaction

LONGEST_NAME = 200
LONGEST_LIFETIME = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class MandateRequest:
    """What `holder` is to be allowed, from now for `lifetime`.

    A child takes from its parent what is not said here: the time, the cap on one payment, the
    payees, the categories, and each limit of a kind (window, scope) that it has none of.
    """

    holder: str
    total: Money
    purpose: str
    lifetime: timedelta | None = None
    parent_id: str | None = None
    per_payment: Money | None = None
    limits: tuple[Limit, ...] = ()
    payees: frozenset[str] | None = None
    categories: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Revocation:
    """What a revocation ended: mandates, deepest first, and payments whose holds went back.

    `carded` are payments that already have a card: the card stays as it is.
    """

    mandate: Mandate
    ended: tuple[Mandate, ...]
    cancelled: tuple[PaymentIntent, ...]
    carded: tuple[PaymentIntent, ...]


def create_mandate(deps: Deps, request: MandateRequest, *, key: str) -> Mandate | Denied:
    """A mandate in force, once for each key; a child's total is reserved from its parent with it.

    `Denied` names every way in which a child is not tighter than its parent. Raises `NotFound`
    for an unknown holder or parent, `InvalidInput`, and `KeyReused` for another's key.
    """
    _check(request, key)
    with deps.store.begin() as tx:
        line = mandates_of(tx, request.parent_id)
        parent = line[0] if line else None
        moment = max(tx.now, tx.ledger_time)
        found = tx.lookup(Mandate, key=key)
        if found is not None:
            again = _drafted(request, parent, found.id, key, found.created_at)
            nothing = Money(0, found.total.asset)
            fresh = replace(found, spent=nothing, reserved=nothing, state=MandateState.ACTIVE)
            if again != fresh:
                raise KeyReused(f"{key!r} already names another mandate", subject=found.id)
            return found
        if tx.lookup(Agent, name=request.holder) is None:
            raise NotFound(
                f"no agent named {request.holder[:64]!r}",
                subject=request.holder[:64],
                fixes=(Fix("see who there is", ("flux", "agents", "list")),),
            )
        made = _drafted(request, parent, deps.ids.new("mandate"), key, moment)
        if parent is not None:
            refusals = (*_ended(line, moment), *narrows(parent, made))
            if refusals:
                return Denied(refusals, _most(parent, refusals))
            reserve(tx, parent.id, made.total)
        tx.put(made, "mandate.created")
    return made


def _check(request: MandateRequest, key: str) -> None:
    check_key(key)
    if request.total.units <= 0:
        raise InvalidAmount("a mandate is over more than nothing", param="TOTAL")
    if not bounded(request.purpose, 600):
        raise InvalidInput("say what the mandate is for", param="--purpose")
    if request.lifetime is None and request.parent_id is None:
        raise InvalidInput("say how long the mandate lasts", param="--expires-in")
    if request.lifetime is not None and not timedelta(0) < request.lifetime <= LONGEST_LIFETIME:
        raise InvalidInput(
            f"a mandate lasts at most {LONGEST_LIFETIME.days} days", param="--expires-in"
        )
    amounts = [request.per_payment]
    amounts += [amount for limit in request.limits for amount in (limit.amount, limit.below)]
    if any(amount is not None and amount.asset != request.total.asset for amount in amounts):
        raise InvalidInput("a mandate and its limits are in one asset", param="--limit")
    for name in (request.payees or frozenset()) | (request.categories or frozenset()):
        if not 0 < len(name) <= LONGEST_NAME or HIDDEN.search(name):
            raise InvalidInput(f"{name[:64]!r} is no name", param="--payee")


def _drafted(
    request: MandateRequest, parent: Mandate | None, mandate_id: str, key: str, since: datetime
) -> Mandate:
    """The mandate that a request makes, with its parent's word where the request is silent."""
    said = {(limit.window, limit.scope, limit.only, limit.below) for limit in request.limits}
    per_payment, payees, categories = request.per_payment, request.payees, request.categories
    limits = request.limits
    if parent is not None:
        per_payment = parent.per_payment if per_payment is None else per_payment
        payees = parent.payees if payees is None else payees
        categories = parent.categories if categories is None else categories
        limits += tuple(
            limit
            for limit in parent.limits
            if (limit.window, limit.scope, limit.only, limit.below) not in said
        )
    nothing = Money(0, request.total.asset)
    return Mandate(
        id=mandate_id,
        key=key,
        parent_id=request.parent_id,
        holder=request.holder,
        purpose=bounded(request.purpose, 600),
        total=request.total,
        spent=nothing,
        reserved=nothing,
        per_payment=per_payment,
        limits=limits,
        payees=payees,
        categories=categories,
        state=MandateState.ACTIVE,
        created_at=since,
        expires_at=_end_of(request, parent, since),
    )


def _end_of(request: MandateRequest, parent: Mandate | None, since: datetime) -> datetime:
    if request.lifetime is not None:
        return since + request.lifetime
    assert parent is not None, "a root says how long it lasts"
    return parent.expires_at


def _ended(line: tuple[Mandate, ...], moment: datetime) -> tuple[Refusal, ...]:
    """Why nothing can be made below this line of mandates, whatever is asked."""
    found = [
        Refusal("mandate_inactive", f"{mandate.id} is {mandate.state}")
        for mandate in line
        if mandate.state is not MandateState.ACTIVE
    ]
    if moment >= line[0].expires_at:
        found.append(Refusal("mandate_expired", f"{line[0].id} has expired"))
    if len(line) >= DEEPEST:
        message = "mandates below one another"
        found.append(Refusal("mandate_too_deep", message, DEEPEST, len(line) + 1, "mandates"))
    return tuple(found)


def _most(parent: Mandate, refusals: tuple[Refusal, ...]) -> Money | None:
    """The largest total the parent would give, where only the total is at fault."""
    only_total = {refusal.code for refusal in refusals} == {"mandate_total_exceeded"}
    return parent.left if only_total and parent.left.units > 0 else None


def close_mandate(deps: Deps, mandate_id: str) -> Mandate:
    """End a mandate in good order; what it did not use goes back to its parent.

    What its payments hold stays reserved until they settle. Repeats change nothing. Raises
    `NotFound`, and `WrongState` where it has ended otherwise or an active child is left.
    """
    with deps.store.begin() as tx:
        mandate = tx.get(Mandate, mandate_id)
        if mandate.state is MandateState.CLOSED:
            return mandate
        if mandate.state is not MandateState.ACTIVE:
            raise WrongState(f"the mandate is {mandate.state}", subject=mandate.id)
        children = tx.find(Mandate, parent_id=mandate.id, state=MandateState.ACTIVE, limit=1)
        if children:
            child = children[0].id
            raise WrongState(
                "the mandate has an active child",
                subject=mandate.id,
                fixes=(Fix("close the child first", ("flux", "mandates", "close", child)),),
            )
        return _end(tx, mandate, MandateState.CLOSED)


def revoke_mandate(deps: Deps, mandate_id: str) -> Revocation:
    """End a mandate and all below it at once; what their payments hold goes back to the wallets.

    The kernel refuses what still waits under them. Cards already issued are left to their own
    verbs. One that has ended otherwise can be revoked too. Raises `NotFound`.
    """
    ended: list[Mandate] = []
    cancelled: list[PaymentIntent] = []
    carded: list[PaymentIntent] = []
    with deps.store.begin() as tx:
        for listed in reversed(_with_descendants(tx, tx.get(Mandate, mandate_id))):
            under = {"mandate_id": listed.id, "state": IntentState.APPROVED}
            for intent in _every(tx, PaymentIntent, **under):
                if intent.on_hold.units == 0:
                    carded.append(intent)
                    continue
                ends = IntentState.CAPTURED if intent.captured.units else IntentState.CANCELLED
                cancelled.append(give_back(tx, intent, ends))
            mandate = tx.get(Mandate, listed.id)
            if mandate.state is not MandateState.REVOKED:
                ended.append(_end(tx, mandate, MandateState.REVOKED))
        top = tx.get(Mandate, mandate_id)
    return Revocation(top, tuple(ended), tuple(cancelled), tuple(carded))


def expire_mandates(deps: Deps) -> list[Mandate]:
    """End every mandate whose time is over, and give back what it did not use."""
    with deps.store.reading() as reader:
        active = _every(reader, Mandate, state=MandateState.ACTIVE)
        due = [mandate.id for mandate in active if _is_due(reader, mandate)]
    expired: list[Mandate] = []
    for mandate_id in due:
        with deps.store.begin() as tx:
            for listed in reversed(_with_descendants(tx, tx.get(Mandate, mandate_id))):
                mandate = tx.get(Mandate, listed.id)
                if mandate.state is MandateState.ACTIVE and _is_due(tx, mandate):
                    expired.append(_end(tx, mandate, MandateState.EXPIRED))
    return expired


def _is_due(reader: Reader, mandate: Mandate) -> bool:
    return max(reader.now, reader.ledger_time) >= mandate.expires_at


def _end(tx: Transaction, mandate: Mandate, state: MandateState) -> Mandate:
    """End a mandate that has no active child; an active one gives its parent what is left."""
    ended = replace(mandate, state=state)
    tx.put(ended, f"mandate.{state}")
    if mandate.state is MandateState.ACTIVE and mandate.parent_id is not None:
        nothing = Money(0, mandate.total.asset)
        settle(tx, mandate.parent_id, captured=nothing, released=mandate.left)
    return ended


def _with_descendants(reader: Reader, mandate: Mandate) -> list[Mandate]:
    """The mandate and all below it, each before its children."""
    line = [mandate]
    for parent in line:
        line += _every(reader, Mandate, parent_id=parent.id)
    return line


class Identified(Protocol):
    """An object that has an id."""

    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=Identified)


def _every(reader: Reader, kind: type[T], **equal: Any) -> Iterator[T]:
    """All objects whose fields equal these, oldest first, a page at a time."""
    after: str | None = None
    while page := reader.find(kind, after=after, oldest_first=True, **equal):
        yield from page
        after = page[-1].id
