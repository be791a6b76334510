"""What every account holds after any movement, and that all of it sums to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flux_cli.domain.journal import held, wallet
from flux_cli.domain.money import CREDIT, Asset, Money, total
from flux_cli.errors import Fix, NotFound
from flux_cli.usecases.ports import AccountBalance, Reader
from flux_cli.usecases.view_agents import agent_named
from flux_cli.usecases.view_entries import entry_named, last_movement


@dataclass(frozen=True, slots=True)
class KindTotal:
    """What the accounts of one kind hold of one asset."""

    kind: str
    accounts: int
    total: Money


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Every account after movement `seq`, each kind's total, and each asset's sum, all zero."""

    seq: int
    head: str
    accounts: tuple[AccountBalance, ...]
    kinds: tuple[KindTotal, ...]
    sums: tuple[Money, ...]

    @property
    def balanced(self) -> bool:
        """Whether every sum is zero."""
        return not any(amount.units for amount in self.sums)


def trial_balance(reader: Reader, seq: int) -> TrialBalance:
    """The trial balance after movement `seq`; accounts opened later hold nothing in it."""
    accounts = accounts_at(reader, seq)
    assets = sorted({one.balance.asset for one in accounts}, key=lambda asset: asset.code)
    kinds = dict.fromkeys((one.kind, one.balance.asset) for one in accounts)
    return TrialBalance(
        *reader.head(seq),
        tuple(accounts),
        tuple(_of_kind(accounts, kind, asset) for kind, asset in kinds),
        tuple(
            total([one.balance for one in accounts if one.balance.asset == asset], asset)
            for asset in assets
        ),
    )


def _of_kind(accounts: Sequence[AccountBalance], kind: str, asset: Asset) -> KindTotal:
    held_there = [
        one.balance for one in accounts if one.kind == kind and one.balance.asset == asset
    ]
    return KindTotal(kind, len(held_there), total(held_there, asset))


def accounts_at(reader: Reader, seq: int) -> list[AccountBalance]:
    """Every account with what it held after movement `seq`, by name."""
    accounts = reader.accounts()
    if seq >= reader.position():
        return accounts
    return [
        replace(one, balance=reader.balance_at(one.name, one.balance.asset, seq))
        for one in accounts
    ]


def accounts_of(accounts: Sequence[AccountBalance], name: str) -> list[AccountBalance]:
    """The account of this name in each asset it holds; raises `NotFound`."""
    found = [one for one in accounts if one.name == name]
    if not found:
        raise NotFound(
            f"no account {name[:80]!r}",
            subject=name[:80],
            fixes=(Fix("see which there are", ("flux", "ledger", "accounts")),),
        )
    return found


def purse_at(reader: Reader, agent: str, seq: int) -> list[AccountBalance]:
    """An agent's own accounts after movement `seq`: its wallet, and what is held in its name.

    Raises `NotFound` for an unknown agent.
    """
    name = agent_named(reader, agent).name
    own = [one for one in accounts_at(reader, seq) if one.name in {wallet(name), held(name)}]
    return own or [AccountBalance(wallet(name), "wallet", Money(0, CREDIT), 0)]


def movement_named(reader: Reader, text: str) -> int:
    """The movement that completes the entry of this id or number; 0 is before all of them.

    Raises `NotFound`.
    """
    return 0 if text == "0" else last_movement(entry_named(reader, text))
