"""`flux buy`: a wish in words becomes the best cart over several shops."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from flux_cli.bootstrap import brief_text, open_flux
from flux_cli.domain.agents import ORCHESTRATOR
from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.shopping import ShoppingSpec
from flux_cli.domain.wishes import with_flags
from flux_cli.entrypoints.cli.cart_checkout import (
    Failing,
    MaxIncrease,
    Negotiate,
    OnFailing,
    buy_cart,
    terms_of,
)
from flux_cli.entrypoints.cli.cart_documents import cart_document, refuse_unfilled
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.options import MONEY
from flux_cli.entrypoints.cli.payment_requests import (
    Rail,
    RailName,
    amount_of,
    key_of,
    refuse_above_maximum,
)
from flux_cli.entrypoints.cli.run_progress import run_progress
from flux_cli.entrypoints.cli.spec_editor import edited, read_spec
from flux_cli.entrypoints.cli.verb import daily, verb
from flux_cli.errors import Fix, InvalidInput
from flux_cli.usecases.ask_wish import ask_wish
from flux_cli.usecases.found_economy import found_economy
from flux_cli.usecases.make_cart import Unfilled, Wish, make_cart

app = daily()

BriefFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The wish in a file: text, Markdown, PDF or an image."),
]
Edit = Annotated[bool, typer.Option("--edit", help="Change what was understood in $EDITOR first.")]


@verb(
    app,
    "buy",
    options=MONEY,
    examples=(
        'flux buy "hackathon kit: snacks, badges, prizes for 60 people" --budget 200 --by +5d',
        "flux buy --brief brief.md --edit --dry-run",
        "flux buy --spec kit.json --strategy cheapest --yes",
    ),
)
def buy(
    flux: Invocation,
    wish: Annotated[str, typer.Argument(metavar="WISH", help="What you want, in words.")] = "",
    budget: Annotated[
        str | None, typer.Option(metavar="USD", help="At most this, shipping included.")
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="DATE", help="All there by: 2026-11-27, or +5d.")
    ] = None,
    strategy: Annotated[Strategy | None, typer.Option(help="What to weigh most.")] = None,
    spec: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The shopping list as JSON, instead.")
    ] = None,
    brief: BriefFile = None,
    edit: Edit = False,
    max_increase: MaxIncrease = "0",
    on_failure: OnFailing = Failing.REFUND_ALL,
    negotiate: Negotiate = False,
    rail: RailName = Rail.SIMULATED,
    buyer: Annotated[str, typer.Option("--for", metavar="AGENT", help="Who buys.")] = ORCHESTRATOR,
) -> ExitCode:
    """Find the best cart for a wish over all trusted shops, prove it, ask, and buy it once."""
    deps = open_flux(flux.config, timeout=flux.timeout)
    found_economy(deps)
    words = _words(wish, brief, spec)
    key = "dry" if flux.dry_run else key_of(flux, deps)
    told = run_progress(flux)
    if spec is not None:
        read = read_spec(spec)
    else:
        read = ask_wish(deps, buyer, words, flux.now.date(), key=key, progress=told)
    understood = _flagged(flux, read, budget, by, strategy)
    if edit:
        understood = edited(flux, understood)
    wanted = Wish(buyer, words, understood)
    filled = make_cart(deps, wanted, key=key, keep=not flux.dry_run, progress=told)
    if isinstance(filled, Unfilled):
        refuse_unfilled(flux, filled, understood)
    if flux.dry_run:
        refuse_above_maximum(flux, filled.cart.total)
        last = "a dry run: nothing is kept and nothing is bought"
        flux.show(cart_document(filled.cart, filled.found, for_people=flux.for_people, last=last))
        return ExitCode.OK
    if flux.for_people:
        flux.show(cart_document(filled.cart, filled.found, for_people=True))
    terms = terms_of(max_increase, on_failure, filled.cart.hash, negotiate=negotiate)
    return buy_cart(flux, deps, filled.cart, filled.found, terms, rail)


def _flagged(
    flux: Invocation,
    read: ShoppingSpec,
    budget: str | None,
    by: str | None,
    strategy: Strategy | None,
) -> ShoppingSpec:
    """What was read, where the flags win."""
    most = None if budget is None else amount_of(budget, param="--budget")
    day = None if by is None else _day(by, flux.now.date())
    found = with_flags(read, most, day)
    return found if strategy is None else replace(found, strategy=strategy)


def _words(wish: str, brief: Path | None, spec: Path | None) -> str:
    """The wish in words: as typed, and as the brief has it; of a list, its file's name."""
    if spec is not None and brief is not None:
        raise InvalidInput("give --brief or --spec, not both", param="--brief")
    if spec is not None:
        return wish.strip() or spec.stem
    words = wish.strip()
    if brief is not None:
        words = f"{words}\n\n{brief_text(brief)}".strip()
    if not words:
        raise InvalidInput(
            "say what you want",
            param="WISH",
            fixes=(Fix('in words: flux buy "snacks and badges for 60 people" --budget 200'),),
        )
    return words


def _day(text: str, today: date) -> date:
    """A day from `2026-11-27`, or `+5d` from today; raises `InvalidInput`."""
    number, unit = text[1:-1], text[-1:]
    if text.startswith("+") and unit in "dw" and number.isascii() and number.isdigit():
        days = int(number[:4]) * (7 if unit == "w" else 1)
        return today + timedelta(days=days)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            f"{text[:40]!r} is no day: write 2026-11-27 or +5d", param="--by"
        ) from None
