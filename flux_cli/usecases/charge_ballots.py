"""What votes by models cost: how much is left for it, and the entries that pay it."""

from __future__ import annotations

from collections.abc import Sequence

from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.journal import EntryKind, wallet
from flux_cli.domain.money import CREDIT, Money, total
from flux_cli.domain.policies import Scope
from flux_cli.domain.quorum import Ballot
from flux_cli.domain.runs import step_key
from flux_cli.errors import Frozen, InsufficientFunds
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.charge_cost import charge_in
from flux_cli.usecases.gather_facts import policy_of
from flux_cli.usecases.ports import Deps, Progress, Reader, Transaction


def brain_allowance(reader: Reader, agent: str) -> Money:
    """What `agent` may still spend on models: its wallet, and its policy's caps on that cost."""
    source, now = wallet(agent), max(reader.now, reader.ledger_time)
    left = [reader.balance(source, CREDIT).units]
    for limit in policy_of(reader, agent, CREDIT).limits:
        if limit.scope is Scope.CATEGORY and limit.only == EntryKind.BRAIN_COST:
            since = limit.window.start(now)
            spent, count = reader.costs_since(source, EntryKind.BRAIN_COST, since, CREDIT)
            if limit.amount is not None:
                left.append(limit.amount.units - spent.units)
            if limit.count is not None and count >= limit.count:
                left.append(0)
    return Money(max(0, min(left)))


def charge_ballots(
    deps: Deps, intent: PaymentIntent, ballots: Sequence[Ballot], progress: Progress
) -> None:
    """Post what each ballot cost to the requester, once; what cannot be paid is told, not hidden.

    The ballot itself records its cost whether or not it could be charged.
    """
    _charge(deps, intent.requester, ballots, intent.id, intent.run_id, progress)


def charge_asking(deps: Deps, agent: str, ballots: Sequence[Ballot], progress: Progress) -> Money:
    """Post to `agent` what ballots cost that nobody keeps; how much of it could be charged."""
    return _charge(deps, agent, ballots, deps.ids.new("event"), None, progress)


def _charge(
    deps: Deps,
    agent: str,
    ballots: Sequence[Ballot],
    occasion: str,
    run_id: str | None,
    progress: Progress,
) -> Money:
    costly = [ballot for ballot in ballots if ballot.cost.units]
    unpaid: list[tuple[Ballot, str]] = []
    if costly:
        with deps.store.begin() as tx:
            for ballot in costly:
                why = charge_brain(
                    tx,
                    agent,
                    ballot.cost,
                    to=f"{ballot.model}@{ballot.host}",
                    key=step_key(occasion, ballot.seat, "brain_cost", ballot.attempt),
                    memo=f"{ballot.seat} seat, {ballot.tokens} tokens",
                    run_id=run_id,
                )
                unpaid += [(ballot, why)] if why else []
    for ballot, why in unpaid:
        progress("unpaid", cost=ballot.cost, what=f"the {ballot.seat} seat", why=why)
    return total([ballot.cost for ballot in costly]) - total([ballot.cost for ballot, _ in unpaid])


def charge_brain(
    tx: Transaction, agent: str, cost: Money, *, to: str, key: str, memo: str, run_id: str | None
) -> str | None:
    """Charge `agent` what a model took, once for a key; why it could not be, or None."""
    known = tx.entry(key) is not None
    if not known and tx.balance(wallet(agent), cost.asset).units < cost.units:
        return InsufficientFunds.code
    try:
        charged = charge_in(
            tx, agent, EntryKind.BRAIN_COST, cost, to=to[:100], key=key, memo=memo, run_id=run_id
        )
    except Frozen as error:
        return error.code
    return charged.refusals[0].code if isinstance(charged, Denied) else None
