"""Founding: a new ledger's agents, their policies and listings, and the owner's first grant."""

from __future__ import annotations

from dataclasses import dataclass

from flux_cli.domain.agents import (
    ECONOMY,
    ORCHESTRATOR,
    Agent,
    AgentKind,
    AgentStatus,
    Freeze,
    freeze_id,
)
from flux_cli.domain.journal import WORLD, EntryKind, transfer, wallet
from flux_cli.domain.ledgers import Ledger
from flux_cli.domain.marketplace import Listing
from flux_cli.domain.money import CREDIT, Money
from flux_cli.domain.policies import Limit, Policy, Window
from flux_cli.usecases.ports import Deps, Settings, Transaction


@dataclass(frozen=True, slots=True)
class Opening:
    """One specialist of the default catalogue; prices in whole CREDIT."""

    name: str
    display_name: str
    title: str
    description: str
    media_types: tuple[str, ...]
    price_min: int
    price_max: int
    turnaround_hours: int


TEXT = ("text/markdown", "application/json")

CATALOGUE = (
    Opening(
        "data-analyst",
        "Data Analyst",
        "Data analysis and reports",
        "Cleans, profiles and tests tables; reports numbers with their computation.",
        (*TEXT, "text/html"),
        25,
        25,
        12,
    ),
    Opening(
        "content-writer",
        "Content Writer",
        "Campaign copy: ads, posts, landing text",
        "Writes in the brief's voice from the research, within each channel's limits.",
        TEXT,
        15,
        30,
        8,
    ),
    Opening(
        "researcher",
        "Researcher",
        "Market research with cited sources",
        "Reads the documents given, answers the brief's questions, cites file and passage.",
        TEXT,
        20,
        50,
        12,
    ),
    Opening(
        "code-reviewer",
        "Code Reviewer",
        "Code review with ranked findings",
        "Runs established analysers; ranks findings with file and line.",
        (*TEXT, "text/html", "application/sarif+json"),
        15,
        60,
        12,
    ),
    Opening(
        "image-generator",
        "Image Generator",
        "Brand banners and social images",
        "Composes banners in the brand's colours, legible at every size, as PNG and SVG.",
        ("image/png", "image/svg+xml", "application/json"),
        10,
        40,
        6,
    ),
)
"""PRODUCT's default catalogue: one agent a trade, named by it."""

SHOPS = (
    ("api-hub", "API Hub"),
    ("insight-tools", "Insight Tools"),
    ("nimbus-cloud", "Nimbus"),
    ("amazon", "Amazon"),
    ("techdata", "TechData"),
    ("walmart", "Walmart"),
)
"""The simulated merchants that there are from the start, by name and display name."""


def found_economy(deps: Deps) -> bool:
    """Found the economy, once, unless an orchestrator is there; says whether this call did."""
    with deps.store.reading() as reader:
        if reader.lookup(Agent, name=ORCHESTRATOR) is not None:
            return False
    with deps.store.begin() as tx:
        if tx.lookup(Agent, name=ORCHESTRATOR) is not None:
            return False
        _found_ledger(deps, tx)
        # A program's own agent may have a specialist's name; it is neither made one nor paid.
        offers = [offer for offer in CATALOGUE if tx.lookup(Agent, name=offer.name) is None]
        for offer in offers:
            _open_specialist(deps, tx, offer)
        shops = [(name, shown) for name, shown in SHOPS if tx.lookup(Agent, name=name) is None]
        for name, shown in shops:
            register_agent(deps, tx, name, shown, AgentKind.MERCHANT)
        register_agent(deps, tx, ORCHESTRATOR, "Orchestrator", AgentKind.ORCHESTRATOR)
        payees = frozenset([offer.name for offer in offers] + [name for name, _ in shops])
        set_policy(deps, tx, ORCHESTRATOR, deps.settings, payees)
        if deps.settings.opening_grant.units > 0:
            grant = deps.settings.opening_grant
            tx.post(
                transfer(
                    "founding:grant",
                    EntryKind.TOP_UP,
                    WORLD,
                    wallet(ORCHESTRATOR),
                    grant,
                    memo="opening grant, simulated",
                )
            )
    deps.owner.establish()
    return True


def found_ledger(deps: Deps) -> None:
    """Make an empty ledger one: its identity and the economy's kill switch, once; no agents."""
    with deps.store.reading() as reader:
        founded = reader.lookup(Ledger, id="ledger") is not None
    if not founded:
        with deps.store.begin() as tx:
            _found_ledger(deps, tx)
    deps.owner.establish()


def _found_ledger(deps: Deps, tx: Transaction) -> None:
    if tx.lookup(Ledger, id="ledger") is None:
        tx.put(Ledger("ledger", deps.ids.new("event"), tx.now), "ledger.created")
        tx.put(Freeze(freeze_id(ECONOMY), False, "", tx.now), "economy.thawed")


def register_agent(
    deps: Deps,
    tx: Transaction,
    name: str,
    display_name: str,
    kind: AgentKind,
    trades: tuple[str, ...] = (),
) -> Agent:
    """Enter one agent in the directory, active and not frozen."""
    agent = Agent(
        deps.ids.new("agent"), name, display_name, kind, trades, AgentStatus.ACTIVE, tx.now
    )
    tx.put(agent, "agent.registered")
    tx.put(Freeze(freeze_id(name), False, "", tx.now), "agent.thawed")
    return agent


def set_policy(
    deps: Deps, tx: Transaction, agent: str, settings: Settings, payees: frozenset[str] | None
) -> None:
    """Give an agent the configured limits as its next policy."""
    earlier = tx.find(Policy, agent=agent, limit=1)
    day = settings.rolling_24h
    policy = Policy(
        id=deps.ids.new("policy"),
        agent=agent,
        number=earlier[0].number + 1 if earlier else 1,
        per_payment=settings.per_payment,
        limits=() if day is None else (Limit(Window.DAY, day),),
        payees=payees,
        denied_payees=frozenset(),
        assets=None,
        rails=None,
        hours=(),
        minimum_balance=None,
        approval_threshold=settings.approval_threshold,
        owner_threshold=settings.owner_threshold,
        require_justification=False,
        least_return_percent=None,
        duplicate_window=None,
        paused=False,
        note="",
        set_at=tx.now,
    )
    tx.put(policy, "policy.set")


def _open_specialist(deps: Deps, tx: Transaction, offer: Opening) -> None:
    register_agent(deps, tx, offer.name, offer.display_name, AgentKind.SPECIALIST, (offer.name,))
    whole = 10**CREDIT.exponent
    listing = Listing(
        id=deps.ids.new("listing"),
        provider=offer.name,
        trade=offer.name,
        title=offer.title,
        description=offer.description,
        media_types=offer.media_types,
        price_min=Money(offer.price_min * whole),
        price_max=Money(offer.price_max * whole),
        turnaround_hours=offer.turnaround_hours,
        # A listing without the code that does its trade takes no work.
        active=offer.name in deps.trades,
        created_at=tx.now,
    )
    tx.put(listing, "listing.published")
