"""`flux market hire`: a contract with a seller, outside any run."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.domain.contracts import Contract
from flux_cli.domain.intents import IntentState, PaymentIntent
from flux_cli.domain.marketplace import Listing as Offer
from flux_cli.domain.money import CREDIT, parse_money
from flux_cli.entrypoints.cli import outcomes
from flux_cli.entrypoints.cli.contracts import contract_document
from flux_cli.entrypoints.cli.document import Column, Document
from flux_cli.entrypoints.cli.escrow import lifetime
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.options import MONEY
from flux_cli.entrypoints.cli.refusal import Refusal
from flux_cli.entrypoints.cli.run_progress import run_progress
from flux_cli.entrypoints.cli.verb import verb
from flux_cli.errors import InvalidInput
from flux_cli.usecases.hire_directly import DirectHire, Terms, agree, hire_directly
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.view_agents import agent_named
from flux_cli.usecases.view_payments import view_payment

ROUNDS = (
    Column("number", "round", "number"),
    Column("offered", "offered", "money"),
    Column("asked", "asked", "money"),
)


def register(app: typer.Typer) -> None:
    """Add this verb to `flux market`."""
    examples = (
        "flux market hire lst_01 --brief 'Five ads for the lantern' --size 40",
        "flux market hire lst_01 --brief 'A study' --bargain --milestone draft=30"
        " --milestone final=70",
    )
    verb(app, "hire", options=MONEY, examples=examples)(hire)


def hire(
    flux: Invocation,
    listing_id: Annotated[
        str, typer.Argument(metavar="LISTING", help="The listing's id, or its start.")
    ],
    brief: Annotated[str, typer.Option(help="What is to be done, in at most 600 characters.")],
    client: Annotated[str, typer.Option(metavar="AGENT", help="Who hires.")] = "orchestrator",
    size: Annotated[
        int, typer.Option(min=1, max=100, metavar="PERCENT", help="Of a full job; sets the price.")
    ] = 100,
    bargain: Annotated[
        bool, typer.Option("--bargain", help="Make counter-offers to the quote (SIMULATED).")
    ] = False,
    milestone: Annotated[
        list[str] | None, typer.Option(metavar="NAME=PERCENT", help="A part of the price.")
    ] = None,
    evaluator: Annotated[
        str | None, typer.Option(metavar="AGENT", help="Who accepts the work (the client).")
    ] = None,
    expires_in: Annotated[
        str, typer.Option(metavar="TIME", help="When the money goes back: 12h, 7d or 2w.")
    ] = "7d",
    justification: Annotated[str, typer.Option(help="Why it is worth its price.")] = "",
    expected_return: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="What the client expects back.")
    ] = None,
) -> ExitCode:
    """Hire a seller; its price waits in escrow until the work is accepted."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        listing = reader.resolve(Offer, listing_id)
        names = [agent_named(reader, one).name for one in (client, evaluator or client)]
    request = DirectHire(
        client=names[0],
        listing_id=listing.id,
        brief=brief,
        size=size,
        bargain=bargain,
        evaluator=names[1],
        expires_in=lifetime(expires_in),
        milestones=tuple(_milestone(one) for one in milestone or ()),
        justification=justification,
        claimed_return=None if expected_return is None else parse_money(expected_return, CREDIT),
    )
    return _hired(flux, deps, request, listing)


def _hired(flux: Invocation, deps: Deps, request: DirectHire, listing: Offer) -> ExitCode:
    """Hire, or of a dry run only show the quote."""
    terms = agree(deps, request, listing)
    _at_most(flux, terms)
    if flux.dry_run:
        shown = {"provider": listing.provider, "trade": listing.trade, **_told(terms)}
        last = "nothing was hired: a dry run; kernel and quorum would decide next"
        flux.show(Document("quote", shown, tables={"rounds": ROUNDS}, last=last))
        return ExitCode.OK
    key = flux.idempotency_key or deps.ids.new("event")
    outcome = hire_directly(deps, request, key=key, progress=run_progress(flux))
    if isinstance(outcome, Contract):
        last = f"{outcome.price} waits in escrow for {outcome.provider}, simulated"
        flux.show(contract_document(flux, deps, outcome, last))
        return ExitCode.OK
    return _undecided(flux, deps, outcome.id, key)


def _undecided(flux: Invocation, deps: Deps, intent_id: str, key: str) -> ExitCode:
    """End as denied, or as waiting with the command that goes on."""
    with deps.store.reading() as reader:
        intent = reader.get(PaymentIntent, intent_id)
        document = Document("payment", view_payment(reader, intent) | {"hire_key": key})
    if intent.state is IntentState.DENIED:
        outcomes.refuse(flux, intent, document)
    flux.show(document)
    flux.note(f"it waits: {intent.state}; the same again with --idempotency-key {shlex.quote(key)}")
    return ExitCode.PENDING


def _at_most(flux: Invocation, terms: Terms) -> None:
    cap = flux.max_amount
    if cap is not None and terms.price > cap:
        rule = Refusal("max_amount", "asked", cap.units, terms.price.units, cap.asset.code)
        flux.deny("nothing was locked", (rule,), max_amount_minor=cap.units)


def _told(terms: Terms) -> dict[str, object]:
    rounds = [
        {"number": number, "offered": one.offered, "asked": one.asked}
        for number, one in enumerate(terms.in_money(), 1)
    ]
    return {"quoted": terms.quoted, "price": terms.price, "simulated": True, "rounds": rounds}


def _milestone(text: str) -> tuple[str, int]:
    name, equals, percent = text.rpartition("=")
    if not equals or not percent.isascii() or not percent.isdigit() or len(percent) > 3:
        raise InvalidInput(f"{text[:64]!r} is not NAME=PERCENT", param="--milestone")
    return name.strip(), int(percent)
