"""A request for money as the command line takes it: read, judged dry, or asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated

import typer

from flux_cli.domain.intents import CaptureMethod, Share
from flux_cli.domain.mandates import Mandate
from flux_cli.domain.money import CREDIT, Asset, Money, find_asset, parse_money, total
from flux_cli.domain.quorum import Urgency
from flux_cli.domain.text import HIDDEN
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.payment_documents import show_judgement, tell_payment
from flux_cli.entrypoints.cli.refusal import Refusal
from flux_cli.errors import Fix, InvalidAmount, InvalidInput
from flux_cli.usecases.check_payment import check_payment
from flux_cli.usecases.expire_due import expire_due
from flux_cli.usecases.money_request import MoneyRequest
from flux_cli.usecases.ports import Deps
from flux_cli.usecases.request_money import request_money

LONGEST_NAME = 200
LONGEST_CATEGORY = 64


class Rail(StrEnum):
    """How a payment leaves."""

    SIMULATED = "simulated"
    ARC = "arc"


RailName = Annotated[
    Rail, typer.Option("--rail", help="How it leaves: simulated, or USDC over the Arc chain.")
]
Payer = Annotated[str, typer.Argument(metavar="FROM", help="The agent who pays.")]
AmountText = Annotated[str, typer.Argument(metavar="AMOUNT", help="How much, e.g. 25.00.")]
AssetCode = Annotated[
    str, typer.Option("--asset", metavar="CODE", help="CREDIT, USDC or a currency, e.g. EUR.")
]
Purpose = Annotated[str, typer.Option(metavar="TEXT", help="What the money is for.")]
Justification = Annotated[str, typer.Option(metavar="TEXT", help="Why it is worth it.")]
ClaimedReturn = Annotated[
    str | None, typer.Option("--return", metavar="AMOUNT", help="What is expected back.")
]
Category = Annotated[str, typer.Option(metavar="WORD", help="The kind of thing bought.")]
MandateId = Annotated[
    str | None, typer.Option("--mandate", metavar="ID", help="Spend from this mandate.")
]
Reference = Annotated[
    str, typer.Option(metavar="TEXT", help="Your name of the occasion; another one, another time.")
]


@dataclass(frozen=True, slots=True)
class Wording:
    """What is said about a payment, as it was typed."""

    purpose: str = ""
    justification: str = ""
    claimed_return: str | None = None
    urgency: Urgency = Urgency.MEDIUM
    category: str = "general"
    mandate: str | None = None
    reference: str = ""


def read_request(
    deps: Deps, payer: str, amount: Money, shares: tuple[Share, ...], said: Wording
) -> MoneyRequest:
    """The request for `amount`, its capture still to be chosen.

    Raises `InvalidInput`, `InvalidAmount`, and `NotFound` for an unknown mandate.
    """
    mandate_id = None
    if said.mandate is not None:
        with deps.store.reading() as reader:
            mandate_id = reader.resolve(Mandate, named(said.mandate, "--mandate")).id
    back = said.claimed_return
    return MoneyRequest(
        requester=named(payer, "FROM"),
        amount=amount,
        shares=shares,
        purpose=said.purpose,
        justification=said.justification,
        claimed_return=None if back is None else amount_of(back, amount.asset, "--return"),
        urgency=said.urgency,
        plan_digest="",
        reference=named(said.reference, "--reference") if said.reference else "",
        escrowed=False,
        budget=None,
        category=named(said.category, "--category", LONGEST_CATEGORY),
        mandate_id=mandate_id,
    )


def ask_for(
    flux: Invocation, deps: Deps, request: MoneyRequest, method: CaptureMethod, hours: int = 24
) -> ExitCode:
    """Ask for the money and tell what became of it; a dry run only judges, and writes nothing."""
    request = replace(request, capture_method=method, hold_hours=hours)
    refuse_above_maximum(flux, request.amount)
    if flux.dry_run:
        return show_judgement(flux, check_payment(deps, request))
    key = key_of(flux, deps)
    expire_due(deps)
    intent = request_money(deps, request, key=key, progress=flux.progress)
    return tell_payment(flux, deps, intent, key=key)


def key_of(flux: Invocation, deps: Deps) -> str:
    """The idempotency key given, or a fresh one, which is said before anything moves."""
    if flux.idempotency_key is not None:
        return named(flux.idempotency_key, "--idempotency-key")
    key = deps.ids.new("event")
    flux.progress("started", idempotency_key=key)
    return key


def named(text: str, param: str, longest: int = LONGEST_NAME) -> str:
    """A name, an id or a key as it may be looked up; raises `InvalidInput`."""
    if not 0 < len(text) <= longest:
        raise InvalidInput(f"write 1 to {longest} characters", param=param)
    if HIDDEN.search(text):
        raise InvalidInput("it holds characters that cannot be seen", param=param)
    return text


def asset_of(code: str, param: str = "--asset") -> Asset:
    """The asset of this code; raises `InvalidInput` naming the option."""
    try:
        return find_asset(code)
    except InvalidInput as error:
        raise InvalidInput(error.message, param=param, fixes=error.fixes) from None


def amount_of(text: str, asset: Asset = CREDIT, param: str = "AMOUNT") -> Money:
    """An amount of more than nothing; raises `InvalidAmount` naming the argument."""
    try:
        amount = parse_money(text, asset)
    except InvalidAmount as error:
        raise InvalidAmount(error.message, param=param) from None
    if amount.units == 0:
        raise InvalidAmount("an amount is more than nothing", param=param)
    return amount


def shares_of(payees: list[str], amount: Money) -> tuple[Share, ...]:
    """Who gets what, from `PAYEE` or `PAYEE=AMOUNT`; one without an amount gets the rest.

    Raises `InvalidInput` where the shares are not exactly `amount`, each payee once.
    """
    parts: dict[str, Money | None] = {}
    for text in payees:
        name, sign, part = text.partition("=")
        if name in parts:
            raise InvalidInput(f"{name[:64]!r} is named twice", param="--to")
        parts[named(name, "--to")] = amount_of(part, amount.asset, "--to") if sign else None
    given = total([part for part in parts.values() if part is not None], amount.asset)
    rest, open_ones = amount - given, [name for name, part in parts.items() if part is None]
    if len(open_ones) > 1:
        raise InvalidInput(
            f"say what each payee gets: {', '.join(name[:64] for name in open_ones)}",
            param="--to",
            fixes=(Fix("write --to NAME=AMOUNT; one payee may go without and gets the rest"),),
        )
    if open_ones and rest.units <= 0:
        raise InvalidInput(f"nothing is left for {open_ones[0][:64]!r}", param="--to")
    if not open_ones and rest.units != 0:
        raise InvalidInput(f"the shares sum to {given}, not to {amount}", param="--to")
    return tuple(Share(name, rest if part is None else part) for name, part in parts.items())


def refuse_above_maximum(flux: Invocation, amount: Money) -> None:
    """End as denied if the amount is above `--max-amount`, which is in the same asset."""
    if flux.max_amount is None:
        return
    asset = amount.asset
    # The option was read as CREDIT, which has as many decimals as any asset; here it is the
    # same number of this one.
    spelled = flux.max_amount.decimal
    if asset.exponent < CREDIT.exponent:
        whole, _, part = spelled.partition(".")
        part = part.rstrip("0")
        spelled = f"{whole}.{part}" if part else whole
    most = amount_or_nothing(spelled, asset)
    if amount <= most:
        return
    flux.deny(
        f"{amount} is more than --max-amount {most}; nothing moved",
        (Refusal("max_amount_exceeded", "asked for", most.units, amount.units, asset.code),),
        max_amount_minor=most.units,
    )


def amount_or_nothing(text: str, asset: Asset, param: str = "--max-amount") -> Money:
    """An amount where nothing is one too; raises `InvalidAmount` naming the option."""
    try:
        return parse_money(text, asset)
    except InvalidAmount as error:
        raise InvalidAmount(error.message, param=param) from None
