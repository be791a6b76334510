"""What it costs to act: a brain's tokens, gas, a fee, each an expense under a cap of its own."""

from __future__ import annotations

from flux_cli.domain.facts import Used
from flux_cli.domain.journal import EntryKind, transfer, wallet
from flux_cli.domain.money import Money
from flux_cli.domain.policies import Scope
from flux_cli.errors import InvalidAmount
from flux_cli.kernel.limits import within_limit
from flux_cli.kernel.verdict import Denied
from flux_cli.usecases.freeze import obey_freeze
from flux_cli.usecases.gather_facts import policy_of
from flux_cli.usecases.ports import Deps, EntryRecord, Transaction

ACCOUNTS = {EntryKind.BRAIN_COST: "brain", EntryKind.GAS: "gas", EntryKind.FEE: "fees"}
"""The costs there are, and the kind of account each is paid into."""


def charge_cost(
    deps: Deps,
    agent: str,
    kind: EntryKind,
    amount: Money,
    *,
    to: str,
    key: str,
    memo: str = "",
    run_id: str | None = None,
) -> EntryRecord | Denied:
    """Take a cost from an agent's wallet, once for a key, if its caps for that cost allow.

    A cap is a limit of the policy with the scope `category` that is only for `brain_cost`, `gas`
    or `fee`; it counts the entries of that kind. `to` names who is paid, such as a model. Raises
    `NotFound`, `Frozen`, `InsufficientFunds`, `InvalidAmount`, and `KeyReused`.
    """
    with deps.store.begin() as tx:
        return charge_in(tx, agent, kind, amount, to=to, key=key, memo=memo, run_id=run_id)


def charge_in(
    tx: Transaction,
    agent: str,
    kind: EntryKind,
    amount: Money,
    *,
    to: str,
    key: str,
    memo: str = "",
    run_id: str | None = None,
) -> EntryRecord | Denied:
    """`charge_cost` in a transaction that does more."""
    assert kind in ACCOUNTS, "a cost is a brain's, gas or a fee"
    if amount.units <= 0:
        raise InvalidAmount("a cost is more than nothing")
    source = wallet(agent)
    entry = transfer(
        key, kind, source, f"{ACCOUNTS[kind]}:{to}", amount, memo=memo[:120], run_id=run_id
    )
    if tx.entry(key) is not None:
        return tx.post(entry)
    obey_freeze(tx, agent)
    policy, now = policy_of(tx, agent, amount.asset), max(tx.now, tx.ledger_time)
    refusals = []
    for limit in policy.limits:
        if limit.scope is Scope.CATEGORY and limit.only == kind:
            spent = tx.costs_since(source, kind, limit.window.start(now), amount.asset)
            used = Used(limit, kind, *spent)
            rulings = within_limit("", limit, kind, amount.units, used)
            refusals += [ruling.refusal for ruling in rulings if ruling.refusal]
    return Denied(tuple(refusals)) if refusals else tx.post(entry)
