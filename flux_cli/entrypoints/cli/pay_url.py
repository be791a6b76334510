"""`flux pay-url`: buy what is at a web address that asks for money by HTTP 402 (x402 v2)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from flux_cli.bootstrap_chain import open_settlement
from flux_cli.bootstrap_web import open_web
from flux_cli.domain.intents import PaymentIntent
from flux_cli.domain.mandates import Mandate
from flux_cli.domain.money import USDC, Money
from flux_cli.entrypoints.cli.brain_options import (
    Brain,
    Cassette,
    MaxBrainCost,
    Record,
    open_for_votes,
)
from flux_cli.entrypoints.cli.exit_codes import ExitCode
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.options import MONEY
from flux_cli.entrypoints.cli.payment_documents import show_judgement, tell_payment
from flux_cli.entrypoints.cli.payment_requests import (
    LONGEST_CATEGORY,
    Category,
    MandateId,
    Reference,
    amount_or_nothing,
    key_of,
    named,
)
from flux_cli.entrypoints.cli.settlement_documents import violations
from flux_cli.entrypoints.cli.verb import daily, verb
from flux_cli.entrypoints.cli.web_documents import tell_bought, tell_free
from flux_cli.errors import Fix, InvalidInput
from flux_cli.usecases.check_payment import check_payment
from flux_cli.usecases.expire_due import expire_due
from flux_cli.usecases.pay_url import Barred, Free, UrlWish, pay_url, price_url, request_of
from flux_cli.usecases.web_ports import UrlDeps

app = daily()
PATIENCE_SECONDS = 60.0


@verb(
    app,
    "pay-url",
    options=MONEY,
    examples=(
        "flux pay-url https://api.example.com/weather --max-amount 0.05",
        "flux pay-url https://api.example.com/weather --max-amount 0.05 --dry-run",
        "flux pay-url https://api.example.com/map.png --max-amount 1 --save map.png",
    ),
)
def pay_for_url(
    flux: Invocation,
    url: Annotated[str, typer.Argument(metavar="URL", help="What to buy; https, or this machine.")],
    payer: Annotated[
        str, typer.Option("--from", metavar="AGENT", help="The agent who pays.")
    ] = "orchestrator",
    save: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep what is delivered; a new file.")
    ] = None,
    category: Category = "general",
    mandate: MandateId = None,
    reference: Reference = "",
    brain: Brain = None,
    record: Record = False,
    cassette: Cassette = None,
    max_brain_cost: MaxBrainCost = None,
) -> ExitCode:
    """Buy what is at URL from a merchant on the list, in USDC over the Arc chain."""
    wish = UrlWish(
        url=url,
        requester=named(payer, "--from"),
        most=_most(flux),
        category=named(category, "--category", LONGEST_CATEGORY),
        reference=named(reference, "--reference") if reference else "",
    )
    if save is not None and (flux.cwd / save).exists():
        raise InvalidInput(f"{save} is there already", param="--save")
    deps = open_for_votes(flux, brain, record, cassette, max_brain_cost)
    if mandate is not None:
        with deps.store.reading() as reader:
            found = reader.resolve(Mandate, named(mandate, "--mandate"))
        wish = replace(wish, mandate_id=found.id)
    urls = open_web(deps, open_settlement(flux.config, deps))
    return _judge(flux, urls, wish, save) if flux.dry_run else _buy(flux, urls, wish, save)


def _most(flux: Invocation) -> Money:
    if flux.max_amount is None:
        fix = Fix("write --max-amount 0.05")
        raise InvalidInput("say the most it may cost", param="--max-amount", fixes=(fix,))
    return amount_or_nothing(flux.max_amount.decimal, USDC)


def _judge(flux: Invocation, urls: UrlDeps, wish: UrlWish, save: Path | None) -> ExitCode:
    """Show what would be paid; the seller is asked, nothing is kept."""
    priced = price_url(urls, wish)
    if isinstance(priced, Barred):
        _deny(flux, priced)
    if isinstance(priced, Free):
        return tell_free(flux, wish.url, priced.answer, save)
    return show_judgement(flux, check_payment(urls.deps, request_of(wish, priced)))


def _buy(flux: Invocation, urls: UrlDeps, wish: UrlWish, save: Path | None) -> ExitCode:
    key = key_of(flux, urls.deps)
    expire_due(urls.deps)
    flux.resume_with(*_again(wish, key))
    seconds = flux.timeout or PATIENCE_SECONDS
    ended = pay_url(urls, wish, key=key, seconds=seconds, progress=flux.progress)
    if isinstance(ended, PaymentIntent):
        return tell_payment(flux, urls.deps, ended, key=key)
    if isinstance(ended, Free):
        return tell_free(flux, wish.url, ended.answer, save)
    if isinstance(ended, Barred):
        _deny(flux, ended)
    return tell_bought(flux, ended, save, _again(wish, key))


def _again(wish: UrlWish, key: str) -> tuple[str, ...]:
    """The command that goes on with this very payment."""
    given = ("--max-amount", wish.most.decimal, "--from", wish.requester)
    return ("flux", "pay-url", wish.url, *given, "--idempotency-key", key)


def _deny(flux: Invocation, barred: Barred) -> NoReturn:
    """End as denied: the demand was refused, and nothing of it was kept."""
    fix = Fix("see whom the wallet may pay", ("flux", "merchants", "list"))
    flux.deny(
        "the seller's demand was refused; nothing was signed or moved",
        violations(barred.refusals),
        fixes=(fix,),
    )
