"""`flux cards charge`, `force-post`, `capture`, `reverse` and `refund`: what a merchant does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.domain.card_network import Authorization
from flux_cli.domain.money import Money
from flux_cli.entrypoints.cli.card_details import read_details
from flux_cli.entrypoints.cli.card_documents import tell
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.payment_requests import (
    LONGEST_CATEGORY,
    AmountText,
    AssetCode,
    amount_of,
    asset_of,
    key_of,
    named,
)
from flux_cli.entrypoints.cli.verb import verb
from flux_cli.usecases.merchant import Till
from flux_cli.usecases.ports import Deps

KEYED = frozenset({"idempotency_key"})
LONGEST_KEY = 120
"""The network's id of a message is the merchant's name and the key."""

AuthorizationId = Annotated[
    str, typer.Argument(metavar="ID", help="The authorisation's id, or its start.")
]
Merchant = Annotated[str, typer.Option(metavar="ID", help="The merchant, by its exact name.")]
Sells = Annotated[str, typer.Option(metavar="WORD", help="The kind of thing it sells.")]
Details = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="A 0600 file with the details; else they are typed."),
]
Part = Annotated[
    str | None, typer.Option("--amount", metavar="AMOUNT", help="Only this much of it.")
]


def register(app: typer.Typer) -> None:
    """Add these verbs to the noun's."""
    verb(
        app,
        "charge",
        options=KEYED,
        examples=(
            "flux cards charge 20 --merchant api-hub --card card.json",
            "flux cards charge 20 --merchant api-hub --card card.json --no-capture",
        ),
    )(charge)
    verb(
        app,
        "force-post",
        options=KEYED,
        examples=("flux cards force-post 4 --merchant api-hub --card card.json",),
    )(force_post)
    verb(
        app,
        "capture",
        options=KEYED,
        examples=(
            "flux cards capture auth_01",
            "flux cards capture auth_01 --amount 5 --not-final",
        ),
    )(capture)
    verb(app, "reverse", options=KEYED, examples=("flux cards reverse auth_01",))(reverse)
    verb(app, "refund", options=KEYED, examples=("flux cards refund auth_01 --amount 5",))(refund)


def charge(
    flux: Invocation,
    amount: AmountText,
    merchant: Merchant,
    category: Sells = "general",
    card: Details = None,
    asset: AssetCode = "CREDIT",
    capture: Annotated[
        bool, typer.Option("--capture/--no-capture", help="Take the money, or only authorise it.")
    ] = True,
) -> None:
    """Charge a SIMULATED card in a merchant's name, as its till would.

    The details come from a private file or the terminal, never from the command line.
    """
    money = amount_of(amount, asset_of(asset))
    deps = open_existing(flux.config, timeout=flux.timeout)
    till = _till(deps, merchant, category)
    details = read_details(flux, card)
    key = _key(flux, deps)
    tell(flux, till.charge(details, money, key, capture=capture), key)


def force_post(
    flux: Invocation,
    amount: AmountText,
    merchant: Merchant,
    category: Sells = "general",
    card: Details = None,
    asset: AssetCode = "CREDIT",
) -> None:
    """Post a charge without an authorisation, or above one, as an acquirer may.

    A tip on a bill, say. Never more than the card has left, and by the rules of any charge.
    """
    money = amount_of(amount, asset_of(asset))
    deps = open_existing(flux.config, timeout=flux.timeout)
    till = _till(deps, merchant, category)
    details = read_details(flux, card)
    key = _key(flux, deps)
    tell(flux, till.force_post(details, money, key), key)


def capture(
    flux: Invocation,
    authorization_id: AuthorizationId,
    amount: Part = None,
    final: Annotated[
        bool, typer.Option("--final/--not-final", help="Let go of the rest, or keep it open.")
    ] = True,
) -> None:
    """Take what is authorised, or a part of it."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    till, claim, part = _claim(deps, authorization_id, amount)
    key = _key(flux, deps)
    tell(flux, till.capture(claim.id, part, key, final=final), key)


def reverse(flux: Invocation, authorization_id: AuthorizationId, amount: Part = None) -> None:
    """Let go of what is authorised and not captured, or of a part of it."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    till, claim, part = _claim(deps, authorization_id, amount)
    key = _key(flux, deps)
    tell(flux, till.reverse(claim.id, part, key), key)


def refund(flux: Invocation, authorization_id: AuthorizationId, amount: Part = None) -> None:
    """Give back what was captured, or a part of it, even after the card has ended."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    till, claim, part = _claim(deps, authorization_id, amount)
    key = _key(flux, deps)
    tell(flux, till.refund(claim.id, part, key), key)


def _till(deps: Deps, merchant: str, category: str) -> Till:
    shop = named(merchant, "--merchant", 64)
    return Till(deps, shop, named(category, "--category", LONGEST_CATEGORY))


def _claim(deps: Deps, text: str, amount: str | None) -> tuple[Till, Authorization, Money | None]:
    """The authorisation, the till of its merchant, and the part of it that is asked for."""
    with deps.store.reading() as reader:
        claim = reader.resolve(Authorization, text)
    part = None if amount is None else amount_of(amount, claim.amount.asset, "--amount")
    return Till(deps, claim.merchant, claim.category), claim, part


def _key(flux: Invocation, deps: Deps) -> str:
    return named(key_of(flux, deps), "--idempotency-key", LONGEST_KEY)
