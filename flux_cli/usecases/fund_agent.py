"""The owner's top-up of one agent's wallet, from outside the economy."""

from __future__ import annotations

from dataclasses import dataclass

from flux_cli.domain.agents import Agent
from flux_cli.domain.free_text import bounded
from flux_cli.domain.journal import WORLD, EntryKind, transfer, wallet
from flux_cli.domain.money import Money
from flux_cli.errors import Fix, InvalidAmount, NotFound
from flux_cli.usecases.freeze import obey_freeze
from flux_cli.usecases.idempotency import check_key
from flux_cli.usecases.ports import Deps, EntryRecord


@dataclass(frozen=True, slots=True)
class Funding:
    """A top-up as it is recorded; `repeated` if an earlier call with the same key made it."""

    agent: str
    amount: Money
    available: Money
    entry: EntryRecord
    repeated: bool


def fund_agent(
    deps: Deps, name: str, amount: Money, *, key: str, memo: str = "simulated"
) -> Funding:
    """Put simulated money into a wallet, once for each key.

    Raises `NotFound` for an unknown agent, `InvalidAmount` for nothing, `Frozen`, and `KeyReused`
    where the key names another top-up.
    """
    if amount.units <= 0:
        raise InvalidAmount("fund an agent with more than nothing", param="AMOUNT")
    check_key(key)
    with deps.store.begin() as tx:
        agent = tx.lookup(Agent, name=name)
        if agent is None:
            raise NotFound(
                f"no agent named {name[:64]!r}",
                subject=name[:64],
                fixes=(Fix("see who there is", ("flux", "agents", "list")),),
            )
        entry = transfer(
            f"fund:{key}",
            EntryKind.TOP_UP,
            WORLD,
            wallet(name),
            amount,
            memo=bounded(memo, 120),
            reference=agent.id,
        )
        repeated = tx.entry(entry.key) is not None
        if not repeated:
            obey_freeze(tx, name)
        record = tx.post(entry)
        available = tx.balance(wallet(name), amount.asset)
    return Funding(name, amount, available, record, repeated)
