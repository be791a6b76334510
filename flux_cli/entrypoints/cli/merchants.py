"""`flux merchants list|add|remove`: whom the wallet may pay, by an address the owner set."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from flux_cli.bootstrap import open_existing
from flux_cli.bootstrap_chain import open_signer
from flux_cli.domain.agents import Agent, AgentKind
from flux_cli.entrypoints.cli.document import Column, Document, Listing
from flux_cli.entrypoints.cli.invocation import Invocation
from flux_cli.entrypoints.cli.ownership import TokenFile, prove_owner
from flux_cli.entrypoints.cli.verb import noun, verb
from flux_cli.errors import InvalidInput, NotFound, WrongState
from flux_cli.usecases.open_agent import open_agent
from flux_cli.usecases.settlement_ports import WalletPolicy

app = noun("Whom the wallet may pay over a chain, by the address the owner set.")
COLUMNS = (Column("id", "merchant"), Column("address", "address"))
MerchantId = Annotated[str, typer.Argument(metavar="MERCHANT", help="Its exact id.")]


@verb(app, "list", examples=("flux merchants list",))
def list_merchants(flux: Invocation) -> None:
    """Show whom the signer's sealed policy lets be paid."""
    policy = open_signer(flux.config).policy()
    rows = [{"id": name, "address": place} for name, place in sorted(policy.merchants.items())]
    empty = "the wallet may pay nobody yet; `flux merchants add MERCHANT ADDRESS`"
    flux.show(Listing("merchant", rows, COLUMNS, empty=empty))


@verb(
    app,
    "add",
    examples=("flux merchants add acme 0xaBCdEf0000000000000000000000000000000001",),
)
def add(
    flux: Invocation,
    merchant: MerchantId,
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="In mixed case, as EIP-55 spells it.")
    ],
    owner_token_file: TokenFile = None,
) -> None:
    """Let the wallet pay a merchant at this address, as the owner."""
    deps = open_existing(flux.config, timeout=flux.timeout)
    place = _address(address)

    def with_it(policy: WalletPolicy) -> WalletPolicy:
        known = policy.merchants.get(merchant)
        if known is not None and known != place:
            raise WrongState(f"{merchant} is paid at {known}; remove it first", subject=merchant)
        what = f"Let the wallet pay {merchant} at {place}."
        prove_owner(flux, deps, what, place[-6:], token_file=owner_token_file)
        with deps.store.reading() as reader:
            agent = reader.lookup(Agent, name=merchant)
        if agent is None:
            open_agent(deps, merchant, None, display_name=merchant, kind=AgentKind.MERCHANT)
        return replace(policy, merchants=policy.merchants | {merchant: place})

    open_signer(flux.config).change_policy(with_it)
    flux.show(Document("merchant", {"id": merchant, "address": place}, last="it may be paid"))


@verb(app, "remove", examples=("flux merchants remove acme",))
def remove(flux: Invocation, merchant: MerchantId) -> None:
    """Pay a merchant no more; what is on its way already still ends."""

    def without_it(policy: WalletPolicy) -> WalletPolicy:
        if merchant not in policy.merchants:
            raise NotFound(f"{merchant[:64]!r} is no whitelisted merchant", subject=merchant[:64])
        rest = {name: place for name, place in policy.merchants.items() if name != merchant}
        return replace(policy, merchants=rest)

    open_signer(flux.config).change_policy(without_it)
    flux.show(Document("merchant", {"id": merchant, "address": None}, last="it is paid no more"))


def _address(text: str) -> str:
    """The address as it was typed, if it is spelled exactly right. Raises `InvalidInput`."""
    from flux_cli.signer.encoding import Malformed, address_bytes

    try:
        raw = address_bytes(text)
    except Malformed as error:
        raise InvalidInput(f"{error}; copy it with its capitals", param="ADDRESS") from None
    if not any(raw):
        raise InvalidInput("that is the zero address", param="ADDRESS")
    return text
