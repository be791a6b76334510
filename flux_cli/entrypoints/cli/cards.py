"""`flux cards`: one-time cards at their owner's hand; `card_charges` is the merchant's side."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.domain.cards import Card, CardState, CardUsage
from flux_cli.domain.intents import PaymentIntent
from flux_cli.entrypoints.cli import card_charges
from flux_cli.entrypoints.cli.card_details import new_card_file
from flux_cli.entrypoints.cli.card_documents import card_document, card_listing
from flux_cli.entrypoints.cli.document import Document
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.options import LIST
from flux_cli.entrypoints.cli.ownership import TokenFile, prove_owner
from flux_cli.entrypoints.cli.pages import filters, page
from flux_cli.entrypoints.cli.payment_requests import LONGEST_CATEGORY, key_of, named
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.errors import Fix, InvalidInput
from flux_cli.usecases.cards import (
    cancel_card,
    issue_card_for,
    pause_card,
    resume_card,
    reveal_card,
    sweep_cards,
)
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.view_cards import view_card

app = noun("One-time virtual cards (simulated).")

CardId = Annotated[str, typer.Argument(metavar="ID", help="The card's id, or its start.")]
MINUTES = {"m": 1, "h": 60, "d": 24 * 60}
LIFETIME = re.compile(r"([1-9][0-9]{0,5})([mhd])", re.ASCII)


@verb(app, "list", options=LIST, examples=("flux cards list --status active",))
def list_(flux: Invocation) -> None:
    """List cards, newest first."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        cards, following = page(
            flux, reader, Card, filters(flux, reader, CardState, "holder"), "issued_at"
        )
    empty = "no cards: `flux cards issue PAYMENT` makes one of a payment on hold"
    flux.show(card_listing(flux, cards, following=following, empty=empty))


@verb(app, "show", examples=("flux cards show card_01",))
def show(flux: Invocation, card_id: CardId) -> None:
    """Show a card, masked, with what was authorised on it and what was declined."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        whole = view_card(reader, reader.resolve(Card, card_id))
    flux.show(card_document(whole, for_people=flux.for_people))


@verb(
    app,
    "issue",
    options=card_charges.KEYED,
    examples=(
        "flux cards issue pi_01 --merchant api-hub --lifetime 5m",
        "flux cards issue pi_01 --usage until_spent --category travel",
    ),
)
def issue(
    flux: Invocation,
    payment_id: Annotated[
        str, typer.Argument(metavar="PAYMENT", help="An approved payment whose money is on hold.")
    ],
    usage: Annotated[
        CardUsage, typer.Option(help="Pay once, or several times up to the limit.")
    ] = CardUsage.SINGLE_USE,
    merchant: Annotated[
        str | None, typer.Option(metavar="ID", help="Only this merchant may charge it.")
    ] = None,
    category: Annotated[
        str | None, typer.Option(metavar="WORD", help="Only for this kind of thing.")
    ] = None,
    lifetime: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="How long it lives, e.g. 5m, 24h; as configured else."),
    ] = None,
) -> None:
    """Put an approved payment's money on a one-time card."""
    minutes = None if lifetime is None else _minutes(lifetime)
    shop = None if merchant is None else named(merchant, "--merchant", 64)
    kind = None if category is None else named(category, "--category", LONGEST_CATEGORY)
    deps = open_existing(flux.config, timeout=flux.timeout)
    with deps.store.reading() as reader:
        intent = reader.resolve(PaymentIntent, payment_id)
    card = issue_card_for(
        deps,
        intent.id,
        usage=usage,
        merchant=shop,
        category=kind,
        lifetime_minutes=minutes,
        key=key_of(flux, deps),
    )
    last = f"SIMULATED; its details are seen once: flux cards reveal {card.id[-6:]} --to card.json"
    _tell(flux, deps, card, last)


@verb(app, "reveal", examples=("flux cards reveal card_01 --to card.json",))
def reveal(
    flux: Invocation,
    card_id: CardId,
    to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A new file for the details, readable by you alone."),
    ] = None,
    owner_token_file: TokenFile = None,
) -> None:
    """Show a card's number, expiry and CVV, once: at the terminal, or in a 0600 file.

    The owner alone may, and it is recorded. Nothing here goes into a pipe.
    """
    if to is None and not (flux.terminal.out_is_tty and flux.for_people):
        raise InvalidInput(
            "a card's details go to a terminal or into a private file, never into a pipe",
            param="--to",
            fixes=(Fix("name a new file for them with --to FILE"),),
        )
    deps = open_existing(flux.config, timeout=flux.timeout)
    card = _found(deps, card_id)
    shop = f" at {card.merchant}" if card.merchant is not None else ""
    what = f"{card.holder}'s SIMULATED card {card.masked} over {card.limit}{shop} is shown, once."
    prove_owner(flux, deps, what, card.last_four, token_file=owner_token_file)
    if to is None:
        seen = reveal_card(deps, card.id)
        flux.print(
            f"SIMULATED card\nnumber   {seen.number}\nexpires  {seen.expiry}\nCVV      {seen.cvv}"
        )
        flux.note("it was shown once and is not shown again")
        return
    with new_card_file(to) as file:
        file.write(reveal_card(deps, card.id))
    fields = {"id": card.id, "number": card.masked, "simulated": True, "file": to.resolve()}
    last = "SIMULATED; only you can read that file. It is not shown again"
    headings = {"number": "SIMULATED number"}
    flux.show(Document("card_reveal", fields, headings=headings, last=last))


@verb(app, "pause", examples=("flux cards pause card_01",))
def pause(flux: Invocation, card_id: CardId) -> None:
    """Stop a card for now; anybody may. What is authorised stays authorised."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    card = pause_card(deps, _found(deps, card_id).id)
    _tell(flux, deps, card, f"SIMULATED; flux cards resume {card.id[-6:]} lets it pay again")


@verb(app, "resume", examples=("flux cards resume card_01",))
def resume(flux: Invocation, card_id: CardId, owner_token_file: TokenFile = None) -> None:
    """Let a paused card pay again. The owner alone may."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    card = _found(deps, card_id)
    what = f"{card.holder}'s SIMULATED card {card.masked} would pay again."
    prove_owner(flux, deps, what, card.last_four, token_file=owner_token_file)
    _tell(flux, deps, resume_card(deps, card.id), "SIMULATED; it may pay again")


@verb(app, "cancel", examples=("flux cards cancel card_01",))
def cancel(flux: Invocation, card_id: CardId) -> None:
    """End a card; what is left on it goes back to its holder."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    card = cancel_card(deps, _found(deps, card_id).id)
    _tell(flux, deps, card, f"{card.released} went back to {card.holder}, SIMULATED")


@verb(app, "sweep", examples=("flux cards sweep",))
def sweep(flux: Invocation) -> None:
    """End every card, and every authorisation, whose time is over."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    flux.show(card_listing(flux, sweep_cards(deps), empty="no card's time is over"))


card_charges.register(app)


def _tell(flux: Invocation, deps: Deps, card: Card, last: str) -> None:
    with deps.store.reading() as reader:
        whole = view_card(reader, card)
    flux.show(card_document(whole, for_people=flux.for_people, last=last))


def _found(deps: Deps, text: str) -> Card:
    with deps.store.reading() as reader:
        return reader.resolve(Card, text)


def _minutes(text: str) -> int:
    """Minutes from `5m`, `24h` or `7d`."""
    found = LIFETIME.fullmatch(text)
    if found is None:
        raise InvalidInput(f"{text[:40]!r} is no time: write 5m, 24h or 7d", param="--lifetime")
    return int(found[1]) * MINUTES[found[2]]
