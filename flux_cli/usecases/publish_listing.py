"""Putting work on offer, by anyone, within quotas that keep one seller from drowning the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from flux_cli.domain.agents import Agent, AgentKind
from flux_cli.domain.free_text import bounded
from flux_cli.domain.marketplace import Listing
from flux_cli.domain.money import CREDIT, Money, parse_money
from flux_cli.domain.outside import command_fault, url_fault
from flux_cli.errors import InvalidAmount, InvalidInput, WrongState
from flux_cli.usecases.found_economy import register_agent
from flux_cli.usecases.open_agent import name_fault
from flux_cli.usecases.ports import Deps, Reader
from flux_cli.usecases.reputations import every_listing

MOST_OF_AN_OWNER = 20
MOST_OF_A_PROVIDER = 5
MOST_LISTINGS = 10_000
MOST_MEDIA_TYPES = 20
LONGEST_TURNAROUND = 24 * 90
DEAREST = parse_money("1000000", CREDIT)

_TRADE = re.compile(r"[a-z][a-z0-9-]{1,39}", re.ASCII)
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,60}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewListing:
    """What a seller says: `owner` answers for it, and may be the owner of several providers."""

    provider: str
    owner: str
    trade: str
    title: str
    description: str
    media_types: tuple[str, ...]
    price_min: Money
    price_max: Money
    turnaround_hours: int
    command: tuple[str, ...] = ()
    url: str = ""


def publish_listing(deps: Deps, new: NewListing) -> Listing:
    """The listing, on offer; the same provider, trade and title changes the one there was.

    A provider that is not there yet becomes an agent that may be paid and spends nothing. Raises
    `InvalidInput`, `InvalidAmount`, and `WrongState` where a quota is used up, the provider is
    not this owner's, or who does the work would change.
    """
    _check(new)
    with deps.store.begin() as tx:
        known = every_listing(tx)
        mine = [item for item in known if item.provider == new.provider]
        _admit(tx, new, mine)
        same = [item for item in mine if (item.trade, item.title) == (new.trade, new.title)]
        if same and (same[0].command, same[0].url) != (new.command, new.url):
            # Contracts that name the listing agreed on who does it.
            raise WrongState("who does its work cannot change; publish another title",
                             subject=same[0].id)  # fmt: skip
        _within_quotas(new, [item for item in known if item.active and item not in same])
        if tx.lookup(Agent, name=new.provider) is None:
            kind = AgentKind.SPECIALIST
            register_agent(deps, tx, new.provider, new.provider, kind, (new.trade,))
        listing = Listing(
            id=same[0].id if same else deps.ids.new("listing"),
            provider=new.provider,
            trade=new.trade,
            title=new.title,
            description=new.description,
            media_types=new.media_types,
            price_min=new.price_min,
            price_max=new.price_max,
            turnaround_hours=new.turnaround_hours,
            active=True,
            created_at=same[0].created_at if same else tx.now,
            owner=new.owner,
            command=new.command,
            url=new.url,
        )
        if same == [listing]:
            return listing
        tx.put(listing, "listing.changed" if same else "listing.published")
        return listing


def withdraw_listing(deps: Deps, listing_id: str, *, owner: str) -> Listing:
    """Take a listing off the market; what was hired through it goes on. Raises `WrongState`."""
    with deps.store.begin() as tx:
        listing = tx.get(Listing, listing_id)
        if listing.owner != owner:
            raise WrongState(f"it is not a listing of {owner[:64]!r}", subject=listing.id)
        if not listing.active:
            return listing
        withdrawn = replace(listing, active=False)
        tx.put(withdrawn, "listing.withdrawn")
        return withdrawn


def _admit(reader: Reader, new: NewListing, mine: list[Listing]) -> None:
    """Nobody sells under another's name."""
    agent = reader.lookup(Agent, name=new.provider)
    others = any(item.owner != new.owner for item in mine)
    if others or (agent is not None and agent.kind is not AgentKind.SPECIALIST):
        raise WrongState(
            f"{new.provider!r} is not an agent that {new.owner!r} sells for", subject=new.provider
        )


def _within_quotas(new: NewListing, active: list[Listing]) -> None:
    for whose, number, most in (
        (new.owner, sum(item.owner == new.owner for item in active), MOST_OF_AN_OWNER),
        (new.provider, sum(item.provider == new.provider for item in active), MOST_OF_A_PROVIDER),
        ("the market", len(active), MOST_LISTINGS),
    ):
        if number >= most:
            raise WrongState(f"{whose} has {number} listings on offer; {most} is the most")


def _check(new: NewListing) -> None:
    """Raise `InvalidInput` or `InvalidAmount` for what no listing can say."""
    for param, name in (("provider", new.provider), ("owner", new.owner)):
        if wrong := name_fault(name):
            raise InvalidInput(f"{param} {name[:64]!r}: {wrong}", param=param)
    if not _TRADE.fullmatch(new.trade):
        raise InvalidInput("a trade is 2 to 40 of a-z, 0-9 and dashes", param="trade")
    for param, text, most in (("title", new.title, 120), ("description", new.description, 600)):
        if not text.strip() or text != bounded(text, most):
            raise InvalidInput(f"a {param} is 1 to {most} plain characters", param=param)
    if not 0 < len(new.media_types) <= MOST_MEDIA_TYPES or not all(
        _MEDIA_TYPE.fullmatch(one) for one in new.media_types
    ):
        raise InvalidInput(
            f"name 1 to {MOST_MEDIA_TYPES} media types, such as text/markdown", param="media_types"
        )
    if not 1 <= new.turnaround_hours <= LONGEST_TURNAROUND:
        raise InvalidInput(f"it takes 1 to {LONGEST_TURNAROUND} hours", param="turnaround_hours")
    if new.command and new.url:
        raise InvalidInput("it is a command or an address, not both", param="url")
    if new.command and (fault := command_fault(new.command)):
        raise InvalidInput(fault, param="command")
    if new.url and (fault := url_fault(new.url)):
        raise InvalidInput(fault, param="url")
    cent = 10 ** (CREDIT.exponent - 2)
    prices = (new.price_min, new.price_max)
    if any(price.asset != CREDIT or price.units % cent for price in prices):
        raise InvalidAmount("a price is in whole cents of CREDIT", param="price_min")
    if not 0 < new.price_min.units <= new.price_max.units <= DEAREST.units:
        raise InvalidAmount(
            f"prices go from more than nothing up to at most {DEAREST}", param="price_max"
        )
