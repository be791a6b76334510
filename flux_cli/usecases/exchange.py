"""The owner's exchange of one asset in a wallet for another."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flux_cli.domain.exchanges import Exchange, exchanged
from flux_cli.domain.journal import WORLD, Entry, EntryKind, Move, wallet
from flux_cli.domain.money import Asset, Money
from flux_cli.errors import InvalidAmount, InvalidInput, KeyReused
from flux_cli.usecases.freeze import obey_freeze
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.wallets import known_agent


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the owner wants exchanged: `rate` is whole `to` per whole unit of what is given."""

    agent: str
    given: Money
    to: Asset
    rate: Fraction


def exchange(deps: Deps, wanted: Wanted, *, key: str) -> Exchange:
    """Exchange what is wanted, once for each key; what arrives is rounded down.

    The caller has made sure that it is the owner: the rate is the owner's word. Raises `NotFound`,
    `InvalidAmount` where nothing would arrive, `InvalidInput` for the same asset, `Frozen`,
    `InsufficientFunds`, and `KeyReused` where the key names another exchange.
    """
    if wanted.to == wanted.given.asset:
        raise InvalidInput("exchange into another asset", param="--to")
    with deps.store.begin() as tx:
        known_agent(tx, wanted.agent)
        made = exchanged(
            deps.ids.new("exchange"),
            key,
            wanted.agent,
            wanted.given,
            wanted.to,
            wanted.rate,
            tx.now,
        )
        found = tx.lookup(Exchange, key=key)
        if found is not None:
            if _request(found) != _request(made):
                raise KeyReused(f"{key!r} already names another exchange", subject=found.id)
            return found
        if wanted.given.units <= 0 or made.taken.units <= 0:
            raise InvalidAmount(
                f"{wanted.given} gives less than the smallest unit of {wanted.to.code}",
                param="AMOUNT",
            )
        obey_freeze(tx, wanted.agent)
        tx.put(made, "wallet.exchanged")
        tx.post(_entry(made))
    return made


def _request(made: Exchange) -> tuple[object, ...]:
    return (
        made.agent,
        made.given,
        made.taken.asset,
        made.rate_numerator,
        made.rate_denominator,
    )


def _entry(made: Exchange) -> Entry:
    """One asset leaves for the world and the other comes from it, together."""
    rate = Fraction(made.rate_numerator, made.rate_denominator)
    return Entry(
        f"exchange:{made.key}",
        EntryKind.EXCHANGE,
        (
            Move(wallet(made.agent), WORLD, made.given),
            Move(WORLD, wallet(made.agent), made.taken),
        ),
        memo=f"{made.taken.asset.code} per {made.given.asset.code}: {rate}, rounded down",
        reference=made.id,
    )
