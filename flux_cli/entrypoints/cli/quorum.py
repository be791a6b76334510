"""`flux quorum`: who the five are, what they say, why, and how alike they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.bootstrap_votes import BrainWish, key_source, open_with_brain
from flux_cli.domain.lineage import RULES_LINEAGE, lineage_of
from flux_cli.domain.money import CREDIT
from flux_cli.domain.quorum import Urgency
from flux_cli.entrypoints.cli.ballots import (
    AS_IT_IS,
    BALLOT_COLUMNS,
    ballot_rows,
    stood_in,
    votes_in_words,
)
from flux_cli.entrypoints.cli.brain_options import (
    Brain,
    Cassette,
    MaxBrainCost,
    Record,
    open_for_votes,
)
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.payment_requests import (
    AmountText,
    AssetCode,
    ClaimedReturn,
    Justification,
    Payer,
    Purpose,
    Wording,
    amount_of,
    asset_of,
    named,
    read_request,
    shares_of,
)
from flux_cli.entrypoints.cli.quorum_documents import (
    asked_document,
    explained_document,
    stats_document,
)
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.usecases.ask_quorum import ask_quorum, describe_asked
from flux_cli.usecases.explain_quorum import explain_quorum
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.quorum_stats import quorum_stats
from flux_cli.usecases.replay_quorum import replay_quorum
from flux_cli.usecases.view_payments import find_payment, view_quorum

app = noun("The five seats and their ballots.")

Subject = Annotated[str, typer.Argument(metavar="ID", help="A payment's id, or a run's.")]

SEAT_COLUMNS = (
    Column("seat", "seat"),
    Column("backend", "answers"),
    Column("provider", "provider"),
    Column("model", "model"),
    Column("lineage", "lineage"),
    Column("key", "key"),
    Column("fallback", "if silent"),
    Column("rules", "powers"),
    Column("persona", "persona"),
)
FOR_PEOPLE = tuple(
    column for column in SEAT_COLUMNS if column.field not in ("backend", "provider", "rules")
)
"""What fits eighty columns; what a seat's voice can do is added where it is unusual."""

REPLAYED = (
    Column("seat", "seat"),
    Column("vote", "vote", "status"),
    Column("score", "score", "number"),
    Column("backend", "answered"),
    Column("rules_agree", "same by today's rules"),
)


@verb(app, "seats", examples=("flux quorum seats",))
def seats(flux: Invocation) -> None:
    """List the five seats, and what answers for each."""
    rows = [_seat(flux, seat.name) for seat in flux.config.quorum.seats]
    told = _lineages({str(row["lineage"]) for row in rows} - {RULES_LINEAGE})
    columns = FOR_PEOPLE if flux.for_people else SEAT_COLUMNS
    if flux.for_people and any(row["rules"] for row in rows):
        columns = (*columns[:-1], Column("rules", "powers"), columns[-1])
    flux.show(Listing("seat", rows, columns, last=told))


def _lineages(models: set[str]) -> str:
    """How many families of models vote, with a word where they are fewer than two."""
    if not models:
        return "five sets of rules over five sets of facts; no model is asked"
    named = ", ".join(sorted(models))
    if len(models) < 2:
        return f"fewer than two model lineages ({named}): models of one family are about one vote"
    return f"{len(models)} model lineages: {named}"


def _seat(flux: Invocation, name: str) -> dict[str, object]:
    quorum = flux.config.quorum
    seat = next(one for one in quorum.seats if one.name == name)
    model = seat.backend == "llm"
    powers = [f"weight {seat.weight}"] if seat.weight != 1 else []
    powers += [word for word, on in (("veto", seat.veto), ("required", seat.required)) if on]
    return {
        "seat": name,
        "persona": seat.title,
        "backend": seat.backend,
        "provider": seat.provider if model else None,
        "model": seat.model if model else f"rules/{name}",
        "lineage": lineage_of(seat.lineage or seat.model) if model else RULES_LINEAGE,
        "key": key_source(flux.config, seat.provider, flux.environ) if model else "not needed",
        "fallback": ("rules" if quorum.fallback else "no vote") if model else None,
        "weight": seat.weight,
        "veto": seat.veto,
        "required": seat.required,
        "rules": ", ".join(powers),
        "configured_model": seat.model,
        "configured_provider": seat.provider,
    }


@verb(app, "show", examples=("flux quorum show pi_01", "flux quorum show run_01"))
def show(flux: Invocation, subject: Subject) -> None:
    """Show how each seat voted on a payment, and why."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        whole = view_quorum(reader, find_payment(reader, subject))
    if not flux.for_people:
        flux.show(Document("quorum", whole))
        return
    said = votes_in_words(whole["tally"], whole["votes"])
    rest = {"tally", "votes", "ballots", "rule_fallback"}
    brief = stood_in(whole) | {key: value for key, value in whole.items() if key not in rest}
    ballots = ballot_rows(whole)
    # Reasons stand as fields of their own, which are wrapped where a column would be shortened.
    reasons = {f"{ballot['seat']} says": ballot["why"] for ballot in ballots}
    shown = brief | reasons | ({"ballots": ballots} if ballots else {})
    counted = tuple(column for column in BALLOT_COLUMNS if column.field != "why")
    tables = {"ballots": counted}
    flux.show(Document("quorum", shown, tables=tables, headings=AS_IT_IS, last=said))


@verb(
    app,
    "ask",
    examples=(
        "flux quorum ask orchestrator 100 --to researcher --purpose 'API credits' --return 400",
    ),
)
def ask(
    flux: Invocation,
    payer: Payer,
    amount: AmountText,
    to: Annotated[
        list[str],
        typer.Option("--to", metavar="PAYEE[=AMOUNT]", help="Who would get it; repeat to share."),
    ],
    purpose: Purpose = "payment",
    justification: Justification = "",
    claimed_return: ClaimedReturn = None,
    urgency: Annotated[Urgency, typer.Option(help="How soon it is needed.")] = Urgency.MEDIUM,
    deliverable: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="What is delivered; repeatable.")
    ] = None,
    checks: Annotated[
        int, typer.Option(min=0, max=1000, help="How many acceptance checks there are.")
    ] = 0,
    asset: AssetCode = CREDIT.code,
    brain: Brain = None,
    record: Record = False,
    cassette: Cassette = None,
    max_brain_cost: MaxBrainCost = None,
) -> ExitCode:
    """Ask the five about a request nobody makes.

    Nothing is recorded and nothing is spent, but what models cost is FROM's to pay. Ends with 3
    where they would refuse it.
    """
    money = amount_of(amount, asset_of(asset))
    said = Wording(purpose, justification, claimed_return, urgency)
    deps = open_for_votes(flux, brain, record, cassette, max_brain_cost)
    wanted = replace(
        read_request(deps, payer, money, shares_of(to, money), said),
        deliverables=tuple(named(text, "--deliverable") for text in deliverable or ()),
        acceptance_checks=checks,
    )
    asked = ask_quorum(deps, wanted, flux.progress)
    flux.show(asked_document(describe_asked(asked), for_people=flux.for_people))
    if asked.tally.outcome == "no_quorum":
        return ExitCode.TEMPORARY
    return ExitCode.OK if asked.tally.for_kernel.approved else ExitCode.DENIED


@verb(app, "explain", examples=("flux quorum explain pi_01",))
def explain(flux: Invocation, subject: Subject) -> None:
    """Explain a vote, and what would have changed it."""
    deps = _with_rules(flux)
    with deps.store.reading() as reader:
        whole = explain_quorum(reader, find_payment(reader, subject), deps.brain)
    flux.show(explained_document(whole, for_people=flux.for_people))


@verb(app, "replay", examples=("flux quorum replay pi_01",))
def replay(flux: Invocation, subject: Subject) -> None:
    """Count a vote again from the record, or end with 9."""
    deps = _with_rules(flux)
    with deps.store.reading() as reader:
        whole = replay_quorum(reader, find_payment(reader, subject), deps.brain)
    tally = whole["tally"]
    assert isinstance(tally, Mapping), "a count is a document"
    last = f"the same: {tally['outcome']}, {tally['why']}"
    shown = whole if not flux.for_people else {n: whole[n] for n in ("id", "ballots")}
    flux.show(Document("replayed_quorum", shown, tables={"ballots": REPLAYED}, last=last))


@verb(app, "stats", examples=("flux quorum stats", "flux quorum stats --agent orchestrator"))
def stats(
    flux: Invocation,
    agent: Annotated[
        str | None, typer.Option(metavar="ID", help="Only what this agent asked for.")
    ] = None,
    asset: AssetCode = CREDIT.code,
) -> None:
    """Tell how alike, how sure and how dear the seats are.

    And what the policy alone would have said.
    """
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        whole = quorum_stats(reader, asset_of(asset), agent)
    flux.show(stats_document(whole, for_people=flux.for_people))


def _with_rules(flux: Invocation) -> Deps:
    """The ledger that is there, and the seats' own rules to ask about it."""
    open_existing(flux.config, timeout=flux.timeout)
    return open_with_brain(flux.config, BrainWish("offline"), timeout=flux.timeout)
