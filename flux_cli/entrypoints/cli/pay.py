"""`flux pay`: one agent pays another, at once."""

from __future__ import annotations

from typing import Annotated

import typer

from flux_cli.domain.intents import CaptureMethod, Share
from flux_cli.domain.money import CREDIT, USDC
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
from flux_cli.entrypoints.cli.payment_requests import (
    AmountText,
    AssetCode,
    Category,
    Justification,
    MandateId,
    Payer,
    Purpose,
    Rail,
    RailName,
    Reference,
    Wording,
    amount_of,
    ask_for,
    asset_of,
    named,
    read_request,
)
from flux_cli.entrypoints.cli.verb import daily, verb

app = daily()


@verb(
    app,
    "pay",
    options=MONEY,
    examples=(
        "flux pay orchestrator researcher 12.50 --purpose 'two interviews'",
        "flux pay orchestrator researcher 40 --dry-run",
        "flux pay orchestrator acme 5 --rail arc",
    ),
)
def pay(
    flux: Invocation,
    payer: Payer,
    payee: Annotated[str, typer.Argument(metavar="TO", help="The agent who is paid.")],
    amount: AmountText,
    purpose: Purpose = "payment",
    justification: Justification = "",
    category: Category = "general",
    mandate: MandateId = None,
    reference: Reference = "",
    asset: AssetCode = "",
    rail: RailName = Rail.SIMULATED,
    brain: Brain = None,
    record: Record = False,
    cassette: Cassette = None,
    max_brain_cost: MaxBrainCost = None,
) -> ExitCode:
    """Pay an agent at once, if its payer's policy allows it and, if it is large, the quorum."""
    money = amount_of(amount, asset_of(asset or _usual(rail)))
    shares = (Share(named(payee, "TO"), money),)
    said = Wording(purpose, justification, category=category, mandate=mandate, reference=reference)
    deps = open_for_votes(flux, brain, record, cassette, max_brain_cost)
    wanted = read_request(deps, payer, money, shares, said)
    if rail is Rail.ARC:
        from flux_cli.entrypoints.cli.chain_payments import pay_over_chain

        return pay_over_chain(flux, deps, wanted)
    return ask_for(flux, deps, wanted, CaptureMethod.AUTOMATIC)


def _usual(rail: Rail) -> str:
    """The asset that is meant where none is named."""
    return USDC.code if rail is Rail.ARC else CREDIT.code
