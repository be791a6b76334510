"""What the dashboard shows, one screen or one object at a time."""

from __future__ import annotations

from collections.abc import Callable

from flux_cli.domain.money import parse_money
from flux_cli.domain.settlements import MAINNET, TESTNET
from flux_cli.errors import InvalidAmount
from flux_cli.usecases.dashboard_details import view_detail
from flux_cli.usecases.dashboard_keys import view_keys
from flux_cli.usecases.dashboard_lists import (
    view_agents,
    view_approvals,
    view_cards,
    view_market,
    view_payments,
    view_runs,
    view_settlement,
    view_shopping,
)
from flux_cli.usecases.dashboard_money import view_analytics, view_budget, view_policy
from flux_cli.usecases.dashboard_overview import view_overview
from flux_cli.usecases.dashboard_ports import WatchReader
from flux_cli.usecases.dashboard_view import Ask, Filter, View

SCREENS: dict[str, Callable[[WatchReader, Ask], View]] = {
    "overview": view_overview,
    "agents": view_agents,
    "payments": view_payments,
    "runs": view_runs,
    "cards": view_cards,
    "market": view_market,
    "shopping": view_shopping,
    "budget": view_budget,
    "settlement": view_settlement,
    "approvals": view_approvals,
    "keys": view_keys,
    "policy": view_policy,
    "analytics": view_analytics,
}
"""Every screen by name; the first nine are on the keys 1 to 9."""


def look(reader: WatchReader, ask: Ask) -> View:
    """The view asked for; raises `NotFound` for an object that is not there."""
    if ask.ref is not None:
        return view_detail(reader, ask.ref)
    return SCREENS[ask.screen](reader, ask)


LATEST_SETTLEMENTS = 100
CHAINS = {TESTNET: "Arc testnet", MAINNET: "REAL MONEY on Arc"}


def whose_money(reader: WatchReader) -> str:
    """What the money here is: simulated, a local chain's too, and what left by other chains."""
    outside = sorted(chain for chain, local in reader.chains(LATEST_SETTLEMENTS) if not local)
    named = [CHAINS.get(chain, f"chain {chain}") for chain in outside]
    return " + ".join(("SIMULATED money", *named))


def parse_filter(text: str) -> Filter:
    """`agent:writer state:denied >50 <100 word`; raises `InvalidAmount`."""
    words: list[str] = []
    given: dict[str, str] = {}
    for word in text.lower().split():
        name, colon, value = word.partition(":")
        if colon and name in ("agent", "state"):
            given[name] = value
        elif word[0] in "<>" and len(word) > 1:
            given[word[0]] = word[1:].removeprefix("$")
        else:
            words.append(word)
    try:
        above, below = (parse_money(given[sign]) if sign in given else None for sign in (">", "<"))
    except InvalidAmount as error:
        raise InvalidAmount(f"the filter: {error}") from error
    return Filter(tuple(words), given.get("agent", ""), given.get("state", ""), above, below)
