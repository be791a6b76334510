"""Listings, reputations and reviews, as any front end shows them."""

from __future__ import annotations

from flux_cli.domain.agents import AgentKind
from flux_cli.domain.contracts import Contract
from flux_cli.domain.marketplace import Listing
from flux_cli.domain.money import CREDIT
from flux_cli.domain.reputation import Reputation, formula
from flux_cli.domain.reviews import Review
from flux_cli.usecases.describe_run import Document, shallow
from flux_cli.usecases.ports import Deps, Reader
from flux_cli.usecases.reputations import reputations
from flux_cli.usecases.view_agents import every_agent


def describe_listing(deps: Deps, reader: Reader, listing: Listing) -> Document:
    """A listing with its provider's reputation and the newest reviews."""
    found = reputations(deps, reader, [listing.provider])[listing.provider]
    reviews = reader.find(Review, provider=listing.provider, limit=20)
    barred = deps.outside.barred(listing) if listing.is_outside else None
    return shallow(listing) | {
        "barred": barred or "",
        "reputation": describe_reputation(found),
        "reviews": [shallow(one) for one in reviews],
    }


def describe_contract(contract: Contract) -> Document:
    """A contract with its files, its checks and how its candidates were ranked."""
    return shallow(contract) | {
        "artefacts": [shallow(one) for one in contract.artefacts],
        "checks": [shallow(one) for one in contract.checks],
        "ranking": [shallow(one) for one in contract.ranking],
    }


def describe_reputation(found: Reputation) -> Document:
    """A reputation with every number it comes from; weights are thousandths of a verdict."""
    return {
        "agent": found.agent,
        "quality": found.proven.quality,
        "reliability": found.proven.reliability,
        "accepted": found.accepted,
        "rejected": found.rejected,
        "on_time": found.on_time,
        "late": found.late,
        "payers": [shallow(line) for line in found.payers],
        "not_counted": [
            {"reason": reason, "contracts": number} for reason, number in found.not_counted
        ],
        "formula": formula(),
    }


def describe_stats(deps: Deps, reader: Reader, agent: str) -> Document:
    """An agent's reputation and what it earned."""
    found = reputations(deps, reader, [agent])[agent]
    jobs = sum(line.contracts for line in found.payers)
    return describe_reputation(found) | {"jobs": jobs, "earned": reader.flows(agent, CREDIT)[0]}


def leaderboard(deps: Deps, reader: Reader) -> list[Document]:
    """Every specialist, the best proven first; equals by what they earned, then by name."""
    names = [one.name for one in every_agent(reader) if one.kind is AgentKind.SPECIALIST]
    known = reputations(deps, reader, names)
    earned = {name: reader.flows(name, CREDIT)[0] for name in names}

    def place(name: str) -> tuple[int, int, int, str]:
        past = known[name].proven
        return -past.quality, -past.reliability, -earned[name].units, name

    return [
        {"rank": number}
        | describe_reputation(known[name])
        | {"jobs": sum(line.contracts for line in known[name].payers), "earned": earned[name]}
        for number, name in enumerate(sorted(names, key=place), 1)
    ]
