"""What agents have earned by their work, from every contract the ledger holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flux_cli.domain.agents import ORCHESTRATOR
from flux_cli.domain.marketplace import Listing, Proven
from flux_cli.domain.reputation import Reputation, reputation, society
from flux_cli.usecases.ports import Deps, Reader


def reputations(deps: Deps, reader: Reader, agents: Iterable[str]) -> dict[str, Reputation]:
    """The reputation of each agent as the payers that the owner trusts make it."""
    deals = reader.deals()
    trusted = frozenset({ORCHESTRATOR, *deps.settings.trusted_payers})
    known = society(deals, owners(reader), trusted)
    return {name: reputation(name, deals, known) for name in sorted(set(agents))}


def pasts(deps: Deps, reader: Reader, listings: Iterable[Listing]) -> dict[str, Proven]:
    """What the past of each listing's provider proves, for ranking.

    Nobody is new who sells for an owner whose other agents have a past: a bad name is not shed
    by taking another.
    """
    sellers: dict[str, set[str]] = {}
    for name, owner in owners(reader).items():
        sellers.setdefault(owner, set()).add(name)
    asked = {item.provider: item.owner for item in listings}
    others = {name for owner in asked.values() for name in sellers.get(owner, ())}
    found = reputations(deps, reader, {*asked, *others})

    def told(name: str) -> Proven:
        past = found[name].proven
        known = any(found[one].payers for one in sellers.get(asked[name], ()) if one != name)
        return replace(past, novelty=0) if known else past

    return {name: told(name) for name in sorted(asked)}


def owners(reader: Reader) -> dict[str, str]:
    """Who published each agent's listings, where somebody said so."""
    return {item.provider: item.owner for item in every_listing(reader) if item.owner}


def every_listing(reader: Reader, trade: str | None = None) -> list[Listing]:
    """All listings, of one trade or of all, oldest first."""
    found: list[Listing] = []
    after: str | None = None
    while page := _page(reader, trade, after):
        found += page
        after = page[-1].id
    return found


def _page(reader: Reader, trade: str | None, after: str | None) -> list[Listing]:
    if trade is None:
        return reader.find(Listing, oldest_first=True, after=after)
    return reader.find(Listing, oldest_first=True, after=after, trade=trade)
