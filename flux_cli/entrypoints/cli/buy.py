"""`flux buy`: a wish in words becomes the best cart over several shops."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from flux_cli.bootstrap import open_flux
from flux_cli.domain.agents import ORCHESTRATOR
from flux_cli.domain.marketplace import Strategy
from flux_cli.domain.shopping import ShoppingSpec, spec_from
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
from flux_cli.entrypoints.cli.payment_requests import amount_of, key_of, refuse_above_maximum
from flux_cli.entrypoints.cli.run_progress import run_progress
from flux_cli.entrypoints.cli.verb import daily, verb
from flux_cli.errors import InvalidInput
from flux_cli.usecases.found_economy import found_economy
from flux_cli.usecases.make_cart import Unfilled, Wish, make_cart

app = daily()

LARGEST_SPEC = 1_000_000


@verb(
    app,
    "buy",
    options=MONEY,
    examples=(
        'flux buy "hackathon kit" --spec kit.json --budget 200 --by +5d --dry-run',
        "flux buy --spec kit.json --strategy cheapest --yes",
    ),
)
def buy(
    flux: Invocation,
    wish: Annotated[str, typer.Argument(metavar="WISH", help="What it is for, in words.")] = "",
    budget: Annotated[
        str | None, typer.Option(metavar="USD", help="At most this, shipping included.")
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="DATE", help="All there by: 2026-11-27, or +5d.")
    ] = None,
    strategy: Annotated[Strategy | None, typer.Option(help="What to weigh most.")] = None,
    spec: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The shopping list as JSON.")
    ] = None,
    max_increase: MaxIncrease = "0",
    on_failure: OnFailing = Failing.REFUND_ALL,
    negotiate: Negotiate = False,
    buyer: Annotated[str, typer.Option("--for", metavar="AGENT", help="Who buys.")] = ORCHESTRATOR,
) -> ExitCode:
    """Find the best cart for a wish over all trusted shops, prove it, ask, and buy it once."""
    deps = open_flux(flux.config, timeout=flux.timeout)
    found_economy(deps)
    if spec is None:
        raise InvalidInput("say what you want in a file: --spec FILE", param="--spec")
    understood = _read_spec(spec)
    if budget is not None:
        understood = replace(understood, budget=amount_of(budget, param="--budget"))
    if by is not None:
        understood = replace(understood, deadline=_day(by, flux.now.date()))
    if strategy is not None:
        understood = replace(understood, strategy=strategy)
    key = "dry" if flux.dry_run else key_of(flux, deps)
    filled = make_cart(
        deps,
        Wish(buyer, wish.strip() or spec.stem, understood),
        key=key,
        keep=not flux.dry_run,
        progress=run_progress(flux),
    )
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
    return buy_cart(flux, deps, filled.cart, filled.found, terms)


def _read_spec(path: Path) -> ShoppingSpec:
    try:
        if path.stat().st_size > LARGEST_SPEC:
            raise InvalidInput(f"{path} is larger than {LARGEST_SPEC} bytes", param="--spec")
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}", param="--spec") from error
    except ValueError as error:
        raise InvalidInput(f"{path} is not JSON: {error}", param="--spec") from error
    if not isinstance(found, dict):
        raise InvalidInput(f"{path} holds no shopping list", param="--spec")
    return spec_from(found)


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
