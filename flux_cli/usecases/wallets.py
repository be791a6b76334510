"""Wallets: what each agent has in every asset, and where; and the owner's withdrawal from one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flux_cli.domain.agents import Agent
from flux_cli.domain.cards import Card
from flux_cli.domain.contracts import Contract
from flux_cli.domain.escrows import Escrow
from flux_cli.domain.journal import WORLD, EntryKind, transfer, wallet
from flux_cli.domain.money import CREDIT, Asset, Money
from flux_cli.domain.streams import Stream
from flux_cli.errors import Fix, InvalidAmount, LedgerCorrupt, NotFound
from flux_cli.usecases.describe_run import Document
from flux_cli.usecases.freeze import obey_freeze
from flux_cli.usecases.ports import AccountBalance, Deps, EntryRecord, Reader


@dataclass(frozen=True, slots=True)
class Purse:
    """One agent's money in one asset: in its wallet, set aside in its name, what came and went.

    What is set aside is held for approved payments, on its cards, or locked in the escrows and
    streams it funded.
    """

    available: Money
    held: Money
    carded: Money
    escrowed: Money
    streamed: Money
    earned: Money
    spent: Money
    transactions: int

    @property
    def set_aside(self) -> Money:
        """All that is the agent's and not free."""
        return self.held + self.carded + self.escrowed + self.streamed

    def described(self) -> Document:
        """The amounts with their sums; `held` is all that is set aside."""
        return {
            "currency": self.available.asset.code,
            "available": self.available,
            "held": self.set_aside,
            "total": self.available + self.set_aside,
            "earned": self.earned,
            "spent": self.spent,
            "net": self.earned - self.spent,
            "transactions": self.transactions,
        }

    def placed(self) -> Document:
        """Where the money is; `held` is only what approved payments hold."""
        return {
            "currency": self.available.asset.code,
            "available": self.available,
            "held": self.held,
            "carded": self.carded,
            "escrowed": self.escrowed,
            "streamed": self.streamed,
            "total": self.available + self.set_aside,
        }


def purses(reader: Reader) -> dict[str, list[Purse]]:
    """The purses of every agent that has an account, one for each asset, CREDIT first."""
    found: dict[tuple[str, Asset], Purse] = {}
    for account in reader.accounts():
        agent = _whose(reader, account)
        if agent is None:
            continue
        asset = account.balance.asset
        purse = found.get((agent, asset)) or _opened(reader.flows(agent, asset))
        found[agent, asset] = _with(purse, account)
    in_order = sorted(found, key=lambda one: (one[1] != CREDIT, one[1].code))
    by_agent: dict[str, list[Purse]] = {}
    for agent, asset in in_order:
        by_agent.setdefault(agent, []).append(found[agent, asset])
    return by_agent


def purses_of(agent: str, known: dict[str, list[Purse]]) -> list[Purse]:
    """One agent's of what `purses` found; an agent that has nothing yet has no CREDIT."""
    nothing = Money(0)
    return known.get(agent) or [_opened((nothing, nothing, 0))]


def _opened(flows: tuple[Money, Money, int]) -> Purse:
    """A purse with nothing in it yet, of the asset that came and went."""
    nothing = Money(0, flows[0].asset)
    return Purse(nothing, nothing, nothing, nothing, nothing, *flows)


def _with(purse: Purse, account: AccountBalance) -> Purse:
    balance = account.balance
    match account.kind:
        case "wallet":
            return replace(purse, available=balance)
        case "held":
            return replace(purse, held=balance)
        case "card":
            return replace(purse, carded=purse.carded + balance)
        case "escrow":
            return replace(purse, escrowed=purse.escrowed + balance)
    return replace(purse, streamed=purse.streamed + balance)


def _whose(reader: Reader, account: AccountBalance) -> str | None:
    """The agent whose money an account has; None for nobody's, and for an emptied one's.

    Raises `LedgerCorrupt` where there is money set aside that no object accounts for.
    """
    name = account.name.partition(":")[2]
    if account.kind in ("wallet", "held"):
        return name
    if account.kind not in ("card", "escrow", "stream") or account.balance.units == 0:
        return None
    payer = _payer(reader, account.kind, name)
    if payer is None:
        raise LedgerCorrupt(
            f"{account.name} has {account.balance} of nobody that is known", subject=account.name
        )
    return payer


def _payer(reader: Reader, kind: str, name: str) -> str | None:
    """Who put the money into the account of this card, escrow, contract or stream."""
    if kind == "card":
        card = reader.lookup(Card, id=name)
        return None if card is None else card.holder
    contract = reader.lookup(Contract, id=name)
    if contract is not None:
        return contract.client
    locked: Stream | Escrow | None = reader.lookup(Stream, id=name)
    locked = locked or reader.lookup(Escrow, id=name)
    return None if locked is None else locked.payer


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Money taken out, as it is recorded; `repeated` if an earlier call with the key did it."""

    agent: str
    amount: Money
    available: Money
    entry: EntryRecord
    repeated: bool


def withdraw(deps: Deps, name: str, amount: Money, *, key: str) -> Withdrawal:
    """Take money out of a wallet and out of the economy, once for each key.

    The caller has made sure that it is the owner: no policy is asked. Raises `NotFound`,
    `InvalidAmount` for nothing, `Frozen`, `InsufficientFunds`, and `KeyReused` where the key names
    another withdrawal.
    """
    if amount.units <= 0:
        raise InvalidAmount("withdraw more than nothing", param="AMOUNT")
    with deps.store.begin() as tx:
        agent = known_agent(tx, name)
        entry = transfer(
            f"withdraw:{key}",
            EntryKind.WITHDRAWAL,
            wallet(name),
            WORLD,
            amount,
            memo="withdrawn by the owner, simulated",
            reference=agent.id,
        )
        repeated = tx.entry(entry.key) is not None
        if not repeated:
            obey_freeze(tx, name)
        record = tx.post(entry)
        available = tx.balance(wallet(name), amount.asset)
    return Withdrawal(name, amount, available, record, repeated)


def known_agent(reader: Reader, name: str) -> Agent:
    """The agent of exactly this name; raises `NotFound`."""
    agent = reader.lookup(Agent, name=name)
    if agent is None:
        raise NotFound(
            f"no agent named {name[:64]!r}",
            subject=name[:64],
            fixes=(Fix("see who there is", ("flux", "agents", "list")),),
        )
    return agent


def describe_wallets(reader: Reader, agents: list[Agent]) -> list[Document]:
    """A line for each asset of each agent: what is free, and where the rest is."""
    known = purses(reader)
    return [
        {"id": wallet(agent.name), "agent": agent.name, **purse.placed()}
        for agent in agents
        for purse in purses_of(agent.name, known)
    ]
