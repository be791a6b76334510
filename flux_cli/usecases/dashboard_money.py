"""The dashboard's screens about limits: budget and alerts, policies, keys; and how seats vote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flux_cli.domain.agents import ORCHESTRATOR, Agent
from flux_cli.domain.mandates import Mandate
from flux_cli.domain.money import CREDIT, Money
from flux_cli.domain.policies import EVERYBODY, Limit, Policy
from flux_cli.domain.quorum import SEATS
from flux_cli.errors import NotFound
from flux_cli.usecases.dashboard_overview import (
    needs_attention,
    payments_tiles,
    spending,
    spending_panels,
    whole,
)
from flux_cli.usecases.dashboard_ports import WatchReader
from flux_cli.usecases.dashboard_view import (
    Ask,
    Cell,
    Column,
    Prose,
    Ref,
    Row,
    Table,
    Tile,
    Tiles,
    Tone,
    View,
    facts,
    short,
)
from flux_cli.usecases.gather_facts import newest_policy, policy_of
from flux_cli.usecases.quorum_stats import quorum_stats
from flux_cli.usecases.view_agents import every_agent

WARN_PERCENT = 80
MOST_AGENTS = 100


def view_budget(reader: WatchReader, ask: Ask) -> View:
    """What each limit has counted so far, what is near it, and how long the money lasts."""
    rows = [row for agent in _spenders(reader) for row in _usage(reader, agent)]
    rows.sort(key=lambda one: -one[0])
    near = sum(percent >= WARN_PERCENT for percent, _ in rows)
    columns = (
        Column("agent", flex=True),
        Column("limit"),
        Column("used", right=True),
        Column("cap", right=True),
        Column("", drop=1),
        Column("%", right=True),
    )
    shown = tuple(row for _, row in rows if ask.filter.passes(row))
    limits = Table("Limits", columns, shown, "no rolling limit is set: `flux policy set`")
    spent = None if ask.hasty else spending(reader, ask.period)
    paid, _, left = payments_tiles(reader, ask, spent)
    top = Tiles((
        paid,
        left,
        Tile("Near a limit", str(near), f"{WARN_PERCENT}% and above",
             Tone.WARN if near else Tone.GOOD),
    ))  # fmt: skip
    by_agent, burning = spending_panels(reader, ask, spent)
    side = (burning, by_agent)
    foot = (needs_attention(reader),)
    return View("Budget & alerts", (limits, _mandates(reader)), top, side, foot)


def _spenders(reader: WatchReader) -> list[Agent]:
    return every_agent(reader)[:MOST_AGENTS]


def _usage(reader: WatchReader, agent: Agent) -> list[tuple[int, Row]]:
    try:
        policy = policy_of(reader, agent.name)
    except NotFound:
        return []
    found = []
    for limit in policy.limits:
        if limit.amount is None or limit.scope not in ("agent", "everybody"):
            continue
        used, _ = reader.used(limit, agent.name, "", limit.amount.asset)
        if used.units or agent.name == ORCHESTRATOR:
            found.append(_limit_row(agent.name, limit, used, limit.amount))
    return found


def _limit_row(agent: str, limit: Limit, used: Money, cap: Money) -> tuple[int, Row]:
    percent = used.units * 100 // cap.units if cap.units else 100
    tone = Tone.WARN if percent >= WARN_PERCENT else Tone.PLAIN
    filled = min(10, percent // 10)
    cells = (
        Cell(agent, Tone.STRONG),
        Cell(limit.rule().replace("_", " ")),
        Cell(whole(used)),
        Cell(whole(cap)),
        Cell("█" * filled + "░" * (10 - filled), tone),
        Cell(f"{'! ' if percent >= WARN_PERCENT else ''}{percent}", tone),
    )
    return percent, Row(cells, agent=agent, state="near" if tone else "", amount=used)


def _mandates(reader: WatchReader) -> Table:
    columns = (
        Column("id", drop=2),
        Column("holder"),
        Column("purpose", flex=True),
        Column("total", right=True),
        Column("until", drop=1),
    )
    rows = tuple(
        Row((
            Cell(short(one.id), Tone.DIM),
            Cell(one.holder, Tone.STRONG),
            Cell(one.purpose),
            Cell(str(one.total)),
            Cell(f"{one.expires_at:%m-%d %H:%M}"),
        ))
        for one in reader.find(Mandate, limit=50)
    )  # fmt: skip
    return Table("Mandates", columns, rows, "no mandates: `flux mandates create`")


def view_policy(reader: WatchReader, ask: Ask) -> View:
    """The newest policy of every agent, in one line each."""
    columns = (
        Column("agent", flex=True),
        Column("version", right=True, drop=2),
        Column("per payment", right=True),
        Column("limits", right=True, drop=1),
        Column("votes above", right=True),
        Column("owner above", right=True),
        Column("payees", right=True, drop=3),
    )
    names = [EVERYBODY, *(agent.name for agent in _spenders(reader))]
    policies = [newest_policy(reader, name, CREDIT) for name in names]
    rows = tuple(_policy_row(policy) for policy in policies if policy is not None)
    shown = tuple(row for row in rows if ask.filter.passes(row))
    empty = "no policy: nobody may spend; `flux policy set AGENT FILE`"
    told = facts(
        "How it is changed",
        ("see one", "flux policy show AGENT"),
        ("try one", "flux policy simulate FILE AGENT AMOUNT --to PAYEE"),
        ("set one", "flux policy set AGENT FILE"),
    )
    return View("Policy", (Table("Policies (CREDIT)", columns, shown, empty),), foot=(told,))


def _policy_row(policy: Policy) -> Row:
    cells = (
        Cell("everybody" if policy.agent == EVERYBODY else policy.agent, Tone.STRONG),
        Cell(str(policy.number)),
        Cell("–" if policy.per_payment is None else str(policy.per_payment)),
        Cell(str(len(policy.limits))),
        Cell(str(policy.approval_threshold) if policy.approval_threshold.units < 10**15 else "–"),
        Cell("–" if policy.owner_threshold is None else str(policy.owner_threshold)),
        Cell("any" if policy.payees is None else str(len(policy.payees))),
    )
    ref = Ref("policy", policy.id, ("flux", "policy", "show", policy.agent))
    return Row(cells, ref, policy.agent)


def view_analytics(reader: WatchReader, _ask: Ask) -> View:
    """Whether five votes are five: agreement, calibration, cost, and what policy alone says."""
    found: Mapping[str, Any] = quorum_stats(reader)
    if not found["votes"]:
        empty = Prose("Analytics", (), "no votes yet: `flux run marketing-campaign` asks for one")
        return View("Analytics", (empty,))
    alone, cost = found["policy_alone"], found["cost"]
    per_dollar = cost["per_dollar_approved"]
    top = Tiles((
        Tile("Votes", str(found["votes"]), "latest 2,000", brief="Votes"),
        Tile("Independent votes", found["effective_votes"] or "–", f"of {len(SEATS)} seats",
             brief="Independent"),
        Tile("Stopped by quorum", str(alone["stopped_by_the_quorum"]),
             f"{whole(alone['amount_stopped'])}", brief="Stopped"),
        Tile("Cost per $ approved", "–" if per_dollar is None else str(per_dollar),
             f"{cost['votes']} in all", brief="Cost per $"),
    ))  # fmt: skip
    main = (_matrix(found["agreement"]), _seats(found["seats"]))
    return View("Analytics", main, top, side=(_calibration(found["calibration"]), _alone(alone)))


def _matrix(agreement: list[Mapping[str, Any]]) -> Table:
    """How often two seats voted the same, and how correlated they are."""
    known = {(one["one"], one["other"]): one for one in agreement}
    rows = []
    for seat in SEATS:
        cells = [Cell(seat, Tone.STRONG)]
        for other in SEATS:
            pair = known.get((seat, other)) or known.get((other, seat))
            if pair is None or pair["agreed_percent"] is None:
                cells.append(Cell("·", Tone.DIM))
                continue
            tied = pair["correlation"]
            cells.append(Cell(f"{pair['agreed_percent']}%" + (f" {tied}" if tied else "")))
        rows.append(Row(tuple(cells)))
    columns = (Column("seat", flex=True), *(Column(seat, right=True) for seat in SEATS))
    return Table("Agreement in % and correlation (five votes may be one)", columns, tuple(rows))


def _seats(seats: list[Mapping[str, Any]]) -> Table:
    names = ("yes", "no", "abstain", "missing", "hard", "decisive")
    rows = tuple(
        Row((
            Cell(one["seat"], Tone.STRONG),
            *(Cell(str(one[name])) for name in names),
            Cell("–" if one["with_the_outcome_percent"] is None
                 else f"{one['with_the_outcome_percent']}%"),
        ))
        for one in seats
    )  # fmt: skip
    columns = (
        Column("seat", flex=True),
        *(Column(name, right=True) for name in names),
        Column("with outcome", right=True),
    )
    return Table("Seats", columns, rows)


def _calibration(rows: list[Mapping[str, Any]]) -> Table:
    columns = (Column("confidence", flex=True), Column("ballots", right=True),
               Column("right", right=True))  # fmt: skip
    shown = tuple(
        Row((Cell(one["confidence"]), Cell(str(one["ballots"])),
             Cell(f"{one['with_the_outcome']}%")))
        for one in rows
    )  # fmt: skip
    return Table("Calibration", columns, shown)


def _alone(alone: Mapping[str, Any]) -> Prose:
    return facts(
        "Policy alone would have said",
        ("yes, times", str(alone["would_have_passed"])),
        ("then stopped", str(alone["stopped_by_the_quorum"])),
        ("worth", str(alone["amount_stopped"])),
    )
